"""Reads YOLO sets as Ultralytics writes them: a data.yaml, pictures in `images/`, and a text file each in `labels/`.

A line is `class x_centre y_centre width height` in fractions of the picture, upright as its EXIF orientation says, or a
polygon `class x0 y0 x1 y1 x2 y2 ...`, read as its bounding box and counted (`count_reduced`). A picture without a label
file, or with an empty one, holds no object.
"""

from __future__ import annotations

import logging
from pathlib import Path

from data_generators.errors import DataError, OnError
from data_generators.files import read_bytes
from data_generators.real.box_checks import read_pictures
from data_generators.real.labelled_pictures import Box, LabelledBox, LabelledPicture, LabelledPicturesSource
from data_generators.real.yolo_yaml import YoloSet, read_yolo_set

logger = logging.getLogger(__name__)

IMAGES_NAME, LABELS_NAME = "images", "labels"


class YoloSource(LabelledPicturesSource):
    """The pictures of a YOLO set. Each picture is its own group.

    Args:
        path: the data.yaml, or the folder that holds it.
        split: `train`, `val` or `test`; None takes all of them, each picture once.
        on_error: whether a picture with a label that cannot be used stops the work or is left out.

    Raises:
        DataError: file, line and cure of what cannot be used, an unknown split, or no picture has a label file.
    """

    def __init__(self, path: str | Path, split: str | None = None, on_error: OnError = "raise") -> None:
        dataset = read_yolo_set(path)
        listed = dataset.pictures(split)
        _report_missing(dataset.path, list(listed))
        pictures = read_pictures(
            dataset.path, listed.items(), lambda item: _read_picture(*item, dataset), on_error=on_error
        )
        settings = [split, dataset.has_keypoints]
        super().__init__(dataset.path.parent, pictures, dataset.class_names, settings, on_error)


def label_path(picture: Path) -> Path:
    """The label file of a picture: the last folder `images` of its path becomes `labels`, the extension .txt."""
    parts = list(picture.parts)
    if IMAGES_NAME in parts[:-1]:
        last = len(parts) - 2 - parts[-2::-1].index(IMAGES_NAME)
        parts[last] = LABELS_NAME
    path = Path(*parts).with_suffix(".txt")
    upper = path.with_suffix(".TXT")
    return upper if upper.is_file() and not path.is_file() else path


def _report_missing(where: Path, paths: list[Path]) -> None:
    missing = [path for path in map(label_path, paths) if not path.is_file()]
    if missing and len(missing) == len(paths):
        cure = f"Put the label files into `{LABELS_NAME}`, beside the folder `{IMAGES_NAME}`; of pictures without any "
        cure += "object make a `negatives:` source."
        raise DataError(where, f"none of the {len(paths)} pictures has a label file, such as {missing[0]}.", cure)
    if missing:
        text = "%s: %d of %d pictures have no label file and count as pictures without an object, e.g. %s"
        logger.warning(text, where, len(missing), len(paths), missing[0])


def _read_picture(path: Path, where: str, dataset: YoloSet) -> LabelledPicture:
    if not path.is_file():
        raise DataError(where, f"there is no picture {path}.", "Put it there, or delete the line.")
    labels = label_path(path)
    group = path.relative_to(dataset.path.parent) if path.is_relative_to(dataset.path.parent) else path
    objects = tuple(_read_objects(labels, dataset)) if labels.is_file() else ()
    return LabelledPicture(path, labels, str(labels), objects, group.as_posix())


def _read_objects(path: Path, dataset: YoloSet) -> list[LabelledBox]:
    try:
        lines = read_bytes(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(path, f"the file is not text ({error}).", "Export the labels again.") from error
    return [_read_line(f"{path}:{number}", line, dataset) for number, line in enumerate(lines, 1) if line.strip()]


def _read_line(where: str, line: str, dataset: YoloSet) -> LabelledBox:
    try:
        label, *numbers = map(float, line.split())
    except ValueError:
        raise DataError(where, f"expected numbers. Received {line.strip()!r}.", "Export the labels again.") from None
    names = dataset.class_names
    if label not in range(len(names)):
        cure = f"Classes of {dataset.path}: " + ", ".join(f"{index} {name}" for index, name in enumerate(names)) + "."
        raise DataError(where, f"there is no class {label:g}.", cure)
    box, reduced = _box(where, numbers, dataset.has_keypoints)
    return LabelledBox(names[int(label)], box, where, reduced=reduced)


def _box(where: str, numbers: list[float], has_keypoints: bool) -> tuple[Box, str]:
    """The box, and what the line says beside it."""
    if len(numbers) == 4 or (has_keypoints and len(numbers) > 4):
        x, y, width, height = numbers[:4]
        box = x - width / 2, y - height / 2, x + width / 2, y + height / 2
        return box, "keypoints" if len(numbers) > 4 else ""
    if len(numbers) < 6 or len(numbers) % 2:
        problem = f"expected a class and 4 numbers, or at least 3 points. Received {len(numbers)} numbers."
        cure = "Leave a confidence out; a line is `class x_centre y_centre width height`."
        raise DataError(where, problem, cure)
    return (min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])), "polygon"
