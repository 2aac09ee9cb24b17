"""What is lost against a teacher: for every output of every head a loss that is 0 where student and teacher agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops

from detector.losses import AlignedLoss
from detector.losses.boxes import box_similarity, distances_to_sides

Outputs = Mapping[str, Any]  # output name -> tensor (B, ...)
SoftLoss = Callable[[str, Any, Outputs, Outputs, float], Any]


def soft_loss(name: str, loss: keras.Loss, teacher: Outputs, student: Outputs, temperature: float) -> Any:
    """What an output loses against the teacher's, a scalar; 0 where both are equal.

    Args:
        name: of the output; `SOFT_LOSSES` holds all that can be taught.
        loss: what the output loses against labels, for its settings.
        teacher: all outputs of the teacher, without gradient.
        student: all outputs of the student.
        temperature: divides the logits of both (Hinton et al. 2015, section 2).
    """
    return SOFT_LOSSES[name](name, loss, teacher, student, temperature)


def _logit(name: str, _: Any, teacher: Outputs, student: Outputs, temperature: float) -> Any:
    """Yes or no: the Kullback-Leibler divergence of both probabilities (Hinton et al. 2015)."""
    return ops.mean(binary_divergence(teacher[name], student[name], temperature))


def _map(name: str, _: Any, teacher: Outputs, student: Outputs, temperature: float) -> Any:
    """Heatmaps and profiles: the divergence over the cells (Hinton et al. 2015), where the teacher sees an object."""
    shape = student[name].shape
    flat = (-1, math.prod(shape[1:-1]), shape[-1])
    taught, told = (ops.reshape(each[name], flat) for each in (teacher, student))
    lost = ops.mean(softmax_divergence(taught, told, temperature, axis=1), axis=-1)  # (B,)
    return _weighted_mean(lost, _presence(name, teacher))


def _points(name: str, loss: Any, teacher: Outputs, student: Outputs, _: float) -> Any:
    """Points: the head's own loss with the teacher's answer in the place of the label, where the teacher sees an
    object (the regression of Chen et al. 2017, section 3.3, without its bound)."""
    lost = ops.mean(loss.call(teacher[name], student[name]), axis=-1)
    return _weighted_mean(lost, _presence(name, teacher))


def _box(name: str, loss: Any, teacher: Outputs, student: Outputs, _: float) -> Any:
    """One box, in the same way."""
    certain = _presence(name, teacher) * _has_area(teacher[name])
    return _weighted_mean(loss.call(teacher[name], student[name]), certain)


def _offsets(name: str, loss: Any, teacher: Outputs, student: Outputs, _: float) -> Any:
    """The same box as cells see it, by the share of each cell in the teacher's map of centres."""
    logits = teacher["box_heatmap"][..., 0]  # (B, GH, GW)
    near = ops.exp(logits - ops.max(logits, axis=(1, 2), keepdims=True)) * _has_area(teacher[name])
    return _weighted_mean(loss.call(teacher[name], student[name]), near * _presence(name, teacher)[:, None, None])


def _objectness(name: str, _: Any, teacher: Outputs, student: Outputs, temperature: float) -> Any:
    """Objectness of places: the divergence, over the sum of the teacher's (Mehta and Ozturk 2018, section 3.2)."""
    return _over_objects(binary_divergence(teacher[name], student[name], temperature), teacher[name])


def _of_objects(name: str, _: Any, teacher: Outputs, student: Outputs, temperature: float) -> Any:
    """Classes of places, by the teacher's objectness (Mehta and Ozturk 2018, eq. 4)."""
    lost = ops.mean(binary_divergence(teacher[name], student[name], temperature), axis=-1)
    logits = teacher["grid_objectness"]
    return _over_objects(lost * ops.sigmoid(logits), logits)


def _grid_boxes(name: str, loss: Any, teacher: Outputs, student: Outputs, _: float) -> Any:
    """Boxes of places, by the teacher's objectness (Mehta and Ozturk 2018, eq. 4), with the head's own IoU loss."""
    taught, told = (distances_to_sides(each[name]) for each in (teacher, student))
    logits = teacher["grid_objectness"]
    lost = (1 - box_similarity(taught, told, loss.kind)) * _has_area(taught)
    return _over_objects(lost * ops.sigmoid(logits), logits)


def _places(name: str, loss: AlignedLoss, teacher: Outputs, student: Outputs, temperature: float) -> Any:
    """Objectness, boxes and classes side by side: the three losses above, with the weights of the head's own."""
    taught, told, alignment = teacher[name], student[name], loss.alignment
    logits = taught[..., 0]
    true_boxes, boxes = (loss.boxes_of(each[..., 1:5]) for each in (taught, told))
    off = (1 - box_similarity(true_boxes, boxes, alignment.box_kind)) * _has_area(true_boxes)
    of_objects = alignment.weights[1] * off
    if taught.shape[-1] > 5:
        classes = binary_divergence(taught[..., 5:], told[..., 5:], temperature)
        of_objects += alignment.weights[2] * ops.mean(classes, axis=-1)
    lost = alignment.weights[0] * binary_divergence(logits, told[..., 0], temperature)
    return _over_objects(lost + of_objects * ops.sigmoid(logits), logits)


def _mask(name: str, _: Any, teacher: Outputs, student: Outputs, temperature: float) -> Any:
    """Classes of cells: the mean of the divergence in each (Liu et al. 2019, Structured Knowledge Distillation for
    Semantic Segmentation, eq. 1)."""
    if student[name].shape[-1] == 1:
        return ops.mean(binary_divergence(teacher[name], student[name], temperature))
    return ops.mean(softmax_divergence(teacher[name], student[name], temperature, axis=-1))


def _picture(name: str, _: Any, teacher: Outputs, student: Outputs, __: float) -> Any:
    """A restored picture: the mean squared difference (Ba and Caruana 2014, eq. 3)."""
    return ops.mean(ops.square(teacher[name] - student[name]))


SOFT_LOSSES: dict[str, SoftLoss] = {
    "autoencoder_image": _picture,
    "box_coordinates": _box,
    "box_heatmap": _map,
    "box_offsets": _offsets,
    "box_presence": _logit,
    "corners_coordinates": _points,
    "corners_heatmap": _map,
    "corners_presence": _logit,
    "corners_simcc_x": _map,
    "corners_simcc_y": _map,
    "grid_boxes": _grid_boxes,
    "grid_classes": _of_objects,
    "grid_objectness": _objectness,
    "grid_places": _places,
    "mask_logits": _mask,
    "presence_logit": _logit,
} | {f"mask_logits_{stride}": _mask for stride in (2, 4, 8, 16, 32)}


def binary_divergence(teacher: Any, student: Any, temperature: float) -> Any:
    """Kullback-Leibler divergence of the probabilities of two logits, element by element, times temperature squared."""
    taught, told = teacher / temperature, student / temperature
    lost = ops.softplus(told) - ops.softplus(taught) - ops.sigmoid(taught) * (told - taught)
    return lost * temperature**2


def softmax_divergence(teacher: Any, student: Any, temperature: float, axis: int) -> Any:
    """Kullback-Leibler divergence of two softmaxes along an axis, which goes, times temperature squared."""
    taught, told = (ops.log_softmax(each / temperature, axis=axis) for each in (teacher, student))
    return ops.sum(ops.exp(taught) * (taught - told), axis=axis) * temperature**2


def _presence(name: str, teacher: Outputs) -> Any:
    """The teacher's probability (B,) that there is an object, for an output of the head `box` or `corners`."""
    return ops.sigmoid(teacher[f"{name.partition('_')[0]}_presence"][:, 0])


def _has_area(boxes: Any) -> Any:
    """1 where a box (..., 4) has its sides the right way round, else 0: the overlap with itself is none."""
    return ops.cast(ops.all(boxes[..., 2:] > boxes[..., :2], axis=-1), boxes.dtype)


def _weighted_mean(lost: Any, weights: Any) -> Any:
    return ops.sum(lost * weights) / ops.maximum(ops.sum(weights), 1.0)


def _over_objects(lost: Any, objectness: Any) -> Any:
    """The sum over all places, over the sum of the teacher's objectness: about one a place that sees an object."""
    return ops.sum(lost) / ops.maximum(ops.sum(ops.sigmoid(objectness)), 1.0)
