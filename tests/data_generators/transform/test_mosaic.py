"""Four pictures in one: every object stays where its pixels are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_generators.sample import Sample
from data_generators.transform.augment import Augmentation, AugmentSettings
from data_generators.transform.input_spec import InputSpec
from data_generators.transform.mosaic import MosaicSettings, join_four, mix_mosaics

SPEC = InputSpec(size_hw=(64, 96))
COLOURS = np.array([[250, 0, 0], [0, 250, 0], [0, 0, 250], [250, 250, 250]])


def painted(label: int, box_px: tuple[int, int, int, int], **changes: object) -> Sample:
    """A black picture with one rectangle of a colour that tells its label."""
    x0, y0, x1, y1 = box_px
    image, mask = np.zeros((64, 96, 3), np.uint8), np.zeros((64, 96), np.uint8)
    image[y0:y1, x0:x1], mask[y0:y1, x0:x1] = COLOURS[label], label + 1
    return Sample(
        image=image,
        boxes=np.array([box_px], np.float32) / np.array([96, 64, 96, 64], np.float32),
        labels=np.array([label]),
        ignore=np.zeros(1, bool),
        keypoints=np.zeros((1, 0, 2), np.float32),
        mask=mask,
        has=frozenset({"boxes", "mask"}),
        group=f"g{label}",
        origin=f"picture {label}",
    ).replace(**changes)


FOUR = [
    painted(0, (10, 10, 50, 40)),
    painted(1, (30, 5, 90, 60)),
    painted(2, (0, 0, 30, 30)),
    painted(3, (60, 30, 96, 64)),
]


def test_four_pictures_stand_in_their_quarters() -> None:
    whole = join_four(FOUR)
    assert whole.size_hw == (128, 192)
    np.testing.assert_array_equal(whole.image[64:, :96], FOUR[2].image)
    np.testing.assert_array_equal(whole.mask[:64, 96:], FOUR[1].mask)
    np.testing.assert_allclose(whole.boxes[3] * [192, 128, 192, 128], [96 + 60, 64 + 30, 192, 128], atol=1e-4)
    assert whole.labels.tolist() == [0, 1, 2, 3]
    assert whole.origin == "picture 0 + picture 1 + picture 2 + picture 3"


def test_what_one_picture_does_not_know_the_whole_does_not_know() -> None:
    unmasked = FOUR[3].replace(has=frozenset({"boxes"}), mask=np.zeros((0, 0), np.uint8), unlabelled=frozenset({2}))
    whole = join_four([*FOUR[:3], unmasked])
    assert (whole.has, whole.mask.shape, whole.unlabelled) == ({"boxes"}, (0, 0), {2})


def test_keypoints_of_some_are_unknown_for_the_others() -> None:
    quad = np.array([[[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]], np.float32)
    whole = join_four([FOUR[0].replace(keypoints=quad), *FOUR[1:]])
    np.testing.assert_allclose(whole.keypoints[0], quad[0] / 2)
    assert np.isnan(whole.keypoints[1:]).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.5, 1), st.floats(0.5, 1))
def test_boxes_and_masks_lie_where_the_pixels_lie(seed: int, least: float, most: float) -> None:
    mosaic = MosaicSettings(share=1, scale=(least, most))
    mixed = mix_mosaics(FOUR, mosaic, SPEC, "none", (seed,))
    assert [sample.group for sample in mixed] == ["g0", "g1", "g2", "g3"]
    for sample in mixed:
        assert sample.size_hw == SPEC.size_hw
        for box, label in zip(sample.boxes, sample.labels, strict=True):
            rows, columns = np.nonzero((np.abs(sample.image - COLOURS[label]) < 120).all(axis=2))
            if len(rows) < 30 or (sample.labels == label).sum() > 1:
                continue  # hardly in the picture; drawn twice
            seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / [96, 64, 96, 64]
            np.testing.assert_allclose(box, seen, atol=2.1 / 64)
            assert (sample.mask == label + 1).sum() == pytest.approx(len(rows), rel=0.25, abs=150)  # its rim


def test_an_object_of_which_little_is_left_is_ignored() -> None:
    sliver = [painted(0, (0, 0, 96, 64)), *FOUR[1:]]
    strict = MosaicSettings(share=1, scale=(1, 1), min_visible=0.99)
    assert all(sample.ignore[sample.labels == 0].all() for sample in mix_mosaics(sliver, strict, SPEC, "none", (3,)))
    lenient = strict.model_copy(update={"min_visible": 0.0})
    assert not any(sample.ignore.any() for sample in mix_mosaics(sliver, lenient, SPEC, "none", (3,)))


def test_the_share_is_kept_and_the_seed_decides() -> None:
    batch = FOUR * 50
    first, again, other = (mix_mosaics(batch, MosaicSettings(share=0.3), SPEC, "none", (1, n)) for n in (5, 5, 6))
    changed = np.array([new is not old for new, old in zip(first, batch, strict=True)])
    assert 0.2 < changed.mean() < 0.4
    assert all(np.array_equal(a.image, b.image) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a.image, b.image) for a, b in zip(first, other, strict=True))


def test_a_batch_of_one_is_four_times_itself() -> None:
    [only] = mix_mosaics(FOUR[:1], MosaicSettings(share=1, scale=(0.5, 0.5)), SPEC, "none", (1,))
    assert only.labels.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(("values", "mixed"), [({"mosaic": {"share": 1}}, True), ({}, False)])
def test_the_augmentation_mixes_where_it_is_asked_to(values: dict[str, object], mixed: bool) -> None:
    augmentation = Augmentation(AugmentSettings.parse(values), SPEC)
    batch = augmentation.mix(FOUR, (1, 2))
    assert [new is not old for new, old in zip(batch, FOUR, strict=True)] == [mixed] * 4
    off = Augmentation(AugmentSettings.parse(values | {"enabled": False}), SPEC)
    assert all(new is old for new, old in zip(off.mix(FOUR, (1, 2)), FOUR, strict=True))
