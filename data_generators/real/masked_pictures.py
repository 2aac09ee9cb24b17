"""What every reader of painted masks hands on: pictures, each with its mask file, served as a source of samples."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from data_generators.errors import DataError, OnError
from data_generators.files import files_content
from data_generators.images import read_image
from data_generators.real.mask_values import MaskValueSettings, ignores_255, read_mask
from data_generators.real.version import reader_version
from data_generators.sample import Sample
from data_generators.sources import Source

logger = logging.getLogger(__name__)

Unmasked = Literal["leave_out", "unlabelled"]


@dataclass(frozen=True)
class MaskedPicture:
    """A picture and its mask.

    Args:
        path: the picture.
        mask_path: its mask; None says that nobody painted one.
        group: see `Sample`.
        origin: see `Sample`; empty: the path of the picture.
    """

    path: Path
    mask_path: Path | None
    group: str
    origin: str = ""


class MaskedPicturesSource(Source):
    """Pictures with painted masks; the base of the readers, which find the files.

    `Sample.mask` is 0 on the background, label + 1 on an object, and 255 where it is to be ignored. A mask without
    object says that the picture holds none; a picture without mask says nothing.

    Args:
        root: the folder that the samples' content is told relative to.
        pictures: their files; those of a clip in order of time.
        settings: what the pixels of the masks mean.
        on_error: what a consumer does with a picture that cannot be used.
    """

    def __init__(
        self, root: Path, pictures: Sequence[MaskedPicture], settings: MaskValueSettings, on_error: OnError = "raise"
    ) -> None:
        self._root, self._pictures, self._settings = root, list(pictures), settings
        self.class_names, self.labelled_classes = settings.class_names, frozenset(settings.class_names)
        self.on_error = on_error

    def __len__(self) -> int:
        return len(self._pictures)

    def sample(self, index: int) -> Sample:
        picture = self._pictures[index]
        image = read_image(picture.path)
        sample = Sample(image=image, group=picture.group, origin=picture.origin or str(picture.path))
        if picture.mask_path is None:
            return sample
        painted = read_mask(picture.mask_path, self._settings, lambda: self._ignores_255)
        _check_size(picture, painted.values.shape, image.shape[:2])
        sample = sample.replace(mask=painted.class_mask(self.class_names), has=frozenset({"mask"}))
        if self._settings.boxes == "none":
            return sample
        boxes, labels = painted.objects(self.class_names, self._settings.boxes)
        return sample.replace(
            boxes=boxes,
            labels=labels,
            ignore=np.zeros(len(boxes), bool),
            keypoints=np.zeros((len(boxes), 0, 2), np.float32),
            has=frozenset({"boxes", "mask"}),
        )

    @cached_property
    def _ignores_255(self) -> bool:
        """One answer for all pictures of the source, so that 255 is not an object in some frames of a clip alone."""
        return ignores_255(picture.mask_path for picture in self._pictures if picture.mask_path)

    def groups(self) -> list[str]:
        return [picture.group for picture in self._pictures]

    def content(self) -> Any:
        pairs = [(picture.path, picture.mask_path) for picture in self._pictures]
        files = files_content(self._root, [path for pair in pairs for path in pair if path])
        masked = [mask_path is not None for _, mask_path in pairs]
        settings = self._settings.model_dump(mode="json")
        return [type(self).__name__, reader_version(), settings, self.groups(), masked, files]


def choose_masked(pictures: Sequence[MaskedPicture], unmasked: Unmasked, where: str | Path) -> list[MaskedPicture]:
    """The frames of a clip that are taken: those without a mask are left out, with a count in the log, or kept.

    Raises:
        DataError: no frame has a mask, and those without are to be left out.
    """
    masked = [picture for picture in pictures if picture.mask_path is not None]
    if unmasked == "unlabelled":
        return list(pictures)
    if not masked:
        problem = f"none of the {len(pictures)} frames has a mask."
        raise DataError(where, problem, "Check the folder of the masks, or take them as unmasked: unlabelled.")
    if len(masked) < len(pictures):
        text = "%s: %d of %d frames have no mask and are left out (unmasked: leave_out)"
        logger.info(text, where, len(pictures) - len(masked), len(pictures))
    return masked


def in_natural_order(name: str) -> list[tuple[int, str]]:
    """A key that sorts frame_2 before frame_10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _check_size(picture: MaskedPicture, mask_hw: tuple[int, ...], image_hw: tuple[int, ...]) -> None:
    if mask_hw != image_hw:
        problem = (
            f"the mask has {mask_hw[1]} x {mask_hw[0]} pixels, but {picture.origin or picture.path}, upright as its "
            f"EXIF orientation says, {image_hw[1]} x {image_hw[0]}."
        )
        cure = "Resize it with nearest neighbour, or paint the picture as it is seen upright."
        raise DataError(str(picture.mask_path), problem, cure)
