import base64
import json
import logging

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.images import encode_image, write_image
from data_generators.real.labelme import LabelMeSource
from data_generators.real.labelme_writer import write_labelme

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
POINTS = [[12, 4], [54, 8], [48, 36], [6, 32]]
QUAD = np.array(POINTS, np.float32) / [60, 40]


def shape(label="page", points=None, **changes):
    return {"label": label, "points": points or POINTS, "shape_type": "polygon", "flags": {}, **changes}


@pytest.fixture
def make(tmp_path):
    write_image(tmp_path / "a.png", IMAGE)

    def write(name="a.json", shapes=(), **changes):
        data = {"version": "5.5.0", "flags": {"night": True}, "shapes": list(shapes), "imagePath": "a.png"}
        data |= {"imageData": None, "imageHeight": 40, "imageWidth": 60, **changes}
        (tmp_path / name).write_text(json.dumps(data))
        return tmp_path

    return write


def test_reads_polygons_and_classes_by_name(make):
    second = shape("form", points=(np.array(POINTS) * 0.5).tolist(), flags={"ignore": True})
    source = LabelMeSource(make(shapes=[shape(), second]))
    sample = source.sample(0)
    assert source.class_names == ("form", "page")
    np.testing.assert_allclose(sample.keypoints, [QUAD, QUAD * 0.5])
    np.testing.assert_array_equal(sample.image, IMAGE)
    assert sample.labels.tolist() == [1, 0]
    assert sample.ignore.tolist() == [False, True]


def test_no_shapes_say_that_there_is_no_object(make):
    sample = LabelMeSource(make()).sample(0)
    assert sample.keypoints.shape == (0, 4, 2)
    assert "keypoints" in sample.has


def test_corner_order(make):
    folder = make(shapes=[shape(points=POINTS[1:] + POINTS[:1])])
    np.testing.assert_allclose(LabelMeSource(folder).sample(0).keypoints[0], QUAD)
    kept = LabelMeSource(folder, corner_order="object")
    np.testing.assert_allclose(kept.sample(0).keypoints[0], np.roll(QUAD, -1, axis=0))
    assert kept.corner_order == "object"


def test_group_is_in_the_file_or_its_name(make):
    make("a.json")
    source = LabelMeSource(make("b.json", group="clip 1"))
    assert source.groups() == ["a", "clip 1"] == [source.sample(index).group for index in range(2)]


def test_embedded_picture_is_used_where_there_is_none_on_disk(make):
    data = base64.b64encode(encode_image(IMAGE, ".png")).decode()
    source = LabelMeSource(make(imagePath="..\\lost\\b.png", imageData=data, shapes=[shape()]))
    np.testing.assert_array_equal(source.sample(0).image, IMAGE)


def test_embedded_picture_that_is_broken_is_named(make):
    source = LabelMeSource(make(imagePath="lost.png", imageData="%%%"))
    with pytest.raises(DataError, match=r"a\.json: `imageData` is not base64 .* Put the picture at .*lost\.png"):
        source.sample(0)


def test_picture_of_another_shape_is_refused(make):
    with pytest.raises(DataError, match=r"a\.json: labelled on a picture of 40 x 60 pixels"):
        LabelMeSource(make(imageHeight=60, imageWidth=40)).sample(0)


BAD_FILES = {
    r"b\.json shape 2: expected a polygon of four points, got a rectangle": {
        "shapes": [shape(), shape(shape_type="rectangle")]
    },
    r"b\.json shape 1: expected a polygon of four points, got 3. Click": {"shapes": [shape(points=POINTS[:3])]},
    r"b\.json shape 1: expected a polygon of four points, got 0": {"shapes": [shape(points=[["x", "y"]] * 4)]},
    r"b\.json shape 1: the quadrilateral crosses itself": {"shapes": [shape(points=[POINTS[i] for i in (0, 2, 1, 3)])]},
    r"b\.json shape 1: the shape has no label": {"shapes": [shape(label="")]},
    r"b\.json shape 1: `flags` must be a mapping .* Received \['ignore'\]": {"shapes": [shape(flags=["ignore"])]},
    r"b\.json: there is no picture .*c\.png, and `imageData` is empty": {"imagePath": "c.png"},
    r"b\.json: imageHeight and imageWidth must be positive. Received \(40, None\)": {"imageWidth": None},
    r"b\.json: expected a LabelMe file with `shapes` and `imagePath`": {"shapes": None, "imagePath": ""},
}


@pytest.mark.parametrize("message", BAD_FILES)
def test_a_file_that_cannot_be_used_raises_or_is_skipped(make, message, caplog):
    folder = make(shapes=[shape()])
    (folder / "b.json").write_text(
        json.dumps({"shapes": [], "imagePath": "a.png", "imageHeight": 40, "imageWidth": 60, **BAD_FILES[message]})
    )
    with pytest.raises(DataError, match=message):
        LabelMeSource(folder)
    with caplog.at_level(logging.WARNING):
        assert LabelMeSource(folder, on_error="skip").groups() == ["a"]
    assert "skipped 1 of 2 samples" in caplog.text


def test_what_is_not_json_is_named(tmp_path):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(DataError, match=r"a\.json: the file is not JSON"):
        LabelMeSource(tmp_path)


def test_a_folder_without_files_is_refused(tmp_path):
    with pytest.raises(DataError, match="expected LabelMe JSON files, found 0"):
        LabelMeSource(tmp_path)


def test_round_trip(tmp_path, sample):
    sample = sample.replace(ignore=np.array([False, True]))
    write_image(tmp_path / "images" / "a.png", sample.image)
    write_labelme(sample, tmp_path / "a.json", "images/a.png", ("form", "page"))
    read = LabelMeSource(tmp_path)
    again = read.sample(0)
    np.testing.assert_array_equal(again.image, sample.image)
    for name in ("boxes", "keypoints"):
        np.testing.assert_allclose(getattr(again, name), getattr(sample, name), atol=1e-6)
    assert read.class_names == ("form", "page")
    assert again.labels.tolist() == sample.labels.tolist()
    assert again.ignore.tolist() == [False, True]
    assert (again.group, again.has) == (sample.group, sample.has)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"has": frozenset()}, "expected four corners an object"),
        ({"keypoints": np.full((2, 4, 2), np.nan, np.float32)}, "a corner is unknown"),
    ],
)
def test_labels_without_a_place_are_refused(tmp_path, sample, changes, message):
    with pytest.raises(DataError, match=f"test sample: {message}"):
        write_labelme(sample.replace(**changes), tmp_path / "a.json", "a.png", ("form", "page"))


def test_content_follows_labels_and_picture(make):
    folder = make(shapes=[shape()])
    before = LabelMeSource(folder).fingerprint()
    make(shapes=[shape(), shape("b")])
    after = LabelMeSource(folder).fingerprint()
    assert len({before, after, LabelMeSource(folder, corner_order="object").fingerprint()}) == 3
