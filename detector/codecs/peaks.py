"""Peaks of heatmaps and profiles, to a fraction of a cell: the reading that `method: heatmap` and `simcc` share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

STEPS = 3  # of Newton; more of them move a point by less than 0.001 cells, at the map's edge too


@dataclass(frozen=True)
class Window:
    """What belongs to a peak.

    Args:
        radius: half width in cells of the window around it, which is (2 * radius + 1) cells wide.
        sigma: standard deviation in cells of the Gaussian that the network was trained to draw.
    """

    radius: int
    sigma: float

    @property
    def core(self) -> int:
        """Half width in cells of what is read for the place of the peak: further out the network's tails are vague."""
        return min(self.radius, max(1, round(self.sigma)))


@dataclass(frozen=True)
class Peaks:
    """The K best peaks of N maps, the best first.

    Args:
        cells: float64 (N, K, 2), column and row, where (0, 0) is the centre of the first cell.
        shares: float64 (N, K), the share of the map's probability that lies in the peak's window, in [0, 1].
    """

    cells: np.ndarray
    shares: np.ndarray


def find_peaks(logits: np.ndarray, window: Window, count: int = 1) -> Peaks:
    """The highest cell, the next highest outside its window, and so on, each read to a fraction of a cell.

    Args:
        logits: (N, rows, columns), before the softmax; a profile is a map of one row.
        window: what belongs to a peak.
        count: K.
    """
    number, rows, columns = logits.shape
    reach = (window.radius if rows > 1 else 0), window.radius  # down, across
    maps = np.zeros((number, rows + 2 * reach[0], columns + 2 * reach[1]), np.float32)
    inner = maps[:, reach[0] : reach[0] + rows, reach[1] : reach[1] + columns]
    np.exp(logits - logits.max(axis=(1, 2), keepdims=True), out=inner, casting="same_kind")
    total = inner.sum(axis=(1, 2))
    down, across = (np.arange(-radius, radius + 1) for radius in reach)
    cells, shares = np.zeros((number, count, 2)), np.empty((number, count))
    for order in range(count):
        row, column = np.divmod(maps.reshape(number, -1).argmax(axis=1), maps.shape[2])
        place = (
            np.arange(number)[:, None, None],
            (row[:, None] + down).clip(0, maps.shape[1] - 1)[:, :, None],
            (column[:, None] + across).clip(0, maps.shape[2] - 1)[:, None, :],
        )
        near = maps[place]  # (N, 2 * reach + 1, 2 * reach + 1)
        peak = np.stack([column - reach[1], row - reach[0]], axis=-1).clip(0)  # nothing left: in the padding
        cells[:, order] = peak + _offsets(near, peak, (rows, columns), window)
        shares[:, order] = near.sum(axis=(1, 2)) / total
        maps[place] = 0
    return Peaks(cells, shares)


def _offsets(near: np.ndarray, peak: np.ndarray, size_hw: tuple[int, int], window: Window) -> np.ndarray:
    """How far off the middle of its cell each peak lies: float64 (N, 2), column and row.

    Args:
        near: (N, 2 * reach + 1, 2 * reach + 1), probabilities around the peaks, of one row for profiles.
        peak: int (N, 2), column and row of the cells in the middle.
        size_hw: rows and columns of the map.
        window: its core is read.
    """
    core, (rows, columns) = window.core, (side // 2 for side in near.shape[1:])
    inner = near[:, max(0, rows - core) : rows + core + 1, columns - core : columns + core + 1]
    along = [inner.sum(axis=1), inner.sum(axis=2)][: 1 if size_hw[0] == 1 else 2]  # columns, rows
    sizes = np.array(size_hw[::-1])[: len(along)]
    found = np.zeros((len(near), 2))
    found[:, : len(along)] = _centres(np.stack(along, axis=1), peak[:, : len(along)], sizes, window.sigma)
    return found


def _centres(values: np.ndarray, peak: np.ndarray, sizes: np.ndarray, sigma: float) -> np.ndarray:
    """The centre of the Gaussian that has the same mean over the same cells, those beyond the map's edge left out.

    Because a Gaussian of known width is an exponential family in its centre, that is the likeliest one. A mean alone
    is pulled to the middle of the cells that are read. Newton's method: the derivative of the mean by the centre is
    the variance over those cells, in units of sigma squared.

    Args:
        values: (N, axes, 2 * core + 1), probabilities.
        peak: int (N, axes), the cell in the middle.
        sizes: int (axes,), cells of the map along each axis.
        sigma: standard deviation in cells.

    Returns:
        float64 (N, axes), in cells from the middle.
    """
    core = values.shape[-1] // 2
    offsets = np.arange(-core, core + 1)
    cells = peak[..., None] + offsets
    inside = (cells >= 0) & (cells < sizes[:, None])
    low, high = np.maximum(-core, -0.5 - peak), np.minimum(core, sizes - 0.5 - peak)
    mean = (values @ offsets) / np.maximum(values.sum(axis=-1), 1e-30)
    centre = mean.astype(np.float64)
    for _ in range(STEPS):
        weights = inside * np.exp((-0.5 / sigma**2) * (offsets - centre[..., None]) ** 2)
        weights /= weights.sum(axis=-1, keepdims=True)
        expected = weights @ offsets
        variance = weights @ offsets**2 - expected**2
        centre = np.clip(centre + (mean - expected) * sigma**2 / np.maximum(variance, 1e-6), low, high)
    return centre


def gaussians(cells: int, centre: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussians around `centre` (B, P), each summing to 1 over the cells: float32 (B, cells, P)."""
    offset = (np.arange(cells, dtype=np.float32)[:, None] - centre[:, None].astype(np.float32)) / np.float32(sigma)
    values = np.exp(-0.5 * offset**2)
    return values / values.sum(axis=1, keepdims=True)
