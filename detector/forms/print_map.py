"""Maps of what is printed on a page, in which light and paper no longer count, and tiles of one found on another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from data_generators.geometry import from_pixels
from data_generators.transform.input_spec import match_channels
from data_generators.transform.warp import warp_image

LEAST_PRINT = 0.25  # standard deviation of a tile's map, below which it holds too little print
LEAST_SHOWN = 0.4  # share of a tile outside the fields, below which it is left out
MAP_WINDOWS = 20  # windows of local contrast along the longer side

Tile = tuple[int, int, int, int]  # rows and columns y0 y1 x0 x1


@dataclass(frozen=True)
class Level:
    """How print is compared at one size.

    Args:
        long_px: longer side of the maps.
        tiles: along each side.
        search: how far a tile is looked for, and how wide a rim of the page has no tiles, in sides of the page.
        stiffness: weight of the page's bending against the tiles'.
    """

    long_px: int
    tiles: int
    search: float
    stiffness: float = 1000.0


@dataclass(frozen=True, eq=False)
class Matches:
    """Tiles of a scan found on a page.

    Args:
        scan: (N, 2) centres on the scan, normalised.
        shifts: (N, 2) from there to where they lie on the page, normalised.
        scores: (N,) correlation there, -1 to 1.
        unmoved: (N,) correlation without a shift, -1 to 1.
    """

    scan: np.ndarray
    shifts: np.ndarray
    scores: np.ndarray
    unmoved: np.ndarray

    @property
    def mean_score(self) -> float:
        """Mean correlation, 0 where the scan holds no print."""
        return float(self.scores.mean()) if len(self.scores) else 0.0

    @property
    def mean_unmoved(self) -> float:
        """Mean correlation without a shift, 0 where the scan holds no print."""
        return float(self.unmoved.mean()) if len(self.unmoved) else 0.0


class ScanMap:
    """The print of a form's scan at one size, cut into tiles.

    Args:
        scan: uint8 (H, W, C), the page and nothing else.
        boxes: (N, 4) normalised boxes of the fields, whose contents differ from page to page.
        level: size and tiles.
    """

    def __init__(self, scan: np.ndarray, boxes: Iterable[np.ndarray], level: Level) -> None:
        scale = level.long_px / max(scan.shape[:2])
        self.level = level
        self.size_hw = max(32, round(scan.shape[0] * scale)), max(32, round(scan.shape[1] * scale))
        self._values = print_map(warp_image(scan, np.eye(3), self.size_hw, "replicate"))  # (h, w)
        self._mask = outside_fields(self.size_hw, boxes)  # (h, w)
        self._reach = max(2, round(level.search * self.size_hw[0])), max(2, round(level.search * self.size_hw[1]))
        self._tiles = list(self._cut())

    def _cut(self) -> Iterator[Tile]:
        """The tiles with enough print outside the fields."""
        ys, xs = (
            np.linspace(reach, side - reach, self.level.tiles + 1).astype(int)
            for reach, side in zip(self._reach, self.size_hw, strict=True)
        )
        for y0, y1 in pairwise(ys.tolist()):
            for x0, x1 in pairwise(xs.tolist()):
                shown = self._mask[y0:y1, x0:x1] > 0
                if shown.mean() > LEAST_SHOWN and self._values[y0:y1, x0:x1][shown].std() > LEAST_PRINT:
                    yield y0, y1, x0, x1

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing outside the fields that a page could be recognised by."""
        return not self._tiles

    def match(self, page: np.ndarray) -> Matches:
        """Finds each tile on a page.

        Args:
            page: uint8 (h', w', C), straightened to `size_hw`.
        """
        values = print_map(page)
        rows = np.array([self._find(values, tile) for tile in self._tiles]).reshape(-1, 6)
        centres = from_pixels(rows[:, :2], self.size_hw)
        return Matches(centres, rows[:, 2:4] / [self.size_hw[1], self.size_hw[0]], rows[:, 4], rows[:, 5])

    def _find(self, page: np.ndarray, tile: Tile) -> tuple[float, float, float, float, float, float]:
        """Centre x y of a tile and its shift x y on the page, in pixels, its correlation there and without a shift."""
        (y0, y1, x0, x1), (down, across) = tile, self._reach
        window = page[y0 - down : y1 + down, x0 - across : x1 + across]
        mask = self._mask[y0:y1, x0:x1]
        hidden = None if mask.all() else mask
        scores = cv2.matchTemplate(window, self._values[y0:y1, x0:x1], cv2.TM_CCOEFF_NORMED, mask=hidden)
        scores[~np.isfinite(scores)] = -1  # where the page is even
        row, column = (int(index) for index in np.unravel_index(int(np.argmax(scores)), scores.shape))
        x, y = column + _between(scores[row], column), row + _between(scores[:, column], row)
        here, unmoved = float(scores[row, column]), float(scores[down, across])
        return (x0 + x1 - 1) / 2, (y0 + y1 - 1) / 2, x - across, y - down, here, unmoved


def _between(line: np.ndarray, index: int) -> float:
    """Where beside a sample the peak of the parabola through it and its neighbours lies, -0.5 to 0.5."""
    if not 0 < index < len(line) - 1:
        return 0.0
    before, here, after = (float(value) for value in line[index - 1 : index + 2])
    curve = before - 2 * here + after
    return float(np.clip(0.5 * (before - after) / curve, -0.5, 0.5)) if curve < 0 else 0.0


def print_map(image: np.ndarray) -> np.ndarray:
    """What is printed on a page, whatever the light: the local contrast of its grey values.

    Args:
        image: uint8 (h, w, C).

    Returns:
        float32 (h, w), -3 to 3; dark ink is negative.
    """
    window = max(image.shape[:2]) / MAP_WINDOWS
    grey = cv2.GaussianBlur(match_channels(image, 1)[..., 0].astype(np.float32), (0, 0), 0.8)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), window)
    spread = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), window))
    return np.clip(detail / (spread + 2), -3, 3).astype(np.float32)


def outside_fields(size_hw: tuple[int, int], boxes: Iterable[np.ndarray]) -> np.ndarray:
    """float32 (h, w), 1 outside the fields, 0 in them.

    Args:
        size_hw: of the map in pixels.
        boxes: (N, 4) normalised boxes of the fields.
    """
    mask = np.ones(size_hw, np.float32)
    for box in boxes:
        x0, y0, x1, y1 = np.asarray(box) * [size_hw[1], size_hw[0], size_hw[1], size_hw[0]]
        mask[max(0, int(y0) - 1) : int(y1) + 2, max(0, int(x0) - 1) : int(x1) + 2] = 0
    return mask
