import logging

import numpy as np
import pytest
from PIL import Image

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.images import write_image

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


def objects():
    """uint8 (40, 60): object 1 on the left, object 2 cut off by the right edge."""
    values = np.zeros((40, 60), np.uint8)
    values[10:30, 6:30], values[0:8, 45:60] = 1, 2
    return values


@pytest.fixture
def make(tmp_path):
    def write(sequence, count=3, masked=None, resolution="480p/"):
        """Writes frames 8, 9, 10 ... of a sequence, and palette masks of those in `masked`, by default all."""
        for number in range(8, 8 + count):
            write_image(tmp_path / f"JPEGImages/{resolution}{sequence}/{number}.jpg", IMAGE)
            folder = tmp_path / f"Annotations/{resolution}{sequence}"
            folder.mkdir(parents=True, exist_ok=True)
            picture = Image.frombytes("P", (60, 40), objects().tobytes())
            picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
            if masked is None or number in masked:
                picture.save(folder / f"{number}.png")
        return tmp_path

    return write


def opened(folder, split="", **options):
    return open_source(f"davis:{folder}{split}", **options)


@pytest.mark.parametrize("resolution", ["480p/", "", "Full-Resolution/"])
def test_sequences_are_groups_and_frames_in_natural_order(make, resolution):
    make("bear", resolution=resolution)
    source = opened(make("camel", 2, resolution=resolution))
    assert source.groups() == ["bear"] * 3 + ["camel"] * 2
    assert [source.sample(index).origin.rsplit("/", 1)[1] for index in range(3)] == ["8.jpg", "9.jpg", "10.jpg"]
    sample = source.sample(0)
    assert (sample.labels.tolist(), sample.has) == ([0, 0], {"boxes", "mask"})
    np.testing.assert_allclose(sample.boxes * [60, 40, 60, 40], [[6, 10, 30, 30], [45, 0, 60, 8]], atol=1e-5)
    np.testing.assert_array_equal(sample.mask, objects() > 0)
    named = opened(source._root, classes={1: "camel", 2: "rider"}).sample(0)
    np.testing.assert_array_equal(named.mask, objects())


def test_a_sequence_a_list_and_every_second_frame(make):
    for name in ("bear", "camel", "dog"):
        folder = make(name)
    for year, names in (("2016", "bear\n"), ("2017", "bear\n\ncamel\n")):
        (folder / "ImageSets" / year).mkdir(parents=True)
        (folder / "ImageSets" / year / "train.txt").write_text(names)
    lines = "/JPEGImages/480p/dog/8.jpg /Annotations/480p/dog/8.png\n" * 2
    (folder / "ImageSets/480p").mkdir()
    (folder / "ImageSets/480p/val.txt").write_text(lines)
    assert set(opened(folder, "#camel").groups()) == {"camel"}
    assert set(opened(folder, "#train").groups()) == {"bear", "camel"}
    assert set(opened(folder, "#2016/train").groups()) == {"bear"}
    assert opened(folder, "#val").groups() == ["dog"] * 3
    assert opened(folder, every=2).groups() == ["bear"] * 2 + ["camel"] * 2 + ["dog"] * 2
    with pytest.raises(DataError, match=r"bear, camel, dog: there is no split 'test'\. Splits there are: train, val"):
        opened(folder, "#test")
    (folder / "ImageSets/2017/train.txt").write_text("cow\nbear")
    with pytest.raises(DataError, match=r"there is no sequence 'cow'\. Sequences there are: bear, camel, dog"):
        opened(folder, "#train")
    assert set(opened(folder, "#train", on_error="skip").groups()) == {"bear"}


def test_made_splits_are_whole_sequences_or_parts_of_the_only_one(make):
    for number in range(8):
        folder = make(f"clip {number}", 1)
    train, val = (opened(folder, split, val_share=0.4) for split in ("#train", "#val"))
    assert sorted(train.groups() + val.groups()) == [f"clip {number}" for number in range(8)]


def test_the_only_sequence_is_split_by_time_with_a_gap(make):
    folder = make("camel", 30)
    parts = [opened(folder, split, split_gap=5) for split in ("#train", "#val")]
    numbers = [[int(part.sample(i).origin.rsplit("/", 1)[1][:-4]) for i in range(len(part))] for part in parts]
    assert numbers == [list(range(8, 28)), list(range(33, 38))]


def test_a_frame_level_split_warns_with_the_number_that_leaks(make, caplog):
    folder = make("camel", 30)
    with caplog.at_level(logging.WARNING):
        val = opened(folder, "#val", split_by="frame")
    assert f"{len(val)} of {len(val)} samples of val leak: train holds others of their group" in caplog.text


def test_frames_without_masks_are_left_out_or_unlabelled(make, caplog):
    folder = make("camel", 4, masked=(9,))
    with caplog.at_level(logging.INFO):
        assert len(opened(folder)) == 1
    assert "480p/camel: 3 of 4 frames have no mask and are left out" in caplog.text
    source = opened(folder, unmasked="unlabelled")
    assert [source.sample(index).has for index in range(4)] == [set(), {"boxes", "mask"}, set(), set()]
    with pytest.raises(DataError, match=r"none of the 3 frames has a mask\. Check .* unmasked: unlabelled"):
        opened(make("bear", masked=()))


def test_folders_that_are_none(make, tmp_path):
    with pytest.raises(DataError, match=r"no: expected a folder with JPEGImages/ and Annotations/, but it is not"):
        opened(tmp_path / "no")
    with pytest.raises(DataError, match=r"expected a folder with JPEGImages/, but there is none\. Give"):
        opened(tmp_path)
    folder = make("camel", resolution="1080p/")
    with pytest.raises(DataError, match=r"480p: there is no such folder\. Set resolution to one of: 1080p"):
        opened(folder, resolution="480p")
    make("camel", resolution="720p/")
    with pytest.raises(DataError, match=r"there are several resolutions: 1080p, 720p\. Set resolution"):
        opened(folder)
    assert len(opened(folder.parent / folder.name, resolution="720p")) == 3


def test_camel(real_data):
    source = opened(real_data / "video_camel")
    assert source.groups() == ["camel"] * 90
    sample = source.sample(0)
    assert sample.size_hw == (480, 854) and np.unique(sample.mask).tolist() == [0, 1]
    np.testing.assert_allclose(sample.boxes[0] * [854, 480, 854, 480], [261, 85, 709, 430], atol=1)
    assert [len(opened(real_data / "video_camel", split)) for split in ("#train", "#val")] == [64, 16]
