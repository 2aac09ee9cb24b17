"""Metrics for `fit`, cheap enough to follow every epoch; what is reported at the end comes from `scoring`."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from detector.losses import AlignedLoss
from detector.losses.boxes import box_similarity


@keras.saving.register_keras_serializable("detector")
class PointError(keras.metrics.MeanMetricWrapper):
    """Mean distance of predicted and true points (B, P, 2), in percent of the frame's side."""

    def __init__(self, name: str = "error_percent", dtype: Any = None) -> None:
        super().__init__(_point_error, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}


@keras.saving.register_keras_serializable("detector")
class HeatmapError(keras.metrics.MeanMetricWrapper):
    """Mean distance of the soft-argmax around the peak from that of the target, in percent of the map's side.

    A profile (B, cells, P) is a map of one row.
    """

    def __init__(self, radius: int = 3, name: str = "error_percent", dtype: Any = None) -> None:
        super().__init__(_heatmap_error, name=name, dtype=dtype, radius=radius)
        self.radius = radius

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype, "radius": self.radius}


@keras.saving.register_keras_serializable("detector")
class DistanceIoU(keras.metrics.MeanMetricWrapper):
    """Mean IoU of boxes given by the distances (..., 4) from a point to left, upper, right and lower side."""

    def __init__(self, name: str = "iou", dtype: Any = None) -> None:
        super().__init__(_distance_iou, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}


class BestIoU(keras.metrics.Metric):
    """Mean IoU of the objects with the box of their candidate of the highest score; see `losses.AlignedLoss`.

    Args:
        loss: knows where the places lie.
    """

    def __init__(self, loss: AlignedLoss, name: str = "iou", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.loss = loss
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        iou, present = self.loss.best_iou(y_true, y_pred)
        if sample_weight is not None:
            present = present * ops.reshape(sample_weight, (-1, 1))
        self.total.assign_add(ops.sum(iou * present))
        self.count.assign_add(ops.sum(present))

    def result(self) -> Any:
        return self.total / ops.maximum(self.count, 1e-9)


@keras.saving.register_keras_serializable("detector")
class LogitAccuracy(keras.metrics.MeanMetricWrapper):
    """Share of logits on the right side of 0, each with its own weight."""

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(_is_right, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}


def _distance_iou(y_true: Any, y_pred: Any) -> Any:
    shared, true, predicted = (
        ops.prod(ops.maximum(sides[..., :2] + sides[..., 2:], 0.0), axis=-1)
        for sides in (ops.minimum(y_true, y_pred), y_true, y_pred)
    )
    return shared / ops.maximum(true + predicted - shared, 1e-9)


def _is_right(y_true: Any, y_pred: Any) -> Any:
    return ops.cast(ops.equal(y_true > 0.5, y_pred > 0), "float32")


@keras.saving.register_keras_serializable("detector")
class BoxError(keras.metrics.MeanMetricWrapper):
    """What mean IoU of boxes x0 y0 x1 y1 (..., 4) lacks, in percent; less is better."""

    def __init__(self, name: str = "iou_error_percent", dtype: Any = None) -> None:
        super().__init__(_box_error, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}


def _box_error(y_true: Any, y_pred: Any) -> Any:
    return 100 * (1 - box_similarity(y_true, y_pred, "iou"))


@keras.saving.register_keras_serializable("detector")
class MaskIoUError(keras.metrics.Metric):
    """What the IoU of masks lacks, in percent, over all cells that were seen; the mean over the classes but the
    background. Targets and logits are (B, H, W, C) as for `losses.MaskLoss`; less is better.

    Args:
        channels: C.
    """

    def __init__(self, channels: int = 1, name: str = "iou_error_percent", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.channels = channels
        shape = (max(1, channels - 1),)
        self.both = self.add_weight(shape=shape, name="both", initializer="zeros")
        self.either = self.add_weight(shape=shape, name="either", initializer="zeros")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        known = ops.cast(y_true[..., :1] >= 0, "float32")
        if sample_weight is not None:
            known = known * ops.cast(ops.reshape(sample_weight, (-1, 1, 1, 1)) > 0, "float32")
        true, found = self._classes(y_true, 0.5) * known, self._classes(y_pred, 0.0) * known
        both = ops.sum(true * found, axis=(0, 1, 2))
        self.both.assign_add(both)
        self.either.assign_add(ops.sum(true + found, axis=(0, 1, 2)) - both)

    def _classes(self, values: Any, threshold: float) -> Any:
        """Which class but the background a cell is of, 0 or 1: (B, H, W, K)."""
        if self.channels == 1:
            return ops.cast(values > threshold, "float32")
        return ops.one_hot(ops.argmax(values, axis=-1), self.channels, dtype="float32")[..., 1:]

    def result(self) -> Any:
        seen = ops.cast(self.either > 0, "float32")
        iou = ops.sum(seen * self.both / ops.maximum(self.either, 1.0)) / ops.maximum(ops.sum(seen), 1.0)
        return 100 * (1 - iou)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype, "channels": self.channels}


@keras.saving.register_keras_serializable("detector")
class PictureError(keras.metrics.MeanMetricWrapper):
    """Mean root of the mean squared difference of pictures (B, H, W, C), in percent of full scale."""

    def __init__(self, name: str = "error_percent", dtype: Any = None) -> None:
        super().__init__(_picture_error, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}


def _point_error(y_true: Any, y_pred: Any) -> Any:
    return 100 * ops.sqrt(ops.sum(ops.square(y_true - y_pred), axis=-1))


def _picture_error(y_true: Any, y_pred: Any) -> Any:
    return 100 * ops.sqrt(ops.mean(ops.square(y_true - y_pred), axis=(1, 2, 3)))


def _heatmap_error(y_true: Any, y_pred: Any, radius: int) -> Any:
    difference = _peak(ops.log(ops.maximum(y_true, 1e-12)), radius) - _peak(y_pred, radius)
    return 100 * ops.sqrt(ops.sum(ops.square(difference), axis=-1))


def _peak(logits: Any, radius: int) -> Any:
    """Soft-argmax in a window around the peak: (B, GH, GW, P) -> (B, P, 2) xy as shares of the map."""
    rows, columns, count = logits.shape[1:] if len(logits.shape) == 4 else (1, *logits.shape[1:])
    flat = ops.reshape(logits, (-1, rows * columns, count))
    peak = ops.argmax(flat, axis=1)  # (B, P)
    cell = ops.arange(rows * columns)
    row, column = (ops.cast(axis, "float32")[None, :, None] for axis in (cell // columns, cell % columns))
    near_row = ops.abs(row - ops.cast(peak // columns, "float32")[:, None]) <= radius
    near_column = ops.abs(column - ops.cast(peak % columns, "float32")[:, None]) <= radius
    near = ops.cast(ops.logical_and(near_row, near_column), "float32")
    weights = near * ops.exp(flat - ops.max(flat, axis=1, keepdims=True))
    weights = weights / ops.sum(weights, axis=1, keepdims=True)
    return ops.stack([ops.sum(weights * column, axis=1) / columns, ops.sum(weights * row, axis=1) / rows], axis=-1)
