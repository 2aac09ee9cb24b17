"""Peaks of heatmaps and profiles, to a fraction of a cell: the reading that `method: heatmap` and `simcc` share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EDGE_STEPS = 6  # of Newton; from the third on they move a point by less than 0.001 cells


@dataclass(frozen=True)
class Window:
    """The cells around a peak that are read.

    Args:
        radius: half width in cells; the window is (2 * radius + 1) cells wide.
        sigma: standard deviation in cells of the Gaussian that the network was trained to draw.
    """

    radius: int
    sigma: float


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
    """Soft-argmax in a window around each peak; one over the whole map is pulled inwards by its background.

    Args:
        logits: (N, rows, columns), before the softmax; a profile is a map of one row.
        window: what is read around a peak. The next peak is looked for outside it.
        count: K.
    """
    number, rows, columns = logits.shape
    reach = (window.radius if rows > 1 else 0), window.radius  # down, across
    maps = np.zeros((number, rows + 2 * reach[0], columns + 2 * reach[1]), np.float32)
    inner = maps[:, reach[0] : reach[0] + rows, reach[1] : reach[1] + columns]
    np.exp(logits - logits.max(axis=(1, 2), keepdims=True), out=inner, casting="same_kind")
    total = inner.sum(axis=(1, 2))
    offsets = tuple(np.arange(-radius, radius + 1) for radius in reach)
    cells, shares = np.empty((number, count, 2)), np.empty((number, count))
    for order in range(count):
        peak = divmod(maps.reshape(number, -1).argmax(axis=1), maps.shape[2])
        place = (
            np.arange(number)[:, None, None],
            (peak[0][:, None] + offsets[0]).clip(0, maps.shape[1] - 1)[:, :, None],
            (peak[1][:, None] + offsets[1]).clip(0, maps.shape[2] - 1)[:, None, :],
        )
        near = maps[place]  # (N, 2 * reach + 1, 2 * reach + 1)
        mass = np.maximum(near.sum(axis=(1, 2)), 1e-30)
        for axis, size in enumerate((rows, columns)):
            first = peak[axis] - reach[axis]
            mean = first + (near.sum(axis=2 - axis) @ offsets[axis]) / mass
            cells[:, order, 1 - axis] = _undo_edge(mean, first, size, window) if reach[axis] else mean
        shares[:, order] = mass / total
        maps[place] = 0
    return Peaks(cells, shares)


def _undo_edge(mean: np.ndarray, peak: np.ndarray, size: int, window: Window) -> np.ndarray:
    """Where the map's edge cuts the window, the mean lies too far inside: the Gaussian's centre in its place.

    That centre is the one whose Gaussian over the same cells has the same mean, which is the most likely one, because
    the Gaussian of known width is an exponential family in it. Newton's method: the mean's derivative by the centre
    is the variance over those cells, in units of sigma squared.

    Args:
        mean: (N,) along one axis, in cells.
        peak: int (N,), the cell in the middle of the window.
        size: cells of the map along the axis.
        window: its radius and sigma.
    """
    cut = np.flatnonzero((peak < window.radius) | (peak >= size - window.radius))
    if not len(cut):
        return mean
    cells = peak[cut, None] + np.arange(-window.radius, window.radius + 1)
    inside = (cells >= 0) & (cells < size)
    centre = mean[cut]
    for _ in range(EDGE_STEPS):
        weights = inside * np.exp(-0.5 * ((cells - centre[:, None]) / window.sigma) ** 2)
        weights /= weights.sum(axis=1, keepdims=True)
        expected = (weights * cells).sum(axis=1)
        variance = (weights * (cells - expected[:, None]) ** 2).sum(axis=1)
        centre = centre + (mean[cut] - expected) * window.sigma**2 / np.maximum(variance, 1e-6)
        centre = centre.clip(-0.5, size - 0.5)
    whole = mean.copy()
    whole[cut] = centre
    return whole


def gaussians(cells: int, centre: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussians around `centre` (B, P), each summing to 1 over the cells: float32 (B, cells, P)."""
    offset = (np.arange(cells, dtype=np.float32)[:, None] - centre[:, None].astype(np.float32)) / np.float32(sigma)
    values = np.exp(-0.5 * offset**2)
    return values / values.sum(axis=1, keepdims=True)
