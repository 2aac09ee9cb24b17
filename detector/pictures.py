"""Predictions drawn for a person: live validation sheets, the worst pictures, overlays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_generators.drawing import draw_polyline, draw_text, line_width, text_width
from data_generators.drawn_sample import Predicted, draw_sample
from data_generators.geometry import to_pixels
from data_generators.preview import contact_sheet, write_png
from data_generators.sample import Sample
from data_generators.transform.input_spec import match_channels
from detector.codecs.autoencoder import AutoencoderPrediction
from detector.codecs.boxes import BoxesPrediction
from detector.codecs.mask_prediction import MaskPrediction
from detector.prediction import Answer

if TYPE_CHECKING:  # it brings keras, which prediction from a .tflite does not need
    from detector.evaluation import Evaluation

TILE_PX = 240
COLUMNS = 4
FIELD_COLOUR = (255, 140, 0)


def draw_answers(
    samples: Sequence[Sample],
    answers: Sequence[Mapping[str, Any]],
    thresholds: Mapping[str, float],
    class_names: Sequence[str] = (),
) -> np.ndarray:
    """A contact sheet of labels (green) and predictions (magenta); a restored picture stands beside its original.

    Args:
        samples: labelled pictures.
        answers: for each, head name -> prediction in normalised coordinates of the picture.
        thresholds: of the model's card.
        class_names: of the labels.

    Returns:
        uint8 (H, W, 3).
    """
    tiles = []
    for sample, answer in zip(samples, answers, strict=True):
        for prediction in answer.values():
            predicted = _predicted(prediction, sample.image, thresholds)
            note = prediction.describe(thresholds) if isinstance(prediction, MaskPrediction) else ""
            tiles.append(draw_sample(sample, TILE_PX, class_names, predicted, note))
            if isinstance(prediction, AutoencoderPrediction):
                tiles.append(draw_sample(predicted.objects, TILE_PX, note=prediction.describe(thresholds)))
    return contact_sheet(tiles, COLUMNS, TILE_PX)


def _predicted(
    prediction: Any, image: np.ndarray, thresholds: Mapping[str, float], *, by_class: bool = False
) -> Predicted:
    """A prediction as it is drawn; boxes bear their class and score."""
    objects = prediction.to_sample(image, thresholds)
    if isinstance(prediction, MaskPrediction):
        names = [prediction.name_of(label) for label in objects.labels.tolist()]
        return Predicted(objects, names if len(prediction.classes) > 1 else (), by_class)
    if isinstance(prediction, BoxesPrediction):
        return Predicted(objects, prediction.found(thresholds).captions(), by_class)
    return Predicted(objects)


def draw_worst(evaluation: Evaluation, path: Path) -> None:
    """Writes the pictures that were answered worst, worst first, as a PNG."""
    worst = evaluation.worst
    if worst:
        samples, answers = [judged.sample for judged in worst], [judged.predictions for judged in worst]
        write_png(path, draw_answers(samples, answers, evaluation.thresholds, evaluation.class_names))


def draw_overlay(answer: Answer) -> np.ndarray:
    """The picture with its predictions on top, uint8 (H, W, 3)."""
    image = _draw_fields(match_channels(answer.picture.image, 3), answer)
    height = int(np.clip(image.shape[0], 240, 1200))
    bare = Sample(image=image, origin=answer.picture.name)
    tiles = [
        draw_sample(
            bare,
            height,
            (),
            _predicted(prediction, image, answer.thresholds, by_class=True),
            caption(answer, name),
        )
        for name, prediction in answer.predictions.items()
    ]
    return np.concatenate(tiles, axis=1)


def caption(answer: Answer, head: str) -> str:
    """What a head says of a picture in a few words; of a form whose print was found, where the network saw nothing."""
    prediction = answer.predictions[head]
    if head == "corners" and answer.form and not prediction.is_present(answer.thresholds):
        return f"form found, presence {prediction.presence:.2f}"
    return str(prediction.describe(answer.thresholds))


def _draw_fields(image: np.ndarray, answer: Answer) -> np.ndarray:
    """The picture uint8 (H, W, 3) with the fields of the form that was read."""
    if answer.form is None:
        return image
    image, size_hw = np.array(image), image.shape[:2]
    text_px = max(9, round(min(size_hw) / 40))
    for name, quad in answer.form.fields.items():
        draw_polyline(image, quad, FIELD_COLOUR, line_width(image))
        x, y = to_pixels(quad, size_hw)[np.argmax(quad[:, 1])]
        left = max(0.0, min(x, image.shape[1] - text_width(name, text_px)))  # else the picture's edge cuts it off
        draw_text(image, name, (left, y + 0.3 * text_px), text_px, FIELD_COLOUR)
    return image
