import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO

from data_generators.real.box_writer import write_box_set
from data_generators.real.coco import CocoSource
from data_generators.real.coco_writer import CocoWriter, share_out
from data_generators.sample import Sample
from tests.data_generators.real.boxes import EMPTY, Drawn, boxed

BOXES = [[0.1, 0.25, 0.5, 0.75], [0.3, 0.4, 0.7, 1.0], [0.75, 0.0, 1.0, 0.2]]  # the first two overlap


def masked(mask, **changes):
    return boxed(BOXES, [0, 0, 1], mask=np.asarray(mask, np.uint8), has=frozenset({"boxes", "mask"}), **changes)


def painted():
    """uint8 (40, 60): two dogs that touch, a cat in two parts, a rim to be ignored."""
    mask = np.zeros((40, 60), np.uint8)
    mask[10:30, 6:24], mask[16:40, 22:42] = 1, 1
    mask[0:3, 45:60], mask[5:8, 50:60] = 2, 2
    mask[30:32, 6:20] = 255
    return mask


def write(tmp_path, sample: Sample):
    changes = write_box_set({"": Drawn([sample, EMPTY])}, tmp_path / "new", CocoWriter)
    source = CocoSource(tmp_path / "new")
    return changes, sorted(map(source.sample, range(2)), key=lambda each: -len(each.boxes))[0]


def test_masks_come_back_and_belong_to_their_boxes(tmp_path):
    changes, again = write(tmp_path, masked(painted()))
    np.testing.assert_array_equal(again.mask, painted())
    np.testing.assert_allclose(again.boxes, BOXES, atol=1e-5)
    assert changes == [] and not again.ignore.any()
    regions, rest = share_out(masked(painted()))
    assert [int(region.sum()) for region in regions] == [467, 345, 75]  # of two that touch, the smaller box takes it
    assert set(np.unique(rest)) == {0, 255}


def test_pycocotools_reads_the_masks(tmp_path):
    write(tmp_path, masked(painted()))
    coco = COCO(tmp_path / "new/annotations/instances_default.json")
    whole = np.zeros((40, 60), np.uint8)
    for annotation in coco.loadAnns(coco.getAnnIds()):
        region = coco.annToMask(annotation)
        assert annotation["area"] == region.sum()
        whole[region > 0] = annotation["category_id"]
    np.testing.assert_array_equal(whole, np.where(painted() == 255, 0, painted()))


def test_an_ignored_object_keeps_what_is_to_be_ignored(tmp_path):
    mask = painted()
    mask[mask == 2] = 255
    changes, again = write(tmp_path, masked(mask, ignore=np.array([False, False, True])))
    np.testing.assert_array_equal(again.mask, mask)
    assert again.ignore.tolist() == [False, False, True] and changes == []


def test_regions_in_no_box_are_objects_of_their_own(tmp_path):
    mask = painted()
    mask[36:40, 0:3] = 2
    changes, again = write(tmp_path, masked(mask))
    np.testing.assert_array_equal(again.mask, mask)
    assert changes == ["1 regions of masks lie in no box of their class: they are objects of their own now."]
    np.testing.assert_allclose(again.boxes[-1] * [60, 40, 60, 40], [0, 36, 3, 40], atol=1e-4)


def test_a_mask_without_boxes_gives_an_object_a_region(tmp_path):
    mask = painted()
    mask[33:36, 8:11] = 1
    bare = masked(mask).replace(**{name: getattr(EMPTY, name) for name in ("boxes", "labels", "ignore", "keypoints")})
    changes, again = write(tmp_path, bare.replace(has=frozenset({"mask"})))
    np.testing.assert_array_equal(again.mask, mask)
    assert changes == [] and sorted(again.labels.tolist()) == [0, 0, 1, 1]


@settings(max_examples=25)
@given(st.integers(0, 9999))
def test_every_pixel_is_one_object_or_rest(seed):
    rng = np.random.default_rng(seed)
    mask = np.kron(rng.choice([0, 1, 2, 255], (8, 12)), np.ones((5, 5))).astype(np.uint8)
    sample = masked(mask, ignore=rng.random(3) < 0.3)
    regions, rest = share_out(sample)
    again = np.array(rest)
    for region, label, ignore in zip(regions, sample.labels, sample.ignore, strict=True):
        assert not again[region].any()
        again[region] = 255 if ignore else label + 1
    np.testing.assert_array_equal(again, mask)


@pytest.mark.parametrize("text", ["davis:{}/video_camel#val", "trimaps:{}/masks_oxford_pets#val"])
def test_real_masks_come_back(real_data, tmp_path, text):
    from data_generators.formats import open_source
    from data_generators.sources import SubsetSource

    source = SubsetSource(open_source(text.format(real_data)), range(3))
    assert not [line for line in write_box_set({"": source}, tmp_path / "new", CocoWriter) if "mask" in line]
    again = CocoSource(tmp_path / "new")
    for index in range(3):
        np.testing.assert_array_equal(again.sample(index).mask, source.sample(index).mask)
