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


@keras.saving.register_keras_serializable("detector")
class ElementCrossEntropy(WeightedLoss):
    """Binary cross-entropy of every logit by itself: any shape, and weights of that shape."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return element_cross_entropy(y_true, y_pred)


@keras.saving.register_keras_serializable("detector")
class FocalCrossEntropy(keras.Loss):
    """Binary cross-entropy in which logits that are nearly right count little, over the number of positives.

    The positives are the elements of the batch whose target is above 0. Weights multiply the elements and change
    nothing in that number. For targets 0 and 1 it is the focal loss (Lin et al. 2017, eq. 5), for those between the
    quality focal loss (Li et al. 2020, eq. 6): |y - p|^gamma * cross-entropy.

    Args:
        gamma: how little easy elements count.
        alpha: weight of positives; that of negatives is 1 - alpha.
    """

    def __init__(
        self, gamma: float = 2.0, alpha: float = 0.25, name: str | None = None, reduction: str = "sum", **kwargs: Any
    ) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.gamma, self.alpha = gamma, alpha

    def call(self, y_true: Any, y_pred: Any) -> Any:
        positive = ops.cast(y_true > 0, y_pred.dtype)
        balance = self.alpha * positive + (1 - self.alpha) * (1 - positive)
        focus = ops.power(ops.abs(y_true - ops.sigmoid(y_pred)) + 1e-9, self.gamma)
        return balance * focus * element_cross_entropy(y_true, y_pred) / ops.maximum(ops.sum(positive), 1.0)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"gamma": self.gamma, "alpha": self.alpha}


def element_cross_entropy(targets: Any, logits: Any) -> Any:
    """Element by element, in a form that overflows nowhere."""
    return ops.softplus(logits) - logits * targets
