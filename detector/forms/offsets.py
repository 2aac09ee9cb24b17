"""How far the print of bent paper lies from its place on a flat page: a smooth sheet through the tiles found."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from detector.forms.print_map import Level, Matches

NODES = 17  # of the lattice of offsets, along each side
LEAST_SCORE = 0.3  # correlation at which a tile counts as found
LEAST_TILES = 6
MODES = 48  # of the lattice's bending that are kept: more follow sharper folds, and noise
RIDGE = 1e-6
STEPS = 6  # of the scale at which a tile is no longer believed


def flat_offsets() -> np.ndarray:
    """float32 (NODES, NODES, 2), all 0."""
    return np.zeros((NODES, NODES, 2), np.float32)


def lattice_nodes() -> np.ndarray:
    """float64 (NODES, NODES, 2), places of the lattice's nodes on the scan, normalised."""
    along = np.linspace(0, 1, NODES)
    return np.stack(np.meshgrid(along, along), axis=-1)


def sample_lattice(lattice: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Values of a lattice (NODES, NODES, 2) at normalised points (N, 2) or (h, w, 2), bilinear; beyond, its rim's."""
    places = np.asarray(points, np.float32) * (NODES - 1)
    places = places if places.ndim == 3 else places[:, None]
    values = cv2.remap(lattice, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return values.reshape(np.shape(points))


def fit_offsets(matches: Matches, level: Level, offsets: np.ndarray) -> np.ndarray:
    """New offsets, after tiles were found on a page that was straightened by the old ones.

    The lattice that bends least (the thin plate of Duchon 1977, in differences) and passes near the tiles that agree
    with each other: least squares with Geman and McClure's weights, whose scale falls from the search radius to a pixel
    (graduated non-convexity: Blake and Zisserman 1987), so that tiles on which other values stand do not count.

    Args:
        matches: the tiles.
        level: of the maps on which they were found.
        offsets: float32 (NODES, NODES, 2), the old ones.

    Returns:
        float32 (NODES, NODES, 2); the old ones where too few tiles were found.
    """
    found = matches.scores > LEAST_SCORE
    if found.sum() < LEAST_TILES:
        return offsets
    scan, shifts, scores = matches.scan[found], matches.shifts[found], matches.scores[found]
    targets = shifts + sample_lattice(offsets, scan + shifts)
    modes, bending = _modes()
    terms, stiff = _bilinear(scan) @ modes, np.diag(level.stiffness * bending + RIDGE)
    errors = shifts
    for scale in np.geomspace(level.search, 1 / level.long_px, STEPS):
        weights = scores * (scale**2 / (scale**2 + np.sum(errors**2, axis=1))) ** 2
        weighted = terms.T * weights
        solution = np.linalg.solve(weighted @ terms + stiff, weighted @ targets)
        errors = targets - terms @ solution
    return (modes @ solution).reshape(NODES, NODES, 2).astype(np.float32)


def _bilinear(points: np.ndarray) -> np.ndarray:
    """(N, NODES ** 2) weights of the nodes at points (N, 2)."""
    places = np.clip(points, 0, 1) * (NODES - 1)
    x, y = (np.maximum(0, 1 - np.abs(places[:, axis, None] - np.arange(NODES))) for axis in (0, 1))
    return (y[:, :, None] * x[:, None, :]).reshape(len(points), -1)


@lru_cache
def _modes() -> tuple[np.ndarray, np.ndarray]:
    """The MODES ways (NODES ** 2, MODES) in which a lattice bends least, the affine first, and how much each bends."""
    one, first, second = np.eye(NODES), np.diff(np.eye(NODES), axis=0), np.diff(np.eye(NODES), n=2, axis=0)
    rows = np.concatenate([np.kron(one, second), np.kron(second, one), 2**0.5 * np.kron(first, first)])
    bending, modes = np.linalg.eigh(rows.T @ rows)
    return modes[:, :MODES], np.maximum(bending[:MODES], 0)
