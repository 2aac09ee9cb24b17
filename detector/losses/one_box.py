"""The loss of one box: of its coordinates and of its overlap, in one sum."""

from __future__ import annotations

from typing import Any, Literal

import keras

from detector.losses.base import REDUCTION, WeightedLoss
from detector.losses.boxes import BoxIoUKind, box_similarity
from detector.losses.points import POINT_LOSSES


@keras.saving.register_keras_serializable("detector")
class BoxLoss(WeightedLoss):
    """A weighted sum of a coordinate loss and an IoU loss of boxes x0 y0 x1 y1: (..., 4) -> (...).

    The coordinates pull a box that does not meet the other; the overlap sees it as a whole, small or large.

    Args:
        coordinates: `mae` or `huber`, averaged over the four.
        iou: see `BoxIoULoss`.
        weights: of the two.
    """

    def __init__(
        self,
        coordinates: Literal["mae", "huber"] = "mae",
        iou: BoxIoUKind = "giou",
        weights: tuple[float, float] = (5.0, 1.0),
        name: str | None = None,
        reduction: str = REDUCTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.coordinates, self.iou, self.weights = coordinates, iou, tuple(weights)
        self._coordinate_loss = POINT_LOSSES[coordinates]()

    def call(self, y_true: Any, y_pred: Any) -> Any:
        coordinates = self._coordinate_loss.call(y_true, y_pred)
        return self.weights[0] * coordinates + self.weights[1] * (1 - box_similarity(y_true, y_pred, self.iou))

    def get_config(self) -> dict[str, Any]:
        own = {"coordinates": self.coordinates, "iou": self.iou, "weights": self.weights}
        return super().get_config() | own
