import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from data_generators.errors import DataError
from data_generators.real.mask_values import MaskValueSettings, PaintedMask, read_mask
from data_generators.settings import SettingsError

PALETTE = [value for index in range(256) for value in (index, 255 - index, 3 * index % 256)]


def painted(**pixels):
    """uint8 (40, 60) of 0, with two rectangles: `first` at x 6 to 30, y 10 to 30, `second` at x 45 to 60, y 0 to 8."""
    values = np.zeros((40, 60), np.uint8)
    values[10:30, 6:30] = pixels.get("first", 0)
    values[0:8, 45:60] = pixels.get("second", 0)
    return values


def write(path, values, kind="grey"):
    picture = Image.fromarray(values)
    if kind == "palette":
        picture = Image.frombytes("P", values.shape[::-1], values.tobytes())
        picture.putpalette(PALETTE)
    picture.save(path)
    return path


def read(path, **values):
    options = MaskValueSettings.parse(values)
    return read_mask(path, options), options


@pytest.mark.parametrize("kind", ["grey", "palette"])
@pytest.mark.parametrize("values", [(1, 0), (255, 0), (255, 255), (1, 2), (7, 7), (0, 0)])
def test_everything_but_0_is_the_object(tmp_path, kind, values):
    mask = painted(first=values[0], second=values[1])
    found, options = read(write(tmp_path / "a.png", mask, kind), class_name="cat")
    assert options.class_names == ("cat",)
    np.testing.assert_array_equal(found.class_mask(options.class_names), (mask > 0).astype(np.uint8))


def test_255_beside_others_in_a_palette_is_to_be_ignored_as_pascal_voc_has_it(tmp_path):
    mask = painted(first=15, second=255)
    found, options = read(write(tmp_path / "a.png", mask, "palette"))
    np.testing.assert_array_equal(found.class_mask(options.class_names), painted(first=1, second=255))
    named, options = read(tmp_path / "a.png", classes={15: "person", 12: "dog"})
    assert options.class_names == ("person", "dog")
    np.testing.assert_array_equal(named.class_mask(options.class_names), painted(first=1, second=255))


def test_the_list_of_classes_counts_from_0_and_background_may_be_any_value(tmp_path):
    path = write(tmp_path / "a.png", painted(first=1, second=2))
    found, options = read(path, classes=["background", "cat", "ignore"])
    np.testing.assert_array_equal(found.class_mask(options.class_names), painted(first=1, second=255))
    found, options = read(write(tmp_path / "b.png", painted(first=255)), classes={0: "membrane", 255: "background"})
    np.testing.assert_array_equal(found.class_mask(options.class_names), painted(first=1) == 0)


def test_a_threshold_reads_soft_masks(tmp_path):
    soft = painted(first=250, second=3)
    soft[20] = soft[20] // 2
    found, options = read(write(tmp_path / "a.png", soft), threshold=128)
    np.testing.assert_array_equal(found.class_mask(options.class_names), soft >= 128)


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "palette"])
def test_colours_of_any_kind_of_picture(tmp_path, kind):
    colours = np.array([[0, 0, 0], [220, 10, 10], [9, 9, 9], [1, 2, 3]], np.uint8)
    codes = painted(first=1, second=2)
    codes[39, 59] = 3
    picture = Image.fromarray(colours[codes])
    if kind == "palette":
        picture = Image.frombytes("P", (60, 40), codes.tobytes())
        picture.putpalette(colours.ravel().tolist())
    picture.convert("RGBA" if kind == "RGBA" else picture.mode).save(tmp_path / "a.png")
    options = {"dog": [9, 9, 9], "cat": [220, 10, 10], "ignore": [1, 2, 3]}
    found, read_as = read(tmp_path / "a.png", colours=options)
    assert read_as.class_names == ("dog", "cat")
    wanted = painted(first=2, second=1)
    wanted[39, 59] = 255
    np.testing.assert_array_equal(found.class_mask(read_as.class_names), wanted)


def test_boxes_around_values_and_around_regions():
    values = painted(first=3, second=3).astype(np.int32)
    values[35:40, 0:2] = 4
    found = PaintedMask(values, {0: "background", 3: "cat", 4: "dog"})
    boxes, labels = found.objects(("dog", "cat"), "values")
    assert labels.tolist() == [1, 0]
    np.testing.assert_allclose(boxes * [60, 40, 60, 40], [[6, 0, 60, 30], [0, 35, 2, 40]], atol=1e-5)
    boxes, labels = found.objects(("dog", "cat"), "regions")
    assert sorted(labels.tolist()) == [0, 1, 1]
    wanted = [[0, 35, 2, 40], [6, 10, 30, 30], [45, 0, 60, 8]]
    np.testing.assert_allclose(sorted((boxes * [60, 40, 60, 40]).tolist()), wanted, atol=1e-5)


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["background", "ignore", "cat", "dog"]), min_size=1, max_size=9), st.integers(0, 99))
def test_each_pixel_is_what_its_value_is_called(names, seed):
    values = np.random.default_rng(seed).integers(0, len(names), (5, 7)).astype(np.int32)
    codes = {"background": 0, "dog": 1, "cat": 2, "ignore": 255}
    mask = PaintedMask(values, dict(enumerate(names))).class_mask(("dog", "cat"))
    assert mask.tolist() == [[codes[names[value]] for value in row] for row in values]


BAD_VALUES = {
    r"a\.png: expected 0 and one other value, or small class numbers, got 0, 1, 255\. Where .* threshold: 128": {},
    r"a\.png: expected the values 0, 1, got also 255\. Say in `classes` .* \{255: cat\}, \{255: background\} or": {
        "classes": ["background", "cat"]
    },
}


@pytest.mark.parametrize("message", BAD_VALUES)
def test_values_of_which_nobody_knows_what_they_mean_are_refused(tmp_path, message):
    with pytest.raises(DataError, match=message):
        read(write(tmp_path / "a.png", painted(first=1, second=255)), **BAD_VALUES[message])


def test_colours_that_nobody_named_are_refused_with_those_that_there_are(tmp_path):
    colours = np.array([[0, 0, 0], [220, 10, 10], [9, 9, 8]], np.uint8)[painted(first=1, second=2)]
    Image.fromarray(colours).save(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"got colours \(RGB\)\. Name its colours, .* \{cat: \[255, 0, 0\]\}"):
        read(tmp_path / "a.png")
    message = r"600 pixels have a colour that is none of cat: \[220, 10, 10\] \(480\), \[9, 9, 8\] \(120\)\. Add them"
    with pytest.raises(DataError, match=message):
        read(tmp_path / "a.png", colours={"cat": [255, 0, 0]})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"classes": ["background", "ignore"]}, "expected 1 to 254 classes beside background and ignore"),
        ({"classes": [str(number) for number in range(255)]}, "expected 1 to 254 classes"),
        ({"classes": {1: "cat"}, "threshold": 9}, "classes, colours and threshold are three ways to read a mask"),
        ({"colours": {"cat": [256, 0, 0]}}, "less than or equal to 255"),
    ],
)
def test_settings_that_contradict_each_other(values, message):
    with pytest.raises(SettingsError, match=message):
        MaskValueSettings.parse(values)
