"""Which quadrilaterals are sound, and which four peaks are taken together."""

from __future__ import annotations

import numpy as np
import pytest

from detector.codecs.heatmap import HeatmapGrid, decode_heatmaps, encode_heatmaps
from detector.codecs.peaks import Peaks, Window, find_peaks
from detector.codecs.quads import choose_quad, is_sound

QUAD = np.array([[3.0, 4.0], [14.0, 2.0], [16.0, 12.0], [5.0, 13.0]])


def test_a_convex_clockwise_quadrilateral_is_sound() -> None:
    shifts = [np.roll(QUAD, shift, axis=0) for shift in range(4)]
    assert is_sound(np.array(shifts)).tolist() == [True] * 4


@pytest.mark.parametrize(
    "quad",
    [
        QUAD[::-1],  # anticlockwise
        QUAD[[0, 2, 1, 3]],  # a bow-tie
        [*QUAD[:3], [12, 8]],  # a dent
        [*QUAD[:3], QUAD[0] + [0.5, 1.5]],  # one corner named twice
        [*QUAD[:3], [14.5, 12.2]],
    ],
)
def test_others_are_not(quad: np.ndarray) -> None:
    assert not is_sound(np.asarray(quad))


def test_the_likeliest_sound_choice_is_taken() -> None:
    """The first peak of the second map is the first corner again."""
    second = np.array([[9.0, 9.0]] * 4)
    second[1] = QUAD[1]
    first = QUAD.copy()
    first[1] = QUAD[0] + 0.5
    shares = np.array([[0.9, 0.1], [0.6, 0.3], [0.8, 0.1], [0.7, 0.2]])
    cells, found = choose_quad(Peaks(np.stack([first, second], axis=1), shares))
    np.testing.assert_array_equal(cells, QUAD)
    assert found.tolist() == [0.9, 0.3, 0.8, 0.7]


def test_the_best_peaks_stay_where_no_choice_is_sound() -> None:
    cells = np.full((4, 2, 2), 5.0)
    cells[:, 1] = 9.0
    found, shares = choose_quad(Peaks(cells, np.tile([0.6, 0.3], (4, 1))))
    np.testing.assert_array_equal(found, cells[:, 0])
    assert shares.tolist() == [0.6] * 4


def test_maps_of_a_sheet_on_its_tip_give_its_four_corners() -> None:
    grid = HeatmapGrid((32, 48), 4, 4)
    diamond = np.array([[10.0, 2.0], [16.0, 7.5], [10.2, 13.0], [4.0, 8.0]])
    one, other = (encode_heatmaps(grid.from_cells(np.roll(diamond, s, axis=0)[None]), grid, 1.0)[0] for s in (0, 1))
    shares = np.array([0.55, 0.45, 0.4, 0.45])
    maps = np.log(shares * one + (1 - shares) * other + 1e-9)
    independent = np.array([decode_heatmaps(maps[..., [k]], grid, Window(3, 1.0))[0][0, 0] for k in range(4)])
    assert not is_sound(grid.to_cells(independent))
    points, scores = decode_heatmaps(maps, grid, Window(3, 1.0))
    np.testing.assert_allclose(grid.to_cells(points)[0], np.roll(diamond, 1, axis=0), atol=0.05)
    np.testing.assert_allclose(scores[0], 1 - shares, atol=0.02)


@pytest.mark.parametrize("shift", range(4))
def test_sure_peaks_of_a_sheet_too_narrow_to_be_sound_stay(shift: int) -> None:
    """Two corners that lie less than two cells apart are one only where a map has another peak, and not mere noise."""
    grid, noise = HeatmapGrid((96, 160), 4, 4), np.random.default_rng(0).normal(size=(1, 32, 48, 4))
    narrow = np.roll([[12.3, 14.0], [36.0, 14.2], [36.0, 15.6], [12.3, 15.5]], shift, axis=0)
    maps = np.log(encode_heatmaps(grid.from_cells(narrow[None]), grid, 1.0)[0] + 1e-6) + 0.2 * noise
    points, scores = decode_heatmaps(maps.astype(np.float32), grid, Window(3, 1.0))
    assert scores.min() > 0.9
    np.testing.assert_allclose(grid.to_cells(points)[0], narrow, atol=0.5)


def test_maps_of_one_bright_cell_each_have_no_other_peak() -> None:
    """What is far below the peak is 0 in 32 bits: the other candidates hold nothing, and are on the map."""
    maps = np.full((4, 16, 20), -500, np.float32)
    maps[:, 5, 7] = 0
    peaks = find_peaks(maps, Window(3, 1.0), 3)
    np.testing.assert_allclose(peaks.cells[:, 0], [[7, 5]] * 4, atol=1e-6)
    assert peaks.shares.tolist() == [[1, 0, 0]] * 4
    assert (peaks.cells >= -0.5).all()
    np.testing.assert_array_equal(choose_quad(peaks)[0], peaks.cells[:, 0])
