"""What stands in a LabelMe file: one JSON a picture, each object a shape in pixels; readers and writers begin here.

LabelMe counts pixels from the outer edge of the first one.
"""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.errors import DataError
from data_generators.files import read_bytes
from data_generators.images import decode_image

WRITTEN_VERSION = "5.5.0"  # of the LabelMe format


def label_paths(root: Path) -> list[Path]:
    """The JSON files of a folder, hidden ones left out."""
    return sorted(path for path in root.glob("*.json") if not path.name.startswith("."))


def picture_path(path: Path, data: dict[str, Any]) -> Path:
    """The picture of a LabelMe file; where there is no such file, the JSON holds it.

    Raises:
        DataError: it is in neither place.
    """
    image_path = path.parent / str(data["imagePath"]).replace("\\", "/")  # LabelMe on Windows writes backslashes
    if not data.get("imageData") and not image_path.is_file():
        cure = "Put the picture there, or save the labels with the image data in them."
        raise DataError(path, f"there is no picture {image_path}, and `imageData` is empty.", cure)
    return image_path


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


def shape_name(where: str, shape: Any) -> str:
    """The class of a shape.

    Raises:
        DataError: it has none.
    """
    if not isinstance(shape, dict) or not shape.get("label"):
        raise DataError(where, "the shape has no label.", "Give it a class name in LabelMe.")
    return str(shape["label"])


def shape_points(shape: dict[str, Any]) -> np.ndarray:
    """The points (P, 2) of a shape in pixels; (0, 2) where they are no pairs of numbers."""
    try:
        points = np.array(shape.get("points"), np.float64)
    except (TypeError, ValueError):
        points = np.zeros(0)
    return points if points.ndim == 2 and points.shape[1] == 2 else np.zeros((0, 2))


def shape_ignored(where: str, shape: dict[str, Any]) -> bool:
    """Whether a shape has the flag `ignore`.

    Raises:
        DataError: its flags are none.
    """
    flags = shape.get("flags") or {}
    if not isinstance(flags, dict):
        problem = f"`flags` must be a mapping such as {{'ignore': true}}. Received {flags!r}."
        raise DataError(where, problem, "Set the flags in LabelMe, or delete them.")
    return bool(flags.get("ignore"))


def embedded_image(path: Path, image_path: Path) -> np.ndarray:
    """The picture in a LabelMe file, uint8 (H, W, 3).

    Args:
        path: the JSON file.
        image_path: where the picture would lie, for the message.

    Raises:
        DataError: it cannot be decoded.
    """
    try:
        data = base64.b64decode(read_labelme_json(path)["imageData"] or "", validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise DataError(path, f"`imageData` is not base64 ({error}).", f"Put the picture at {image_path}.") from error
    return decode_image(data, f"{path} (imageData)")


def make_document(image_name: str, size_hw: tuple[int, int]) -> dict[str, Any]:
    """A LabelMe file without shapes, which says that the picture holds no object.

    Args:
        image_name: the picture's path, relative to the JSON file.
        size_hw: height and width in pixels of the picture, upright.
    """
    picture = {"imagePath": image_name, "imageData": None, "imageHeight": size_hw[0], "imageWidth": size_hw[1]}
    return {"version": WRITTEN_VERSION, "flags": {}, "shapes": [], **picture}


def make_shape(
    name: str, points: np.ndarray, size_hw: tuple[float, float], flags: dict[str, bool], kind: str = "polygon"
) -> dict[str, Any]:
    """A shape of a LabelMe file.

    Args:
        name: the class.
        points: (P, 2) normalised xy: four corners of a polygon, two of a rectangle.
        size_hw: height and width in pixels that the file gives for its picture.
        flags: flags of the shape, e.g. `ignore`.
        kind: `polygon` or `rectangle`.
    """
    return {
        "label": name,
        "points": (np.asarray(points, np.float64) * [size_hw[1], size_hw[0]]).tolist(),
        "group_id": None,
        "description": "",
        "shape_type": kind,
        "flags": flags,
    }
