"""Losses against the formulas of their papers, their order, and what the weights do."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from detector.codecs.heatmap import HeatmapGrid, encode_heatmaps
from detector.losses import POINT_LOSSES, HeatmapCrossEntropy, LogitCrossEntropy, PointHuber, PointWing

GRID = HeatmapGrid((32, 48), 4, 0)
TRUE = np.array([[[0.3, 0.4], [0.7, 0.6]], [[0.2, 0.8], [0.9, 0.1]]], np.float32)  # (2, 2, 2)
ALL: dict[str, type[keras.Loss]] = {**POINT_LOSSES, "heatmap": HeatmapCrossEntropy, "presence": LogitCrossEntropy}


def shifted(kind: str, by: float) -> tuple[np.ndarray, np.ndarray]:
    """Targets, and predictions that miss them by a share of the frame."""
    if kind == "presence":
        truth = np.array([[1.0], [0.0]], np.float32)
        return truth, (2 * truth - 1) * 10 * (1 - 4 * np.float32(by))
    if kind == "heatmap":
        maps = [encode_heatmaps(points, GRID, 1.0)[0] for points in (TRUE, np.add(TRUE, [by / 2, 0]))]
        return maps[0], np.log(np.maximum(maps[1], 1e-12))
    return TRUE, TRUE + np.float32(by)


@pytest.mark.parametrize("kind", ALL)
def test_perfect_is_better_than_near_and_near_than_far(kind: str) -> None:
    perfect, near, far = (float(ALL[kind]()(*shifted(kind, by))) for by in (0.0, 0.02, 0.2))
    assert perfect == pytest.approx(0, abs=1e-4)
    assert perfect < near < far


@pytest.mark.parametrize("kind", ALL)
def test_a_sample_of_weight_0_counts_nothing_and_no_weight_gives_0(kind: str) -> None:
    true, predicted = shifted(kind, 0.05)
    loss = ALL[kind]()
    shape = (2,) if kind == "presence" else (2, 2)
    first = np.zeros(shape, np.float32)
    first[0] = 1
    assert float(loss(true, predicted, first)) == pytest.approx(float(loss(true[:1], predicted[:1])), rel=1e-5)
    assert float(loss(true, predicted, np.zeros(shape, np.float32))) == 0


@pytest.mark.parametrize("kind", POINT_LOSSES)
def test_weights_are_shares(kind: str) -> None:
    """The loss is the weighted mean over points, whatever the weights add up to."""
    loss, weights = POINT_LOSSES[kind](), np.array([[1, 3], [0, 2]], np.float32)
    predicted = TRUE + np.array([[[0.01], [0.02]], [[0.5], [0.04]]], np.float32)
    each = [float(loss(TRUE[b : b + 1, p : p + 1], predicted[b : b + 1, p : p + 1])) for b, p in np.ndindex(2, 2)]
    expected = np.average(each, weights=weights.ravel())
    assert float(loss(TRUE, predicted, weights)) == pytest.approx(expected, rel=1e-5)
    assert float(loss(TRUE, predicted, 10 * weights)) == pytest.approx(expected, rel=1e-5)


def value(loss: keras.Loss, difference: float) -> float:
    zero = np.zeros((1, 1, 2), np.float32)
    return float(loss(zero, zero + np.float32(difference)))


@pytest.mark.parametrize("difference", [0.01, -0.03, 0.0499, 0.0501, 0.3])
def test_huber_is_the_formula_of_the_paper_over_delta(difference: float) -> None:
    """Huber 1964: d^2 / 2 below delta, delta (|d| - delta / 2) above; here over delta = 0.05: slope 1 far off."""
    d, delta = abs(difference), 0.05
    expected = d * d / 2 if d < delta else delta * (d - delta / 2)
    assert value(PointHuber(), difference) == pytest.approx(expected / delta, rel=1e-4)


@pytest.mark.parametrize("pixels", [0.5, -3, 9.9, 10.1, 60])
def test_wing_is_the_formula_of_the_paper(pixels: float) -> None:
    """Feng et al. 2018, eq. 5 with w = 10 and epsilon = 2 in pixels of 256: w ln(1 + |x| / e), above w |x| - C."""
    x = abs(pixels)
    constant = 10 - 10 * math.log(1 + 10 / 2)
    expected = 10 * math.log(1 + x / 2) if x < 10 else x - constant
    assert value(PointWing(), pixels / 256) == pytest.approx(expected / 256, rel=1e-4)


def test_mae_and_mse_are_means_over_both_axes() -> None:
    zero = np.zeros((1, 1, 2), np.float32)
    difference = np.array([[[0.1, -0.3]]], np.float32)
    assert float(POINT_LOSSES["mae"]()(zero, difference)) == pytest.approx(0.2)
    assert float(POINT_LOSSES["mse"]()(zero, difference)) == pytest.approx(0.05)


def test_heatmap_loss_is_the_divergence_by_hand() -> None:
    target = np.array([0.5, 0.25, 0.25, 0.0], np.float32).reshape(1, 2, 2, 1)
    logits = np.array([1.0, 2.0, 0.0, 1.0], np.float32).reshape(1, 2, 2, 1)
    share = np.exp(logits.ravel()) / np.exp(logits).sum()
    expected = sum(t * math.log(t / s) for t, s in zip(target.ravel(), share, strict=True) if t)
    assert float(HeatmapCrossEntropy()(target, logits)) == pytest.approx(expected, rel=1e-5)


def test_presence_loss_is_the_cross_entropy_by_hand() -> None:
    true, logits = np.array([[1.0], [0.0]], np.float32), np.array([[0.5], [-2.0]], np.float32)
    expected = (math.log(1 + math.exp(-0.5)) + math.log(1 + math.exp(-2.0))) / 2
    assert float(LogitCrossEntropy()(true, logits)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", ALL)
def test_losses_come_back_from_their_config(kind: str) -> None:
    loss = keras.losses.deserialize(keras.losses.serialize(ALL[kind](name="mine")))
    assert isinstance(loss, ALL[kind])
    assert loss.name == "mine"
    assert loss.reduction == "mean_with_sample_weight"
