"""Points as two classifications: what the profiles are, how near the decoded points come, and who is in doubt."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detector.codecs.heatmap import HeatmapGrid
from detector.codecs.peaks import Window
from detector.codecs.quads import is_sound
from detector.codecs.simcc import decode_simcc, encode_simcc

GRID = HeatmapGrid(frame_hw=(32, 48), stride=4, pad=4)  # 16 rows, 20 columns
WINDOW = Window(radius=3, sigma=1.0)
DIAMOND = np.array([[10.0, 1.5], [16.0, 7.5], [10.2, 14.0], [4.0, 8.0]])  # in cells, clockwise from the top


def logits(cells: np.ndarray, bins: int = 2) -> tuple[np.ndarray, np.ndarray]:
    along_x, along_y, known = encode_simcc(GRID.from_cells(cells), GRID, WINDOW.sigma, bins)
    assert known.all()
    return np.log(np.maximum(along_x, 1e-12)), np.log(np.maximum(along_y, 1e-12))


def test_profiles_sum_to_1_and_those_of_an_unknown_point_are_empty() -> None:
    points = np.array([[[0.5, 0.5], [np.nan, 0.5], [9.0, 0.5]]])
    along_x, along_y, known = encode_simcc(points, GRID, 1.5, 3)
    assert (along_x.shape, along_y.shape) == ((1, 60, 3), (1, 48, 3))
    assert along_x.dtype == along_y.dtype == known.dtype == np.float32
    assert known.tolist() == [[1, 0, 0]]
    np.testing.assert_allclose(along_x.sum(axis=1), [[1, 0, 0]], atol=1e-6)
    assert along_x[0, :, 0].argmax() in (29, 30)
    assert along_y[0, :, 0].argmax() in (23, 24)


@given(st.tuples(st.floats(-0.49, 19.49), st.floats(-0.49, 15.49)), st.sampled_from([1, 2, 3, 8]))
def test_decoded_points_lie_within_a_few_thousandths_of_a_cell(cell: tuple[float, float], bins: int) -> None:
    """Also at the grid's edge, which cuts the Gaussian."""
    points, scores = decode_simcc(*logits(np.array([[cell]]), bins), GRID, WINDOW)
    assert np.abs(GRID.to_cells(points)[0, 0] - cell).max() < 0.005
    assert scores[0, 0] > 0.98


def test_profiles_do_not_mix_over_batch_and_points() -> None:
    cells = np.stack([DIAMOND, DIAMOND + np.array([1.3, -0.6])])
    points, _ = decode_simcc(*logits(cells), GRID, WINDOW)
    np.testing.assert_allclose(GRID.to_cells(points), cells, atol=0.005)


def test_a_corner_that_is_its_neighbour_once_more_is_put_right() -> None:
    """Where all four lean both ways it cannot be: the crossings of their peaks make other quadrilaterals as likely."""
    one, other = logits(DIAMOND[None]), logits(np.roll(DIAMOND, 1, axis=0)[None])
    shares = np.array([1, 1, 1, 0.4])
    mixed = [np.log(shares * np.exp(a) + (1 - shares) * np.exp(b)) for a, b in zip(one, other, strict=True)]
    independent = [decode_simcc(*(axis[..., [k]] for axis in mixed), GRID, WINDOW)[0][0, 0] for k in range(4)]
    assert not is_sound(GRID.to_cells(np.array(independent)))
    points, _ = decode_simcc(*mixed, GRID, WINDOW)
    np.testing.assert_allclose(GRID.to_cells(points)[0], DIAMOND, atol=0.3)
