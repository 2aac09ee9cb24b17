"""Losses as `keras.Loss` classes that know nothing of heads; each keeps the axes that the sample weights have."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import keras
from keras import ops

REDUCTION = "mean_with_sample_weight"


class _WeightedLoss(keras.Loss):
    """A loss that divides by the sum of the weights, so that unlabelled samples change nothing (0 / 0 = 0)."""

    def __init__(self, name: str | None = None, reduction: str = REDUCTION, **kwargs: Any) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)


class _PointLoss(_WeightedLoss, ABC):
    """A function of the coordinate differences, averaged over x and y: (B, P, 2) -> (B, P)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.mean(self.of_difference(ops.abs(y_pred - y_true)), axis=-1)

    @abstractmethod
    def of_difference(self, difference: Any) -> Any:
        """Loss of an absolute difference, element by element."""


@keras.saving.register_keras_serializable("detector")
class PointMAE(_PointLoss):
    """Mean absolute difference, in shares of the frame."""

    def of_difference(self, difference: Any) -> Any:
        return difference


@keras.saving.register_keras_serializable("detector")
class PointMSE(_PointLoss):
    """Mean squared difference."""

    def of_difference(self, difference: Any) -> Any:
        return ops.square(difference)


@keras.saving.register_keras_serializable("detector")
class PointHuber(_PointLoss):
    """Quadratic below `DELTA` of the frame, linear above (Huber 1964)."""

    DELTA = 0.05

    def of_difference(self, difference: Any) -> Any:
        quadratic = 0.5 * ops.square(difference) / self.DELTA
        return ops.where(difference < self.DELTA, quadratic, difference - 0.5 * self.DELTA)


@keras.saving.register_keras_serializable("detector")
class PointWing(_PointLoss):
    """Logarithmic below `WIDTH` of the frame, so that small errors still pull (Feng et al. 2018, eq. 5).

    The paper's w = 10 and epsilon = 2 in pixels of a 256-pixel face, as shares of the frame.
    """

    WIDTH = 10 / 256
    CURVATURE = 2 / 256

    def of_difference(self, difference: Any) -> Any:
        offset = self.WIDTH - self.WIDTH * math.log(1 + self.WIDTH / self.CURVATURE)
        near = self.WIDTH * ops.log(1 + difference / self.CURVATURE)
        return ops.where(difference < self.WIDTH, near, difference - offset)


@keras.saving.register_keras_serializable("detector")
class HeatmapCrossEntropy(_WeightedLoss):
    """Kullback-Leibler divergence of a softmax over the map from a target that sums to 1: (B, GH, GW, P) -> (B, P).

    It is the cross-entropy less the target's own entropy, so a perfect map has loss 0. A profile (B, cells, P) is a map
    of one row.
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        shape = y_pred.shape
        flat = (-1, math.prod(shape[1:-1]), shape[-1])
        target, logits = ops.reshape(y_true, flat), ops.reshape(y_pred, flat)
        log_target = ops.log(ops.maximum(target, 1e-12))
        return ops.sum(target * (log_target - ops.log_softmax(logits, axis=1)), axis=1)


@keras.saving.register_keras_serializable("detector")
class LogitCrossEntropy(_WeightedLoss):
    """Binary cross-entropy of a logit: (B, 1) -> (B,)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return keras.losses.binary_crossentropy(y_true, y_pred, from_logits=True)


POINT_LOSSES: dict[str, type[_PointLoss]] = {
    "mae": PointMAE,
    "mse": PointMSE,
    "huber": PointHuber,
    "wing": PointWing,
}
