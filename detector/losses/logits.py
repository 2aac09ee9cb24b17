"""Cross-entropies of maps and of yes-or-no logits."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from detector.losses.base import WeightedLoss


@keras.saving.register_keras_serializable("detector")
class HeatmapCrossEntropy(WeightedLoss):
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
class LogitCrossEntropy(WeightedLoss):
    """Binary cross-entropy of a logit: (B, 1) -> (B,)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return keras.losses.binary_crossentropy(y_true, y_pred, from_logits=True)
