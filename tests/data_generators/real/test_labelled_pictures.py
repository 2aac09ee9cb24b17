from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from data_generators.errors import DataError
from data_generators.images import write_image
from data_generators.real.labelled_pictures import LabelledBox, LabelledPicture, LabelledPicturesSource, read_size_hw
from tests.data_generators.real.boxes import EMPTY, TWO


@pytest.fixture
def pictures(tmp_path):
    """A picture with two objects, and one with none, whose label file is not there."""
    write_image(tmp_path / "a.png", TWO.image)
    write_image(tmp_path / "b.png", EMPTY.image)
    (tmp_path / "a.txt").write_text("labels")
    objects = (
        LabelledBox("cat", (0.1, 0.2, 0.45, 0.7), "a.txt:1"),
        LabelledBox("dog", (0.6, 0.3, 1, 0.9), "a.txt:2", ignore=True),
    )
    first = LabelledPicture(tmp_path / "a.png", tmp_path / "a.txt", "a.txt", objects, "clip", (80, 120))
    return [first, LabelledPicture(tmp_path / "b.png", tmp_path / "b.txt", "b.txt", (), "b")]


def source(pictures, **options):
    return LabelledPicturesSource(pictures[0].path.parent, pictures, ["dog", "cat"], **options)


def test_samples(pictures):
    first, empty = (source(pictures).sample(index) for index in range(2))
    np.testing.assert_array_equal(first.image, TWO.image)
    np.testing.assert_array_equal(first.boxes, TWO.boxes)
    assert (first.labels.tolist(), first.ignore.tolist()) == ([1, 0], [False, True])
    assert (first.group, first.origin, first.has) == ("clip", str(pictures[0].path), {"boxes"})
    assert (empty.boxes.shape, empty.keypoints.shape, empty.has) == ((0, 4), (0, 0, 2), {"boxes"})


def test_vocabulary_and_groups(pictures):
    it = source(pictures, on_error="skip")
    assert (len(it), it.class_names, it.labelled_classes) == (2, ("dog", "cat"), {"dog", "cat"})
    assert (it.groups(), it.on_error, it.corner_order) == (["clip", "b"], "skip", "none")


def test_a_picture_of_another_shape_is_refused(pictures):
    turned = replace(pictures[0], size_hw=(60, 40))
    with pytest.raises(DataError, match=r"a\.txt: labelled on a picture of 40 x 60 pixels, but the file.* has 60 x 40"):
        source([turned]).sample(0)


def test_a_picture_that_cannot_be_decoded_is_named(pictures):
    pictures[1].path.write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"b\.png: the file is not a picture"):
        source(pictures).sample(1)


def test_content_follows_files_settings_and_vocabulary(pictures):
    it = source(pictures)
    prints = [it.fingerprint(), source(pictures, settings=[1]).fingerprint(), source(pictures[:1]).fingerprint()]
    pictures[1].label_path.write_text("new")
    prints.append(it.fingerprint())
    write_image(pictures[0].path, TWO.image[:20])
    prints.append(it.fingerprint())
    assert len(set(prints)) == 5
    assert source(pictures).fingerprint() == it.fingerprint()


def test_size_is_that_of_the_upright_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(TWO.image).save(tmp_path / "a.jpg", exif=exif)
    write_image(tmp_path / "b.png", TWO.image)
    (tmp_path / "c.jpg").write_bytes(b"no picture")
    assert read_size_hw(tmp_path / "a.jpg") == (60, 40)
    assert read_size_hw(tmp_path / "b.png") == (40, 60)
    with pytest.raises(DataError, match=r"c\.jpg: the picture cannot be read"):
        read_size_hw(tmp_path / "c.jpg")
