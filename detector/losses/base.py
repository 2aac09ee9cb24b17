"""The reduction that all losses share."""

from __future__ import annotations

from typing import Any

import keras

REDUCTION = "mean_with_sample_weight"


class WeightedLoss(keras.Loss):
    """A loss that divides by the sum of the weights, so that unlabelled samples change nothing (0 / 0 = 0)."""

    def __init__(self, name: str | None = None, reduction: str = REDUCTION, **kwargs: Any) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)
