"""Metrics for `fit`, cheap enough to follow every epoch; what is reported at the end comes from `scoring`."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


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


def _point_error(y_true: Any, y_pred: Any) -> Any:
    return 100 * ops.sqrt(ops.sum(ops.square(y_true - y_pred), axis=-1))


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
