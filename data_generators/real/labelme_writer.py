"""Writes LabelMe sets: the pictures and beside each its JSON, as LabelMe itself lays them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.errors import DataError
from data_generators.files import write_atomically
from data_generators.real.box_writer import BoxWriter
from data_generators.real.labelme_file import make_document, make_shape
from data_generators.real.mask_polygons import mask_polygons
from data_generators.sample import MASK_IGNORE, Sample


class LabelMeWriter(BoxWriter):
    """Objects with four corners become polygons, which `labelme` reads, others rectangles, for `labelme-boxes`.

    A mask becomes a polygon around each of its regions, which are parts of one object where their class has one box.
    Where a mask leaves pixels open, which a polygon cannot, the boxes are written. Each split is a folder. The group is
    a key of this project's making, `group`, which LabelMe passes over.
    """

    name = "LabelMe"
    holds = frozenset({"groups", "ignore", "keypoints", "mask"})
    _open_masks = 0

    def picture_folder(self, split: str) -> Path:
        return self.root / split

    def add(self, split: str, path: Path, sample: Sample) -> None:  # noqa: ARG002 - the folder says it
        self._open_masks += "mask" in sample.has and not _tells_mask(sample)
        write_labelme(sample, path.with_suffix(".json"), path.name, self.class_names)

    def changes(self) -> list[str]:
        text = f"masks of {self._open_masks} pictures: a polygon cannot leave pixels open; their boxes are written."
        return [text] if self._open_masks else []


def write_labelme(sample: Sample, path: str | Path, image_name: str, class_names: tuple[str, ...]) -> None:
    """Writes the labels of a sample as a LabelMe file; the picture itself is written with `write_image`.

    Args:
        sample: with keypoints (N, 4, 2) that are all known, written as polygons, or with a mask without open pixels,
            as polygons around its regions, or with boxes, as rectangles.
        path: the JSON file.
        image_name: the picture's path, relative to the JSON file.
        class_names: names that the sample's labels index.

    Raises:
        DataError: the sample has labels that the format cannot hold.
    """
    height, width = sample.size_hw
    shapes = _mask_shapes(sample, class_names) if _tells_mask(sample) else _object_shapes(sample, class_names)
    data = {**make_document(image_name, (height, width)), "group": sample.group, "shapes": shapes}
    write_atomically(path, json.dumps(data, indent=2).encode())


def _tells_mask(sample: Sample) -> bool:
    """Whether the mask says more than the other labels, and polygons can say it."""
    return "mask" in sample.has and "keypoints" not in sample.has and not (sample.mask == MASK_IGNORE).any()


def _object_shapes(sample: Sample, class_names: tuple[str, ...]) -> list[dict[str, Any]]:
    kind, points = _points_of(sample)
    return [
        make_shape(class_names[label], place, sample.size_hw, {"ignore": True} if ignore else {}, kind)
        for label, ignore, place in zip(sample.labels, sample.ignore, points, strict=True)
    ]


def _mask_shapes(sample: Sample, class_names: tuple[str, ...]) -> list[dict[str, Any]]:
    shapes = []
    for label, name in enumerate(class_names):
        polygons = mask_polygons(sample.mask == label + 1)
        parts = label if len(polygons) > 1 and np.sum(sample.labels == label) == 1 else None
        shapes += [make_shape(name, polygon, sample.size_hw, {}) | {"group_id": parts} for polygon in polygons]
    return shapes


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
