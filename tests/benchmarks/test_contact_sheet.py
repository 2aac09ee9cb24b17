"""The contact sheet shows every source, and measures what it says it does."""

from __future__ import annotations

import numpy as np
import pytest

from data_generators.sample import sample_with_corners


def make_sample(grey: int, quads: np.ndarray):
    image = np.full((30, 40, 3), grey, np.uint8)
    image[:, 20:] = 200
    return sample_with_corners(image, quads, group="g", origin="test")


def test_measures_page_and_ground() -> None:
    from contact_sheet import measure

    page = np.array([[[0.5, 0.0], [1, 0], [1, 1], [0.5, 1]]])
    figures = measure([make_sample(100, page), make_sample(100, np.zeros((0, 4, 2)))], 64)
    assert figures["brightness"] == pytest.approx([150, 150], abs=2) and figures["saturation"] == [0, 0]
    assert figures["page_area"] == pytest.approx([0.5])
    assert figures["page_brightness"] == pytest.approx([200], abs=3)
    assert figures["ground_brightness"] == pytest.approx([100], abs=5)


def test_sheet_shows_all_sources_side_by_side_or_mixed() -> None:
    from contact_sheet import arrange

    nothing = np.zeros((0, 4, 2))
    shown = [[make_sample(10, nothing)] * 2, [make_sample(90, nothing)] * 8]
    beside, mixed = arrange(shown, 32, False), arrange(shown, 32, True)
    assert beside.shape[0] > mixed.shape[0] and beside.shape[1] == (2 + 6) * 36 + 2 * (4 + 12)
    for sheet in (beside, mixed):
        assert {10, 90} <= set(np.unique(sheet[..., 0]))
