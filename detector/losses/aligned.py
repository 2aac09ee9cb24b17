"""The loss of a detector that chooses in every step which of its places answer for which object."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import keras
from keras import ops

from detector.losses.boxes import BoxIoUKind, box_similarity, distances_to_sides
from detector.losses.logits import element_cross_entropy

LEAST_IOU = 0.05  # so that an object whose places all miss it has places nevertheless


@dataclass(frozen=True)
class Alignment:
    """How places are chosen, and what is lost.

    Args:
        top_k: places that answer for an object at most.
        score_power, iou_power: what counts when they are chosen, score^score_power * IoU^iou_power.
        gamma: how little a place counts whose objectness is nearly right.
        box_kind: what is lost beside the IoU.
        weights: of objectness, boxes and classes.
        class_weights: weight of the objects of each class; empty where there are no classes.
    """

    top_k: int = 9
    score_power: float = 0.5
    iou_power: float = 6.0
    gamma: float = 2.0
    box_kind: BoxIoUKind = "ciou"
    weights: tuple[float, float, float] = (1.0, 2.0, 1.0)
    class_weights: tuple[float, ...] = ()


@keras.saving.register_keras_serializable("detector")
class AlignedLoss(keras.Loss):
    """Objectness, boxes and classes of P places, assigned to N objects by task alignment: (B, P, 5 + K) -> (B,).

    Candidates of an object are the places within its box, and the cell of its centre. Those of the greatest
    score^a * IoU^b answer for it (TOOD, Feng et al. 2021, eq. 1 and section 3.3). Of two objects that want a place the
    one gets it to which it is worth more beside its best, of equal ones the later. A place's quality is that value
    over the greatest of its object, times the greatest IoU of its object: the target of its objectness, by the quality
    focal loss (Li et al. 2020, eq. 6), and its weight in the losses of boxes and classes. All is divided by the sum of
    the batch's qualities.

    Predictions are a logit, four distances and K class logits a place. In the targets, of the same shape, column 0
    is of places: the weight that a place has where it answers for no object. The other columns are of objects, one a
    row in the first `max_objects` rows: x0 y0 x1 y1, without area where there is no object; a 1 for its class, 0 for
    the others, -1 for those that nobody looked for.

    Args:
        centres: (P, 2) of the places, normalised xy.
        references: (P, 2) width and height that the distances of each place are measured in.
        cells: (P, 2) width and height of the cell of each place.
        alignment: how places are chosen, and what is lost; as `Alignment` or its fields.
        max_objects: N.
    """

    def __init__(
        self,
        centres: Any,
        references: Any,
        cells: Any,
        alignment: Alignment | dict[str, Any],
        max_objects: int,
        name: str | None = None,
        reduction: str = "sum",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.centres, self.references, self.cells = (
            [[float(x), float(y)] for x, y in each] for each in (centres, references, cells)
        )
        self.alignment = Alignment(**alignment) if isinstance(alignment, dict) else alignment
        self.max_objects = max_objects

    def get_config(self) -> dict[str, Any]:
        own = {"centres": self.centres, "references": self.references, "cells": self.cells}
        return super().get_config() | own | {"alignment": asdict(self.alignment), "max_objects": self.max_objects}

    def call(self, y_true: Any, y_pred: Any) -> Any:
        alignment, objects = self.alignment, y_true[:, : self.max_objects]
        boxes, classes = objects[..., 1:5], objects[..., 5:]  # (B, N, 4), (B, N, K)
        predicted = self.boxes_of(y_pred[..., 1:5])  # (B, P, 4)
        owned = ops.stop_gradient(self.assign(boxes, classes, y_pred, predicted))  # (B, N, P), qualities
        quality = ops.sum(owned, axis=1)  # (B, P)
        positive = ops.cast(quality > 0, quality.dtype)
        shares = ops.cast(owned > 0, quality.dtype)
        true_boxes = ops.einsum("bnp,bnc->bpc", shares, boxes)
        weight = positive
        if classes.shape[-1]:
            of_objects = ops.einsum("bnk,k->bn", ops.maximum(classes, 0.0), self._constant(alignment.class_weights))
            weight = ops.einsum("bnp,bn->bp", shares, of_objects)
        focus = ops.power(ops.abs(quality - ops.sigmoid(y_pred[..., 0])) + 1e-9, alignment.gamma)
        negative = (1 - positive) * y_true[..., 0]
        lost = focus * element_cross_entropy(quality, y_pred[..., 0]) * (weight + negative) * alignment.weights[0]
        near = 1 - box_similarity(true_boxes, predicted, alignment.box_kind)
        lost = lost + near * quality * weight * alignment.weights[1]
        if classes.shape[-1]:
            true_classes = ops.einsum("bnp,bnk->bpk", shares, classes)
            each = element_cross_entropy(true_classes, y_pred[..., 5:]) * ops.cast(true_classes >= 0, quality.dtype)
            lost = lost + ops.mean(each, axis=-1) * quality * weight * alignment.weights[2]
        return ops.sum(lost, axis=-1) / ops.maximum(ops.sum(quality), 1.0)

    def best_iou(self, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
        """IoU of each object with the box of its candidate of the highest score, and 1 where there is an object.

        Returns:
            iou, present: (B, N) each.
        """
        boxes, classes = y_true[:, : self.max_objects, 1:5], y_true[:, : self.max_objects, 5:]
        candidates = self.candidates(boxes)  # (B, N, P)
        best = ops.argmax(ops.where(candidates, self.scores(classes, y_pred), -1.0), axis=-1)  # (B, N)
        predicted = ops.take_along_axis(self.boxes_of(y_pred[..., 1:5]), best[..., None], axis=1)
        present = ops.cast(ops.any(candidates, axis=-1), "float32")
        return box_similarity(boxes, predicted, "iou"), present

    def boxes_of(self, distances: Any) -> Any:
        """Boxes x0 y0 x1 y1 of distances (B, P, 4)."""
        references, centres = self._constant(self.references), self._constant(self.centres)
        return ops.tile(centres, (1, 2)) + distances_to_sides(distances) * ops.tile(references, (1, 2))

    def assign(self, boxes: Any, classes: Any, y_pred: Any, predicted: Any) -> Any:
        """The quality of every place for the object that it answers for, 0 for all others: (B, N, P) in [0, 1]."""
        alignment, score = self.alignment, self.scores(classes, y_pred)
        iou = box_similarity(boxes[:, :, None], predicted[:, None], "iou")  # (B, N, P)
        value = score**alignment.score_power * ops.maximum(iou, LEAST_IOU) ** alignment.iou_power
        value = value * ops.cast(self.candidates(boxes), value.dtype)
        least = ops.top_k(value, min(alignment.top_k, value.shape[-1]))[0][..., -1:]
        value = ops.where(value >= least, value, 0.0)
        share = value / ops.maximum(ops.max(value, axis=-1, keepdims=True), 1e-30)
        owner = value.shape[1] - 1 - ops.argmax(ops.flip(share, axis=1), axis=1)  # of equal ones the last, the smallest
        value = value * ops.one_hot(owner, value.shape[1], axis=1)
        best = ops.max(value, axis=-1, keepdims=True)
        best_iou = ops.max(ops.where(value > 0, ops.maximum(iou, LEAST_IOU), 0.0), axis=-1, keepdims=True)
        return value / ops.maximum(best, 1e-30) * best_iou

    def scores(self, classes: Any, y_pred: Any) -> Any:
        """Probability that a place holds an object of each object's class: (B, N, P), without classes (B, 1, P)."""
        score = ops.sigmoid(y_pred[..., 0])[:, None]
        if not classes.shape[-1]:
            return score
        return score * ops.einsum("bnk,bpk->bnp", ops.maximum(classes, 0.0), ops.sigmoid(y_pred[..., 5:]))

    def candidates(self, boxes: Any) -> Any:
        """Whether a place may answer for an object: (B, N, 4) to bool (B, N, P)."""
        centres, cells = self._constant(self.centres), self._constant(self.cells)
        corner, opposite = boxes[:, :, None, :2], boxes[:, :, None, 2:]
        inside = ops.all(ops.logical_and(centres > corner, centres < opposite), axis=-1)
        off = ops.abs(centres - 0.5 * (corner + opposite))
        central = ops.all(off <= 0.5 * cells + 1e-6, axis=-1)
        return ops.logical_and(ops.logical_or(inside, central), ops.all(opposite > corner, axis=-1))

    def _constant(self, value: Any) -> Any:
        return ops.convert_to_tensor(value, "float32")
