"""The places of the `grid` head, each a cell of a grid with one of its anchors, and boxes as seen from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

REFERENCE_CELLS = 4.0  # without anchors: side of the box that distances are measured in
SIGNS = np.array([-1, -1, 1, 1], np.float32)  # of the distances to the left, upper, right and lower side


@dataclass(frozen=True)
class Places:
    """P places of all grids, finest grid first; in a grid row by row, then column by column, then anchor by anchor.

    Args:
        centres: float32 (P, 2) xy of the cells' centres, normalised.
        cells: float32 (P, 2) width and height of the cells.
        references: float32 (P, 2) width and height of the anchors, in which distances are measured.
        scales: int (P,), index of the grid.
        limits: the least and the greatest distance, float32 (P, 4) each.
    """

    centres: np.ndarray
    cells: np.ndarray
    references: np.ndarray
    scales: np.ndarray
    limits: tuple[np.ndarray, np.ndarray]

    def distances(self, boxes: np.ndarray) -> np.ndarray:
        """Boxes (..., P, 4), x0 y0 x1 y1, as distances from each place to left, upper, right and lower side."""
        return SIGNS * (boxes - np.tile(self.centres, 2)) / np.tile(self.references, 2)

    def boxes(self, distances: np.ndarray) -> np.ndarray:
        """Distances (..., P, 4) from each place to boxes x0 y0 x1 y1; the inverse of `distances`."""
        return np.tile(self.centres, 2) + SIGNS * distances * np.tile(self.references, 2)

    def inside(self, boxes: np.ndarray) -> np.ndarray:
        """Whether the centre of each place lies in each box: (N, 4) to bool (N, P)."""
        corner, opposite = boxes[:, None, :2], boxes[:, None, 2:]
        return np.all((self.centres >= corner) & (self.centres <= opposite), axis=-1)


def make_places(shapes: Sequence[tuple[int, int]], anchors: Sequence[np.ndarray]) -> Places:
    """The places of several grids.

    Args:
        shapes: rows and columns of each grid.
        anchors: (A, 2) width and height of each grid's anchors as shares of the frame; (0, 2) for none.
    """
    parts = [_grid(shape, some) for shape, some in zip(shapes, anchors, strict=True)]
    centres, cells, references, low, high = (np.concatenate(part) for part in zip(*parts, strict=True))
    scales = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    return Places(centres, cells, references, scales, (low, high))


def references_of(shape: tuple[int, int], anchors: np.ndarray) -> np.ndarray:
    """Width and height of the boxes that a grid measures distances in: (A, 2), shares of the frame."""
    rows, columns = shape
    return anchors if len(anchors) else np.array([[REFERENCE_CELLS / columns, REFERENCE_CELLS / rows]])


def distance_limits(shape: tuple[int, int], anchors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest distance that a grid can tell, (A, 4) each.

    A cell's centre may lie half a cell outside of a small object that belongs to it; no object is wider than the frame.
    """
    rows, columns = shape
    references = np.tile(references_of(shape, anchors), 2)
    return -0.5 * np.array([1 / columns, 1 / rows] * 2) / references, 1 / references


def _grid(shape: tuple[int, int], anchors: np.ndarray) -> tuple[np.ndarray, ...]:
    """Centres, cells, references, least and greatest distance of one grid: (GH * GW * A, 2 or 4) each."""
    rows, columns = shape
    y, x = np.meshgrid((np.arange(rows) + 0.5) / rows, (np.arange(columns) + 0.5) / columns, indexing="ij")
    references = references_of(shape, anchors)
    centres = np.repeat(np.stack([x.ravel(), y.ravel()], axis=-1), len(references), axis=0)
    cells = np.broadcast_to([1 / columns, 1 / rows], centres.shape)
    of_anchors = (references, *distance_limits(shape, anchors))
    tiled = (np.tile(each, (rows * columns, 1)) for each in of_anchors)
    return tuple(np.asarray(part, np.float32) for part in (centres, cells, *tiled))
