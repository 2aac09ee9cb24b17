"""Reads and writes LabelMe files: one JSON a picture, in which each object is a polygon of four corners in pixels."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.errors import DataError, ErrorPolicy, OnError
from data_generators.files import checked_folder, files_content, read_bytes, write_atomically
from data_generators.images import check_labelled_size, decode_image, read_image
from data_generators.real.quads import QuadOrder, check_corner_order, checked_quad
from data_generators.real.version import reader_version
from data_generators.sample import Sample, sample_with_corners
from data_generators.sources import Source

WRITTEN_VERSION = "5.5.0"  # of the LabelMe format


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
        image = read_image(file.image_path) if file.image_path.is_file() else _embedded_image(file)
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
    paths = sorted(path for path in root.glob("*.json") if not path.name.startswith("."))
    files = []
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
    size_hw = labelled_size_hw(path, data)
    image_path = path.parent / str(data["imagePath"]).replace("\\", "/")  # LabelMe on Windows writes backslashes
    if not data.get("imageData") and not image_path.is_file():
        cure = "Put the picture there, or save the labels with the image data in them."
        raise DataError(path, f"there is no picture {image_path}, and `imageData` is empty.", cure)
    shapes = data["shapes"]
    quads = [_read_quad(f"{path} shape {number}", shape, size_hw, order) for number, shape in enumerate(shapes, 1)]
    return LabelMeFile(
        path=path,
        image_path=image_path,
        group=str(data.get("group") or path.stem),
        names=tuple(str(shape["label"]) for shape in shapes),
        ignore=tuple(_read_ignore(f"{path} shape {number}", shape) for number, shape in enumerate(shapes, 1)),
        quads=np.array(quads, np.float32).reshape(-1, 4, 2),
        size_hw=size_hw,
    )


def read_labelme_json(path: Path) -> dict[str, Any]:
    """The content of a LabelMe file.

    Raises:
        DataError: the file cannot be read, or is no LabelMe file.
    """
    cure = "Save it again with LabelMe, or move what is not LabelMe to another folder."
    try:
        data = json.loads(read_bytes(path))
    except ValueError as error:
        raise DataError(path, f"the file is not JSON ({error}).", cure) from error
    if not isinstance(data, dict) or not isinstance(data.get("shapes"), list) or not data.get("imagePath"):
        raise DataError(path, "expected a LabelMe file with `shapes` and `imagePath`.", cure)
    return data


def labelled_size_hw(path: Path, data: dict[str, Any]) -> tuple[float, float]:
    """Height and width in pixels of the picture that was labelled.

    Raises:
        DataError: the file does not say.
    """
    size_hw = (data.get("imageHeight"), data.get("imageWidth"))
    if not all(isinstance(size, (int, float)) and size > 0 for size in size_hw):
        cure = "Save it again with LabelMe, which fills them in."
        raise DataError(path, f"imageHeight and imageWidth must be positive. Received {size_hw}.", cure)
    return float(size_hw[0]), float(size_hw[1])  # type: ignore[arg-type]


def _read_quad(where: str, shape: Any, size_hw: tuple[float, float], order: QuadOrder) -> np.ndarray:
    """Normalised corners (4, 2) of a shape; LabelMe counts pixels from the outer edge of the first one."""
    if not isinstance(shape, dict) or not shape.get("label"):
        raise DataError(where, "the shape has no label.", "Give it a class name in LabelMe.")
    kind = shape.get("shape_type", "polygon")
    if kind != "polygon":
        raise DataError(where, f"expected a polygon of four points, got a {kind}.", "Draw it as a polygon.")
    try:
        points = np.array(shape.get("points"), np.float64)
    except (TypeError, ValueError):
        points = np.zeros(0)
    if points.shape != (4, 2):
        count = len(points)
        raise DataError(where, f"expected a polygon of four points, got {count}.", "Click the four corners only.")
    return checked_quad(points / [size_hw[1], size_hw[0]], order, where)


def _read_ignore(where: str, shape: dict[str, Any]) -> bool:
    """Whether a shape has the flag `ignore`."""
    flags = shape.get("flags") or {}
    if not isinstance(flags, dict):
        problem = f"`flags` must be a mapping such as {{'ignore': true}}. Received {flags!r}."
        raise DataError(where, problem, "Set the flags in LabelMe, or delete them.")
    return bool(flags.get("ignore"))


def _embedded_image(file: LabelMeFile) -> np.ndarray:
    try:
        data = base64.b64decode(read_labelme_json(file.path)["imageData"] or "", validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        cure = f"Put the picture at {file.image_path}."
        raise DataError(file.path, f"`imageData` is not base64 ({error}).", cure) from error
    return decode_image(data, f"{file.path} (imageData)")


def write_labelme(sample: Sample, path: str | Path, image_name: str, class_names: tuple[str, ...]) -> None:
    """Writes the labels of a sample as a LabelMe file; the picture itself is written with `write_image`.

    Args:
        sample: with keypoints (N, 4, 2) that are all known.
        path: the JSON file.
        image_name: the picture's path, relative to the JSON file.
        class_names: names that the sample's labels index.

    Raises:
        DataError: the sample has labels that the format cannot hold.
    """
    if "keypoints" not in sample.has or (len(sample.keypoints) and sample.keypoints.shape[1] != 4):
        problem = f"expected four corners an object. Received keypoints {sample.keypoints.shape}."
        raise DataError(sample.origin, problem, "Write this source in another format.")
    if not np.isfinite(sample.keypoints).all():
        raise DataError(sample.origin, "a corner is unknown.", "Leave the sample out, or label all four corners.")
    height, width = sample.size_hw
    shapes = [
        make_shape(class_names[label], quad, (height, width), {"ignore": True} if ignore else {})
        for label, ignore, quad in zip(sample.labels, sample.ignore, sample.keypoints, strict=True)
    ]
    data = {**make_document(image_name, (height, width)), "group": sample.group, "shapes": shapes}
    write_atomically(path, json.dumps(data, indent=2).encode())


def make_document(image_name: str, size_hw: tuple[int, int]) -> dict[str, Any]:
    """A LabelMe file without shapes, which says that the picture holds no object.

    Args:
        image_name: the picture's path, relative to the JSON file.
        size_hw: height and width in pixels of the picture, upright.
    """
    picture = {"imagePath": image_name, "imageData": None, "imageHeight": size_hw[0], "imageWidth": size_hw[1]}
    return {"version": WRITTEN_VERSION, "flags": {}, "shapes": [], **picture}


def make_shape(name: str, quad: np.ndarray, size_hw: tuple[float, float], flags: dict[str, bool]) -> dict[str, Any]:
    """A shape of a LabelMe file: a polygon of four points.

    Args:
        name: the class.
        quad: (4, 2) normalised xy.
        size_hw: height and width in pixels that the file gives for its picture.
        flags: flags of the shape, e.g. `ignore`.
    """
    return {
        "label": name,
        "points": (np.asarray(quad, np.float64) * [size_hw[1], size_hw[0]]).tolist(),
        "group_id": None,
        "description": "",
        "shape_type": "polygon",
        "flags": flags,
    }
