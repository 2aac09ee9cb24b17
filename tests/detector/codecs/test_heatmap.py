"""Points as heatmaps: where the cells lie, and how near the decoded points come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.codecs.heatmap import HeatmapGrid, decode_heatmaps, encode_heatmaps
from detector.codecs.peaks import Window

GRID = HeatmapGrid(frame_hw=(32, 48), stride=4, pad=4)


def round_trip(cells: np.ndarray, radius: int = 3, sigma: float = 1.0) -> np.ndarray:
    heatmaps, known = encode_heatmaps(GRID.from_cells(cells), GRID, sigma)
    assert known.all()
    points, _ = decode_heatmaps(np.log(np.maximum(heatmaps, 1e-12)), GRID, Window(radius, sigma))
    return GRID.to_cells(points)


def test_the_grid_covers_the_frame_and_its_margin() -> None:
    assert GRID.shape == (16, 20)
    np.testing.assert_allclose(GRID.to_cells(np.array([0.0, 0.0])), [3.5, 3.5])
    np.testing.assert_allclose(GRID.to_cells(np.array([1.0, 1.0])), [15.5, 11.5])
    np.testing.assert_allclose(GRID.from_cells(np.array([4.0, 4.0])), [2 / 48, 2 / 32])


@given(st.tuples(st.floats(-2, 3), st.floats(-2, 3)))
def test_cells_and_points_are_inverse(point: tuple[float, float]) -> None:
    np.testing.assert_allclose(GRID.from_cells(GRID.to_cells(np.array(point))), point, atol=1e-12)


def test_contains_ends_with_the_margin() -> None:
    margin = np.array([16 / 48, 16 / 32])
    inside = np.array([-margin + 1e-6, 1 + margin - 1e-6])
    assert GRID.contains(inside).tolist() == [True, True]
    assert GRID.contains(np.array([-margin - 1e-6, 1 + margin + 1e-6, [np.nan, 0.5]])).tolist() == [False] * 3


def test_a_map_sums_to_1_and_that_of_an_unknown_point_is_empty() -> None:
    heatmaps, known = encode_heatmaps(np.array([[[0.5, 0.5], [np.nan, 0.5], [9.0, 0.5]]]), GRID, 1.5)
    assert heatmaps.shape == (1, 16, 20, 3)
    assert heatmaps.dtype == known.dtype == np.float32
    assert known.tolist() == [[1, 0, 0]]
    np.testing.assert_allclose(heatmaps.sum(axis=(1, 2)), [[1, 0, 0]], atol=1e-6)


@given(
    st.tuples(st.floats(-0.49, 19.49), st.floats(-0.49, 15.49)),
    st.integers(1, 4),
    st.sampled_from([0.7, 1.0, 1.6]),
)
def test_decoded_points_lie_within_a_thousandth_of_a_cell(cell: tuple[float, float], radius: int, sigma: float) -> None:
    """Neither the middle of a cell nor the grid's edge pulls, whatever of the Gaussian lies outside."""
    assert np.abs(round_trip(np.array([[cell]]), radius, sigma)[0, 0] - cell).max() < 0.001


def test_the_background_does_not_pull() -> None:
    logits = np.zeros((1, *GRID.shape, 1), np.float32)
    logits[0, 3, 4] = 12
    points, scores = decode_heatmaps(logits, GRID, Window(3, 1.0))
    np.testing.assert_allclose(GRID.to_cells(points)[0, 0], [4, 3], atol=1e-3)
    weight = np.exp(12)
    assert scores[0, 0] == pytest.approx((weight + 48) / (weight + 16 * 20 - 1), rel=1e-4)


def test_a_peak_in_the_corner_of_the_map_is_decoded_there() -> None:
    logits = np.full((1, *GRID.shape, 1), -50, np.float32)
    logits[0, 15, 19] = 50
    points, scores = decode_heatmaps(logits, GRID, Window(3, 1.0))
    np.testing.assert_allclose(GRID.to_cells(points)[0, 0], [19, 15], atol=0.51)
    assert scores[0, 0] == pytest.approx(1)


def test_maps_do_not_mix_over_batch_and_points() -> None:
    cells = np.array([[[4.2, 5.1], [9.7, 10.3]], [[12.0, 4.0], [6.5, 8.5]], [[15.9, 3.1], [3.3, 11.9]]])
    np.testing.assert_allclose(round_trip(cells), cells, atol=0.004)
