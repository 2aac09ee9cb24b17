"""The loss of restored pictures."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from detector.losses.base import WeightedLoss


@keras.saving.register_keras_serializable("detector")
class PictureMSE(WeightedLoss):
    """Mean squared difference of pictures: (B, H, W, C) -> (B,)."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.square(y_pred - y_true), axis=(1, 2, 3))
