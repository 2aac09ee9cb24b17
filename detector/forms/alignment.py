"""Lays a form's scan over its photo: which way up the page lies, and where each point of it lies, bent paper or not.

A network names the corners to about a percent of the page, in an order that says nothing of the text. The print of
the scan, looked for tile by tile on the page that the corners span, tells both better.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from data_generators.geometry import UNIT_QUAD, apply_homography, cyclic_shifts, homography_between, to_pixels
from detector.forms.print_map import Level, Matches, ScanMap

WAY_UP = Level(128, 3, 0.06)
PLACE = (Level(128, 4, 0.07, 1), Level(192, 6, 0.04, 2), Level(288, 9, 0.02, 3), Level(400, 10, 0.01, 3))
NODES = 17  # of the lattice of offsets, along each side
LEAST_SCORE = 0.3  # correlation at which a tile counts as found
LEAST_MEAN = 0.25  # mean correlation on the last map: blank paper and other pages stay below it
FARTHEST = 0.35  # offsets beyond this many sides of the page are no refinement
RIDGE = 1e-3
SHARPNESS = 1.3  # photo pixels a pixel of a map: fewer blur, more alias


@dataclass(frozen=True, eq=False)
class Alignment:
    """Where a form lies in a photo.

    Args:
        quad: (4, 2) normalised corners of the page in the photo, from the form's own top left clockwise.
        score: mean correlation of the page's tiles with the scan's, -1 to 1, this way up.
        margin: the score less that of the next best way up, 0 to 2.
        offsets: float32 (NODES, NODES, 2), how far from its place on a flat page within `quad` the print lies, in
            sides of the page, x and y; all 0 where nothing better than the corners was found.
    """

    quad: np.ndarray
    score: float
    margin: float
    offsets: np.ndarray

    def locate(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 2) of the scan in the photo, both normalised."""
        flat = np.asarray(points) + _sample(self.offsets, np.asarray(points))
        return apply_homography(homography_between(UNIT_QUAD, self.quad), flat)


class Aligner:
    """Compares photos with the scan of a form.

    Args:
        scan: uint8 (H, W, C), the page and nothing else.
        boxes: (N, 4) normalised boxes of the fields.
        refine: whether the print, and not the corners alone, says where a point lies.
    """

    def __init__(self, scan: np.ndarray, boxes: Iterable[np.ndarray], *, refine: bool = True) -> None:
        boxes = list(boxes)
        self._way_up = ScanMap(scan, boxes, WAY_UP)
        self._places = [ScanMap(scan, boxes, level) for level in PLACE] if refine else []

    def align(self, image: np.ndarray, quad: np.ndarray) -> Alignment:
        """Finds which way up a form lies within given corners, and where its print is.

        Args:
            image: uint8 (H, W, C), the photo.
            quad: (4, 2) normalised corners of the page in the photo, clockwise on the screen from any of them.

        Raises:
            ValueError: three of the corners lie on a line.
        """
        flat = np.zeros((NODES, NODES, 2), np.float32)
        ways = [Alignment(way, 0.0, 0.0, flat) for way in cyclic_shifts(np.asarray(quad, np.float64))]
        scores = np.array([_match(self._way_up, image, way).mean_score for way in ways])
        best = int(np.argmax(scores))
        margin = float(scores[best] - np.delete(scores, best).max())
        found = Alignment(ways[best].quad, float(scores[best]), margin, flat)
        return self._refine(image, found)

    def _refine(self, image: np.ndarray, found: Alignment) -> Alignment:
        refined = found
        for level in self._places:
            offsets = _fit_offsets(_match(level, image, refined), level.level)
            moved = offsets + _sample(refined.offsets, _nodes() + offsets)
            if np.abs(moved).max() > FARTHEST:
                return found
            refined = Alignment(found.quad, found.score, found.margin, moved)
        if refined is not found:
            last = self._places[-1]
            before, after = (_match(last, image, way).mean_score for way in (found, refined))
            refined = refined if after > max(before, LEAST_MEAN) else found
        return refined


def _match(level: ScanMap, image: np.ndarray, way: Alignment) -> Matches:
    return level.match(_straighten(image, way, level))


def _straighten(image: np.ndarray, way: Alignment, level: ScanMap) -> np.ndarray:
    """The page as the scan shows it, uint8 (h, w, C)."""
    sides = to_pixels(np.roll(way.quad, -1, axis=0), image.shape[:2]) - to_pixels(way.quad, image.shape[:2])
    scale = SHARPNESS * max(level.size_hw) / float(np.linalg.norm(sides, axis=1).max())
    if scale < 1:
        size_wh = max(2, round(scale * image.shape[1])), max(2, round(scale * image.shape[0]))
        image = cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA)
    lattice = to_pixels(way.locate(_nodes().reshape(-1, 2)), image.shape[:2]).reshape(NODES, NODES, 2)
    ys, xs = ((np.arange(side) + 0.5) / side for side in level.size_hw)
    points = _sample(lattice.astype(np.float32), np.stack(np.meshgrid(xs, ys), axis=-1))
    page = cv2.remap(image, points[..., 0], points[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return page.reshape(*level.size_hw, -1)


def _nodes() -> np.ndarray:
    """(NODES, NODES, 2) places of the lattice's nodes on the scan, normalised."""
    along = np.linspace(0, 1, NODES)
    return np.stack(np.meshgrid(along, along), axis=-1)


def _sample(lattice: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Values of a lattice (NODES, NODES, 2) at normalised points (N, 2) or (h, w, 2), bilinear; beyond, its rim's."""
    places = np.asarray(points, np.float32) * (NODES - 1)
    places = places if places.ndim == 3 else places[:, None]
    values = cv2.remap(lattice, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return values.reshape(np.shape(points))


def _fit_offsets(matches: Matches, level: Level) -> np.ndarray:
    """Offsets (NODES, NODES, 2) as a polynomial through the shifts of the tiles that agree with each other.

    Least squares with Geman and McClure's weights, whose scale falls from the search radius to a pixel (graduated
    non-convexity: Blake and Zisserman 1987), so that tiles on which other values stand do not count.
    """
    found = matches.scores > LEAST_SCORE
    terms = _terms(matches.scan[found], level.degree)
    shifts, weights = matches.shifts[found], matches.scores[found].copy()
    if len(terms) < terms.shape[1] + 3:
        return np.zeros((NODES, NODES, 2), np.float32)
    solution = np.zeros((terms.shape[1], 2))
    for scale in np.geomspace(level.search, 1 / level.long_px, 8):
        distances = np.sum((shifts - terms @ solution) ** 2, axis=1) if scale < level.search else 0.0
        weights = matches.scores[found] * (scale**2 / (scale**2 + distances)) ** 2
        normal = (terms * weights[:, None]).T @ terms + RIDGE * np.diag(np.r_[0, np.ones(terms.shape[1] - 1)])
        solution = np.linalg.solve(normal, (terms * weights[:, None]).T @ shifts)
    return (_terms(_nodes().reshape(-1, 2), level.degree) @ solution).reshape(NODES, NODES, 2).astype(np.float32)


def _terms(points: np.ndarray, degree: int) -> np.ndarray:
    """Products of powers of x and y, of points (N, 2) mapped to -1 ... 1: (N, terms), the constant first."""
    x, y = (2 * points - 1).T
    return np.stack([x**i * y ** (total - i) for total in range(degree + 1) for i in range(total + 1)], axis=1)
