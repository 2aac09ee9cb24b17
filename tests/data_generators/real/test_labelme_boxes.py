import base64
import json
import logging

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.images import encode_image, write_image
from data_generators.real.box_writer import write_box_set
from data_generators.real.labelme import LabelMeSource
from data_generators.real.labelme_boxes import LabelMeBoxesSource, LabelMeMasksSource
from data_generators.real.labelme_writer import LabelMeWriter

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


def shape(kind, points, label="cat", **changes):
    return {"label": label, "points": points, "shape_type": kind, "flags": {}, "group_id": None, **changes}


RECTANGLE = shape("rectangle", [[12, 4], [48, 32]])


@pytest.fixture
def make(tmp_path):
    write_image(tmp_path / "a.png", IMAGE)

    def write(*shapes, name="a.json", **changes):
        data = {"version": "5.5.0", "flags": {}, "shapes": list(shapes), "imagePath": "a.png"}
        data |= {"imageData": None, "imageHeight": 40, "imageWidth": 60, **changes}
        (tmp_path / name).write_text(json.dumps(data))
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("kind", "points", "box_px"),
    [
        ("rectangle", [[12, 4], [48, 32]], [12, 4, 48, 32]),
        ("rectangle", [[48, 32], [12, 4]], [12, 4, 48, 32]),
        ("rectangle", [[12, 4], [48, 4], [48, 32], [12, 32]], [12, 4, 48, 32]),
        ("polygon", [[12, 8], [30, 4], [48, 20]], [12, 4, 48, 20]),
        ("polygon", [[12, 8], [30, 4], [48, 20], [40, 32], [20, 30]], [12, 4, 48, 32]),
        ("circle", [[30, 20], [33, 24]], [25, 15, 35, 25]),
        ("rotation", [[12, 8], [30, 4], [36, 20], [18, 24]], [12, 4, 36, 24]),
        ("mask", [[12, 4], [47, 31]], [12, 4, 48, 32]),
    ],
)
def test_box_around_a_shape(make, kind, points, box_px):
    sample = LabelMeBoxesSource(make(shape(kind, points))).sample(0)
    np.testing.assert_allclose(sample.boxes * [60, 40, 60, 40], [box_px], atol=1e-4)
    assert sample.has == {"boxes"}


def test_classes_and_flags_and_parts_of_one_object(make):
    part = shape("polygon", [[50, 30], [58, 30], [58, 38]], group_id=3)
    other = shape("rectangle", [[0, 0], [6, 4]], "dog", flags={"ignore": True}, group_id=3)
    source = LabelMeBoxesSource(make(shape("rectangle", [[30, 20], [40, 24]], group_id=3), other, part, RECTANGLE))
    sample = source.sample(0)
    assert source.class_names == ("cat", "dog")
    wanted = [[30, 20, 58, 38], [0, 0, 6, 4], [12, 4, 48, 32]]
    np.testing.assert_allclose(sample.boxes * [60, 40, 60, 40], wanted, atol=1e-4)
    assert sample.labels.tolist() == [0, 1, 0]
    assert sample.ignore.tolist() == [False, True, False]


def painted(values, corner_xy, **changes):
    """A mask as LabelMe paints it: a PNG of its box, and the first and the last of the box's pixels."""
    (x, y), (height, width) = corner_xy, values.shape
    png = base64.b64encode(encode_image(values[..., None].astype(np.uint8), ".png")).decode()
    return shape("mask", [[x, y], [x + width - 1, y + height - 1]], mask=png, **changes)


def test_masks_of_all_shapes(make):
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    shapes = [
        shape("polygon", [[10, 10], [20, 10], [20, 20], [10, 20]]),
        shape("circle", [[45, 30], [45, 35]], "dog"),
        painted(cross, (30, 5), group_id=1),
        shape("polygon", [[40, 0], [44, 0], [44, 4], [40, 4]], group_id=1),
        shape("rectangle", [[0, 30], [20, 40]]),
        shape("polygon", [[0, 30], [5, 30], [5, 35], [0, 35]], "dog", flags={"ignore": True}),
    ]
    source = LabelMeMasksSource(make(*shapes))
    sample = source.sample(0)
    expected = np.zeros((40, 60), np.uint8)
    expected[10:20, 10:20] = expected[0:4, 40:44] = 1
    expected[5:8, 30:33] = cross
    expected[30:40, 0:20] = 255
    y, x = np.mgrid[:40, :60]
    disc = np.hypot(y + 0.5 - 30, x + 0.5 - 45) < 5
    assert source.class_names == ("cat", "dog")
    assert sample.has == {"boxes", "mask"} and len(sample.boxes) == 5
    np.testing.assert_array_equal(np.where(disc, 0, sample.mask), np.where(disc, 0, expected))
    assert 0.9 * disc.sum() < (sample.mask == 2).sum() < 1.1 * disc.sum()
    np.testing.assert_allclose(sample.boxes[2] * [60, 40, 60, 40], [30, 0, 44, 8], atol=1e-4)


def test_no_shapes_are_background_and_a_rectangle_opens_its_group(make):
    make(shape("rectangle", [[0, 0], [4, 4]], group_id=1), shape("polygon", [[8, 0], [12, 0], [12, 4]], group_id=1))
    source = LabelMeMasksSource(make(name="b.json"))
    opened, empty = source.sample(0).mask, source.sample(1).mask
    assert set(np.unique(opened)) == {0, 255} and (opened[:4, :12] == 255).all()
    assert empty.shape == (40, 60) and not empty.any()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"mask": "?"}, "not base64"),
        ({"mask": None}, "picture"),
        ({"points": [[30, 5], [33, 7]]}, "3 x 3 pixels, but its box reaches from pixel"),
        ({"points": [[58, 5], [60, 7]]}, "of 60 x 40"),
    ],
)
def test_painted_masks_that_are_none(make, changes, problem):
    with pytest.raises(DataError, match=problem) as error:
        LabelMeMasksSource(make(painted(np.ones((3, 3)), (30, 5)) | changes))
    assert "shape 1" in str(error.value) and error.value.cure


def test_no_shapes_say_that_there_is_no_object(make):
    make(RECTANGLE)
    source = LabelMeBoxesSource(make(name="b.json", group="clip 1"))
    assert source.groups() == ["a", "clip 1"]
    assert source.sample(1).boxes.shape == (0, 4) and source.sample(1).has == {"boxes"}


def test_embedded_picture_is_used_where_there_is_none_on_disk(make):
    data = base64.b64encode(encode_image(IMAGE, ".png")).decode()
    source = LabelMeBoxesSource(make(RECTANGLE, imagePath="..\\lost\\b.png", imageData=data))
    np.testing.assert_array_equal(source.sample(0).image, IMAGE)


BAD_SHAPES = {
    r"b\.json shape 2: a line has no box; expected one of circle, mask, polygon": [
        RECTANGLE,
        shape("line", [[1, 2], [5, 6]]),
    ],
    r"b\.json shape 1: a polygon has at least 3 points, got 2\. Draw it again": [shape("polygon", [[1, 2], [5, 6]])],
    r"b\.json shape 1: a rectangle has at least 2 points, got 0": [shape("rectangle", [["x", 1], [2, 3]])],
    r"b\.json shape 1: the shape has no label": [shape("rectangle", [[1, 2], [5, 6]], "")],
    r"b\.json shape 1: `flags` must be a mapping": [shape("rectangle", [[1, 2], [5, 6]], flags=["ignore"])],
    r"b\.json shape 1: the width of the cat is 0": [shape("rectangle", [[1, 2], [1, 6]])],
    r"b\.json shape 1: the box lies outside of the picture": [shape("rectangle", [[61, 2], [70, 6]])],
}


@pytest.mark.parametrize("message", BAD_SHAPES)
def test_a_file_that_cannot_be_used_raises_or_is_skipped(make, message, caplog):
    make(RECTANGLE)
    folder = make(*BAD_SHAPES[message], name="b.json")
    with pytest.raises(DataError, match=message):
        LabelMeBoxesSource(folder)
    with caplog.at_level(logging.WARNING):
        assert LabelMeBoxesSource(folder, on_error="skip").groups() == ["a"]
    assert "skipped 1 of 2 samples" in caplog.text


def test_a_shape_that_is_no_mapping_is_named(make):
    with pytest.raises(DataError, match=r"a\.json shape 1: the shape has no label"):
        LabelMeBoxesSource(make("cat"))


def test_picture_of_another_shape_is_refused(make):
    with pytest.raises(DataError, match=r"a\.json: labelled on a picture of 40 x 60 pixels"):
        LabelMeBoxesSource(make(imageHeight=60, imageWidth=40)).sample(0)


def test_round_trip_of_boxes(make, tmp_path):
    ignored = shape("circle", [[20, 20], [26, 20]], "dog", flags={"ignore": True})
    source = LabelMeBoxesSource(make(RECTANGLE, ignored, group="clip 1"))
    assert write_box_set({"": source}, tmp_path / "new", LabelMeWriter) == []
    again = open_source(f"labelme-boxes:{tmp_path}/new")
    assert again.class_names == source.class_names and again.groups() == ["clip 1"]
    before, after = source.sample(0), again.sample(0)
    for name in ("image", "boxes", "labels", "ignore"):
        np.testing.assert_allclose(getattr(after, name), getattr(before, name), atol=1e-6)


def test_corners_are_written_as_polygons_and_splits_as_folders(make, tmp_path):
    polygon = shape("polygon", [[12, 4], [66, 8], [48, 36], [6, 32]])  # one corner lies outside of the picture
    source = LabelMeSource(make(polygon))
    lost = write_box_set({"train": source, "val": source}, tmp_path / "new", LabelMeWriter)
    assert not any("keypoints" in text for text in lost)
    again = LabelMeSource(tmp_path / "new/val")
    np.testing.assert_allclose(again.sample(0).keypoints, source.sample(0).keypoints, atol=1e-6)
    assert len(LabelMeSource(tmp_path / "new/train")) == 1
