"""Targets of masks: shares of classes in cells, what is ignored, what a picture weighs; and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from data_generators.sample import MASK_IGNORE, Sample
from data_generators.transform.input_spec import InputSpec
from detector.codecs.mask import MaskCodec, MaskSettings

SPEC = InputSpec(size_hw=(16, 24))
CLASSES = ("cat", "dog")


def codec(classes: tuple[str, ...] = (), **settings: Any) -> MaskCodec:
    return MaskCodec(MaskSettings.parse(settings), SPEC, classes)


def masked(mask: np.ndarray, **fields: Any) -> Sample:
    return Sample(image=np.zeros((*mask.shape, 3), np.uint8), mask=mask, **({"has": frozenset({"mask"})} | fields))


def two_animals() -> Sample:
    """A cat on 3 x 5 pixels, whose last row and column fill half of their cells, and a dog, cut off on the right; the
    picture's lower edge is unknown."""
    mask = np.zeros(SPEC.size_hw, np.uint8)
    mask[2:5, 4:9] = 1
    mask[8:12, 18:] = 2
    mask[13:] = MASK_IGNORE
    return masked(mask)


def test_a_cell_holds_the_share_of_each_class_among_its_known_pixels() -> None:
    targets, weights = codec(CLASSES).encode([two_animals()])
    cells = targets["mask_logits"][0]
    assert cells.shape == (8, 12, 3)
    np.testing.assert_allclose(cells[1:3, 2:5, 1], [[1, 1, 0.5], [0.5, 0.5, 0.25]])
    np.testing.assert_allclose(cells[4:6, 8:, 2], [[0, 1, 1, 1]] * 2)
    assert (cells[6, :, 0] == 1).all(), "half of the pixels of these cells are known"
    assert (cells[7] == -1).all()
    np.testing.assert_allclose(cells[:7].sum(axis=-1), 1)
    assert weights["mask_logits"].tolist() == [1]


def test_one_class_or_none_is_one_channel_of_all_objects() -> None:
    for classes in ((), ("cat",)):
        target = codec(classes, stride=4).encode([two_animals()])[0]["mask_logits"][0]
        assert target.shape == (4, 6, 1)
        assert target[0, 1, 0] == pytest.approx(0.5)
        assert target[2, 5, 0] == 1


def test_at_stride_1_the_target_is_the_mask() -> None:
    sample = two_animals()
    target = codec(CLASSES, stride=1).encode([sample])[0]["mask_logits"][0]
    known = sample.mask != MASK_IGNORE
    np.testing.assert_array_equal(target.argmax(axis=-1)[known], sample.mask[known])
    assert (target[~known] == -1).all()


def test_background_is_unknown_where_nobody_looked_for_a_class() -> None:
    sample = two_animals().replace(unlabelled=frozenset({1}))
    target = codec(CLASSES).encode([sample])[0]["mask_logits"][0]
    assert (target[0] == -1).all()
    assert target[1, 2, 1] == 1


def test_without_a_mask_a_picture_is_background_only_where_its_boxes_say_so() -> None:
    image, boxes = np.zeros((16, 24, 3), np.uint8), np.array([[0, 0, 0.5, 0.5]], np.float32)
    labels, ignore, points = np.zeros(1, np.int64), np.zeros(1, bool), np.zeros((1, 0, 2), np.float32)
    boxed = Sample(image, boxes, labels, ignore, points, has=frozenset({"boxes"}))
    samples = [
        Sample(image),
        Sample(image, has=frozenset({"boxes"})),
        boxed,
        boxed.replace(labels=labels - 1),
        boxed.replace(labels=labels - 1, unlabelled=frozenset({1})),
    ]
    targets, weights = codec(CLASSES).encode(samples)
    assert weights["mask_logits"].tolist() == [0, 1, 0, 1, 0]
    assert (targets["mask_logits"][[1, 3], ..., 0] == 1).all()


def test_a_picture_weighs_as_much_as_its_rarest_class() -> None:
    cat, nothing = np.zeros(SPEC.size_hw, np.uint8), np.zeros(SPEC.size_hw, np.uint8)
    cat[4:8, 4:8] = 1
    pictures = [two_animals(), masked(cat), masked(nothing), masked(nothing + MASK_IGNORE)]
    weights = {"background": 0.5, "dog": 3.0}
    found = codec(CLASSES, picture_weights=weights).encode(pictures)[1]["mask_logits"]
    assert found.tolist() == [3, 1, 0.5, 0]
    found = codec((), picture_weights={"object": 2.0}).encode(pictures)[1]["mask_logits"]
    assert found.tolist() == [2, 2, 1, 0]


def test_coarser_targets_stand_beside_the_finest() -> None:
    targets, weights = codec(CLASSES, deep_supervision=2).encode([two_animals()])
    shapes = {name: target.shape[1:] for name, target in targets.items()}
    assert shapes == {"mask_logits": (8, 12, 3), "mask_logits_4": (4, 6, 3), "mask_logits_8": (2, 3, 3)}
    assert targets["mask_logits_8"][0, 1, 2, 2] == pytest.approx(24 / (5 * 8))
    assert set(weights) == set(targets)


@pytest.mark.parametrize(("classes", "count"), [((), 1), (("cat",), 1), (CLASSES, 2)])
def test_decode_is_the_inverse_of_encode(classes: tuple[str, ...], count: int) -> None:
    """Of shares as probabilities: the logits are their logarithms."""
    head = codec(classes, stride=2)
    shares = np.clip(
        head.encode([two_animals().replace(mask=two_animals().mask % MASK_IGNORE)])[0]["mask_logits"], 1e-6, 1
    )
    logits = np.log(shares) if count == 2 else np.log(shares / np.maximum(1 - shares, 1e-6))
    [prediction] = head.decode({"mask_logits": logits})
    assert prediction.classes == classes
    assert prediction.probabilities.shape == (8, 12, count)
    assert prediction.probabilities.dtype == np.float32
    np.testing.assert_allclose(prediction.probabilities, shares[0, ..., -count:], atol=1e-5)


def test_logits_of_any_size_are_probabilities() -> None:
    logits = np.array([[[[1000.0, -1000, 0], [-1000, 1000, 1000]]]], np.float32)
    [prediction] = codec(CLASSES).decode({"mask_logits": logits})
    np.testing.assert_allclose(prediction.probabilities, [[[0, 0], [0.5, 0.5]]])


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match=r"model\.heads\.mask\.class_weights names cow, which is no class .*dog"):
        codec(CLASSES, class_weights={"cow": 2.0, "background": 1.0})
    with pytest.raises(ValueError, match=r"model\.heads\.mask\.picture_weights names cat.* background, object"):
        codec((), picture_weights={"cat": 2.0})
    for losses in ({}, {"dice": 0}):
        with pytest.raises(ValueError, match="`losses` needs a loss or more"):
            MaskSettings.parse({"losses": losses})
