"""Losses of masks: of every cell, and of the overlap of a class as a whole, in one sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from detector.losses.base import REDUCTION, WeightedLoss

MASK_LOSSES = ("cross_entropy", "focal", "dice", "jaccard")


@keras.saving.register_keras_serializable("detector")
class MaskLoss(WeightedLoss):
    """A weighted sum of losses of the logits of cells: (B, H, W, C) -> (B,).

    Targets are the share that each class has in a cell, in [0, 1], and -1 where a cell is to be ignored. With one
    channel it is a logit of "object", else a softmax whose channel 0 is the background.

    `cross_entropy` and `focal` (Lin et al. 2017, eq. 4) are means over the cells that are known. `dice`
    (Milletari et al. 2016, section 3: with squares in the denominator, so that shares between 0 and 1 have their least
    loss where they are met) and `jaccard` (the same over the union) are means over the classes but the background
    that the picture shows, 0 where it shows none.

    Args:
        weights: of each loss of the sum, by name.
        class_weights: of the cells of background, first class ... in `cross_entropy` and `focal`; empty: 1 each.
        boundary: weight that a cell at a boundary between classes has beside its own, and the distance in cells over
            which it falls to 0; instead of the distance transform of Ronneberger et al. 2015, eq. 2, by pooling.
        gamma: of `focal`.
    """

    def __init__(
        self,
        weights: Mapping[Any, float],
        class_weights: Sequence[float] = (),
        boundary: tuple[float, int] = (0.0, 1),
        gamma: float = 2.0,
        name: str | None = None,
        reduction: str = REDUCTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.weights, self.class_weights = dict(weights), list(class_weights)
        self.boundary, self.gamma = tuple(boundary), gamma

    def get_config(self) -> dict[str, Any]:
        own = {"weights": self.weights, "class_weights": self.class_weights, "boundary": self.boundary}
        return super().get_config() | own | {"gamma": self.gamma}

    def call(self, y_true: Any, y_pred: Any) -> Any:
        known = ops.cast(y_true[..., :1] >= 0, y_pred.dtype)  # (B, H, W, 1)
        shares, log_probabilities = as_classes(ops.maximum(y_true, 0.0), y_pred)  # (B, H, W, 2 or C)
        shares, lost = shares * known, 0.0
        for name, weight in self.weights.items():
            if name in ("dice", "jaccard"):
                lost += weight * overlap_loss(shares[..., 1:], ops.exp(log_probabilities[..., 1:]) * known, name)
            else:
                gamma = self.gamma if name == "focal" else 0.0
                lost += weight * self._of_cells(shares, log_probabilities, known, gamma)
        return lost

    def _of_cells(self, shares: Any, log_probabilities: Any, known: Any, gamma: float) -> Any:
        """Mean over the known cells of the weighted cross-entropy: (B,)."""
        lost = -shares * log_probabilities
        if gamma:
            lost = lost * ops.power(1 - ops.exp(log_probabilities) + 1e-9, gamma)
        if self.class_weights:
            lost = lost * ops.convert_to_tensor(self.class_weights, lost.dtype)
        if self.boundary[0]:
            lost = lost * (1 + self.boundary[0] * nearness_to_boundary(shares, int(self.boundary[1])))
        return ops.sum(lost, axis=(1, 2, 3)) / ops.maximum(ops.sum(known, axis=(1, 2, 3)), 1.0)


def as_classes(shares: Any, logits: Any) -> tuple[Any, Any]:
    """Shares and log-probabilities of background, first class ...: (B, H, W, C) each; of one channel, of two."""
    if shares.shape[-1] > 1:
        return shares, ops.log_softmax(logits, axis=-1)
    both = ops.concatenate([-ops.softplus(logits), -ops.softplus(-logits)], axis=-1)
    return ops.concatenate([1 - shares, shares], axis=-1), both


def overlap_loss(shares: Any, probabilities: Any, kind: str) -> Any:
    """1 - Dice or 1 - Jaccard, mean over the classes that the picture shows: (B, H, W, K) twice -> (B,)."""
    both = ops.sum(shares * probabilities, axis=(1, 2))  # (B, K)
    total = ops.sum(ops.square(shares) + ops.square(probabilities), axis=(1, 2))
    overlap = 2 * both / ops.maximum(total, 1e-6) if kind == "dice" else both / ops.maximum(total - both, 1e-6)
    shown = ops.cast(ops.any(shares > 0, axis=(1, 2)), overlap.dtype)
    return ops.sum(shown * (1 - overlap), axis=-1) / ops.maximum(ops.sum(shown, axis=-1), 1.0)


def nearness_to_boundary(shares: Any, radius: int) -> Any:
    """How near a cell is to one of another class: (B, H, W, C) -> (B, H, W, 1), from 1 at the boundary to 0."""
    grown, near = ops.cast(shares > 0.5, shares.dtype), 0.0
    for _ in range(radius):
        grown = ops.max_pool(grown, 3, strides=1, padding="same")
        near += ops.cast(ops.sum(grown, axis=-1, keepdims=True) > 1.5, shares.dtype)
    return near / radius
