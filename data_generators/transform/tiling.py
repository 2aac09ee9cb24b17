"""Large pictures cut into overlapping tiles: a source of tiles for training, and the windows that prediction looks at.

One network frame of a large picture shows small objects too small. The cutting is that of slicing-aided inference
(Akyon, Altinuc and Temizel 2022, "Slicing Aided Hyper Inference and Fine-tuning for Small Object Detection"), with a
fixed grid instead of a fixed size in pixels: how many tiles a picture has is known without reading it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pydantic import Field

from data_generators.sample import Sample
from data_generators.settings import Settings, Share
from data_generators.sources import CornerOrder, Source
from data_generators.transform.warp import WarpRules, warp_objects

Window = tuple[int, int, int, int]  # top, left, height, width in pixels of the picture


class TileSettings(Settings):
    """How a picture is cut."""

    rows: int = Field(ge=1, le=64)
    """Rows of tiles in a picture that is at least as wide as high; in a higher one rows and columns are swapped, so
    that a phone held upright cuts alike."""
    columns: int = Field(ge=1, le=64)
    """Columns of tiles in a picture that is at least as wide as high."""
    overlap: float = Field(0.2, ge=0, le=0.8)
    """Share of a tile's side that it has in common with its neighbour. An object no larger than that is whole in one
    of them."""
    whole: bool = True
    """Also take the picture as a whole: for objects larger than a tile, and for corners of a page that spans tiles."""
    min_visible: Share = 0.3
    """An object of which less than this share is in a tile is ignored there; one that is not in it is dropped."""

    @property
    def count(self) -> int:
        """Number of tiles of any picture."""
        grid = self.rows * self.columns
        return grid + int(self.whole and grid > 1)


def tile_windows(settings: TileSettings, size_hw: tuple[int, int]) -> list[Window]:
    """The windows of a picture: the whole where it is asked for, then the grid row by row.

    All tiles of the grid have one size. The first is flush with the upper left corner, the last with the lower right;
    together they cover every pixel.

    Args:
        settings: how to cut.
        size_hw: height and width of the picture in pixels.

    Returns:
        `settings.count` windows; in a picture of very few pixels some are equal.
    """
    height, width = size_hw
    rows, columns = (settings.rows, settings.columns) if width >= height else (settings.columns, settings.rows)
    tops, tile_h = _cut(height, rows, settings.overlap)
    lefts, tile_w = _cut(width, columns, settings.overlap)
    grid = [(top, left, tile_h, tile_w) for top in tops for left in lefts]
    return [(0, 0, height, width), *grid] if len(grid) < settings.count else grid


def _cut(length: int, count: int, overlap: float) -> tuple[list[int], int]:
    """Where `count` equal pieces of a line of whole pixels begin, and their length."""
    piece = min(length, math.ceil(length / (count - (count - 1) * overlap) - 1e-9))
    return [round(number * (length - piece) / max(1, count - 1)) for number in range(count)], piece


def window_box(window: Window, size_hw: tuple[int, int]) -> np.ndarray:
    """The window as a box x0 y0 x1 y1 in normalised coordinates of the picture, float64 (4,)."""
    top, left, height, width = window
    return np.array([left, top, left + width, top + height]) / np.array([size_hw[1], size_hw[0]] * 2)


def window_homography(box: np.ndarray) -> np.ndarray:
    """Takes normalised coordinates of the picture to those of a window of it; its inverse takes predictions back.

    Args:
        box: (4,) x0 y0 x1 y1, the window in normalised coordinates of the picture.

    Returns:
        (3, 3) float64.
    """
    x0, y0, x1, y1 = box
    across, down = 1 / (x1 - x0), 1 / (y1 - y0)
    return np.array([[across, 0, -x0 * across], [0, down, -y0 * down], [0, 0, 1]])


def crop_image(image: np.ndarray, window: Window) -> np.ndarray:
    """The pixels (h, w, ...) of a window, not copied."""
    top, left, height, width = window
    return image[top : top + height, left : left + width]


def crop_sample(sample: Sample, window: Window, min_visible: float = 0.3, corner_order: CornerOrder = "none") -> Sample:
    """The part of a sample in a window, pixel by pixel.

    Boxes are clipped; keypoints are not, and may lie outside [0, 1].

    Args:
        sample: any.
        window: pixels of its picture.
        min_visible: an object that shows less than this share of what was visible before is ignored.
        corner_order: of the source; `image` order is made anew, as the corners of a tile have another aspect.
    """
    matrix = window_homography(window_box(window, sample.size_hw))
    rules = WarpRules(min_visible=min_visible, corner_order=corner_order)
    objects = warp_objects(sample, matrix, np.array([0.0, 0, 1, 1]), rules) if len(sample.boxes) else {}
    mask = crop_image(sample.mask, window) if sample.mask.size else sample.mask
    return sample.replace(image=crop_image(sample.image, window), mask=mask, **objects)


class TiledSource(Source):
    """Every tile of every picture of a source; all tiles of a picture are of its group.

    Args:
        source: of whole pictures.
        tiles: how they are cut.
    """

    def __init__(self, source: Source, tiles: TileSettings) -> None:
        self._source, self._tiles = source, tiles
        self.class_names, self.labelled_classes = source.class_names, source.labelled_classes
        self.corner_order, self.on_error = source.corner_order, source.on_error
        self._latest: tuple[int, Sample] | None = None

    def __len__(self) -> int:
        return len(self._source) * self._tiles.count

    def sample(self, index: int) -> Sample:
        picture, tile = divmod(index, self._tiles.count)
        whole = self._picture(picture)
        window = tile_windows(self._tiles, whole.size_hw)[tile]
        cut = crop_sample(whole, window, self._tiles.min_visible, self.corner_order)
        return cut.replace(origin=f"{whole.origin}, tile {tile + 1} of {self._tiles.count}")

    def _picture(self, index: int) -> Sample:
        """The whole picture; tiles are asked for one after the other, and decoding is dear."""
        latest = self._latest
        if latest is None or latest[0] != index:
            latest = index, self._source.sample(index)
            self._latest = latest
        return latest[1]

    def labelled_classes_at(self, index: int) -> frozenset[str]:
        return self._source.labelled_classes_at(index // self._tiles.count)

    def groups(self) -> list[str]:
        return [group for group in self._source.groups() for _ in range(self._tiles.count)]

    def content(self) -> Any:
        return ["tiled", self._source.content(), self._tiles.model_dump()]

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_latest": None}
