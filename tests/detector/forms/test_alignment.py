"""Which way up, and where: exact on flat and on bent paper, from inexact corners, in any order."""

from __future__ import annotations

import numpy as np
import pytest

from data_generators.geometry import apply_homography, homography_between
from detector.forms.alignment import Aligner
from tests.detector.forms.made import FIELDS, PHOTO_HW, QUAD, UNIT_QUAD, bend, draw_form, photograph

POINTS = np.array([[0.12, 0.3], [0.5, 0.38], [0.8, 0.75], [0.3, 0.6]])
TRUE = apply_homography(homography_between(UNIT_QUAD, QUAD), POINTS)
OFF = QUAD + np.array([[0.012, -0.01], [-0.008, 0.012], [0.01, 0.01], [-0.012, 0.006]])


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner(draw_form(), FIELDS.values())


def errors_px(found: np.ndarray, true: np.ndarray = TRUE) -> float:
    return float(np.linalg.norm((found - true) * [PHOTO_HW[1], PHOTO_HW[0]], axis=1).max())


@pytest.mark.parametrize("first", range(4))
def test_any_first_corner_will_do(aligner: Aligner, first: int) -> None:
    found = aligner.align(photograph(draw_form("B-XY 123"), QUAD), np.roll(OFF, -first, axis=0))
    np.testing.assert_array_equal(found.quad, OFF)
    assert found.margin > 0.2
    assert found.score > 0.5


@pytest.mark.parametrize("turns", range(4))
def test_the_page_may_lie_any_way_up(aligner: Aligner, turns: int) -> None:
    turned = np.roll(QUAD, -turns, axis=0)
    found = aligner.align(photograph(draw_form("B-XY 123"), turned), OFF)
    np.testing.assert_array_equal(found.quad, np.roll(OFF, -turns, axis=0))
    true = apply_homography(homography_between(UNIT_QUAD, turned), POINTS)
    assert errors_px(found.locate(POINTS), true) < 1


def test_refinement_makes_up_for_inexact_corners(aligner: Aligner) -> None:
    photo = photograph(draw_form("B-XY 123"), QUAD)
    bare = Aligner(draw_form(), FIELDS.values(), refine=False).align(photo, OFF)
    assert not bare.offsets.any()
    assert errors_px(bare.locate(POINTS)) > 2.5
    assert errors_px(aligner.align(photo, OFF).locate(POINTS)) < 0.8


def test_bent_paper_is_followed(aligner: Aligner) -> None:
    found = aligner.align(photograph(bend(draw_form("B-XY 123"), 0.03), QUAD), QUAD)
    lift = 0.03 * np.sin(np.pi * POINTS[:, 0]) * np.sin(np.pi * POINTS[:, 1])
    on_page = POINTS + np.stack([np.zeros(4), lift], axis=1)
    true = apply_homography(homography_between(UNIT_QUAD, QUAD), on_page)
    assert errors_px(TRUE, true) > 4
    assert errors_px(found.locate(POINTS), true) < 1.5


def test_wrong_corners_are_replaced_by_the_print_s(aligner: Aligner) -> None:
    photo = photograph(draw_form("B-XY 123"), QUAD)
    wrong = np.array([[0.02, 0.05], [0.5, 0.1], [0.45, 0.6], [0.05, 0.5]])
    for first in range(4):
        found = aligner.align(photo, np.roll(wrong, first, axis=0))
        assert errors_px(found.locate(POINTS)) < 1
        np.testing.assert_allclose(found.quad, QUAD, atol=0.01)


def test_the_refined_print_decides_a_close_guess(aligner: Aligner) -> None:
    photo = photograph(draw_form("B-XY 123"), QUAD)
    first, second, *_ = aligner._ways(photo, QUAD)
    assert aligner._refine(photo, first)[1] > 0.6
    assert aligner._refine(photo, second)[1] < 0.2


def test_another_page_leaves_the_corners_as_they_are(aligner: Aligner) -> None:
    found = aligner.align(photograph(draw_form(printed=False), QUAD), QUAD)
    assert found.margin < 0.1
    assert found.score < 0.4
    assert not found.offsets.any(), "noise is not believed"


def test_a_small_grey_photo_is_enough(aligner: Aligner) -> None:
    photo = photograph(draw_form("B-XY 123"), QUAD, (180, 240))[..., :1]
    found = aligner.align(photo, np.roll(OFF, 2, axis=0))
    np.testing.assert_array_equal(found.quad, OFF)
    assert errors_px(found.locate(POINTS)) < 2


def test_corners_on_a_line_are_refused(aligner: Aligner) -> None:
    with pytest.raises(ValueError, match="three of the four points lie on a line"):
        aligner.align(photograph(draw_form(), QUAD), np.array([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.4, 0.4]]))
