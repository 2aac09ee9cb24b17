"""Writes LabelMe sets: the pictures and beside each its JSON, as LabelMe itself lays them out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from data_generators.errors import DataError
from data_generators.files import write_atomically
from data_generators.real.box_writer import BoxWriter
from data_generators.real.labelme_file import make_document, make_shape
from data_generators.sample import Sample


class LabelMeWriter(BoxWriter):
    """Objects with four corners become polygons, which `labelme` reads, others rectangles, for `labelme-boxes`.

    Each split is a folder. The group is a key of this project's making, `group`, which LabelMe passes over.
    """

    name = "LabelMe"
    holds = frozenset({"groups", "ignore", "keypoints"})

    def picture_folder(self, split: str) -> Path:
        return self.root / split

    def add(self, split: str, path: Path, sample: Sample) -> None:  # noqa: ARG002 - the folder says it
        write_labelme(sample, path.with_suffix(".json"), path.name, self.class_names)


def write_labelme(sample: Sample, path: str | Path, image_name: str, class_names: tuple[str, ...]) -> None:
    """Writes the labels of a sample as a LabelMe file; the picture itself is written with `write_image`.

    Args:
        sample: with keypoints (N, 4, 2) that are all known, written as polygons, or with boxes, as rectangles.
        path: the JSON file.
        image_name: the picture's path, relative to the JSON file.
        class_names: names that the sample's labels index.

    Raises:
        DataError: the sample has labels that the format cannot hold.
    """
    height, width = sample.size_hw
    kind, points = _points_of(sample)
    shapes = [
        make_shape(class_names[label], place, (height, width), {"ignore": True} if ignore else {}, kind)
        for label, ignore, place in zip(sample.labels, sample.ignore, points, strict=True)
    ]
    data = {**make_document(image_name, (height, width)), "group": sample.group, "shapes": shapes}
    write_atomically(path, json.dumps(data, indent=2).encode())


def _points_of(sample: Sample) -> tuple[str, np.ndarray]:
    """The kind of the shapes, and their points (N, P, 2), normalised."""
    if not sample.has & {"boxes", "keypoints"} or (len(sample.keypoints) and sample.keypoints.shape[1] not in (0, 4)):
        problem = f"expected four corners an object, or boxes. Received keypoints {sample.keypoints.shape}."
        raise DataError(sample.origin, problem, "Write this source in another format.")
    if "keypoints" not in sample.has:
        return "rectangle", sample.boxes.reshape(-1, 2, 2)
    if not np.isfinite(sample.keypoints).all():
        raise DataError(sample.origin, "a corner is unknown.", "Leave the sample out, or label all four corners.")
    return "polygon", sample.keypoints
