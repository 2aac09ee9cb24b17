"""Points as heatmaps over the frame plus a margin, and back to sub-pixel: the arithmetic behind `method: heatmap`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.codecs.peaks import Window, find_peaks, gaussians
from detector.codecs.quads import choose_quad, doubtful

CANDIDATES = 3  # peaks of a map that are tried where the best ones are in doubt


@dataclass(frozen=True)
class HeatmapGrid:
    """Where the cells of a heatmap lie: `stride` pixels apart, beginning `pad` cells outside the frame.

    Args:
        frame_hw: the network's input in pixels.
        stride: pixels a cell.
        pad: cells beyond the frame on each side, the places of corners outside the picture.
    """

    frame_hw: tuple[int, int]
    stride: int
    pad: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the heatmap."""
        rows, columns = (side // self.stride + 2 * self.pad for side in self.frame_hw)
        return rows, columns

    def to_cells(self, points: np.ndarray) -> np.ndarray:
        """Normalised xy (..., 2) to column, row of the heatmap, where (0, 0) is the centre of the first cell."""
        height, width = self.frame_hw
        return np.asarray(points) * np.array([width, height]) / self.stride - 0.5 + self.pad

    def from_cells(self, cells: np.ndarray) -> np.ndarray:
        """The inverse of `to_cells`."""
        height, width = self.frame_hw
        return (np.asarray(cells) + 0.5 - self.pad) * self.stride / np.array([width, height])

    def contains(self, points: np.ndarray) -> np.ndarray:
        """Whether points (..., 2) lie on a cell; bool (...), False for NaN."""
        cells = self.to_cells(points)
        limit = np.array([self.shape[1], self.shape[0]]) - 0.5
        return np.all((cells >= -0.5) & (cells < limit), axis=-1)


def encode_heatmaps(points: np.ndarray, grid: HeatmapGrid, sigma_cells: float) -> tuple[np.ndarray, np.ndarray]:
    """Gaussians that sum to 1, one a point.

    Args:
        points: (B, P, 2) normalised xy.
        grid: where the cells lie.
        sigma_cells: standard deviation in cells.

    Returns:
        heatmaps: float32 (B, GH, GW, P).
        known: float32 (B, P), 1 where the point lies on the grid, else 0 and an empty map.
    """
    rows, columns = grid.shape
    known = grid.contains(points)
    cells = np.where(known[..., None], grid.to_cells(points), 0.0)  # (B, P, 2)
    along_x = gaussians(columns, cells[..., 0], sigma_cells) * known[:, None]  # (B, GW, P)
    along_y = gaussians(rows, cells[..., 1], sigma_cells)  # (B, GH, P)
    return _outer(along_y, along_x), known.astype(np.float32)


def _outer(along_y: np.ndarray, along_x: np.ndarray) -> np.ndarray:
    """(B, GH, P) and (B, GW, P) to their products (B, GH, GW, P), as a matrix product with P diagonal blocks: NumPy's
    own loop over a last axis of 4 takes ten times as long."""
    batch, columns, count = along_x.shape
    blocks = np.zeros((batch, count, columns, count), np.float32)
    point = np.arange(count)
    blocks[:, point, :, point] = along_x.transpose(2, 0, 1)
    return (along_y @ blocks.reshape(batch, count, -1)).reshape(batch, -1, columns, count)


def decode_heatmaps(logits: np.ndarray, grid: HeatmapGrid, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """The peak of each map; of four maps in doubt, the peaks that make the likeliest quadrilateral.

    Args:
        logits: (B, GH, GW, P), before the softmax.
        grid: where the cells lie.
        window: what is read around a peak.

    Returns:
        points: float32 (B, P, 2) normalised xy.
        scores: float32 (B, P), the share of the map's probability that lies in the window, in [0, 1].
    """
    batch, rows, columns, count = logits.shape
    maps = logits.transpose(0, 3, 1, 2).reshape(batch * count, rows, columns)
    best = find_peaks(maps, window)
    cells, scores = best.cells.reshape(batch, count, 2), best.shares.reshape(batch, count)
    for index in doubtful(cells, scores):
        peaks = find_peaks(maps[4 * index : 4 * index + 4], window, CANDIDATES)
        cells[index], scores[index] = choose_quad(peaks)
    return grid.from_cells(cells).astype(np.float32), scores.astype(np.float32)
