"""Four corners chosen together where the best peak of each alone is in doubt or makes no quadrilateral.

Which corner comes first is a matter of chance for a sheet that is turned by about 45 degrees. Each map then has two
peaks, and four maps read one by one may name the same corner twice.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np

from detector.codecs.peaks import Peaks

NEAR_CELLS = 2.0  # two corners this close are one
CLEAR_SHARE = 0.6  # a peak that holds this share of its map is not in doubt
LEAST_SHARE = 0.02  # what holds less of its map is no peak
SKEW_SIGMA = 0.2  # sheets seen in perspective: half of the drawn ones have a skew below 0.1, nine in ten below 0.29


def doubtful(cells: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The pictures whose corners have to be chosen together.

    Args:
        cells: (B, P, 2) column and row of the best peaks.
        shares: (B, P) of the probability around them.

    Returns:
        Their indices, int (N,); none where P is not 4.
    """
    if cells.shape[1] != 4:
        return np.empty(0, np.intp)
    return np.flatnonzero((shares.min(axis=1) < CLEAR_SHARE) | ~is_sound(cells))


def is_sound(quads: np.ndarray) -> np.ndarray:
    """Whether quadrilaterals are convex, run clockwise on the screen, and have four corners that lie apart.

    Args:
        quads: (..., 4, 2) column and row, in cells.

    Returns:
        bool (...).
    """
    sides = np.roll(quads, -1, axis=-2) - quads  # (..., 4, 2)
    after = np.roll(sides, -1, axis=-2)
    turns = sides[..., 0] * after[..., 1] - sides[..., 1] * after[..., 0]
    diagonals = quads[..., 2:, :] - quads[..., :2, :]
    apart = np.minimum(_least_length(sides), _least_length(diagonals)) > NEAR_CELLS
    return np.all(turns > 0, axis=-1) & apart


def _least_length(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(vectors).sum(axis=-1).min(axis=-1))


def choose_quad(peaks: Peaks) -> tuple[np.ndarray, np.ndarray]:
    """The likeliest sound quadrilateral: by the product of its peaks' shares, and by how near to a parallelogram it is.

    The latter finds the corner among the crossings of profiles with two peaks each, of which some are none.

    Args:
        peaks: K candidates for each of the four corners, the best first.

    Returns:
        cells: (4, 2) column and row; the best peak of each corner where no choice is sound.
        shares: (4,) in [0, 1].
    """
    corner, choices = np.arange(4), _choices(peaks.shares.shape[1])
    quads = peaks.cells[corner, choices]  # (K^4, 4, 2)
    logs = np.log(np.maximum(peaks.shares, 1e-9))[corner, choices].sum(axis=-1) - 0.5 * (_skew(quads) / SKEW_SIGMA) ** 2
    sound = is_sound(quads) & np.all(peaks.shares[corner, choices] > LEAST_SHARE, axis=-1)
    chosen = choices[np.argmax(np.where(sound, logs, -np.inf))] if sound.any() else choices[0]
    return peaks.cells[corner, chosen], peaks.shares[corner, chosen]


def _skew(quads: np.ndarray) -> np.ndarray:
    """Twice the distance of the diagonals' middles over the longer diagonal, 0 for a parallelogram: (...)."""
    diagonals = quads[..., 2:, :] - quads[..., :2, :]
    longer = np.sqrt(np.square(diagonals).sum(axis=-1).max(axis=-1))
    between = quads[..., 0, :] + quads[..., 2, :] - quads[..., 1, :] - quads[..., 3, :]
    return np.sqrt(np.square(between).sum(axis=-1)) / np.maximum(longer, 1e-6)


@lru_cache(maxsize=4)
def _choices(count: int) -> np.ndarray:
    """Every way to take one of `count` candidates four times: (count^4, 4)."""
    return np.array(list(product(range(count), repeat=4)))
