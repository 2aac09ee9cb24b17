"""Points as a classification along x and one along y, and back: the arithmetic behind `method: simcc`.

SimCC (Li et al. 2022): two short vectors a point in the place of a map. The bins are those of the heatmap's grid,
each cell cut into `bins_per_cell`.
"""

from __future__ import annotations

import numpy as np

from detector.codecs.heatmap import HeatmapGrid
from detector.codecs.peaks import Peaks, Window, find_peaks, gaussians
from detector.codecs.quads import choose_quad, doubtful

CANDIDATES = 2  # peaks of a profile that are tried where the best ones are in doubt; a corner has their 4 crossings


def encode_simcc(
    points: np.ndarray, grid: HeatmapGrid, sigma_cells: float, bins_per_cell: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gaussians that sum to 1, two a point.

    Args:
        points: (B, P, 2) normalised xy.
        grid: where the cells lie.
        sigma_cells: standard deviation in cells.
        bins_per_cell: bins that a cell is cut into.

    Returns:
        along_x: float32 (B, GW * bins, P).
        along_y: float32 (B, GH * bins, P).
        known: float32 (B, P), 1 where the point lies on the grid, else 0 and empty profiles.
    """
    rows, columns = grid.shape
    known = grid.contains(points)
    cells = np.where(known[..., None], grid.to_cells(points), 0.0)
    bins = (cells + 0.5) * bins_per_cell - 0.5  # (B, P, 2)
    profiles = (
        gaussians(side * bins_per_cell, bins[..., axis], sigma_cells * bins_per_cell) * known[:, None]
        for axis, side in enumerate((columns, rows))
    )
    along_x, along_y = (profile.astype(np.float32) for profile in profiles)
    return along_x, along_y, known.astype(np.float32)


def decode_simcc(
    along_x: np.ndarray, along_y: np.ndarray, grid: HeatmapGrid, window: Window
) -> tuple[np.ndarray, np.ndarray]:
    """The peak of each profile; of four corners in doubt, the peaks that make the likeliest quadrilateral.

    Args:
        along_x: logits (B, GW * bins, P).
        along_y: logits (B, GH * bins, P).
        grid: where the cells lie.
        window: what is read around a peak, in cells.

    Returns:
        points: float32 (B, P, 2) normalised xy.
        scores: float32 (B, P), the share of the probability that lies in both windows, in [0, 1].
    """
    batch, _, count = along_x.shape
    bins_per_cell = along_x.shape[1] // grid.shape[1]
    fine = Window(window.radius * bins_per_cell, window.sigma * bins_per_cell)
    profiles = [axis.transpose(0, 2, 1).reshape(batch * count, 1, -1) for axis in (along_x, along_y)]
    best = _crossings([find_peaks(profile, fine) for profile in profiles], bins_per_cell)
    cells, scores = best.cells.reshape(batch, count, 2), best.shares.reshape(batch, count)
    for index in doubtful(cells, scores):
        peaks = [find_peaks(profile[4 * index : 4 * index + 4], fine, CANDIDATES) for profile in profiles]
        cells[index], scores[index] = choose_quad(_crossings(peaks, bins_per_cell))
    return grid.from_cells(cells).astype(np.float32), scores.astype(np.float32)


def _crossings(peaks: list[Peaks], bins_per_cell: int) -> Peaks:
    """K peaks along x and K along y of N points, in bins, to their K^2 crossings in cells."""
    along_x, along_y = ((peak.cells[..., 0] + 0.5) / bins_per_cell - 0.5 for peak in peaks)  # (N, K)
    shape = (*along_x.shape, along_y.shape[1])
    pairs = np.stack([np.broadcast_to(along_x[:, :, None], shape), np.broadcast_to(along_y[:, None], shape)], axis=-1)
    shares = peaks[0].shares[:, :, None] * peaks[1].shares[:, None]
    return Peaks(pairs.reshape(len(pairs), -1, 2), shares.reshape(len(pairs), -1))
