"""Reads LabelMe files whose objects are polygons of four points: the corners of documents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.errors import DataError, ErrorPolicy, OnError
from data_generators.files import checked_folder, files_content
from data_generators.images import check_labelled_size, read_image
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
from data_generators.real.quads import QuadOrder, check_corner_order, checked_quad
from data_generators.real.version import reader_version
from data_generators.sample import Sample, sample_with_corners
from data_generators.sources import Source


@dataclass(frozen=True)
class LabelMeFile:
    """What one JSON file says.

    Args:
        path: the JSON file.
        image_path: the picture; where it is not on disk, the JSON holds it.
        group: see `Sample`.
        names: class name of each object.
        ignore: for each object, whether its shape has the flag `ignore`.
        quads: float32 (N, 4, 2), normalised.
        size_hw: height and width in pixels of the picture that was labelled.
    """

    path: Path
    image_path: Path
    group: str
    names: tuple[str, ...]
    ignore: tuple[bool, ...]
    quads: np.ndarray
    size_hw: tuple[float, float]


class LabelMeSource(Source):
    """The LabelMe files of a folder: polygons of four points, a class each; a file without shapes has no object.

    The classes are the labels that occur, sorted. The group is the JSON's `group`, or its name where it has none.

    Args:
        directory: the folder with `*.json`; each names its picture relative to itself (`imagePath`).
        corner_order: `object` keeps the order in which the corners were clicked, `image` makes the image order.
        on_error: whether a file that cannot be used stops the work or is left out.

    Raises:
        DataError: file, shape and cure of what cannot be used.
    """

    def __init__(self, directory: str | Path, corner_order: QuadOrder = "image", on_error: OnError = "raise") -> None:
        check_corner_order(corner_order)
        self._root = checked_folder(directory, "LabelMe JSON files")
        self.corner_order, self.on_error = corner_order, on_error
        self._files = _read_files(self._root, corner_order, ErrorPolicy(on_error))
        self.class_names = tuple(sorted({name for file in self._files for name in file.names}))
        self.labelled_classes = frozenset(self.class_names)

    def __len__(self) -> int:
        return len(self._files)

    def sample(self, index: int) -> Sample:
        file = self._files[index]
        image = read_image(file.image_path) if file.image_path.is_file() else embedded_image(file.path, file.image_path)
        check_labelled_size(str(file.path), image.shape[:2], file.size_hw)
        sample = sample_with_corners(image, file.quads, group=file.group, origin=str(file.path))
        labels = [self.class_names.index(name) for name in file.names]
        return sample.replace(labels=np.array(labels, np.int64), ignore=np.array(file.ignore, bool))

    def groups(self) -> list[str]:
        return [file.group for file in self._files]

    def content(self) -> Any:
        paths = [path for file in self._files for path in (file.path, file.image_path)]
        return ["labelme", reader_version(), self.corner_order, files_content(self._root, paths)]


def _read_files(root: Path, order: QuadOrder, policy: ErrorPolicy) -> list[LabelMeFile]:
    paths, files = label_paths(root), []
    for path in paths:
        try:
            files.append(_read_file(path, order))
        except DataError as error:
            policy.handle(error)
    policy.summarise(str(root), len(paths))
    if not files:
        problem = f"expected LabelMe JSON files, found {len(paths)}, of which none can be used."
        raise DataError(root, problem, "Give the folder in which the *.json files lie.")
    return files


def _read_file(path: Path, order: QuadOrder) -> LabelMeFile:
    data = read_labelme_json(path)
    size_hw, image_path = labelled_size_hw(path, data), picture_path(path, data)
    shapes = [(f"{path} shape {number}", shape) for number, shape in enumerate(data["shapes"], 1)]
    quads = [_read_quad(where, shape, size_hw, order) for where, shape in shapes]
    return LabelMeFile(
        path=path,
        image_path=image_path,
        group=str(data.get("group") or path.stem),
        names=tuple(shape_name(where, shape) for where, shape in shapes),
        ignore=tuple(shape_ignored(where, shape) for where, shape in shapes),
        quads=np.array(quads, np.float32).reshape(-1, 4, 2),
        size_hw=size_hw,
    )


def _read_quad(where: str, shape: Any, size_hw: tuple[float, float], order: QuadOrder) -> np.ndarray:
    """Normalised corners (4, 2) of a shape; LabelMe counts pixels from the outer edge of the first one."""
    shape_name(where, shape)
    kind = shape.get("shape_type", "polygon")
    if kind != "polygon":
        cure = "Draw it as a polygon, or read the files as labelme-boxes."
        raise DataError(where, f"expected a polygon of four points, got a {kind}.", cure)
    points = shape_points(shape)
    if points.shape != (4, 2):
        cure = "Click the four corners only, or read the files as labelme-boxes."
        raise DataError(where, f"expected a polygon of four points, got {len(points)}.", cure)
    return checked_quad(points / [size_hw[1], size_hw[0]], order, where)
