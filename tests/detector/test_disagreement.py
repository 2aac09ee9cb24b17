"""How far looks disagree: nothing where they say the same, more the more they differ, for every head."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from detector.codecs.autoencoder import AutoencoderPrediction
from detector.codecs.boxes import BoxesPrediction
from detector.codecs.corners import CornersPrediction
from detector.codecs.mask_prediction import MaskPrediction
from detector.codecs.presence import PresencePrediction
from detector.disagreement import disagreement

QUAD = np.array([[0.2, 0.15], [0.7, 0.2], [0.75, 0.8], [0.1, 0.7]], np.float32)


def two_masks(shift: int) -> MaskPrediction:
    """Two objects of two classes on 12 x 20 cells, one of which lies so many cells further right."""
    probabilities = np.full((12, 20, 2), 0.004, np.float32)
    probabilities[2:8, 1 + shift : 7 + shift, 0] = 0.9
    probabilities[6:10, 14:19, 1] = 0.7
    return MaskPrediction(probabilities, ("cat", "dog"))


def two_boxes(shift: int) -> BoxesPrediction:
    """Two objects, one of which lies so many twentieths further right, and a cloud of hardly any probability."""
    boxes = [[0.05 * (1 + shift), 0.2, 0.05 * (7 + shift), 0.7], [0.7, 0.5, 0.95, 0.8], [0.1 * shift, 0, 0.1, 0.9]]
    return BoxesPrediction(
        np.array(boxes, np.float32), np.array([0.9, 0.7, 0.01], np.float32), np.array([0, 1, 0]), ("cat", "dog")
    )


def corners(shift: int) -> CornersPrediction:
    return CornersPrediction(0.9, np.roll(QUAD + np.array([0.05 * shift, 0]), shift, axis=0), np.ones(4))


def points(shift: int) -> CornersPrediction:
    return CornersPrediction(0.9, QUAD[:3] + np.array([0.02 * shift, 0]), np.ones(3))


def presence(shift: int) -> PresencePrediction:
    return PresencePrediction(0.9 - 0.2 * shift)


@pytest.mark.parametrize("look", [two_masks, two_boxes, corners, points, presence])
def test_it_grows_with_what_looks_differ_by(look: Callable[[int], Any]) -> None:
    same, near, far = (disagreement([look(0), look(shift)]) for shift in (0, 1, 4))
    assert same == pytest.approx(0, abs=0.02)
    assert same + 0.01 < near < far <= 1
    assert disagreement([look(0), look(0), look(4)]) == pytest.approx((same + 2 * far) / 3)
    assert disagreement([look(3)]) == 0


def test_it_is_a_share() -> None:
    """One of two equal masks, or boxes, has moved away altogether."""
    one, other = (np.zeros((10, 16, 1), np.float32) for _ in range(2))
    one[:5, :4] = other[:5, 4:8] = 1
    one[5:, :4] = other[5:, :4] = 1
    assert disagreement([MaskPrediction(one), MaskPrediction(other)]) == pytest.approx(0.5, abs=0.01)
    boxes = np.array([[[0, 0, 0.5, 0.5], [0, 0.5, 0.5, 1]], [[0.5, 0, 1, 0.5], [0, 0.5, 0.5, 1]]], np.float32)
    looks = [BoxesPrediction(each, np.ones(2, np.float32), np.zeros(2, np.int64)) for each in boxes]
    assert disagreement(looks) == pytest.approx(0.5, abs=0.01)


def test_pictures_in_which_no_look_sees_anything_are_not_in_dispute() -> None:
    rng = np.random.default_rng(1)
    empty = [MaskPrediction(rng.uniform(0, 0.01, (12, 20, 1)).astype(np.float32)) for _ in range(2)]
    assert disagreement(empty) < 0.1
    assert disagreement([two_boxes(0).above(1)] * 2) == 0
    assert disagreement([two_boxes(0).above(1), two_boxes(0)]) == pytest.approx(1, abs=0.01)
    assert disagreement([PresencePrediction(0.01), PresencePrediction(0.03)]) < 0.1


def test_the_class_counts() -> None:
    boxes, masks = two_boxes(0), two_masks(0)
    swapped = BoxesPrediction(boxes.boxes, boxes.scores, 1 - boxes.labels, boxes.classes)
    assert disagreement([boxes, swapped]) > 0.95
    assert disagreement([masks, MaskPrediction(masks.probabilities[..., ::-1], masks.classes)]) > 0.9


def test_masks_are_compared_where_both_looks_show_the_picture() -> None:
    """The object at the left edge lies outside of what the second look shows."""
    window = np.array([0.4, 0, 1, 1])
    zoomed = MaskPrediction(two_masks(0).probabilities[:, 8:], ("cat", "dog"), window)
    assert disagreement([two_masks(0), zoomed]) == pytest.approx(0, abs=0.01)
    assert disagreement([two_masks(0), MaskPrediction(zoomed.probabilities, ("cat", "dog"))]) > 0.5


def test_a_head_without_objects_is_refused() -> None:
    look = AutoencoderPrediction(np.zeros((4, 6, 3), np.float32))
    with pytest.raises(TypeError, match=r"must be predictions of masks, boxes, .*Received AutoencoderPrediction. Take"):
        disagreement([look, look])
