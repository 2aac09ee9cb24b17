"""Corners of several looks at one picture, made into one set: the mean of those looks that agree; in NumPy.

A mean of all looks is spoilt by one that took another rectangle for the page, and so is the median of three by two. The
looks that lie near one of them make a group; the group that is surest as a whole is believed, and no other.
"""

from __future__ import annotations

import numpy as np

from data_generators.geometry import cyclic_shifts

NEAR = 0.04  # of the picture's sides: no corner of two looks that agree lies further apart


def mean_of_agreeing(points: np.ndarray, scores: np.ndarray, presence: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The corners on which the surest group of looks agrees.

    Four corners are compared up to a cyclic shift, because which of them comes first is ambiguous for a page that lies
    askew; the order is that of the look around which the group was found.

    Args:
        points: (V, P, 2) normalised xy, one set a look.
        scores: (V, P) in [0, 1].
        presence: (V,) in [0, 1].

    Returns:
        The mean of the points (P, 2), weighted by presence times score, and that of the scores (P,).
    """
    rows = np.concatenate([points, scores[..., None]], axis=-1).astype(np.float64)  # (V, P, 3)
    sureness = presence * scores.mean(axis=1)
    members, group = max((_group_around(rows, look) for look in range(len(rows))), key=lambda m: sureness[m[0]].sum())
    weights = np.maximum(presence[members, None] * group[..., 2], 1e-9)[..., None]  # (G, P, 1)
    return (group[..., :2] * weights).sum(axis=0) / weights.sum(axis=0), group[..., 2].mean(axis=0)


def _group_around(rows: np.ndarray, look: int) -> tuple[np.ndarray, np.ndarray]:
    """The looks that agree with one of them, as indices (G,), and their rows (G, P, 3) in its cyclic order."""
    aligned = np.stack([_aligned(each, rows[look]) for each in rows])
    distance = np.linalg.norm(aligned[..., :2] - rows[look][:, :2], axis=-1).max(axis=-1)
    members = np.flatnonzero(distance <= NEAR)
    return members, aligned[members]


def _aligned(rows: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Rows (P, 3) of x, y and score, four of them in the cyclic order nearest to the reference (P, 3)."""
    if len(rows) != 4:
        return rows
    shifts = cyclic_shifts(rows)  # (4, 4, 3)
    distance = np.linalg.norm(shifts[..., :2] - reference[:, :2], axis=-1).sum(axis=-1)
    return shifts[int(np.argmin(distance))]
