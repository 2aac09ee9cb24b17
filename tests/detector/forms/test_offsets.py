"""The lattice of offsets follows the tiles, passes over strays, and keeps still without them."""

from __future__ import annotations

import numpy as np

from detector.forms.offsets import NODES, fit_offsets, flat_offsets, lattice_nodes, sample_lattice
from detector.forms.print_map import Level, Matches

LEVEL = Level(200, 8, 0.05, 0.03)
CENTRES = np.stack(np.meshgrid(np.linspace(0.1, 0.9, 9), np.linspace(0.1, 0.9, 7)), axis=-1).reshape(-1, 2)


def bow(points: np.ndarray) -> np.ndarray:
    x = np.asarray(points)[..., 0]
    return np.stack([0 * x, 0.02 * np.sin(np.pi * x)], axis=-1)


def matches(shifts: np.ndarray, score: float = 0.8) -> Matches:
    scores = np.full(len(shifts), score)
    return Matches(CENTRES[: len(shifts)], shifts, scores, scores)


def test_a_lattice_is_sampled_between_its_nodes_and_beyond() -> None:
    lattice = lattice_nodes().astype(np.float32)
    points = np.array([[0.0, 0.0], [0.33, 0.71], [1.0, 0.5], [1.2, -0.1]])
    np.testing.assert_allclose(sample_lattice(lattice, points), np.clip(points, 0, 1), atol=0.003)


def test_a_bow_is_followed_and_a_stray_tile_is_not() -> None:
    shifts = bow(CENTRES)
    shifts[20] += [0.04, -0.04]
    offsets = fit_offsets(matches(shifts), LEVEL, flat_offsets())
    assert offsets.shape == (NODES, NODES, 2)
    assert np.abs(sample_lattice(offsets, CENTRES) - bow(CENTRES)).max() < 0.003


def test_a_stiff_page_does_not_bend() -> None:
    offsets = fit_offsets(matches(bow(CENTRES) + np.array([0.01, 0])), Level(200, 8, 0.05), flat_offsets())
    np.testing.assert_allclose(offsets[..., 0], 0.01, atol=0.001)
    assert np.abs(np.diff(offsets[..., 1], n=2, axis=1)).max() < 1e-4


def test_tiles_that_lie_right_change_nothing() -> None:
    old = bow(lattice_nodes()).astype(np.float32)
    np.testing.assert_allclose(fit_offsets(matches(0 * CENTRES), LEVEL, old), old, atol=0.002)


def test_too_few_tiles_leave_the_page_as_it_was() -> None:
    old = bow(lattice_nodes()).astype(np.float32)
    assert fit_offsets(matches(bow(CENTRES), score=0.1), LEVEL, old) is old
    assert fit_offsets(matches(bow(CENTRES)[:5]), LEVEL, old) is old
