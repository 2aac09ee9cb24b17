"""Reads trimap folders: beside each picture an index picture that says object, background or border; mask and box.

The border is a band in which nobody said what is object. The object's edge runs along its middle: over 450 pictures of
Oxford-IIIT Pet the grey gradient, measured across the band from object to background, peaks halfway, at twice its value
on either side. The box is therefore that of the object and the inner half of the band; of the object alone it would be
a fifth smaller than with all of the band. A trimap does not tell objects apart: there is one box a picture, around
everything, or on demand one around each connected region.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from pydantic import Field

from data_generators.errors import DataError, ErrorPolicy, OnError
from data_generators.files import checked_folder, files_content
from data_generators.images import list_images, read_image
from data_generators.real.index_picture import read_index_picture
from data_generators.real.version import reader_version
from data_generators.sample import MASK_IGNORE, Sample
from data_generators.settings import Settings
from data_generators.sources import Source

OPTIONS_NAME = "trimaps.yaml"  # in the folder: settings that count where nobody names classes
SPECK = 0.01  # a region smaller than this share of the largest one is no object
TRIMAP_FOLDERS = ("trimaps", "annotations/trimaps")  # the second is where Oxford-IIIT Pet unpacks them


class TrimapSettings(Settings):
    """How a trimap folder is read."""

    classes: dict[str, str] = Field(default_factory=dict)
    """Class by file name, e.g. {"[A-Z]*": cat, "[a-z]*": dog}: the first pattern that fits counts; case matters."""
    class_name: str = "object"
    """Class of all objects where `classes` is empty."""
    object_value: int = Field(1, ge=0, le=65535)
    """Value of the pixels of the object."""
    background_value: int = Field(2, ge=0, le=65535)
    """Value of the pixels of the background."""
    border_value: int | None = Field(3, ge=0, le=65535)
    """Value of the pixels that may be either; none: a mask of two values."""
    boxes: Literal["one", "regions"] = "one"
    """One box around everything, or one around each of the object's connected `regions`, without specks of less than
    a hundredth of the largest."""
    split_seed: int = 0
    """Which 20 % of the pictures #val holds, and #train does not: a hash of this seed and the picture's name."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes, each once, in the order of the patterns."""
        return tuple(dict.fromkeys(self.classes.values())) or (self.class_name,)


class TrimapSource(Source):
    """The pictures in `images/`, each with a trimap of the same name in `trimaps/` (or `annotations/trimaps/`).

    `Sample.mask` is 0 on the background, label + 1 on the object, and 255 on the border. A trimap without object says
    that the picture holds none; but where `classes` tells by its name what it shows, it says that nobody looked. An
    object that is all border is an ignored one. The group is the picture's name without extension.

    Args:
        directory: the folder.
        settings: classes and values.
        on_error: whether a picture without trimap or class stops the work or is left out.

    Raises:
        DataError: file and cure of what cannot be used.
    """

    def __init__(
        self, directory: str | Path, settings: TrimapSettings | None = None, on_error: OnError = "raise"
    ) -> None:
        self._root = checked_folder(directory, "images/ and trimaps/")
        self._settings = settings or TrimapSettings()
        self.on_error = on_error
        self.class_names = self._settings.class_names
        self.labelled_classes = frozenset(self.class_names)
        self._pairs = _pair(self._root, self._settings, ErrorPolicy(on_error))

    def __len__(self) -> int:
        return len(self._pairs)

    def sample(self, index: int) -> Sample:
        path, trimap_path, name = self._pairs[index]
        image, trimap = read_image(path), read_index_picture(trimap_path)
        _check_trimap(trimap_path, trimap, path, image.shape[:2], self._settings)
        thing, border = trimap == self._settings.object_value, trimap == self._settings.border_value
        labelled = not self._settings.classes or bool((thing | border).any())
        label = self.class_names.index(name)
        boxes, ignore = _BOXES[self._settings.boxes](thing, border)
        mask = np.where(border, MASK_IGNORE, np.where(thing, label + 1, 0)).astype(np.uint8)
        return Sample(
            image=image,
            boxes=boxes,
            labels=np.full(len(boxes), label, np.int64),
            ignore=ignore,
            keypoints=np.zeros((len(boxes), 0, 2), np.float32),
            mask=mask if labelled else np.zeros((0, 0), np.uint8),
            has=frozenset({"boxes", "mask"} if labelled else ()),
            group=self._group(path),
            origin=str(path),
        )

    def _group(self, path: Path) -> str:
        return path.relative_to(self._root / "images").with_suffix("").as_posix()

    def groups(self) -> list[str]:
        return [self._group(path) for path, _, _ in self._pairs]

    def content(self) -> Any:
        paths = [path for pair in self._pairs for path in pair[:2]]
        settings = self._settings.model_dump(mode="json")
        return ["trimaps", reader_version(), settings, files_content(self._root, paths)]


def trimap_box(thing: np.ndarray, border: np.ndarray) -> np.ndarray:
    """The box around the object and the inner half of its border.

    Args:
        thing: bool (H, W), the pixels of the object.
        border: bool (H, W), the pixels that may be either.

    Returns:
        float32 (1, 4) normalised x0 y0 x1 y1; around the whole border where there is nothing else, (0, 4) where there
        is neither.
    """
    return _around_all(thing, border)[0]


def _around_all(thing: np.ndarray, border: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The box of `trimap_box`, and whether it is to be ignored, bool (1,) or (0,)."""
    extents_px = np.array(cv2.boundingRect(_inside(thing, border)))[None]
    boxes = _normalised(extents_px[extents_px[:, 2] > 0], thing.shape)
    return boxes, np.full(len(boxes), not thing.any())


def _around_regions(thing: np.ndarray, border: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (N, 4) around the connected regions of the object and the inner half of its border, and which of them are
    all border, bool (N,)."""
    _, regions, stats, _ = cv2.connectedComponentsWithStats(_inside(thing, border), connectivity=8)
    area_px = stats[1:, cv2.CC_STAT_AREA]
    kept = 1 + np.flatnonzero(area_px >= SPECK * area_px.max(initial=0))
    return _normalised(stats[kept, :4], thing.shape), np.array(
        [not thing[regions == each].any() for each in kept], bool
    )


_BOXES = {"one": _around_all, "regions": _around_regions}


def _normalised(extents_px: np.ndarray, size_hw: tuple[int, ...]) -> np.ndarray:
    """Left, top, width and height (N, 4) in pixels as float32 (N, 4) normalised x0 y0 x1 y1."""
    corners_px = np.concatenate([extents_px[:, :2], extents_px[:, :2] + extents_px[:, 2:]], axis=1)
    return (corners_px / np.tile(size_hw[::-1], 2)).astype(np.float32)


def _inside(thing: np.ndarray, border: np.ndarray) -> np.ndarray:
    """uint8 (H, W), 1 on the object and the inner half of its border; on all border where there is nothing else."""
    return (thing | (_inner_half(thing, border) if thing.any() else border)).astype(np.uint8)


def _inner_half(thing: np.ndarray, border: np.ndarray) -> np.ndarray:
    """The pixels of the border that lie farther from the background than half its width, also on a thin tail that is
    all border. The width is the median over the object's rim; beyond the picture's edge there is no background."""
    rim = thing & (cv2.dilate(border.astype(np.uint8), np.ones((3, 3))) > 0)
    if not rim.any() or (thing | border).all():
        return border
    distance_px = cv2.distanceTransform((thing | border).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    width_px = np.median(distance_px[rim]) - 1  # from centre to centre it is a pixel more
    return border & (distance_px > width_px / 2)


def _pair(root: Path, settings: TrimapSettings, policy: ErrorPolicy) -> list[tuple[Path, Path, str]]:
    """For each picture its path, that of its trimap, and its class."""
    images = list_images(root / "images", recursive=True)
    folder = next((root / name for name in TRIMAP_FOLDERS if (root / name).is_dir()), root / TRIMAP_FOLDERS[0])
    trimaps = {path.relative_to(folder).with_suffix(""): path for path in list_images(folder, recursive=True)}
    pairs = []
    for path in images:
        name = path.relative_to(root / "images").with_suffix("")
        try:
            if name not in trimaps:
                cure = f"Put it at {folder / name}.png, or take the picture out of the set."
                raise DataError(path, "there is no trimap of this picture.", cure)
            pairs.append((path, trimaps[name], _class_of(path, settings)))
        except DataError as error:
            policy.handle(error)
    policy.summarise(str(root), len(images))
    if not pairs:
        raise DataError(root, "no picture can be used.", "Mend what is named above.")
    return pairs


def _class_of(path: Path, settings: TrimapSettings) -> str:
    if not settings.classes:
        return settings.class_name
    for pattern, name in settings.classes.items():
        if fnmatchcase(path.name, pattern):
            return name
    problem = f"the file name fits none of the patterns of `classes`: {', '.join(settings.classes)}."
    raise DataError(path, problem, "Add a pattern for it, e.g. '*' as the last, or take the picture out of the set.")


def _check_trimap(
    path: Path, trimap: np.ndarray, image_path: Path, image_hw: tuple[int, ...], settings: TrimapSettings
) -> None:
    if trimap.shape != image_hw:
        sizes = [f"{size_hw[1]} x {size_hw[0]}" for size_hw in (trimap.shape, image_hw)]
        problem = (
            f"the trimap has {sizes[0]} pixels, but {image_path}, upright as its EXIF orientation says, {sizes[1]}."
        )
        raise DataError(path, problem, "Resize it with nearest neighbour, or label the picture as it is seen upright.")
    known = {settings.object_value, settings.background_value, settings.border_value} - {None}
    values = set(np.unique(trimap).tolist())
    if values - known:
        problem = f"expected the values {_join(known)}, got {_join(values)}."
        cure = "Give `object_value`, `background_value` and `border_value`, and save trimaps as PNG, never as JPEG."
        raise DataError(path, problem, cure)


def _join(values: set[Any]) -> str:
    shown = ", ".join(str(value) for value in sorted(values)[:8])
    return f"{shown}, ..." if len(values) > 8 else shown
