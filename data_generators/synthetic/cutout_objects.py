"""Reads the objects that scenes of cut-outs are made of: from sources with masks, and from folders of RGBA pictures."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps

from data_generators.errors import DataError
from data_generators.files import read_bytes
from data_generators.geometry import box_area, free_rectangles
from data_generators.sample import MASK_IGNORE, Sample
from data_generators.sources import Source
from data_generators.synthetic.cutout_matting import carry_colours, cut_out
from data_generators.synthetic.picture_folder import PictureFolder

SOLID = 128  # alpha from which a pixel is the object's
EMPTY_CELLS = 40  # a side of the grid on which the empty part of a photo is looked for


@dataclass(frozen=True, eq=False)
class Cutout:
    """An object cut out of its photo.

    Args:
        rgb: uint8 (h, w, 3), the object's own colours, cut to its extents.
        alpha: uint8 (h, w), 255 where nothing but the object is seen.
        class_name: what it is.
        cut: at which sides the border of its photo cut it off: left, top, right, bottom.
        surroundings: float64 (3,) mean RGB in 0 to 255 of what lay around it, or its own where nobody knows.
    """

    rgb: np.ndarray
    alpha: np.ndarray
    class_name: str
    cut: tuple[bool, bool, bool, bool]
    surroundings: np.ndarray

    @property
    def fits_a_border(self) -> bool:
        """Whether it can be laid so that no cut shows: its photo did not cut it off at two opposite sides."""
        left, top, right, bottom = self.cut
        return not ((left and right) or (top and bottom))


@dataclass(frozen=True, eq=False)
class ObjectPhoto:
    """The whole photo that an object was cut out of, in which there is no other one.

    Args:
        image: uint8 (H, W, 3).
        corner_px: column and row at which the cut-out begins.
        empty: rows and columns of the largest part that shows nothing of the object.
    """

    image: np.ndarray
    corner_px: tuple[int, int]
    empty: tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class ObjectPicture:
    """What a picture gives: an object, and its photo where there is one that it is alone in."""

    cutout: Cutout
    photo: ObjectPhoto | None = None


class ObjectPictures(ABC):
    """Pictures that show an object each; equal by identity, so that what was decoded can be kept by it."""

    class_names: tuple[str, ...]

    @abstractmethod
    def names(self) -> list[str]:
        """What the pictures are shared out to the splits by; those of one name stay together."""

    @abstractmethod
    def read(self, index: int) -> ObjectPicture | None:
        """The object of a picture; None where no mask shows one.

        Raises:
            DataError: the picture cannot be read, or an RGBA folder holds one without alpha channel.
        """

    @abstractmethod
    def content(self) -> Any:
        """Everything the pictures depend on, as JSON data."""


class MaskedObjects(ObjectPictures):
    """The largest object of each picture of a source with masks.

    Args:
        source: yields samples with boxes and masks.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.class_names = source.class_names

    def names(self) -> list[str]:
        return self._source.groups()

    def read(self, index: int) -> ObjectPicture | None:
        sample = self._source.sample(index)
        if not {"boxes", "mask"} <= sample.has or not len(sample.boxes):
            return None
        sizes = sample.boxes[:, 2:] - sample.boxes[:, :2]
        largest = int(np.argmax(sizes[:, 0] * sizes[:, 1]))
        image = np.asarray(sample.image)
        image = image if image.shape[2] == 3 else np.repeat(image, 3, axis=2)
        rgb, alpha = cut_out(image, _object_mask(sample, largest))
        found = _make_cutout(rgb, alpha, self.class_names[sample.labels[largest]], image)
        if found is None:
            return None
        alone = len(sample.boxes) == 1
        return ObjectPicture(found[0], ObjectPhoto(image, found[1], largest_empty_part(alpha > 0)) if alone else None)

    def content(self) -> Any:
        return ["masked", self._source.content()]


class RgbaObjects(ObjectPictures):
    """The pictures of a folder and those below it, each an object on a transparent ground.

    Args:
        folder: where they lie.
        class_name: their class; None takes the name of the folder that each lies in.

    Raises:
        DataError: the folder is not there or holds no picture.
    """

    def __init__(self, folder: Path, class_name: str | None = None) -> None:
        self._folder = PictureFolder(folder, "objects")
        self._classes = [class_name or path.resolve().parent.name for path in self._folder.paths]
        self.class_names = tuple(dict.fromkeys(self._classes))

    def names(self) -> list[str]:
        return [self._folder.name(index) for index in range(len(self._folder))]

    def read(self, index: int) -> ObjectPicture | None:
        rgba = read_rgba(self._folder.paths[index])
        alpha = rgba[..., 3].astype(np.float32) / 255
        found = _make_cutout(carry_colours(rgba[..., :3], alpha), alpha, self._classes[index])
        return ObjectPicture(found[0]) if found else None

    def content(self) -> Any:
        return ["rgba", self._classes, self._folder.content()]


def read_rgba(path: Path) -> np.ndarray:
    """Reads a picture with an alpha channel, upright as its EXIF orientation says, uint8 (H, W, 4).

    Raises:
        DataError: the file is no picture, or has no alpha channel.
    """
    data = read_bytes(path)
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            transparent = picture.has_transparency_data
            rgba = np.array(ImageOps.exif_transpose(picture).convert("RGBA"))
    except (OSError, SyntaxError, ValueError) as error:
        cure = "Export the picture again, or take it out of the set."
        raise DataError(path, f"the picture cannot be decoded ({error}).", cure) from error
    if not transparent:
        cure = "Save it as PNG or WebP with a transparent ground, or give the objects as a source with masks."
        raise DataError(path, "an object is to be cut out, but the picture has no alpha channel.", cure)
    return rgba


def _make_cutout(
    rgb: np.ndarray, alpha: np.ndarray, class_name: str, photo: np.ndarray | None = None
) -> tuple[Cutout, tuple[int, int]] | None:
    """Cuts colours and alpha to the extents of the object, and notes what lay around it.

    Args:
        rgb: uint8 (H, W, 3).
        alpha: float32 (H, W) in 0 to 1.
        class_name: what it is.
        photo: uint8 (H, W, 3) that it was cut out of, None where there is none.

    Returns:
        The object, and column and row at which it begins; None where alpha is nowhere above one half.
    """
    if not (alpha > 0.5).any():
        return None
    left, top, width, height = cv2.boundingRect((alpha > 0.05).astype(np.uint8))
    right, bottom = left + width, top + height
    around = alpha > 0.9 if photo is None else alpha < 0.1
    surroundings = cv2.mean(rgb if photo is None else photo, (around if around.any() else alpha > 0.5).astype(np.uint8))
    cut = (left <= 1, top <= 1, right >= alpha.shape[1] - 1, bottom >= alpha.shape[0] - 1)
    cutout = Cutout(
        rgb=np.ascontiguousarray(rgb[top:bottom, left:right]),
        alpha=np.round(255 * alpha[top:bottom, left:right]).astype(np.uint8),
        class_name=class_name,
        cut=cut if photo is not None else (False, False, False, False),
        surroundings=np.array(surroundings[:3]),
    )
    return cutout, (left, top)


def largest_empty_part(occupied: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the largest rectangle that holds nothing, to a fortieth of the picture's sides.

    Args:
        occupied: bool (H, W).
    """
    boxes_px = free_rectangles(occupied, EMPTY_CELLS)
    if not len(boxes_px):
        return slice(0, 0), slice(0, 0)
    x0, y0, x1, y1 = boxes_px[box_area(boxes_px).argmax()].tolist()
    return slice(y0, y1), slice(x0, x1)


def _object_mask(sample: Sample, number: int) -> np.ndarray:
    """What of the mask belongs to an object: its class, inside its box; uint8 (H, W), 1 object, 0 none, 255 open."""
    mask, code = np.asarray(sample.mask), sample.labels[number] + 1
    own = np.where(mask == code, 1, np.where(mask == MASK_IGNORE, MASK_IGNORE, 0)).astype(np.uint8)
    if len(sample.boxes) > 1:
        height, width = mask.shape
        x0, y0, x1, y1 = np.round(sample.boxes[number] * (width, height, width, height)).astype(int).tolist()
        outside = np.ones(mask.shape, bool)
        outside[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2] = False
        own[outside] = 0
    return own
