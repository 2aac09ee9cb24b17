import logging

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.images import write_image
from data_generators.real.trimaps import TrimapSettings, TrimapSource, trimap_box

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
PETS = TrimapSettings(classes={"[A-Z]*": "cat", "[a-z]*": "dog"})


def trimap(object_box=(20, 12, 40, 30), border_px=4):
    """uint8 (40, 60): an object of that box x0 y0 x1 y1 in pixels, the middle of whose border is the box's edge."""
    x0, y0, x1, y1 = object_box
    half = border_px // 2
    values = np.full((40, 60), 2, np.uint8)
    values[y0 - half : y1 + half, x0 - half : x1 + half] = 3
    values[y0 + half : y1 - half, x0 + half : x1 - half] = 1
    return values


@pytest.fixture
def make(tmp_path):
    def write(name="a", values=None, image=IMAGE, folder="trimaps"):
        write_image(tmp_path / "images" / f"{name}.png", image)
        if values is not None:
            write_image(tmp_path / folder / f"{name}.png", np.asarray(values, np.uint8)[..., None])
        return tmp_path

    return write


def box_px(sample):
    height, width = sample.size_hw
    return (sample.boxes * [width, height, width, height]).tolist()


def test_mask_and_box(make):
    values = trimap()
    sample = TrimapSource(make(values=values)).sample(0)
    assert box_px(sample) == [pytest.approx([20, 12, 40, 30])]
    np.testing.assert_array_equal(sample.mask, np.choose(values - 1, [1, 0, 255]))
    np.testing.assert_array_equal(sample.image, IMAGE)
    assert sample.has == {"boxes", "mask"}
    assert sample.labels.tolist() == [0] and sample.ignore.tolist() == [False]


def test_class_by_file_name_is_also_that_of_the_mask(make):
    make("Siam_1", trimap())
    source = TrimapSource(make("beagle_1", trimap()), PETS)
    samples = [source.sample(index) for index in range(2)]
    assert source.class_names == ("cat", "dog") and source.labelled_classes == {"cat", "dog"}
    assert [sample.labels.tolist() for sample in samples] == [[0], [1]]
    assert [np.unique(sample.mask).tolist() for sample in samples] == [[0, 1, 255], [0, 2, 255]]


def test_the_first_pattern_counts_and_names_are_not_repeated():
    settings = TrimapSettings(classes={"x_*": "cat", "y_*": "cat", "*": "dog"})
    assert settings.class_names == ("cat", "dog")


@pytest.mark.parametrize("border_px", [0, 2, 4, 10])
def test_box_of_a_cut_off_object_reaches_the_edge_of_the_picture(border_px):
    values = np.full((40, 60), 2, np.uint8)
    values[10:, 15:] = 1
    band = np.zeros_like(values, bool)
    band[10 - border_px // 2 :, 15 - border_px // 2 :] = True
    band[10 + border_px // 2 :, 15 + border_px // 2 :] = False
    values[band] = 3
    assert (trimap_box(values == 1, values == 3) * [60, 40, 60, 40]).tolist() == [pytest.approx([15, 10, 60, 40])]


def test_a_thin_tail_that_is_all_border_belongs_to_the_object():
    values = trimap()
    values[16:24, 40:52] = 3  # 4 pixels wide, with 2 of border on either side and at its end
    assert (trimap_box(values == 1, values == 3) * [60, 40, 60, 40]).tolist() == [pytest.approx([20, 12, 50, 30])]


def test_a_mask_of_two_values_may_be_0_and_255(make):
    values = np.zeros((40, 60))
    values[5:20, 10:30] = 255
    settings = TrimapSettings(object_value=255, background_value=0, border_value=None)
    sample = TrimapSource(make(values=values), settings).sample(0)
    assert box_px(sample) == [pytest.approx([10, 5, 30, 20])]
    assert np.unique(sample.mask).tolist() == [0, 1]


def test_an_object_that_is_all_border_is_ignored(make):
    values = trimap()
    sample = TrimapSource(make(values=np.where(values == 1, 3, values))).sample(0)
    assert sample.ignore.tolist() == [True]
    assert box_px(sample) == [pytest.approx([18, 10, 42, 32])]
    assert np.unique(sample.mask).tolist() == [0, 255]


def test_a_box_around_each_region_without_specks(make):
    values = np.full((40, 60), 2)
    values[5:25, 4:20], values[10:40, 30:50], values[2, 56] = 1, 1, 1
    values[30:36, 4:14] = 3  # nobody said whether this is object
    folder = make(values=values)
    sample = TrimapSource(folder, TrimapSettings(boxes="regions")).sample(0)
    assert sorted(box_px(sample)) == [
        pytest.approx([4, 5, 20, 25]),
        pytest.approx([4, 30, 14, 36]),
        pytest.approx([30, 10, 50, 40]),
    ]
    assert sample.ignore[sample.boxes[:, 1] == 0.75].all() and sample.ignore.sum() == 1
    assert box_px(TrimapSource(folder).sample(0)) == [pytest.approx([4, 2, 57, 40])]
    assert len(TrimapSource(make(values=values * 0 + 2), TrimapSettings(boxes="regions")).sample(0).boxes) == 0


def test_no_object_is_a_negative_unless_the_name_says_that_there_is_one(make):
    folder = make("Siam_1", np.full((40, 60), 2))
    empty = TrimapSource(folder).sample(0)
    assert len(empty.boxes) == 0 and empty.has == {"boxes", "mask"} and not empty.mask.any()
    unlabelled = TrimapSource(folder, PETS).sample(0)
    assert len(unlabelled.boxes) == 0 and not unlabelled.has and not unlabelled.mask.size


def test_nested_folders_and_the_folders_of_oxford_pets(make):
    folder = make("night/a", trimap(), folder="annotations/trimaps")
    (folder / "annotations/trimaps/night/._a.png").write_bytes(b"left by macOS")
    source = TrimapSource(folder)
    assert source.groups() == ["night/a"] == [source.sample(0).group]


BAD_TRIMAPS = {
    r"a\.png: expected the values 1, 2, 3, got 0, 255\. Give `object_value`": np.eye(40, 60) * 255,
    r"a\.png: expected the values 1, 2, 3, got 0, 1, 2, 3, 4, 5, 6, 7, \.\.\.": np.arange(2400).reshape(40, 60) % 50,
    r"trimaps/a\.png: the trimap has 40 x 60 pixels, but .*images/a\.png, .* 60 x 40\. Resize": trimap().T,
}


@pytest.mark.parametrize("message", BAD_TRIMAPS)
def test_a_trimap_that_cannot_be_used_is_named(make, message):
    with pytest.raises(DataError, match=message):
        TrimapSource(make(values=BAD_TRIMAPS[message])).sample(0)


BAD_FILES = {
    r"images/Zoe\.png: there is no trimap of this picture\. Put it at .*trimaps/Zoe\.png": ("Zoe", None),
    r"images/1\.png: the file name fits none of the patterns of `classes`: \[A-Z\]\*, \[a-z\]\*\. Add": ("1", trimap()),
}


@pytest.mark.parametrize("message", BAD_FILES)
def test_a_picture_that_cannot_be_used_raises_or_is_skipped(make, message, caplog):
    make(*BAD_FILES[message])
    folder = make("Siam_1", trimap())
    with pytest.raises(DataError, match=message):
        TrimapSource(folder, PETS)
    with caplog.at_level(logging.WARNING):
        assert TrimapSource(folder, PETS, on_error="skip").groups() == ["Siam_1"]
    assert "skipped 1 of 2 samples" in caplog.text


def test_nothing_that_can_be_used_is_an_error(make):
    with pytest.raises(DataError, match="no picture can be used"):
        TrimapSource(make("1", trimap()), PETS, on_error="skip")


def test_folders_that_are_missing_are_named(tmp_path, make):
    with pytest.raises(DataError, match=r"none: expected a folder with images/ and trimaps/, but it is not there"):
        TrimapSource(tmp_path / "none")
    with pytest.raises(DataError, match=r"trimaps: expected a folder with pictures, but it is not there"):
        TrimapSource(make())


def test_content_follows_trimaps_and_settings(make):
    folder = make(values=trimap())
    before = TrimapSource(folder).fingerprint()
    other = TrimapSource(folder, TrimapSettings(class_name="cat")).fingerprint()
    make(values=trimap((10, 10, 50, 30)))
    (folder / "trimaps/a.png").touch()
    assert len({before, other, TrimapSource(folder).fingerprint()}) == 3


def test_splits_share_no_picture(make):
    for number in range(20):
        folder = make(f"a{number}", trimap())
    parts = {split: set(open_source(f"trimaps:{folder}#{split}").groups()) for split in ("train", "val", "")}
    assert len(parts["train"]) + len(parts["val"]) == 20 and parts["train"] | parts["val"] == parts[""]
    assert set(open_source(f"trimaps:{folder}#val", split_seed=1).groups()) != parts["val"]
    with pytest.raises(DataError, match=r"there is no split 'test'\. Splits there are: train, val"):
        open_source(f"trimaps:{folder}#test")


def test_oxford_pets(real_data):
    source = open_source(f"trimaps:{real_data}/masks_oxford_pets", classes={"[A-Z]*": "cat", "[a-z]*": "dog"})
    names = source.groups()
    assert len(names) == 450 and sum(name[0].isupper() for name in names) == 300
    assert not source.sample(names.index("Abyssinian_34")).has  # a cat, but its trimap is all background
    dog = source.sample(names.index("american_bulldog_15"))
    assert source.class_names[dog.labels[0]] == "dog"
    np.testing.assert_allclose(dog.boxes[0] * np.tile(dog.size_hw[::-1], 2), [35, 30, 204, 308], atol=8)
