import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.real.masks_writer import write_mask_set
from data_generators.sources import SubsetSource
from tests.data_generators.real.boxes import TWO, Drawn, boxed

BOTH = frozenset({"boxes", "mask"})


def painted():
    """uint8 (40, 60): a dog, a cat that is cut off, a rim to be ignored."""
    mask = np.zeros((40, 60), np.uint8)
    mask[10:30, 6:24], mask[0:8, 45:60], mask[30:32, 6:24] = 1, 2, 255
    return mask


def masked(mask, group="clip/1", **changes):
    boxes = [[0.1, 0.25, 0.4, 0.75], [0.75, 0.0, 1.0, 0.2]]
    return boxed(boxes, mask=np.asarray(mask, np.uint8), has=BOTH, group=group, **changes)


def test_masks_classes_and_groups_come_back(tmp_path):
    samples = [masked(painted()), masked(painted()[::-1, ::-1]), masked(np.zeros((40, 60)), "train", image=TWO.image)]
    lost = write_mask_set({"": Drawn([*samples, samples[2]])}, tmp_path / "new")
    assert lost == ["boxes of 3 pictures: they are read as one around all pixels of each class."]
    again = open_source(f"masks:{tmp_path / 'new'}")
    assert again.class_names == ("dog", "cat") and again.groups() == ["clip_1"] * 2 + ["train_2"] * 2
    for index, sample in enumerate([*samples, samples[2]]):
        np.testing.assert_array_equal(again.sample(index).mask, sample.mask)
        np.testing.assert_array_equal(again.sample(index).image, sample.image)
    np.testing.assert_allclose(again.sample(0).boxes, samples[0].boxes, atol=1e-6)


@given(st.integers(0, 9999), st.sampled_from([[0, 255], [255], [0, 1, 255], [0, 2], [0, 1, 2, 255]]))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_mask_comes_back_byte_for_byte(tmp_path, seed, values):
    mask = np.random.default_rng(seed).choice(values, (40, 60)).astype(np.uint8)
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    write_mask_set({"": Drawn([masked(mask)])}, folder)
    np.testing.assert_array_equal(open_source(f"masks:{folder}").sample(0).mask, mask)


def test_splits_are_folders_and_masks_are_pictures_of_a_palette(tmp_path):
    parts = {"train": Drawn([masked(painted())]), "val": Drawn([masked(painted())], ("cat", "hen"))}
    write_mask_set(parts, tmp_path / "new")
    val = open_source(f"masks:{tmp_path / 'new'}#val")
    assert val.class_names == ("dog", "cat", "hen") and len(open_source(f"masks:{tmp_path / 'new'}")) == 2
    np.testing.assert_array_equal(val.sample(0).mask, np.array([0, 2, 3, *[0] * 252, 255], np.uint8)[painted()])
    with Image.open(tmp_path / "new/val/masks/clip_1/000000.png") as picture:
        assert picture.mode == "P"


def test_what_is_lost_is_told(tmp_path):
    ignored = masked(painted(), ignore=np.array([False, True]))
    points = masked(painted(), keypoints=np.zeros((2, 1, 2), np.float32))
    lost = write_mask_set({"": Drawn([ignored, points, TWO])}, tmp_path / "new")
    assert lost == [
        "1 pictures left out: nobody painted a mask of them.",
        "boxes of 1 pictures: they are read as one around all pixels of each class.",
        "1 ignore flags: a folder of masks has none, these objects now count as all others.",
        "keypoints of 2 objects: a folder of masks has none.",
    ]
    with pytest.raises(DataError, match="a mask holds 1 to 254 classes, the source has 255"):
        write_mask_set({"": Drawn([TWO], tuple(map(str, range(255))))}, tmp_path / "many")


@pytest.mark.parametrize("text", ["davis:{}/video_camel#val", "trimaps:{}/masks_oxford_pets#val"])
def test_real_masks_come_back(real_data, tmp_path, text):
    source = SubsetSource(open_source(text.format(real_data)), range(3))
    write_mask_set({"": source}, tmp_path / "new")
    again = open_source(f"masks:{tmp_path / 'new'}")
    by_name = {again.sample(index).origin.rsplit("/", 1)[1]: again.sample(index) for index in range(3)}
    for index in range(3):
        before = source.sample(index)
        after = by_name[before.origin.rsplit("/", 1)[1]]
        np.testing.assert_array_equal(after.mask, before.mask)
        np.testing.assert_array_equal(after.image, before.image)
