"""Cuts pictures without an object out of labelled photos: crops beside all objects, and textures without a shape.

A detector that never saw a picture without an object calls fur, cloth and grass an animal. The crops come from the very
photos that hold the objects, so that neither camera nor light tells the two apart.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator

from data_generators.errors import DataError
from data_generators.geometry import free_rectangles
from data_generators.real.version import reader_version
from data_generators.sample import Sample
from data_generators.settings import Settings, Share
from data_generators.sources import Source, readable_samples

logger = logging.getLogger(__name__)

CELLS = 24  # a side of the grid on whose lines crops begin and end
TILE_SHARE = 0.3  # longest side of a texture's tile, in those of what it is cut from: no part of an object is whole
TILES = (2, 5)  # least and most tiles of a texture in a row or a column
SHUFFLED_SHARE = 0.3  # textures whose tiles lie anyhow; the others are mirrored from one to the next, without a seam

Window = tuple[slice, slice]


class BackgroundSettings(Settings):
    """What is cut out of the pictures of another source."""

    source_options: dict[str, Any] = Field(default_factory=dict)
    """Options of that source, e.g. {class_name: cat}."""
    least_side: Share = 0.25
    """Least side of a crop, in the picture's shorter side."""
    most_aspect: float = Field(2.0, ge=1)
    """Longest side of a crop, in its shorter one."""
    margin: float = Field(0.1, ge=0)
    """How far a crop stays away from an object's box, in the sides of the box: tails reach beyond what people draw.
    Where there is a mask, it counts, and not the boxes."""
    texture_share: Share = 0.2
    """Share of the source's pictures of which a small tile of the crop is repeated: cloth, grass, water."""
    object_texture_share: Share = 0.1
    """Share of the source's pictures of which a small tile of an object's middle is repeated: its fur, but not its
    shape. These need no room beside the object."""
    seed: int = Field(0, ge=0)
    """Another seed gives other crops."""

    @model_validator(mode="after")
    def _check_shares(self) -> Self:
        if self.texture_share + self.object_texture_share > 1:
            raise ValueError("`texture_share` and `object_texture_share` must add up to 1 or less; lower one of them")
        return self


class BackgroundSource(Source):
    """One picture that shows no object for each of another source that has room for it.

    A crop overlaps no box of an object, be it ignored; of a picture with a mask it shows background alone. Its sides
    are random, large ones likelier. What the source labelled is known to be absent. Pictures without room, and those
    at which nobody looked, are left out and counted when the first sample is asked for. Groups are the source's.

    Args:
        source: pictures with boxes or masks.
        settings: what is cut out.
    """

    def __init__(self, source: Source, settings: BackgroundSettings | None = None) -> None:
        self._source, self._settings = source, settings or BackgroundSettings()
        self.class_names, self.labelled_classes = source.class_names, source.labelled_classes
        self.on_error = source.on_error

    @cached_property
    def _indices(self) -> list[int]:
        """The pictures of the source that have room."""
        found = [index for index, sample in readable_samples(self._source) if self._cut(sample, index) is not None]
        left_out = len(self._source) - len(found)
        name = type(self._source).__name__
        if not found:
            cure = "Lower `least_side`, raise `most_aspect`, or name pictures with boxes or masks."
            raise DataError(name, f"none of the {left_out} pictures has room for a background.", cure)
        if left_out:
            logger.warning("%s: %d of %d pictures have no room beside their objects", name, left_out, len(self._source))
        return found

    def __len__(self) -> int:
        return len(self._indices)

    def sample(self, index: int) -> Sample:
        index = self._indices[index]
        sample = self._source.sample(index)
        image = self._cut(sample, index)
        if image is None:
            raise DataError(sample.origin, "the picture has changed and has no room any more.", "Start again.")
        size_hw = image.shape[:2] if "mask" in sample.has else (0, 0)
        return Sample(
            image=np.ascontiguousarray(image),
            keypoints=np.zeros((0, sample.keypoints.shape[1], 2), np.float32),
            mask=np.zeros(size_hw, np.uint8),
            unlabelled=sample.unlabelled,
            has=sample.has | {"boxes"},
            group=sample.group,
            origin=f"{sample.origin}, background",
        )

    def labelled_classes_at(self, index: int) -> frozenset[str]:
        return self._source.labelled_classes_at(self._indices[index])

    def groups(self) -> list[str]:
        groups = self._source.groups()
        return [groups[index] for index in self._indices]

    def content(self) -> Any:
        return ["backgrounds", reader_version(), self._settings.model_dump(mode="json"), self._source.content()]

    def _cut(self, sample: Sample, index: int) -> np.ndarray | None:
        """The picture uint8 (h, w, C) that sample `index` gives; None where it has no room."""
        if not sample.has & {"boxes", "mask"}:
            return None
        settings, rng = self._settings, np.random.default_rng([self._settings.seed, index])
        kind = rng.random()
        if kind < settings.object_texture_share and len(sample.boxes):
            return _draw_texture(rng, sample.image[_middle(sample, rng)])
        window = _draw_window(rng, _occupied(sample, settings.margin), settings)
        if window is None:
            return None
        is_texture = kind > 1 - settings.texture_share
        return _draw_texture(rng, sample.image[window]) if is_texture else sample.image[window]


def _occupied(sample: Sample, margin: float) -> np.ndarray:
    """uint8 (H, W), 1 where an object is or may be."""
    if "mask" in sample.has:
        return (sample.mask != 0).astype(np.uint8)
    height, width = sample.size_hw
    occupied = np.zeros((height, width), np.uint8)
    sides = np.tile(sample.boxes[:, 2:] - sample.boxes[:, :2], 2) * np.array([-margin, -margin, margin, margin])
    for x0, y0, x1, y1 in (sample.boxes + sides).clip(0, 1) * [width, height, width, height]:
        occupied[int(y0) : int(np.ceil(y1)), int(x0) : int(np.ceil(x1))] = 1
    return occupied


def _draw_window(rng: np.random.Generator, occupied: np.ndarray, settings: BackgroundSettings) -> Window | None:
    """Rows and columns of a free rectangle within the limits, as likely as it is large; None where there is none."""
    boxes_px = free_rectangles(occupied, CELLS, settings.least_side * min(occupied.shape))
    sides_px = boxes_px[:, 2:] - boxes_px[:, :2]
    fits = sides_px.max(axis=1) <= settings.most_aspect * sides_px.min(axis=1)
    if not fits.any():
        return None
    area = np.where(fits, sides_px.prod(axis=1), 0)
    x0, y0, x1, y1 = boxes_px[rng.choice(len(area), p=area / area.sum())].tolist()
    return slice(y0, y1), slice(x0, x1)


def _middle(sample: Sample, rng: np.random.Generator) -> Window:
    """Rows and columns of the middle half of an object's box."""
    height, width = sample.size_hw
    x0, y0, x1, y1 = sample.boxes[rng.integers(len(sample.boxes))].clip(0, 1) * [width, height, width, height]
    return _middle_half(y0, y1, height), _middle_half(x0, x1, width)


def _middle_half(low: float, high: float, side_px: int) -> slice:
    start = min(int(low + (high - low) / 4), side_px - 1)
    return slice(start, max(start + 1, int(high - (high - low) / 4)))


def _draw_texture(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """A small tile of a picture uint8 (h, w, C), repeated: mirrored from one to the next, or anyhow."""
    side = max(1, round(rng.uniform(0.5, 1) * TILE_SHARE * max(image.shape[:2])))
    rows, columns = min(side, image.shape[0]), min(side, image.shape[1])
    top, left = rng.integers(image.shape[0] - rows + 1), rng.integers(image.shape[1] - columns + 1)
    tile = image[top : top + rows, left : left + columns]
    high, wide = rng.integers(TILES[0], TILES[1] + 1, 2)
    shuffled = rng.random() < SHUFFLED_SHARE
    flips = rng.integers(0, 2, (high, wide, 2)) if shuffled else np.moveaxis(np.indices((high, wide)) % 2, 0, -1)
    return np.concatenate(
        [np.concatenate([tile[:: 1 - 2 * down, :: 1 - 2 * across] for down, across in row], axis=1) for row in flips]
    )
