"""JPEG quality from the tables of a file, or from the combs that quantisation leaves in the DCT of its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

# ITU-T T.81, table K.1: luminance at quality 50, in rows
_LUMINANCE = np.array(
    [
        *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55),
        *(14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
        *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
        *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
    ]
).reshape(8, 8)
_FREQUENCIES = tuple((v, u) for v in range(5) for u in range(5) if 0 < u + v < 5)  # those that survive low quality
_BEST_QUALITY = 95  # above, steps of 1 to 2 drown in the rounding of pixels
_LEAST_COEFFICIENTS = 200
_LEAST_SCORE = 0.35
_NEAR_BEST = 0.85


@cache
def luminance_table(quality: int) -> np.ndarray:
    """The luminance table int (8, 8) of a quality of 1 to 100 as libjpeg scales it (jcparam.c)."""
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    return np.clip((_LUMINANCE * scale + 50) // 100, 1, 255).astype(int)


def quality_of_tables(table: Sequence[int]) -> int:
    """The quality, 1 to 100, whose luminance table is nearest.

    Args:
        table: 64 steps of luminance in any order: their sum is compared.
    """
    total = sum(table)
    return min(range(1, 101), key=lambda quality: (abs(int(luminance_table(quality).sum()) - total), quality))


def estimate_jpeg_quality(images: Sequence[np.ndarray]) -> int | None:
    """The quality of the JPEG that pictures passed through, from their pixels.

    Quantised coefficients stand at multiples of their step: the mean of cos(2 pi c / step) over coefficients c that are
    not zero is near 1 at the true step, and at its divisors (Fan and de Queiroz 2003 use the same histograms). Of the
    qualities that fit, the lowest is taken, as divisors belong to higher ones.

    Args:
        images: uint8 (H, W, 1 or 3), uncropped or cut on the 8 x 8 grid.

    Returns:
        1 to 95, or None where there is no such grid: pictures were never JPEG, or better, or resized since.
    """
    blocks = np.concatenate([_dct_blocks(image) for image in images])
    scores = {quality: _comb_score(blocks, luminance_table(quality)) for quality in range(1, _BEST_QUALITY + 1)}
    best = max(scores.values())
    if best < _LEAST_SCORE:
        return None
    lowest = min(quality for quality, score in scores.items() if score >= _NEAR_BEST * best)
    around = [quality for quality in range(lowest, lowest + 8) if quality in scores]
    return max(around, key=lambda quality: scores[quality])


def _dct_blocks(image: np.ndarray) -> np.ndarray:
    """The coefficients float32 (n, 8, 8) of all whole blocks of luminance."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)[..., 0] if image.shape[2] == 3 else image[..., 0]
    height, width = grey.shape[0] // 8 * 8, grey.shape[1] // 8 * 8
    tiles = grey[:height, :width].reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    return np.einsum("ij,njk,lk->nil", _dct_matrix(), tiles.astype(np.float32) - 128, _dct_matrix(), optimize=True)


@cache
def _dct_matrix() -> np.ndarray:
    """The orthonormal DCT-II (8, 8) float32 of ITU-T T.81, A.3.3."""
    rows, columns = np.mgrid[:8, :8]
    matrix = np.cos(np.pi * rows * (2 * columns + 1) / 16) / 2
    matrix[0] /= np.sqrt(2)
    return matrix.astype(np.float32)


def _comb_score(blocks: np.ndarray, table: np.ndarray) -> float:
    """Mean over frequencies of how well non-zero coefficients stand at multiples of their step, -1 to 1."""
    scores = []
    for v, u in _FREQUENCIES:
        step = table[v, u]
        values = blocks[:, v, u]
        values = values[np.abs(values) > step / 2]
        if step > 1 and len(values) >= _LEAST_COEFFICIENTS:
            scores.append(float(np.cos(2 * np.pi / step * values).mean()))
    return float(np.mean(scores)) if len(scores) >= 3 else -1.0
