"""What one frame says, from the prediction of any head: how sure, where, how large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from data_generators.sample import Sample
from detector.codecs.boxes import BoxesPrediction
from detector.codecs.mask_prediction import MaskPrediction

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sighting:
    """An object in a frame.

    Args:
        score: probability in [0, 1] that the frame shows it.
        box: x0 y0 x1 y1 in normalised coordinates, cut at the frame; None where there is none above the threshold.
        area: share of the frame in [0, 1], by its mask where there is one, else by its box. Of a mask, the object is
            the largest connected region: a false speck far from it makes it neither larger nor closer.
    """

    score: float
    box: Box | None = None
    area: float = 0.0

    @property
    def height(self) -> float:
        """Share of the frame's height that the box takes."""
        return self.box[3] - self.box[1] if self.box else 0.0


def sighting_of(
    prediction: Any, image: np.ndarray, thresholds: Mapping[str, float], class_name: str | None = None
) -> Sighting:
    """The largest object of a class in a frame.

    Args:
        prediction: of any head that says whether there is an object, in normalised coordinates of the frame.
        image: uint8 (H, W, C), the frame.
        thresholds: of the model's card.
        class_name: the class; None for all.

    Raises:
        ValueError: the prediction knows no such class, or does not say whether there is an object.
    """
    label = None if class_name is None else _label_of(prediction, class_name)
    if label is not None:
        prediction = _of_class(prediction, label)
    if not hasattr(prediction, "presence"):
        name = type(prediction).__name__
        raise ValueError(f"Expected a prediction with a presence. Received {name}. Take a model of another head.")
    sample = prediction.to_sample(image, thresholds)
    box, area = _largest_region(sample.mask) if sample.mask.size else _largest_box(sample)
    return Sighting(float(prediction.presence), box, area)


def _largest_box(sample: Sample) -> tuple[Box | None, float]:
    """The largest box, cut at the frame, and its area; None and 0 where there is none."""
    boxes = sample.boxes.astype(float).clip(0, 1)
    if not len(boxes):
        return None, 0.0
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    largest = int(np.argmax(areas))
    x0, y0, x1, y1 = boxes[largest].tolist()
    return (x0, y0, x1, y1), float(areas[largest])


def _largest_region(mask: np.ndarray) -> tuple[Box | None, float]:
    """Box and area of the largest connected region of one class in a mask uint8 (H, W), 0 the background."""
    height, width = mask.shape
    box, most = None, 0
    for value in np.unique(mask[mask > 0]).tolist():
        regions = cv2.connectedComponentsWithStats((mask == value).astype(np.uint8), connectivity=8)[2][1:]
        left, top, across, down, pixels = max(regions.tolist(), key=lambda region: region[-1])
        if pixels > most:
            box, most = (left / width, top / height, (left + across) / width, (top + down) / height), pixels
    return box, most / mask.size


def _label_of(prediction: Any, class_name: str) -> int:
    names = tuple(getattr(prediction, "classes", ()))
    if class_name not in names:
        known = ", ".join(names) or "none: its objects have no names"
        raise ValueError(f"The model knows no class {class_name!r}. Its classes: {known}.")
    return names.index(class_name)


def _of_class(prediction: Any, label: int) -> Any:
    """The prediction with the objects of one class alone."""
    if isinstance(prediction, BoxesPrediction):
        of_class = prediction.labels == label
        arrays = {name: getattr(prediction, name)[of_class] for name in ("boxes", "scores", "labels")}
        return replace(prediction, **arrays)
    if isinstance(prediction, MaskPrediction):
        return replace(
            prediction,
            probabilities=prediction.probabilities[..., label : label + 1],
            classes=prediction.classes[label : label + 1],
        )
    return prediction
