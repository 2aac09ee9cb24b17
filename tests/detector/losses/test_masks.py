"""Losses of masks against sums by hand, their order, what is ignored, and what weighs more."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from detector.losses import MaskLoss
from detector.losses.masks import nearness_to_boundary

KINDS = ("cross_entropy", "focal", "dice", "jaccard")


def scene(channels: int) -> np.ndarray:
    """Two pictures of 8 x 12 cells with two objects, one cut off at the edge, of classes 1 and 2; (2, 8, 12, C)."""
    classes = np.zeros((2, 8, 12), int)
    classes[:, 2:5, 3:7], classes[:, 5:, 9:] = 1, 2
    if channels == 1:
        return (classes > 0)[..., None].astype(np.float32)
    return np.eye(channels, dtype=np.float32)[classes]


def logits_of(target: np.ndarray, sure: float) -> np.ndarray:
    return (sure * (2 * target - 1)).astype(np.float32)


def value(loss: MaskLoss, target: np.ndarray, logits: np.ndarray, weights: Any = None) -> float:
    return float(loss(target, logits, weights))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_perfect_is_less_than_near_is_less_than_far(kind: str, channels: int) -> None:
    loss, target = MaskLoss({kind: 1.0}), scene(channels)
    near = np.roll(target, 1, axis=2)
    far = np.roll(target, 5, axis=2)
    perfect, shifted, away = (value(loss, target, logits_of(each, 12)) for each in (target, near, far))
    assert perfect == pytest.approx(0, abs=1e-4)
    assert perfect < shifted < away
    assert np.isfinite(value(loss, target, 1e4 * logits_of(far, 1)))


def test_each_loss_is_its_formula() -> None:
    target, logits = scene(1)[:1], np.random.default_rng(1).normal(0, 2, (1, 8, 12, 1)).astype(np.float32)
    p = 1 / (1 + np.exp(-logits.astype(np.float64)))
    right = np.where(target > 0, p, 1 - p)
    both, total = (p * target).sum(), (p**2).sum() + target.sum()
    expected = {
        "cross_entropy": -np.log(right).mean(),
        "focal": -((1 - right) ** 1.5 * np.log(right)).mean(),
        "dice": 1 - 2 * both / total,
        "jaccard": 1 - both / (total - both),
    }
    for kind, by_hand in expected.items():
        assert value(MaskLoss({kind: 1.0}, gamma=1.5), target, logits) == pytest.approx(by_hand, rel=1e-4)
    weights = {"cross_entropy": 2.0, "jaccard": 0.5}
    assert value(MaskLoss(weights), target, logits) == pytest.approx(
        2 * expected["cross_entropy"] + 0.5 * expected["jaccard"], rel=1e-4
    )


def test_one_channel_is_a_softmax_of_two() -> None:
    target, logits = scene(1), np.random.default_rng(2).normal(0, 2, (2, 8, 12, 1)).astype(np.float32)
    two = np.concatenate([1 - target, target], axis=-1), np.concatenate([np.zeros_like(logits), logits], axis=-1)
    for kind in KINDS:
        loss = MaskLoss({kind: 1.0}, (1.0, 3.0), (2.0, 2))
        assert value(loss, target, logits) == pytest.approx(value(loss, *two), rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_ignored_cells_and_unlabelled_pictures_change_nothing(kind: str) -> None:
    loss, target = MaskLoss({kind: 1.0}, (1.0, 2.0, 3.0), (1.0, 2)), scene(3)
    target[:, :, :3] = -1
    logits = np.random.default_rng(3).normal(0, 2, target.shape).astype(np.float32)
    other = logits.copy()
    other[:, :, :3] += 5
    assert value(loss, target, logits) == pytest.approx(value(loss, target, other), rel=1e-5)
    nobody_looked = np.full_like(target[:1], -1)
    more = np.concatenate([target, nobody_looked]), np.concatenate([logits, other[:1]])
    assert value(loss, *more, np.array([1, 1, 0], np.float32)) == pytest.approx(value(loss, target, logits), rel=1e-5)
    assert value(loss, nobody_looked, logits[:1], np.zeros(1, np.float32)) == 0


def test_shares_have_their_least_loss_where_they_are_met() -> None:
    target = np.full((1, 4, 6, 1), 0.3, np.float32)
    for kind in ("cross_entropy", "dice", "jaccard"):
        losses = [
            value(MaskLoss({kind: 1.0}), target, np.full_like(target, np.log(p / (1 - p)))) for p in (0.2, 0.3, 0.4)
        ]
        assert losses[1] < min(losses[0], losses[2])


def test_a_picture_without_objects_has_no_overlap_to_lose() -> None:
    empty, logits = np.zeros((1, 4, 6, 1), np.float32), np.zeros((1, 4, 6, 1), np.float32)
    assert value(MaskLoss({"dice": 1.0, "jaccard": 1.0}), empty, logits) == 0
    assert value(MaskLoss({"cross_entropy": 1.0}), empty, logits) == pytest.approx(np.log(2))


def test_classes_weigh_as_the_config_says() -> None:
    target, zeros = scene(3), np.zeros((2, 8, 12, 3), np.float32)
    counts = target[0].sum(axis=(0, 1))  # cells of background and two classes
    expected = np.log(3) * (counts @ [0.5, 2, 4]) / counts.sum()
    assert value(MaskLoss({"cross_entropy": 1.0}, (0.5, 2, 4)), target, zeros) == pytest.approx(expected, rel=1e-5)


def test_cells_at_a_boundary_weigh_more() -> None:
    column = np.zeros((1, 6, 9, 1), np.float32)
    column[:, :, 4:] = 1
    shares = np.concatenate([1 - column, column], axis=-1)
    near = np.asarray(nearness_to_boundary(shares, 2))[0, 3, :, 0]
    np.testing.assert_allclose(near, [0, 0, 0.5, 1, 1, 0.5, 0, 0, 0])
    loss, plain = MaskLoss({"cross_entropy": 1.0}, boundary=(3.0, 2)), MaskLoss({"cross_entropy": 1.0})
    logits = logits_of(column, 4)
    wrong_near, wrong_far = logits.copy(), logits.copy()
    wrong_near[:, 2, 4], wrong_far[:, 2, 8] = -4, -4
    assert value(plain, column, wrong_near) == pytest.approx(value(plain, column, wrong_far))
    gain = value(loss, column, wrong_near) - value(loss, column, logits)
    assert gain == pytest.approx(4 * (value(loss, column, wrong_far) - value(loss, column, logits)), rel=1e-3)


def test_it_comes_back_from_its_config() -> None:
    loss = MaskLoss({"focal": 0.5, "dice": 2.0}, (1.0, 3.0), (2.0, 3), gamma=1.0)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    target, logits = scene(1), np.random.default_rng(4).normal(size=(2, 8, 12, 1)).astype(np.float32)
    assert value(again, target, logits) == value(loss, target, logits)
