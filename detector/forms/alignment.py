"""Lays a form's scan over its photo: which way up the page lies, and where each point of it lies, bent paper or not.

A network names the corners to about a percent of the page, in an order that says nothing of the text. The print of
the scan, looked for tile by tile on the page that the corners span, tells both better. Where the corners are wrong,
features of the print find the page without them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import itemgetter

import cv2
import numpy as np

from data_generators.geometry import UNIT_QUAD, apply_homography, cyclic_shifts, homography_between, to_pixels
from detector.forms.features import ScanFeatures
from detector.forms.offsets import NODES, fit_offsets, flat_offsets, lattice_nodes, sample_lattice
from detector.forms.print_map import Level, Matches, ScanMap

WAY_UP = Level(128, 3, 0.06)
PLACE = (
    Level(128, 4, 0.07),
    Level(192, 6, 0.04, 0.3),
    Level(288, 9, 0.02, 0.03),
    Level(400, 12, 0.012, 0.03),
    Level(480, 14, 0.01, 0.03),
)
SURE = 0.7  # mean correlation on the last map, above which no other hypothesis is tried
GUESS = 0.15  # of the margin, below which the second best way up is tried too
LEAST_MEAN = 0.2  # mean correlation on the last map: blank paper and other pages stay below it
FARTHEST = 0.35  # offsets beyond this many sides of the page are no refinement
SHARPNESS = 1.3  # photo pixels a pixel of a map: fewer blur, more alias


@dataclass(frozen=True, eq=False)
class Alignment:
    """Where a form lies in a photo.

    Args:
        quad: (4, 2) normalised corners of the page in the photo, from the form's own top left clockwise.
        score: mean correlation of the page's tiles with the scan's, -1 to 1, this way up.
        margin: the score less that of the best other way up, -2 to 2; below 0 where the refined print decided.
        offsets: float32 (NODES, NODES, 2), how far from its place on a flat page within `quad` the print lies, in
            sides of the page, x and y; all 0 where nothing better than the corners was found.
    """

    quad: np.ndarray
    score: float
    margin: float
    offsets: np.ndarray

    def locate(self, points: np.ndarray) -> np.ndarray:
        """Points (N, 2) of the scan in the photo, both normalised."""
        flat = np.asarray(points) + sample_lattice(self.offsets, np.asarray(points))
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
        self._features = ScanFeatures(scan, boxes) if refine else None

    @property
    def is_blind(self) -> bool:
        """Whether the scan has no print outside its fields: then every way up is as good as any other."""
        return self._way_up.is_blank

    def align(self, image: np.ndarray, quad: np.ndarray) -> Alignment:
        """Finds which way up a form lies within given corners, and where its print is.

        Where the print does not agree with the scan, the corners were wrong: then the page is looked for by its
        features, wherever it lies, and the better of the two answers is given.

        Args:
            image: uint8 (H, W, C), the photo.
            quad: (4, 2) normalised corners of the page in the photo, clockwise on the screen from any of them.

        Raises:
            ValueError: three of the corners lie on a line.
        """
        first, second, *_ = sorted(self._ways(image, np.asarray(quad, np.float64)), key=lambda way: -way.score)
        if self._features is None:
            return first
        best, agreement = self._refine(image, first)
        if agreement < SURE and first.margin < GUESS:
            best, agreement = max((best, agreement), self._refine(image, second), key=itemgetter(1))
        if agreement < SURE and (other := self._features.find(image)) is not None:
            again, better = self._refine(image, self._ways(image, other)[0])
            best = again if better > agreement else best
        return best

    def _ways(self, image: np.ndarray, quad: np.ndarray) -> list[Alignment]:
        """The four ways up of a page that lies flat, as given first."""
        ways = [Alignment(way, 0.0, 0.0, flat_offsets()) for way in cyclic_shifts(quad)]
        scores = np.array([_match(self._way_up, image, way).mean_score for way in ways])
        margins = [score - np.delete(scores, index).max() for index, score in enumerate(scores)]
        return [replace(way, score=float(s), margin=float(m)) for way, s, m in zip(ways, scores, margins, strict=True)]

    def _refine(self, image: np.ndarray, found: Alignment) -> tuple[Alignment, float]:
        """Follows the print; also its mean correlation with the scan's on the last map, as it then lies."""
        last, refined = self._places[-1], found
        before = _match(last, image, found).mean_unmoved
        for level in self._places:
            moved = fit_offsets(_match(level, image, refined), level.level, refined.offsets)
            if np.abs(moved).max() > FARTHEST:
                return found, before
            refined = replace(found, offsets=moved)
        after = _match(last, image, refined).mean_unmoved
        return (refined, after) if after > max(before, LEAST_MEAN) else (found, before)


def _match(level: ScanMap, image: np.ndarray, way: Alignment) -> Matches:
    return level.match(_straighten(image, way, level))


def _straighten(image: np.ndarray, way: Alignment, level: ScanMap) -> np.ndarray:
    """The page as the scan shows it, uint8 (h, w, C)."""
    sides = to_pixels(np.roll(way.quad, -1, axis=0), image.shape[:2]) - to_pixels(way.quad, image.shape[:2])
    scale = SHARPNESS * max(level.size_hw) / float(np.linalg.norm(sides, axis=1).max())
    if scale < 1:
        size_wh = max(2, round(scale * image.shape[1])), max(2, round(scale * image.shape[0]))
        image = cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA)
    lattice = to_pixels(way.locate(lattice_nodes().reshape(-1, 2)), image.shape[:2]).reshape(NODES, NODES, 2)
    ys, xs = ((np.arange(side) + 0.5) / side for side in level.size_hw)
    points = sample_lattice(lattice.astype(np.float32), np.stack(np.meshgrid(xs, ys), axis=-1))
    page = cv2.remap(image, points[..., 0], points[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return page.reshape(*level.size_hw, -1)
