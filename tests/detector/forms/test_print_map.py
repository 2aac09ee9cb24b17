"""Maps of print: blind to light and paper; tiles are found where they are, and not in the fields."""

from __future__ import annotations

import numpy as np
import pytest

from data_generators.transform.warp import warp_image
from detector.forms.print_map import Level, ScanMap, print_map
from tests.detector.forms.made import FIELDS, draw_form

LEVEL = Level(240, 5, 0.04)


def test_light_and_paper_do_not_count() -> None:
    page = draw_form()
    shade = np.linspace(0.5, 1.0, page.shape[1])[None, :, None]
    bright, dark = print_map(page), print_map((page * shade).astype(np.uint8))
    assert bright.shape == page.shape[:2]
    assert np.abs(bright).max() <= 3
    assert np.corrcoef(bright.ravel(), dark.ravel())[0, 1] > 0.95


def test_grey_pictures_are_taken_too() -> None:
    assert print_map(draw_form()[..., :1]).shape == (420, 600)


@pytest.mark.parametrize("shift", [(0, 0), (4, -3), (-6, 5)])
def test_tiles_are_found_where_they_lie(shift: tuple[int, int]) -> None:
    scan_map = ScanMap(draw_form(), FIELDS.values(), LEVEL)
    assert scan_map.size_hw == (168, 240)
    page = warp_image(draw_form(), np.eye(3), scan_map.size_hw, "replicate")
    matches = scan_map.match(np.roll(page, shift[::-1], axis=(0, 1)))
    assert len(matches.scores) > 15
    assert matches.mean_score > 0.95
    assert (matches.mean_unmoved > 0.95) == (shift == (0, 0))
    np.testing.assert_allclose(matches.shifts * [240, 168], np.broadcast_to(shift, matches.shifts.shape), atol=0.3)


def test_other_values_in_the_fields_change_nothing() -> None:
    scan_map = ScanMap(draw_form(), FIELDS.values(), LEVEL)
    other = warp_image(draw_form("XW 4711 9"), np.eye(3), scan_map.size_hw, "replicate")
    unmasked = ScanMap(draw_form(), (), LEVEL)
    assert scan_map.match(other).scores.min() > 0.8
    assert unmasked.match(other).scores.min() < 0.7


def test_a_blank_scan_has_no_tiles() -> None:
    scan_map = ScanMap(draw_form(printed=False), (), LEVEL)
    matches = scan_map.match(np.zeros((*scan_map.size_hw, 3), np.uint8))
    assert matches.scan.shape == (0, 2)
    assert matches.mean_score == 0
