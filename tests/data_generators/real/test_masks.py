import logging

import numpy as np
import pytest
from PIL import Image

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.images import write_image
from data_generators.settings import SettingsError

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


def painted(first=1, second=0):
    """uint8 (40, 60): 0, and two objects, of which the second is cut off by the right edge."""
    values = np.zeros((40, 60), np.uint8)
    values[10:30, 6:30] = first
    values[0:8, 45:60] = second
    return values


@pytest.fixture
def make(tmp_path):
    def write(name="a", mask=None, images="image", masks="label", image=IMAGE):
        """Writes `images/name.jpg` and, where there is a mask, `masks/name.png`."""
        write_image(tmp_path / images / f"{name}.jpg", image)
        if mask is not None:
            write_image(tmp_path / masks / f"{name}.png", np.asarray(mask, np.uint8)[..., None])
        return tmp_path

    return write


def opened(folder, split="", **options):
    return open_source(f"masks:{folder}{split}", **options)


def test_mask_and_box(make):
    sample = opened(make(mask=painted(255))).sample(0)
    np.testing.assert_array_equal(sample.mask, painted(1))
    np.testing.assert_allclose(sample.boxes * [60, 40, 60, 40], [[6, 10, 30, 30]], atol=1e-5)
    assert (sample.has, sample.labels.tolist(), sample.ignore.tolist()) == ({"boxes", "mask"}, [0], [False])
    assert sample.origin.endswith("image/a.jpg") and sample.group == "a"


@pytest.mark.parametrize(("others", "wanted"), [((1, 255), 255), ((255, 255), 1), ((0, 0), 1)])
def test_whether_255_in_a_palette_is_ignored_is_decided_once_for_a_source(make, others, wanted):
    """`a` holds 0 and 255 alone; what its 255 means, `b` tells."""
    for name, values in (("a", (255, 0)), ("b", others)):
        folder = make(name)
        picture = Image.fromarray(painted(*values))
        picture.putpalette([value for index in range(256) for value in (index, 9, 9)])
        (folder / "label").mkdir(exist_ok=True)
        picture.save(folder / "label" / f"{name}.png")
    sample = opened(folder).sample(0)
    assert sample.mask.max() == wanted and len(sample.boxes) == (wanted == 1)


def test_an_empty_mask_says_that_there_is_nothing(make):
    sample = opened(make(mask=painted(0))).sample(0)
    assert sample.has == {"boxes", "mask"} and len(sample.boxes) == 0 and not sample.mask.any()


def test_classes_regions_and_no_boxes(make):
    folder = make(mask=painted(2, 1))
    source = opened(folder, classes={1: "dog", 2: "cat"})
    assert source.class_names == ("dog", "cat") and source.labelled_classes == {"dog", "cat"}
    assert source.sample(0).labels.tolist() == [0, 1]
    assert len(opened(folder, boxes="regions").sample(0).boxes) == 2
    alone = opened(folder, boxes="none").sample(0)
    assert alone.has == {"mask"} and len(alone.boxes) == 0


@pytest.mark.parametrize(
    "folders",
    [("image", "label"), ("images", "masks"), ("Images", "labels"), ("JPEGImages", "SegmentationClass"), ("img", "gt")],
)
def test_usual_folders_are_found(make, folders):
    folder = make(mask=painted(), images=folders[0], masks=folders[1])
    (folder / "visualization").mkdir()
    assert len(opened(folder)) == 1


def test_other_folders_are_named(make):
    folder = make(mask=painted(), images="day 1", masks="painted")
    with pytest.raises(DataError, match=r"Folders there are: day 1, painted\. Say which .* \{images: photos"):
        opened(folder)
    assert len(opened(folder, images="day 1", masks="painted")) == 1


def test_two_folders_that_could_be_it_are_refused(make):
    make(mask=painted(), masks="label")
    with pytest.raises(DataError, match=r"Folders there are: image, label, masks\. Say which"):
        opened(make(mask=painted(), masks="masks"))


@pytest.mark.parametrize("ending", ["_mask", "_seg", "_wrong"])
def test_endings_of_masks_also_beside_the_pictures(tmp_path, ending):
    write_image(tmp_path / "a.png", IMAGE)
    write_image(tmp_path / f"a{ending}.png", painted()[..., None])
    options = {"images": ".", "masks": "."} | ({"mask_suffix": ending} if ending == "_wrong" else {})
    source = opened(tmp_path, **options)
    assert source.groups() == ["a"] and source.sample(0).mask.any()


def test_a_group_is_a_sub_folder_a_pattern_or_the_picture_in_natural_order(make):
    for name in ("c1/frame_10", "c1/frame_9", "c2/frame_1"):
        folder = make(name, painted())
    source = opened(folder)
    assert source.groups() == ["c1", "c1", "c2"] and source.sample(0).origin.endswith("frame_9.jpg")
    assert opened(folder, group_pattern=r"frame_(\d)").groups() == ["9", "1", "1"]
    with pytest.raises(DataError, match=r"c2/frame_1\.jpg: the name c2/frame_1 does not fit group_pattern 'c1'\. Give"):
        opened(folder, group_pattern="c1")
    with pytest.raises(SettingsError, match="the pattern is no regular expression"):
        opened(folder, group_pattern="(")


def test_folders_that_are_clips_are_groups_and_made_into_splits(make):
    for clip in range(12):
        folder = make("00001", painted(), f"clip {clip}/images", f"clip {clip}/masks")
        make("00002", painted(), f"clip {clip}/images", f"clip {clip}/masks")
    assert set(opened(folder).groups()) == {f"clip {clip}" for clip in range(12)}
    assert opened(folder, "#clip 3").groups() == ["clip 3"] * 2
    train, val = (opened(folder, split, val_share=0.4) for split in ("#train", "#val"))
    assert len(train) + len(val) == 24 and not set(train.groups()) & set(val.groups())
    with pytest.raises(DataError, match=r"there is no split 'test'\. Splits there are: train, val; they are made"):
        opened(folder, "#test")


@pytest.mark.parametrize("layout", [("{}/image", "{}/label"), ("images/{}", "masks/{}")])
def test_splits_of_the_folder_itself(make, layout):
    for split in ("train", "test"):
        folder = make(f"of {split}", painted(), *(text.format(split) for text in layout))
        make("clip/1", painted(), *(text.format(split) for text in layout))
    assert opened(folder, "#test").groups() == ["clip", "test/of test"]
    assert sorted(opened(folder).groups()) == ["clip", "clip", "test/of test", "train/of train"]
    with pytest.raises(DataError, match=r"there is no split 'val'\. Splits there are: test, train\."):
        opened(folder, "#val")


def test_the_lists_of_pascal_voc_say_which_pictures_have_masks(make):
    for name in ("2007_1", "2007_2", "2007_3"):
        folder = make(name, painted() if name != "2007_3" else None, "JPEGImages", "SegmentationClass")
    lists = folder / "ImageSets/Segmentation"
    lists.mkdir(parents=True)
    for split, names in (("train", "2007_1\n"), ("val", "2007_2\n"), ("trainval", "2007_1\n2007_2\n")):
        (lists / f"{split}.txt").write_text(names)
    assert opened(folder, "#train").groups() == ["2007_1"]
    assert opened(folder).groups() == ["2007_1", "2007_2"]


BAD_PICTURES = {
    r"image/b\.jpg: there is no mask of this picture\. Put it at .*label/b\.png, give the ending": [None],
    r"image/b\.jpg: there are 2 masks of this picture: b\.bmp, b\.png\. Keep one": [painted()],
}


@pytest.mark.parametrize("message", BAD_PICTURES)
def test_a_picture_that_cannot_be_used_raises_or_is_skipped(make, message, caplog):
    make("b", *BAD_PICTURES[message])
    folder = make("a", painted())
    Image.fromarray(painted()).save(folder / "label" / ("b.bmp" if BAD_PICTURES[message][0] is not None else "c.png"))
    with pytest.raises(DataError, match=message):
        opened(folder)
    with caplog.at_level(logging.WARNING):
        assert opened(folder, on_error="skip").groups() == ["a"]
    assert "skipped 1 of 2 samples" in caplog.text
    assert ("1 masks without a picture are passed over, e.g. c" in caplog.text) == ("no mask" in message)


def test_a_mask_of_another_size_is_refused_with_file_and_cure(make):
    message = r"label/a\.png: the mask has 40 x 60 pixels, but .*image/a\.jpg, upright .* 60 x 40\. Resize it"
    with pytest.raises(DataError, match=message):
        opened(make(mask=painted().T)).sample(0)


def test_nothing_that_can_be_used_is_an_error(make):
    with pytest.raises(DataError, match=r"expected a folder of pictures and one of masks"):
        opened(make())
    make("b", painted())
    (make() / "label/b.png").rename(make() / "label/c.png")
    with pytest.raises(DataError, match="no picture can be used"):
        opened(make(), on_error="skip")


def test_the_folder_may_say_what_its_values_mean(make):
    folder = make(mask=painted(2))
    (folder / "masks.yaml").write_text("classes: {2: cat}\nboxes: none\n")
    assert opened(folder).class_names == ("cat",) and not len(opened(folder).sample(0).boxes)
    assert opened(folder, boxes="values").sample(0).has == {"boxes", "mask"}
    assert opened(folder, class_name="dog").class_names == ("dog",)
    (folder / "masks.yaml").write_text("clases: {2: cat}")
    with pytest.raises(SettingsError, match=r"masks\.yaml is not valid:\n.*Did you mean `classes`\?"):
        opened(folder)
    (folder / "masks.yaml").write_text("- cat")
    with pytest.raises(DataError, match=r"masks\.yaml: expected settings, got list"):
        opened(folder)


def test_content_follows_masks_and_settings(make):
    folder = make(mask=painted())
    before, other = opened(folder).fingerprint(), opened(folder, class_name="cat").fingerprint()
    make(mask=painted(1, 1))
    assert len({before, other, opened(folder).fingerprint()}) == 3


def test_membranes_are_0_and_cells_255(real_data):
    folder = real_data / "masks_membrane/data/membrane/train"
    source = opened(folder, classes={0: "membrane", 255: "background"}, boxes="none")
    assert len(source) == 30 and source.groups()[:3] == ["0", "1", "2"]
    sample = source.sample(0)
    dark, bright = (float(sample.image[sample.mask == value].mean()) for value in (1, 0))
    assert sample.has == {"mask"} and dark < bright - 20 and 0.1 < (sample.mask == 1).mean() < 0.3
