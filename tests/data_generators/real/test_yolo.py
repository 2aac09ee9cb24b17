import logging

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.images import write_image
from data_generators.real.yolo import YoloSource, label_path
from tests.data_generators.real.boxes import TWO

LINES = "1 0.275 0.45 0.35 0.5\n0 0.8 0.6 0.4 0.6\n"
WHOLE = {"path": ".", "train": "images/train", "val": "images/val", "names": {0: "dog", 1: "cat"}}


@pytest.fixture
def make(tmp_path):
    """Writes a set: two pictures to train, of which one has labels and one an empty file, and one to val."""

    def write(labels=LINES, folder=tmp_path, **changes):
        for name, text in {"train/a": labels, "train/b": "", "val/c": "0 0.5 0.5 1 1"}.items():
            write_image(folder / "images" / f"{name}.jpg", TWO.image)
            (folder / "labels" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "labels" / f"{name}.txt").write_bytes(text.encode())
        data = {key: value for key, value in {**WHOLE, **changes}.items() if value is not None}
        (folder / "data.yaml").write_text(yaml.safe_dump(data))
        return folder

    return write


def test_reads_boxes_classes_and_splits(make):
    folder = make()
    train = YoloSource(folder, "train")
    sample = train.sample(0)
    np.testing.assert_allclose(sample.boxes, TWO.boxes, atol=1e-6)
    assert [train.class_names[label] for label in sample.labels] == ["cat", "dog"]
    assert (train.class_names, train.labelled_classes) == (("dog", "cat"), {"dog", "cat"})
    assert train.groups() == ["images/train/a.jpg", "images/train/b.jpg"]
    assert len(YoloSource(folder / "data.yaml")) == 3
    assert len(open_source(f"yolo:{folder}/data.yaml#val", on_error="skip")) == 1


def test_an_empty_file_is_a_picture_without_objects(make):
    sample = YoloSource(make(), "train").sample(1)
    assert (sample.boxes.shape, sample.has) == ((0, 4), {"boxes"})


def test_missing_files_count_as_empty_and_are_told(make, caplog):
    folder = make()
    (folder / "labels" / "train" / "b.txt").unlink()
    assert len(YoloSource(folder, "train").sample(1).boxes) == 0
    assert "1 of 2 pictures have no label file and count as pictures without an object" in caplog.text
    (folder / "labels" / "train" / "a.txt").unlink()
    with pytest.raises(DataError, match=r"data\.yaml: none of the 2 pictures has a label file, such as .*train/a\.txt"):
        YoloSource(folder, "train")


def test_what_tools_write(make):
    """Upper case, hidden files, a BOM, CRLF, blank lines, indices as floats, spaces at the end."""
    folder = make("\ufeff1.0 0.275 0.45 0.35 0.5 \r\n\r\n0 0.8 0.6 0.4 0.6\t\r\n   \r\n")
    (folder / "images" / "train" / "a.jpg").rename(folder / "images" / "train" / "a.JPG")
    (folder / "labels" / "train" / "a.txt").rename(folder / "labels" / "train" / "a.TXT")
    for name in ("images/train/._a.JPG", "images/train/.DS_Store", "images/train/notes.md", "labels/train/._a.txt"):
        (folder / name).write_bytes(b"\x00\x05\x16\x07")
    source = YoloSource(folder, "train")
    assert len(source) == 2
    np.testing.assert_allclose(source.sample(0).boxes, TWO.boxes, atol=1e-6)


def test_polygons_become_their_boxes(make):
    source = YoloSource(make("1 0.1 0.3 0.45 0.2 0.3 0.7\n0 0.6 0.3 1 0.3 1 0.9 0.6 0.9"), "train")
    np.testing.assert_allclose(source.sample(0).boxes, TWO.boxes, atol=1e-6)
    assert source.count_reduced() == {"polygon": 2}
    assert YoloSource(make(), "train").count_reduced() == {}


def test_keypoints_behind_the_box_are_passed_over(make):
    source = YoloSource(make("1 0.275 0.45 0.35 0.5 0.3 0.3 2", kpt_shape=[1, 3]), "train")
    np.testing.assert_allclose(source.sample(0).boxes, TWO.boxes[:1], atol=1e-6)
    assert source.count_reduced() == {"keypoints": 1}


BAD_LINES = {
    r"a\.txt:2: there is no class 2\. Classes of .*data\.yaml: 0 dog, 1 cat\.": "2 0.5 0.5 0.1 0.1",
    r"a\.txt:2: there is no class -1": "-1 0.5 0.5 0.1 0.1",
    r"a\.txt:2: there is no class 0\.5": "0.5 0.5 0.5 0.1 0.1",
    r"a\.txt:2: expected numbers\. Received 'cat 0\.5": "cat 0.5 0.5 0.1 0.1",
    r"a\.txt:2: expected a class and 4 .* Received 5 numbers\. Leave a confidence out": "0 0.5 0.5 0.1 0.1 0.9",
    r"a\.txt:2: expected a class and 4 numbers, .* Received 3": "0 0.5 0.5 0.1",
    r"a\.txt:2: expected a class and 4 numbers, .* Received 7": "0 0.5 0.5 0.1 0.6 0.7 0.7 0.8",
    r"a\.txt:2: the width of the dog is 0": "0 0.5 0.5 0 0.1",
    r"a\.txt:2: the height of the dog is less than 0": "0 0.5 0.5 0.1 -0.1",
    r"a\.txt:2: the box is not finite": "0 nan 0.5 0.1 0.1",
    r"a\.txt:2: the box lies outside of the picture": "0 30 20 10 10",
}


@pytest.mark.parametrize("message", BAD_LINES)
def test_a_bad_line_raises_or_puts_its_picture_aside(make, message, caplog):
    folder = make(f"1 0.3 0.4 0.3 0.4\n{BAD_LINES[message]}\n")
    with pytest.raises(DataError, match=message):
        YoloSource(folder, "train")
    with caplog.at_level(logging.WARNING):
        assert YoloSource(folder, "train", on_error="skip").groups() == ["images/train/b.jpg"]
    assert "skipped 1 of 2 samples" in caplog.text


def test_a_repeated_line_is_left_out(make, caplog):
    assert len(YoloSource(make(LINES + LINES), "train").sample(0).boxes) == 2
    assert "a.txt:3: the same cat as in" in caplog.text


PLACES = {
    "no path": {"path": None},
    "a path that is not here": {"path": "/no/such/folder"},
    "a root above": {"path": None, "train": "../images/train", "val": "../images/val"},
    "lists of folders": {"train": ["images/train"], "test": ["images/val", "images/train"], "val": None},
    "another name of val": {"val": None, "validation": "images/val"},
    "names with keys in quotes": {"names": {"0": "dog", "1": "cat"}},
    "names as a list": {"names": ["dog", "cat"], "nc": 2, "test": None, "download": "https://nowhere"},
}


@pytest.mark.parametrize("case", PLACES)
def test_data_yaml_as_tools_write_it(make, case):
    folder = make(**PLACES[case])
    assert len(YoloSource(folder, "train")) == 2
    source = YoloSource(folder)
    assert (len(source), source.class_names) == (3, ("dog", "cat"))


def test_a_path_beside_the_file_and_an_absolute_one(make, tmp_path):
    folder = make(folder=tmp_path / "set")
    for path in ("../set", str(folder)):
        (tmp_path / "lists").mkdir(exist_ok=True)
        (tmp_path / "lists" / "my.yml").write_text(yaml.safe_dump({**WHOLE, "path": path}))
        assert len(YoloSource(tmp_path / "lists", "train")) == 2


def test_lists_of_pictures(make):
    folder = make(train="train.txt", val="lists/val.txt")
    (folder / "lists").mkdir()
    (folder / "train.txt").write_text("./images/train/a.jpg\r\n\r\nimages/train/b.jpg\n./images/train/._b.jpg\n")
    (folder / "lists" / "val.txt").write_text(f"{folder}/images/val/c.jpg\n")
    assert [len(YoloSource(folder, split)) for split in ("train", "val", None)] == [2, 1, 3]
    (folder / "train.txt").write_text("images/train/a.jpg\nimages/train/z.jpg\n")
    with pytest.raises(DataError, match=r"train\.txt:2: there is no picture .*z\.jpg"):
        YoloSource(folder, "train")
    assert YoloSource(folder, "train", on_error="skip").groups() == ["images/train/a.jpg"]


BAD_YAML = {
    r"data\.yaml: there is no split 'train'\. Splits there are: val": {"train": None},
    r"data\.yaml: expected one of train, val, test, found none": {"train": None, "val": ""},
    r"data\.yaml: train: there is no .*nowhere": {"train": "nowhere"},
    r"data\.yaml: train: .*data\.yaml is no folder and no list": {"train": "data.yaml"},
    r"data\.yaml: train must be a path or a list of paths\. Received \[1\]": {"train": [1]},
    r"data\.yaml: `nc` is 3, but there are 2 names": {"nc": 3},
    r"data\.yaml: the keys of `names` must be 0 to 1\. Received 1, 2": {"names": {1: "dog", 2: "cat"}},
    r"data\.yaml: `names` must give each class a name of its own\. Received \['a', 'a'\]": {"names": ["a", "a"]},
    r"data\.yaml: `names` must give each class a name of its own\. Received None": {"names": None},
}


@pytest.mark.parametrize("message", BAD_YAML)
def test_a_bad_data_yaml_is_refused(make, message):
    with pytest.raises(DataError, match=message):
        YoloSource(make(**BAD_YAML[message]), "train")


def test_no_data_yaml(tmp_path):
    with pytest.raises(DataError, match=r"expected data\.yaml in this folder, found none\. Name the file, or write"):
        YoloSource(tmp_path)
    with pytest.raises(DataError, match=r"no\.yaml: the file cannot be read: No such file"):
        YoloSource(tmp_path / "no.yaml")
    for text, message in {"[1": "the file is not YAML", "- 1": "expected a mapping, got list"}.items():
        (tmp_path / "data.yaml").write_text(text)
        with pytest.raises(DataError, match=rf"data\.yaml: {message}"):
            YoloSource(tmp_path)


def test_nc_alone_names_the_classes(make):
    assert YoloSource(make(names=None, nc=2), "train").class_names == ("class_0", "class_1")


@given(st.lists(st.sampled_from(["images", "labels", "a", "b.images"]), max_size=5))
def test_the_last_folder_images_becomes_labels(tmp_path_factory, parts):
    root = tmp_path_factory.getbasetemp()
    path = label_path(root.joinpath(*parts, "cat.10.jpg"))
    assert path.name == "cat.10.txt"
    inner = path.relative_to(root).parts[:-1]
    changed = [index for index, (one, other) in enumerate(zip(parts, inner, strict=True)) if one != other]
    assert len(changed) == ("images" in parts)
    if changed:
        assert "images" not in parts[changed[0] + 1 :]
        assert inner[changed[0]] == "labels"


def test_cats_and_dogs(real_data):
    folder = real_data / "boxes_dogcat"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    sources = {split: open_source(f"yolo:{folder}/data.yaml#{split}") for split in ("train", "val")}
    assert {split: len(source) for split, source in sources.items()} == {"train": 2998, "val": 600}
    assert sources["val"].class_names == ("dog", "cat")
    assert not set(sources["train"].groups()) & set(sources["val"].groups())
    assert len(sources["val"].sample(0).boxes) == 1
