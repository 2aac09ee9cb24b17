"""Losses of boxes: how far the intersection over union of two boxes is from 1, and what is lost beside it."""

from __future__ import annotations

import math
from typing import Any, Literal

import keras
from keras import ops

from detector.losses.base import REDUCTION, WeightedLoss

BoxIoUKind = Literal["iou", "giou", "diou", "ciou"]
EPSILON = 1e-9


@keras.saving.register_keras_serializable("detector")
class BoxIoULoss(WeightedLoss):
    """1 - IoU of boxes x0 y0 x1 y1, with the penalty of its kind: (..., 4) -> (...), from 0 to 3.

    Boxes may be in any unit, and measured from any point, the same for both. `iou` alone gives boxes that do not meet
    no gradient. A predicted box whose sides have changed places counts as one without area, and no kind is sure to
    turn it round: a network must begin with boxes the right way round.

    Args:
        kind: `giou`: the share of the enclosing box that neither covers (Rezatofighi et al. 2019). `diou`: the
            squared distance of the centres over that of the enclosing box's diagonal; `ciou`: the same, and the
            difference in aspect (both Zheng et al. 2020).
    """

    def __init__(
        self, kind: BoxIoUKind = "ciou", name: str | None = None, reduction: str = REDUCTION, **kwargs: Any
    ) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.kind = kind

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return 1 - box_similarity(y_true, y_pred, self.kind)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"kind": self.kind}


@keras.saving.register_keras_serializable("detector")
class DistanceIoULoss(BoxIoULoss):
    """The same of boxes given by the distances from a point in them to their left, upper, right and lower side."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return super().call(distances_to_sides(y_true), distances_to_sides(y_pred))


def distances_to_sides(distances: Any) -> Any:
    """Distances (..., 4) from a point to left, upper, right and lower side -> x0 y0 x1 y1 as seen from the point."""
    return distances * ops.convert_to_tensor([-1.0, -1.0, 1.0, 1.0], distances.dtype)


def box_similarity(y_true: Any, y_pred: Any, kind: BoxIoUKind) -> Any:
    """IoU less the penalty of its kind: (..., 4) twice, broadcast -> (...), 1 for equal boxes."""
    true, predicted = _sides(y_true), _sides(y_pred)
    inner = _size(*(pick(t, p) for pick, t, p in zip(_INNER, true, predicted, strict=True)))
    outer = _size(*(pick(t, p) for pick, t, p in zip(_OUTER, true, predicted, strict=True)))
    true_size, predicted_size = _size(*true), _size(*predicted)
    intersection = _area(inner)
    union = _area(true_size) + _area(predicted_size) - intersection
    iou = intersection / (union + EPSILON)
    if kind == "iou":
        return iou
    if kind == "giou":
        return iou - (_area(outer) - union) / (_area(outer) + EPSILON)
    closer = iou - _centre_distance(true, predicted) / (ops.square(outer[0]) + ops.square(outer[1]) + EPSILON)
    return closer if kind == "diou" else closer - _aspect_penalty(true_size, predicted_size, iou)


_INNER = (ops.maximum, ops.maximum, ops.minimum, ops.minimum)
_OUTER = (ops.minimum, ops.minimum, ops.maximum, ops.maximum)


def _sides(boxes: Any) -> tuple[Any, Any, Any, Any]:
    return boxes[..., 0], boxes[..., 1], boxes[..., 2], boxes[..., 3]


def _size(x0: Any, y0: Any, x1: Any, y1: Any) -> tuple[Any, Any]:
    return ops.maximum(x1 - x0, 0.0), ops.maximum(y1 - y0, 0.0)


def _area(size: tuple[Any, Any]) -> Any:
    return size[0] * size[1]


def _centre_distance(true: tuple[Any, ...], predicted: tuple[Any, ...]) -> Any:
    """Squared."""
    x, y = (predicted[i] + predicted[i + 2] - true[i] - true[i + 2] for i in (0, 1))
    return 0.25 * (ops.square(x) + ops.square(y))


def _aspect_penalty(true_size: tuple[Any, Any], predicted_size: tuple[Any, Any], iou: Any) -> Any:
    """alpha * v of the paper; alpha is a weight, not a path of the gradient."""
    true, predicted = (ops.arctan2(width, height + EPSILON) for width, height in (true_size, predicted_size))
    v = (4 / math.pi**2) * ops.square(true - predicted)
    # not 1 - iou + v + EPSILON: a compiler adds the constants first, and equal boxes are then 0 / 0
    return v * ops.stop_gradient(v / ops.maximum(1 - iou + v, EPSILON))
