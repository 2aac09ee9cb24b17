"""A form is found without its corners, in any orientation; another picture holds none."""

from __future__ import annotations

import numpy as np
import pytest

from detector.forms.features import ScanFeatures
from tests.detector.forms.made import FIELDS, QUAD, draw_form, photograph


@pytest.fixture(scope="module")
def features() -> ScanFeatures:
    return ScanFeatures(draw_form(), FIELDS.values())


@pytest.mark.parametrize("turns", range(4))
def test_the_corners_come_from_the_form_s_own_top_left(features: ScanFeatures, turns: int) -> None:
    photo, quad = photograph(draw_form("B-XY 123"), QUAD), QUAD
    for _ in range(turns):
        photo, quad = np.rot90(photo, -1), np.stack([1 - quad[:, 1], quad[:, 0]], axis=1)
    found = features.find(photo)
    assert found is not None
    np.testing.assert_allclose(found, quad, atol=0.01)


def test_large_and_grey_photos_are_taken_too(features: ScanFeatures) -> None:
    found = features.find(photograph(draw_form("B-XY 123"), QUAD, (1080, 1440))[..., :1])
    assert found is not None
    np.testing.assert_allclose(found, QUAD, atol=0.01)


def test_other_pictures_hold_no_form(features: ScanFeatures) -> None:
    assert features.find(np.full((120, 160, 3), 90, np.uint8)) is None
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    assert features.find(noise) is None


def test_a_blank_scan_is_never_found() -> None:
    assert ScanFeatures(draw_form(printed=False), ()).find(photograph(draw_form(), QUAD)) is None
