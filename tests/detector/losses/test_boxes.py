"""Losses of boxes against the formulas of their papers, worked out by hand, and their gradients."""

from __future__ import annotations

import math
from typing import Any, get_args

import keras
import numpy as np
import pytest
import tensorflow as tf

from detector.losses import BoxIoULoss
from detector.losses.boxes import BoxIoUKind

KINDS = get_args(BoxIoUKind)
TRUE = np.array([[0.2, 0.1, 0.6, 0.3], [0.5, 0.5, 0.9, 0.9]], np.float32)


def loss_of(kind: Any, predicted: Any, true: Any = TRUE) -> float:
    return float(BoxIoULoss(kind)(np.asarray(true, np.float32), np.asarray(predicted, np.float32)))


@pytest.mark.parametrize("kind", KINDS)
def test_perfect_is_better_than_near_and_near_than_far(kind: str) -> None:
    perfect, near, far = (loss_of(kind, TRUE + by) for by in (0.0, 0.02, 0.1))
    assert perfect == pytest.approx(0, abs=1e-5)
    assert perfect < near < far


V = 4 / math.pi**2 * (math.atan2(4, 2) - math.atan2(4, 3)) ** 2
DISTANCE = (2**2 + 0.5**2) / (6**2 + 3**2)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("iou", 1 - 4 / 16),
        ("giou", 1 - 4 / 16 + (18 - 16) / 18),
        ("diou", 1 - 4 / 16 + DISTANCE),
        ("ciou", 1 - 4 / 16 + DISTANCE + V * V / (1 - 4 / 16 + V)),
    ],
)
def test_the_formulas_of_the_papers(kind: str, expected: float) -> None:
    """Boxes of 4 x 2 and 4 x 3, centres 2 and 0.5 apart, that share 2 x 2 and lie within 6 x 3."""
    assert loss_of(kind, [[2, 0, 6, 3]], [[0, 0, 4, 2]]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_unit_does_not_matter(kind: str) -> None:
    assert loss_of(kind, 7 * TRUE + 0.3, 7 * TRUE) == pytest.approx(loss_of(kind, TRUE + 0.3 / 7), rel=1e-4)


@pytest.mark.parametrize("kind", ["giou", "diou", "ciou"])
def test_a_box_that_does_not_meet_the_true_one_is_drawn_to_it(kind: BoxIoUKind) -> None:
    true, predicted = tf.constant(TRUE[:1]), tf.Variable([[0.8, 0.6, 0.9, 0.9]])
    for _ in range(60):
        with tf.GradientTape() as tape:
            loss = BoxIoULoss(kind)(true, predicted)
        gradient = tape.gradient(loss, predicted)
        assert np.isfinite(gradient).all()
        predicted.assign_sub(0.02 * np.sign(gradient))
    assert loss_of(kind, predicted.numpy(), TRUE[:1]) < 0.7


@pytest.mark.parametrize("kind", KINDS)
def test_boxes_without_area_give_finite_losses_and_gradients(kind: BoxIoUKind) -> None:
    point = np.full((1, 4), 0.5, np.float32)
    for true in (TRUE[:1], point):
        predicted = tf.Variable(point)
        with tf.GradientTape() as tape:
            loss = BoxIoULoss(kind)(true, predicted)
        assert np.isfinite(loss)
        assert np.isfinite(tape.gradient(loss, predicted)).all()


def test_boxes_of_weight_0_count_nothing() -> None:
    true, predicted = np.stack([TRUE, TRUE]), np.stack([TRUE + 0.02, TRUE + 0.3]).astype(np.float32)  # (2, 2, 4)
    weights = np.array([[1, 1], [0, 0]], np.float32)
    loss = BoxIoULoss()
    assert float(loss(true, predicted, weights)) == pytest.approx(float(loss(true[:1], predicted[:1])), rel=1e-5)
    assert float(loss(true, predicted, 0 * weights)) == 0


def test_the_loss_comes_back_from_its_config() -> None:
    loss = keras.losses.deserialize(keras.losses.serialize(BoxIoULoss("giou", name="mine")))
    assert (loss.kind, loss.name, loss.reduction) == ("giou", "mine", "mean_with_sample_weight")


@pytest.mark.parametrize("kind", KINDS)
def test_equal_boxes_lose_nothing_in_a_compiled_training_either(kind: BoxIoUKind) -> None:
    """Where the graph is optimised, which eager losses are not."""
    boxes = np.full((2, 5, 4), [0.2, 0.3, 0.6, 0.9], np.float32)
    shapes = [tf.TensorSpec((None, 5, 4)), tf.TensorSpec((None, 5, 4))]
    compiled = tf.function(BoxIoULoss(kind), input_signature=shapes)
    assert float(compiled(boxes, boxes)) == pytest.approx(0, abs=1e-5)
