import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as pycoco

from data_generators.errors import DataError
from data_generators.images import write_image
from data_generators.real.coco import CocoSource
from data_generators.real.coco_masks import check_segmentation, pack_region, unpack_counts

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
LARGE, SMALL = [6, 10, 36, 10, 36, 30, 6, 30], [10, 14, 20, 14, 20, 24, 10, 24]  # the second lies in the first
CATEGORIES = [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}]


def region(x0, y0, x1, y1):
    values = np.zeros((40, 60), np.uint8)
    values[y0:y1, x0:x1] = 1
    return values


def runs(values, as_list=False):
    packed = pack_region(values)
    return packed | {"counts": unpack_counts(packed["counts"])} if as_list else packed


@pytest.fixture
def read(tmp_path):
    """Writes a COCO file of two pictures, a.png with the annotations and b.png with none; gives the source."""

    def write(*annotations, size_hw=(40, 60), **image):
        for name in ("a.png", "b.png"):
            write_image(tmp_path / name, IMAGE[: size_hw[0], : size_hw[1]])
        images = [{"id": number, "file_name": name, "height": 40, "width": 60} for number, name in enumerate("ab")]
        images = [entry | {"file_name": f"{entry['file_name']}.png"} for entry in images]
        common = {"image_id": 0, "bbox": [0, 0, 60, 40], "category_id": 1}
        entries = [common | {"id": number} | entry for number, entry in enumerate(annotations)]
        data = {"images": [images[0] | image, images[1]], "annotations": entries, "categories": CATEGORIES}
        (tmp_path / "set.json").write_text(json.dumps(data))
        return CocoSource(tmp_path / "set.json")

    return write


@pytest.mark.parametrize("reverse", [False, True])
def test_smaller_objects_lie_on_top_whatever_their_order(read, reverse):
    large, small = {"segmentation": [LARGE]}, {"segmentation": [SMALL], "category_id": 2, "bbox": [10, 14, 10, 10]}
    sample = read(*([small, large] if reverse else [large, small])).sample(0)
    wanted = region(6, 10, 36, 30)
    wanted[14:24, 10:20] = 2
    np.testing.assert_array_equal(sample.mask, wanted)
    assert sample.has == {"boxes", "mask"} and sorted(sample.labels.tolist()) == [0, 1]


@pytest.mark.parametrize("as_list", [False, True])
def test_run_lengths_packed_or_not(read, as_list):
    values = np.random.default_rng(3).integers(0, 2, (40, 60)).astype(np.uint8)
    sample = read({"segmentation": runs(values, as_list), "category_id": 2}).sample(0)
    np.testing.assert_array_equal(sample.mask, 2 * values)


def test_crowds_and_objects_without_segmentation_are_to_be_ignored_below_the_others(read):
    crowd = {"segmentation": runs(region(0, 0, 12, 40), as_list=True), "iscrowd": 1, "bbox": [0, 0, 12, 40]}
    boxed = {"bbox": [30, 0, 10, 20], "segmentation": []}
    sample = read({"segmentation": [LARGE]}, crowd, boxed, ignore_mask=runs(region(0, 38, 60, 40))).sample(0)
    wanted = np.where(region(0, 0, 12, 40) | region(30, 0, 40, 20) | region(0, 38, 60, 40), 255, 0)
    wanted[10:30, 6:36] = 1
    np.testing.assert_array_equal(sample.mask, wanted)
    assert sample.ignore.tolist() == [False, True, False]


def test_a_picture_without_objects_has_an_empty_mask_where_others_have_masks(read):
    assert read({"segmentation": [LARGE]}).sample(1).has == {"boxes", "mask"}
    assert not read({"segmentation": [LARGE]}).sample(1).mask.any()
    boxes = read({"segmentation": []})
    assert [boxes.sample(index).has for index in range(2)] == [{"boxes"}, {"boxes"}]


def test_polygons_of_two_points_are_none(read):
    sample = read({"segmentation": [LARGE, [1, 1, 50, 30]]}).sample(0)
    np.testing.assert_array_equal(sample.mask, region(6, 10, 36, 30))


def test_a_picture_that_was_shrunk_after_labelling(read):
    sample = read({"segmentation": [LARGE]}, size_hw=(20, 30)).sample(0)
    np.testing.assert_array_equal(sample.mask, region(6, 10, 36, 30)[::2, ::2])


BAD_SEGMENTATIONS = {
    r"annotation 7: `segmentation` must be lists x y x y .* Received \[1, 2, 3\]": [[1, 2, 3]],
    r"annotation 7: `segmentation` must be lists x y x y .* Received abc": "abc",
    r"lists x y x y .* Received \[nan, 1, 2": [[float("nan"), 1, 2, 3, 4, 5]],
    r"run lengths need `counts`, .* `size` of their picture, \[40, 60\]\. Received list and \[60, 40\]": {
        "counts": [2400],
        "size": [60, 40],
    },
    r"annotation 7: the run lengths do not add up to the 40 x 60 pixels": {"counts": [2300], "size": [40, 60]},
    r"the run lengths do not add up .* Export it again": {"counts": "abc", "size": [40, 60]},
}


@pytest.mark.parametrize("message", BAD_SEGMENTATIONS)
def test_a_segmentation_that_cannot_be_used_is_named(message):
    with pytest.raises(DataError, match=message):
        check_segmentation("annotation 7", BAD_SEGMENTATIONS[message], (40.0, 60.0))


@given(st.integers(1, 40), st.integers(1, 200), st.floats(0, 1), st.integers(0, 99))
def test_unpacked_run_lengths_are_those_that_were_packed(height, width, share, seed):
    values = (np.random.default_rng(seed).random((height, width)) < share).astype(np.uint8)
    counts = unpack_counts(pack_region(values)["counts"])
    again = np.repeat(np.arange(len(counts)) % 2, counts).reshape(width, height).T
    np.testing.assert_array_equal(again, values)
    np.testing.assert_array_equal(
        pycoco.decode({"counts": counts, "size": [height, width]} | pack_region(values)), values
    )


@pytest.mark.parametrize("text", ["a", "P", "0\n", "~"])
def test_broken_strings_are_refused(text):
    with pytest.raises((ValueError, AssertionError)):
        assert sum(unpack_counts(text)) == 2400
