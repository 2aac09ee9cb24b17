"""Reads the shapes of LabelMe files as boxes and masks: rectangles, polygons of any points, circles, painted masks."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.errors import DataError, OnError
from data_generators.files import checked_folder
from data_generators.images import read_image
from data_generators.real.box_checks import read_pictures
from data_generators.real.coco_masks import join_segmentations, paint_objects, resize_mask
from data_generators.real.labelled_pictures import Box, LabelledBox, LabelledPicture, LabelledPicturesSource
from data_generators.real.labelme_file import (
    embedded_image,
    label_paths,
    labelled_size_hw,
    picture_path,
    read_labelme_json,
    shape_ignored,
    shape_name,
    shape_points,
)
from data_generators.real.labelme_masks import shape_segmentation
from data_generators.sample import MASK_IGNORE, Sample

LEAST_POINTS = {"circle": 2, "mask": 2, "polygon": 3, "rectangle": 2, "rotation": 4}


class LabelMeBoxesSource(LabelledPicturesSource):
    """The LabelMe files of a folder: a box around each shape; a file without shapes has no object.

    Shapes of one class with the same `group_id` are parts of one object, as LabelMe's own exports have it. The classes
    are the labels that occur, sorted. A shape with the flag `ignore` is to be ignored. The group is the JSON's
    `group`, or its name where it has none.

    Args:
        directory: the folder with `*.json`; each names its picture relative to itself (`imagePath`).
        on_error: whether a file that cannot be used stops the work or is left out.

    Raises:
        DataError: file, shape and cure of what cannot be used.
    """

    _with_masks = False

    def __init__(self, directory: str | Path, on_error: OnError = "raise") -> None:
        root = checked_folder(directory, "LabelMe JSON files")
        read = partial(_read_picture, with_masks=self._with_masks)
        pictures = read_pictures(root, label_paths(root), read, on_error=on_error)
        class_names = sorted({item.name for picture in pictures for item in picture.objects})
        super().__init__(root, pictures, class_names, on_error=on_error)

    def image_of(self, picture: LabelledPicture) -> np.ndarray:
        if picture.path == picture.label_path:
            return embedded_image(picture.label_path, picture.label_path.with_suffix(".jpg"))
        return read_image(picture.path)


class LabelMeMasksSource(LabelMeBoxesSource):
    """The LabelMe files of a folder: the pixels of their shapes, with a box around each object, see `paint_objects`.

    A rectangle says where an object is and not which pixels are its own: they are to be ignored, as are those of a
    shape with the flag `ignore`. A file without shapes says that all is background.

    Args:
        directory: the folder with `*.json`; each names its picture relative to itself (`imagePath`).
        on_error: whether a file that cannot be used stops the work or is left out.

    Raises:
        DataError: file, shape and cure of what cannot be used, or more classes than a mask can hold (254).
    """

    _with_masks = True

    def __init__(self, directory: str | Path, on_error: OnError = "raise") -> None:
        super().__init__(directory, on_error)
        if len(self.class_names) >= MASK_IGNORE:
            problem = f"a mask holds at most {MASK_IGNORE - 1} classes, found {len(self.class_names)}."
            raise DataError(directory, problem, "Correct the labels, or read the files as labelme-boxes.")

    def sample(self, index: int) -> Sample:
        sample, picture = super().sample(index), self._pictures[index]
        mask = paint_objects(picture.objects, sample.labels.tolist(), picture.size_hw)
        return sample.replace(mask=resize_mask(mask, sample.size_hw), has=sample.has | {"mask"})


def _read_picture(path: Path, with_masks: bool) -> LabelledPicture:
    """The labels of a file, which itself stands for its picture where it holds that."""
    data = read_labelme_json(path)
    size_hw, image_path = labelled_size_hw(path, data), picture_path(path, data)
    objects: dict[Any, LabelledBox] = {}
    for number, shape in enumerate(data["shapes"], 1):
        item = _read_shape(f"{path} shape {number}", shape, size_hw, with_masks)
        group = shape.get("group_id")
        key = number if group is None else (item.name, str(group))
        objects[key] = _joined(objects[key], item, size_hw) if key in objects else item
    return LabelledPicture(
        path=image_path if image_path.is_file() else path,
        label_path=path,
        where=str(path),
        objects=tuple(objects.values()),
        group=str(data.get("group") or path.stem),
        size_hw=size_hw,
    )


def _joined(one: LabelledBox, other: LabelledBox, size_hw: tuple[float, float]) -> LabelledBox:
    """An object of two parts; it is ignored where one of them is."""
    (x0, y0, x1, y1), (left, top, right, bottom) = one.box, other.box
    box = (min(x0, left), min(y0, top), max(x1, right), max(y1, bottom))
    segmentation = join_segmentations(one.segmentation, other.segmentation, size_hw)
    return LabelledBox(one.name, box, one.where, one.ignore or other.ignore, segmentation)


def _read_shape(where: str, shape: Any, size_hw: tuple[float, float], with_masks: bool) -> LabelledBox:
    name = shape_name(where, shape)
    kind, points = shape.get("shape_type", "polygon"), shape_points(shape)
    if kind not in LEAST_POINTS:
        known = ", ".join(LEAST_POINTS)
        raise DataError(
            where, f"a {kind} has no box; expected one of {known}.", "Draw it as a rectangle, or delete it."
        )
    if len(points) < LEAST_POINTS[kind]:
        problem = f"a {kind} has at least {LEAST_POINTS[kind]} points, got {len(points)}."
        raise DataError(where, problem, "Draw it again, or delete it.")
    box = _around(kind, points / [size_hw[1], size_hw[0]], size_hw)
    segmentation = shape_segmentation(where, shape, points, size_hw) if with_masks else None
    return LabelledBox(name, box, where, shape_ignored(where, shape), segmentation)


def _around(kind: str, points: np.ndarray, size_hw: tuple[float, float]) -> Box:
    """The box x0 y0 x1 y1 around normalised points (P, 2): a circle has its centre and a point of its rim, a mask the
    first and the last of its pixels."""
    if kind == "circle":
        radius_px = np.hypot(*((points[1] - points[0]) * [size_hw[1], size_hw[0]]))
        radius = radius_px / np.array([size_hw[1], size_hw[0]])
        points = np.array([points[0] - radius, points[0] + radius])
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return (x0, y0, x1 + 1 / size_hw[1], y1 + 1 / size_hw[0]) if kind == "mask" else (x0, y0, x1, y1)
