"""Losses of points, which `method: dense` regresses."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import keras
from keras import ops

from detector.losses.base import WeightedLoss


class _PointLoss(WeightedLoss, ABC):
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


POINT_LOSSES: dict[str, type[_PointLoss]] = {
    "mae": PointMAE,
    "mse": PointMSE,
    "huber": PointHuber,
    "wing": PointWing,
}
