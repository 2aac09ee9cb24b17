"""Masks as polygons: filled again they are the masks, holes, borders and several regions included."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from data_generators.images import write_image
from data_generators.real.labelme_boxes import LabelMeMasksSource
from data_generators.real.labelme_writer import write_labelme
from data_generators.real.mask_polygons import mask_polygons
from data_generators.sample import MASK_IGNORE, Sample

SIZE_HW = (60, 90)


def filled(polygons: list[np.ndarray]) -> np.ndarray:
    """Polygons drawn eight times as large, so that the pen's own width counts little: bool (60, 90)."""
    picture = Image.new("L", (SIZE_HW[1] * 8, SIZE_HW[0] * 8))
    for polygon in polygons:
        ImageDraw.Draw(picture).polygon([tuple(point) for point in polygon * picture.size], fill=1)
    return np.asarray(picture).reshape(SIZE_HW[0], 8, SIZE_HW[1], 8).mean(axis=(1, 3)) > 0.5


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


def ring_and_disc() -> np.ndarray:
    """A ring with a hole, and a disc that the right edge cuts off; bool (60, 90)."""
    y, x = np.mgrid[:60, :90]
    ring = np.hypot(y - 30, x - 28)
    return ((ring < 24) & (ring > 10)) | (np.hypot(y - 20, x - 88) < 15)


def test_filled_again_they_are_the_mask() -> None:
    region = ring_and_disc()
    polygons = mask_polygons(region)
    assert len(polygons) == 2 and max(map(len, polygons)) < 50  # a person can move these points
    assert iou(filled(polygons), region) > 0.97
    assert not filled(polygons)[30, 28]  # the hole
    assert np.concatenate(polygons).max() <= 1


def test_whole_pictures_pixels_and_nothing() -> None:
    assert iou(filled(mask_polygons(np.ones(SIZE_HW, bool))), np.ones(SIZE_HW, bool)) == 1
    assert mask_polygons(np.zeros(SIZE_HW, bool)) == []
    thin = np.zeros(SIZE_HW, bool)
    thin[10:12, 10:40] = thin[40, 40] = True
    assert len(mask_polygons(thin)) <= 2 and iou(filled(mask_polygons(thin)), thin) > 0.7


def test_labelme_has_the_polygons_of_each_class(tmp_path: Path) -> None:
    mask = ring_and_disc().astype(np.uint8)
    mask[50:58, 60:80] = 2
    boxes = np.array([[0.05, 0.1, 1.0, 0.9], [60 / 90, 50 / 60, 80 / 90, 58 / 60]], np.float32)
    sample = Sample(
        image=np.zeros((*SIZE_HW, 3), np.uint8),
        boxes=boxes,
        labels=np.array([0, 1]),
        ignore=np.zeros(2, bool),
        keypoints=np.zeros((2, 0, 2), np.float32),
        mask=mask,
        has=frozenset({"boxes", "mask"}),
    )
    write_image(tmp_path / "a.png", sample.image)
    write_labelme(sample, tmp_path / "a.json", "a.png", ("cat", "dog"))
    shapes = json.loads((tmp_path / "a.json").read_text())["shapes"]
    assert [(shape["label"], shape["shape_type"], shape["group_id"]) for shape in shapes] == [
        *[("cat", "polygon", 0)] * 2,
        ("dog", "polygon", None),
    ]
    assert iou(filled([np.array(shape["points"]) / [90, 60] for shape in shapes[:2]]), mask == 1) > 0.97
    read = LabelMeMasksSource(tmp_path).sample(0)  # the ring and the disc are one cat
    assert all(iou(read.mask == value, mask == value) > 0.97 for value in (1, 2))
    np.testing.assert_allclose(read.boxes[1], boxes[1], atol=0.01)
    assert len(read.boxes) == 2
    open_border = mask.copy()
    open_border[0] = MASK_IGNORE
    write_labelme(sample.replace(mask=open_border), tmp_path / "a.json", "a.png", ("cat", "dog"))
    shapes = json.loads((tmp_path / "a.json").read_text())["shapes"]
    assert [shape["shape_type"] for shape in shapes] == ["rectangle"] * 2
