import json
import logging

import numpy as np
import pytest
from pycocotools.coco import COCO

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.images import write_image
from data_generators.real.box_writer import write_box_set
from data_generators.real.coco import CocoSource
from data_generators.real.coco_writer import CocoWriter

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
CATEGORIES = [{"id": 18, "name": "dog", "supercategory": "animal"}, {"id": 17, "name": "cat"}]


def image(number=7, name="a.png", **changes):
    return {"id": number, "file_name": name, "height": 40, "width": 60, **changes}


def annotation(number=1, **changes):
    values = {"id": number, "image_id": 7, "category_id": 17, "bbox": [6, 10, 30, 20], "iscrowd": 0, "area": 600}
    return {**values, **changes}


@pytest.fixture
def make(tmp_path):
    """Writes a COCO file and its pictures; gives the file."""

    def write(images=None, annotations=(), path="set.json", pictures="images", **changes):
        images = [image()] if images is None else images
        for entry in images:
            write_image(tmp_path / pictures / str(entry.get("file_name", "a.png")).replace("\\", "/"), IMAGE)
        data = {"images": images, "annotations": annotations, "categories": CATEGORIES, **changes}
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(json.dumps(data))
        return tmp_path / path

    return write


def test_boxes_classes_and_crowds(make):
    crowd = annotation(2, category_id=18, bbox=[0, 0, 60, 8], iscrowd=1)
    source = CocoSource(make(annotations=[annotation(), crowd]))
    sample = source.sample(0)
    assert source.class_names == ("dog", "cat") and source.labelled_classes == {"dog", "cat"}
    np.testing.assert_allclose(sample.boxes, [[0.1, 0.25, 0.6, 0.75], [0, 0, 1, 0.2]], atol=1e-7)
    assert sample.labels.tolist() == [1, 0]
    assert sample.ignore.tolist() == [False, True]
    assert sample.has == {"boxes"}
    np.testing.assert_array_equal(sample.image, IMAGE)


def test_a_picture_without_annotations_holds_no_object(make):
    sample = CocoSource(make()).sample(0)
    assert sample.boxes.shape == (0, 4) and sample.has == {"boxes"}


def test_a_box_over_the_border_is_clipped(make, caplog):
    source = CocoSource(make(annotations=[annotation(bbox=[-6, 10, 30, 50])]))
    np.testing.assert_allclose(source.sample(0).boxes, [[0, 0.25, 0.4, 1]], atol=1e-7)
    assert "1 of 1 boxes reach over the border" in caplog.text


@pytest.mark.parametrize("bbox", [{}, {"bbox": None}, {"bbox": []}])
def test_polygons_stand_for_a_missing_box(make, bbox):
    bare = {key: value for key, value in annotation().items() if key != "bbox"}
    polygons = [[6, 10, 30, 12, 20, 24], [40, 20, 48, 30, 42, 32]]
    source = CocoSource(make(annotations=[{**bare, **bbox, "segmentation": polygons}]))
    np.testing.assert_allclose(source.sample(0).boxes, [[0.1, 0.25, 0.8, 0.8]], atol=1e-7)


def test_run_lengths_stand_for_a_missing_box(make):
    bare = {key: value for key, value in annotation().items() if key != "bbox"}
    run_lengths = {"counts": [90, 20, 20, 20, 2250], "size": [40, 60]}  # columns 2 and 3, rows 10 to 30
    source = CocoSource(make(annotations=[{**bare, "segmentation": run_lengths}]))
    np.testing.assert_allclose(source.sample(0).boxes * [60, 40, 60, 40], [[2, 10, 4, 30]], atol=1e-5)


def test_a_category_that_merely_groups_is_no_class(make):
    categories = [{"id": 0, "name": "pets"}, {"id": 1, "name": "cat", "supercategory": "pets"}]
    assert CocoSource(make(categories=categories)).class_names == ("cat",)
    used = make(categories=categories, annotations=[annotation(category_id=0)])
    assert CocoSource(used).class_names == ("pets", "cat")
    own = [{"id": 0, "name": "person", "supercategory": "person"}]
    assert CocoSource(make(categories=own)).class_names == ("person",)


@pytest.mark.parametrize(
    ("path", "pictures"),
    [
        ("set.json", "images"),
        ("set.json", "."),
        ("annotations/instances_val.json", "val"),
        ("annotations/instances_val.json", "images/val"),
        ("annotations/instances_val.json", "images"),
        ("val/_annotations.coco.json", "val"),
    ],
)
@pytest.mark.parametrize("name", ["a.png", "night/a.png", "night\\a.png"])
def test_pictures_are_found_where_tools_put_them(make, path, pictures, name):
    file = make([image(name=name)], path=path, pictures=pictures)
    sample = CocoSource(file).sample(0)
    assert sample.origin.endswith(name.replace("\\", "/"))
    if path != "set.json":
        assert CocoSource(file.parents[1], "val").sample(0).origin == sample.origin


def test_splits_of_a_folder(make):
    make([image(group="clip 1")], path="annotations/instances_train.json", pictures="train")
    file = make([image(name="b.png")], path="annotations/instances_val.json", pictures="val")
    (file.parent / "._instances_val.json").write_bytes(b"left by macOS")
    folder = file.parents[1]
    assert open_source(f"coco:{folder}").groups() == ["clip 1", "val/b.png"]
    assert open_source(f"coco:{folder}#val").groups() == ["val/b.png"]
    with pytest.raises(DataError, match=r"there is no split 'test'\. Splits there are: train, val"):
        CocoSource(folder, "test")
    with pytest.raises(DataError, match=r"instances_val\.json: a COCO file has no splits\. Leave #val out"):
        CocoSource(file, "val")


def test_a_folder_of_roboflow_without_splits(make):
    file = make(path="_annotations.coco.json", pictures=".")
    assert CocoSource(file.parent).groups() == ["a.png"]


def test_a_folder_without_labels_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"expected annotations/instances_SPLIT\.json or .* found neither"):
        CocoSource(tmp_path)
    with pytest.raises(DataError, match=r"no: expected a folder with annotations/instances_SPLIT\.json, but it is not"):
        CocoSource(tmp_path / "no")


BAD_FILES = {
    r"set\.json: expected lists images, annotations, categories .* no such list: annotations": {"annotations": None},
    r"set\.json: each category needs `id` and `name`\. Received": {"categories": [{"id": 1}]},
    r"set\.json category 3: another category, 'cat', has the same id": {
        "categories": [{"id": 3, "name": "cat"}, {"id": 3, "name": "dog"}]
    },
}


@pytest.mark.parametrize("message", BAD_FILES)
def test_a_file_that_cannot_be_used_is_named(make, message):
    with pytest.raises(DataError, match=message):
        CocoSource(make(**BAD_FILES[message]))


def test_what_is_not_json_is_named(make):
    file = make()
    file.write_text("{")
    with pytest.raises(DataError, match=r"set\.json: the file is not JSON"):
        CocoSource(file)


BAD_ANNOTATIONS = {
    r"annotation 5: there is no category of its category_id 3\. Add .* Ids there are: 18, 17": {"category_id": 3},
    r"annotation 5: there is no category of its category_id None": {"category_id": [3]},
    r"annotation 5: there is no image of its image_id 9\. Add the image": {"image_id": 9},
    r"annotation 1: another annotation has the same id": {"id": 1},
    r"annotation at place 2: `bbox` must be x y width height in pixels\. Received \[1, 2, 3\]": {
        "id": None,
        "bbox": [1, 2, 3],
    },
    r"annotation 5: `bbox` must be x y width height": {"bbox": "6 10 30 20"},
    r"annotation 5: the annotation has no `bbox`, and no segmentation\. Fill in": {"bbox": None},
    r"annotation 5: `segmentation` must be lists x y x y": {"bbox": None, "segmentation": [[1, 2, 3, 4, 5]]},
    r"annotation 5: the width of the cat is 0": {"bbox": [6, 10, 0, 20]},
    r"annotation 5: the height of the cat is less than 0": {"bbox": [6, 30, 10, -20]},
    r"annotation 5: the box lies outside of the picture": {"bbox": [70, 10, 10, 10]},
}


@pytest.mark.parametrize("message", BAD_ANNOTATIONS)
def test_an_annotation_that_cannot_be_used_is_named_or_its_picture_skipped(make, message, caplog):
    bad = annotation(**{"id": 5, "image_id": 8, **BAD_ANNOTATIONS[message]})
    file = make([image(), image(8, "b.png")], [annotation(), bad])
    with pytest.raises(DataError, match=message):
        CocoSource(file)
    with caplog.at_level(logging.WARNING):
        source = CocoSource(file, on_error="skip")
    assert source.groups() == (["images/a.png", "images/b.png"] if bad["image_id"] == 9 else ["images/a.png"])
    assert "skipped 1 of" in caplog.text


BAD_IMAGES = {
    r"image 7: another image, 'a\.png', has the same id": image(name="b.png"),
    r"image 7: .*image 8 has the same file_name 'a\.png'\. Join": image(8),
    r"image 8: the image has no `file_name`": {"id": 8, "height": 40, "width": 60},
    r"image at place 2: `height` and `width` must be positive\. Received 40 and None": image(None, "b.png", width=None),
}


@pytest.mark.parametrize("message", BAD_IMAGES)
def test_an_image_that_cannot_be_used_is_named(make, message):
    with pytest.raises(DataError, match=message):
        CocoSource(make([image(), BAD_IMAGES[message]]))


def test_a_picture_that_is_missing_or_of_another_shape(make):
    file = make()
    (file.parent / "images/a.png").unlink()
    with pytest.raises(DataError, match=r"set\.json image 7: there is no picture .*a\.png"):
        CocoSource(file)
    with pytest.raises(DataError, match=r"set\.json image 7: labelled on a picture of 40 x 60 pixels"):
        CocoSource(make([image(height=60, width=40)])).sample(0)


def test_round_trip(make, tmp_path):
    crowd = annotation(2, category_id=18, bbox=[1.25, 0.5, 58.125, 8.0625], iscrowd=1)
    images = [image(group="clip 1"), image(8, "b.png", group="clip 1")]
    source = CocoSource(make(images, [annotation(), crowd]))
    assert write_box_set({"train": source, "val": source}, tmp_path / "new", CocoWriter) == []
    again = CocoSource(tmp_path / "new", "val")
    assert again.class_names == source.class_names and again.groups() == ["clip 1"] * 2
    for index in range(2):
        before, after = source.sample(index), again.sample(index)
        for name in ("image", "boxes", "labels", "ignore"):
            np.testing.assert_allclose(getattr(after, name), getattr(before, name), atol=1e-6)
    assert len(CocoSource(tmp_path / "new")) == 4


def test_a_set_without_splits(make, tmp_path):
    source = CocoSource(make(annotations=[annotation()]))
    write_box_set({"": source}, tmp_path / "new", CocoWriter)
    data = json.loads((tmp_path / "new/annotations/instances_default.json").read_text())
    assert data["categories"] == [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}]
    [written] = data["annotations"]
    assert written["bbox"] == pytest.approx([6, 10, 30, 20], abs=1e-4)
    assert written["area"] == pytest.approx(600, abs=1e-2)
    assert (written["image_id"], written["category_id"]) == (data["images"][0]["id"], 2)
    np.testing.assert_array_equal(CocoSource(tmp_path / "new").sample(0).boxes.shape, (1, 4))


def test_pycocotools_reads_what_is_written(make, tmp_path):
    crowd = annotation(2, category_id=18, iscrowd=1)
    write_box_set({"val": CocoSource(make(annotations=[annotation(), crowd]))}, tmp_path / "new", CocoWriter)
    coco = COCO(tmp_path / "new/annotations/instances_val.json")
    ids = coco.getAnnIds(catIds=coco.getCatIds(catNms=["cat"]), iscrowd=False)
    [found] = coco.loadAnns(ids)
    assert found["bbox"] == pytest.approx([6, 10, 30, 20], abs=1e-4)
    assert coco.loadImgs(found["image_id"])[0]["file_name"] == "a.png"


def test_what_coco_cannot_hold_is_told(sample, tmp_path):
    class One(CocoSource):
        def __init__(self):
            self.class_names, self.labelled_classes = ("page", "form"), frozenset({"page"})
            self._pictures = [None]

        def sample(self, _):
            return sample

    lost = write_box_set({"": One()}, tmp_path / "new", CocoWriter)
    assert "keypoints of 2 objects: COCO for boxes and masks has none." in lost
    assert any(text.startswith("labelled_classes of 1 pictures: COCO for boxes and masks cannot say") for text in lost)
