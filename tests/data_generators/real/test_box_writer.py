import json

import numpy as np
import pytest
from PIL import Image

from data_generators.errors import DataError
from data_generators.images import read_image, write_image
from data_generators.real.box_writer import BoxWriter, write_box_set
from data_generators.sample import Sample
from tests.data_generators.real.boxes import EMPTY, TWO, Drawn, boxed


class Listing(BoxWriter):
    """A format that holds nothing but names and numbers."""

    name = "listing"

    def picture_folder(self, split):
        return self.root / (split or "all")

    def add(self, split, path, sample):  # noqa: ARG002
        names = [self.class_names[label] for label in sample.labels]
        with (self.root / "list.txt").open("a") as file:
            file.write(json.dumps([path.relative_to(self.root).as_posix(), names, sample.boxes.tolist()]) + "\n")


def listed(folder):
    return [json.loads(line) for line in (folder / "list.txt").read_text().splitlines()]


def test_pictures_and_labels_of_all_splits(tmp_path):
    birds = boxed([[0, 0, 0.5, 0.5]], [0], group="x")
    steps = []
    splits = {"train": Drawn([TWO, EMPTY]), "val": Drawn([birds], ("bird",))}
    write_box_set(splits, tmp_path / "out", Listing, progress=lambda done, total: steps.append((done, total)))
    rows = listed(tmp_path / "out")
    assert [row[:2] for row in rows] == [
        ["train/000000.png", ["dog", "cat"]],
        ["train/000001.png", []],
        ["val/000000_2.png", ["bird"]],
    ]
    np.testing.assert_allclose(rows[0][2], TWO.boxes)
    np.testing.assert_array_equal(read_image(tmp_path / "out" / "train" / "000001.png"), EMPTY.image)
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def jpeg(path, orientation=1):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(TWO.image).save(path, exif=exif)
    return TWO.replace(image=read_image(path), origin=str(path))


def test_files_are_copied_under_their_names(tmp_path):
    samples = [jpeg(tmp_path / "photos" / "My cat.JPG"), jpeg(tmp_path / "more" / "my_Cat.jpeg")]
    write_box_set({"": Drawn(samples)}, tmp_path / "out", Listing)
    assert [row[0] for row in listed(tmp_path / "out")] == ["all/My_cat.jpg", "all/my_Cat_2.jpeg"]
    copied = (tmp_path / "out" / "all" / "My_cat.jpg").read_bytes()
    assert copied == (tmp_path / "photos" / "My cat.JPG").read_bytes()


def test_a_turned_or_changed_picture_is_written_anew(tmp_path):
    turned = jpeg(tmp_path / "photos" / "turned.jpg", orientation=6)
    changed = jpeg(tmp_path / "photos" / "flat.jpg")
    changed = changed.replace(image=255 - changed.image)
    write_box_set({"": Drawn([turned, changed])}, tmp_path / "out", Listing)
    for name, sample in (("turned", turned), ("flat", changed)):
        np.testing.assert_array_equal(read_image(tmp_path / "out" / "all" / f"{name}.png"), sample.image)


def test_quality_makes_jpeg(tmp_path):
    write_box_set({"": Drawn([TWO])}, tmp_path / "out", Listing, quality=40)
    assert listed(tmp_path / "out")[0][0] == "all/000000.jpg"


def test_what_cannot_be_held_is_counted(tmp_path):
    lossy = TWO.replace(
        keypoints=np.full((2, 4, 2), 0.5, np.float32),
        mask=np.zeros((40, 60), np.uint8),
        boxes=np.array([[-0.2, 0.2, 0.4, 0.7], [1.1, 0.3, 1.2, 0.9]], np.float32),
        group="clip",
        has=frozenset({"boxes", "keypoints", "mask"}),
    )
    nameless = boxed([[0, 0, 0.5, 0.5], [0.1, 0.1, 0.6, 0.6]], [-1, 0], group="clip")
    unlabelled = EMPTY.replace(has=frozenset())
    source = Drawn([lossy, nameless, unlabelled], ("dog", "cat", "bird"))
    source.labelled_classes = frozenset({"dog"})
    assert write_box_set({"": source}, tmp_path / "out", Listing) == [
        "1 pictures left out: nobody looked for boxes in them.",
        "1 objects left out: they are of no class.",
        "2 boxes cut at the border of their picture, or left out beyond it.",
        "1 ignore flags: listing has none, these objects now count as all others.",
        "keypoints of 2 objects: listing has none.",
        "mask of 1 pictures: listing has none.",
        "labelled_classes of 2 pictures: listing cannot say that nobody looked for a class, so its absence now counts.",
        "groups of 2 pictures: listing has none; split them before they are written.",
        "1 classes without an object: listing has no list of classes (bird).",
    ]
    rows = listed(tmp_path / "out")
    assert [row[1] for row in rows] == [["dog"], ["dog"]]
    np.testing.assert_allclose(rows[0][2], [[0, 0.2, 0.4, 0.7]])


def test_nothing_lost_nothing_said(tmp_path):
    plain = TWO.replace(ignore=np.zeros(2, bool))
    assert write_box_set({"": Drawn([plain, EMPTY])}, tmp_path / "out", Listing) == []


def test_a_folder_in_use_is_refused_and_an_empty_one_taken(tmp_path):
    write_image(tmp_path / "used" / "a.png", TWO.image)
    with pytest.raises(DataError, match=r"used: the folder is not empty\. Give a new folder"):
        write_box_set({"": Drawn([TWO])}, tmp_path / "used", Listing)
    (tmp_path / "empty").mkdir()
    write_box_set({"": Drawn([TWO])}, tmp_path / "empty", Listing)
    assert len(listed(tmp_path / "empty")) == 1


class Broken(Drawn):
    def sample(self, index: int) -> Sample:
        if index == 1:
            raise DataError("b.png", "the picture cannot be decoded.", "Copy it again.")
        return super().sample(index)


def test_what_cannot_be_read_leaves_nothing_behind_or_is_skipped(tmp_path, caplog):
    source = Broken([TWO, TWO, EMPTY])
    with pytest.raises(DataError, match=r"b\.png: the picture cannot be decoded"):
        write_box_set({"": source}, tmp_path / "out", Listing)
    assert list(tmp_path.iterdir()) == []
    source.on_error = "skip"
    write_box_set({"": source}, tmp_path / "out", Listing)
    assert [row[0] for row in listed(tmp_path / "out")] == ["all/000000.png", "all/000002.png"]
    assert "skipped 1 of 3 samples" in caplog.text
