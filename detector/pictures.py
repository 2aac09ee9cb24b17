"""Predictions drawn for a person: live validation sheets, the worst pictures, overlays, straightened documents."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from data_generators.drawing import draw_polyline, draw_text, line_width, text_width
from data_generators.drawn_sample import Predicted, draw_sample
from data_generators.errors import OnError
from data_generators.forms import read_form
from data_generators.geometry import UNIT_QUAD, homography_between, pixel_homography, to_pixels
from data_generators.preview import contact_sheet, write_png
from data_generators.sample import Sample
from data_generators.transform.input_spec import match_channels
from detector.codecs.autoencoder import AutoencoderPrediction
from detector.codecs.boxes import BoxesPrediction
from detector.codecs.mask_prediction import MaskPrediction
from detector.looks import ONCE, Looks
from detector.prediction import Answer, Picture, expand_inputs, predict, require_four_corners
from detector.runs import RunError, write_json
from detector.runtime import Runtime, load_runtime

if TYPE_CHECKING:  # it brings keras, which prediction from a .tflite does not need
    from detector.evaluation import Evaluation

logger = logging.getLogger(__name__)

TILE_PX = 240
COLUMNS = 4
MAX_SIDE_PX = 4096
RECTIFIED = "-rectified"
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


def write_answers(
    model: str | Path | Runtime,
    inputs: Sequence[str],
    output: Path,
    *,
    every: int = 1,
    overlays: bool = True,
    rectify: bool = False,
    on_error: OnError = "raise",
    template: str | Path | None = None,
    looks: Looks = ONCE,
) -> int:
    """Asks a model about pictures; writes `predictions.json`, overlays and straightened documents into a folder.

    Each row of `predictions.json` names the files beside it that were written for it: `overlay` and `rectified`, and
    with a template the `crop` of each field.

    Args:
        model: a run folder, a `.keras` or `.tflite` file, the name of a shipped model, or a loaded runtime.
        inputs: files, folders, globs, videos.
        output: the folder.
        every: take every n-th frame of a video.
        overlays: draw each picture with its predictions to `NAME.png`.
        rectify: write each document that was found, straightened, to `NAME-rectified.png`.
        on_error: what to do with a file that cannot be read; what was answered before it is written in any case.
        template: a `form.yaml`; each field of a document that was found is written, straightened, to
            `NAME-FIELD.png`.
        looks: how often and how each picture is looked at.

    Returns:
        The number of pictures.

    Raises:
        RunError: one of the pictures would be overwritten, or the model finds nothing that could be straightened.
        DataError: nothing there, or a file that cannot be read.
    """
    runtime = model if isinstance(model, Runtime) else load_runtime(model)
    if rectify:
        require_four_corners(runtime, "--rectify")
    fields = [] if template is None else list(read_form(template).fields)
    targets = _Targets(output, expand_inputs(inputs), ["", RECTIFIED, *(f"-{name}" for name in fields)])
    rows: list[dict[str, Any]] = []
    try:
        for answer in predict(runtime, inputs, every, on_error, template, looks=looks):
            rows.append(answer.to_json())
            name = targets.free_name(answer.picture.name)
            rows[-1] |= _write_pictures(answer, name, targets, overlays=overlays, rectify=rectify)
            for field, file in _write_fields(answer, name, targets).items():
                rows[-1]["form"]["fields"][field]["crop"] = file
    finally:
        write_json(output / "predictions.json", rows)
    return len(rows)


def _write_fields(answer: Answer, name: str, targets: _Targets) -> dict[str, str | None]:
    """Writes the fields of a form that was read, straightened; the file's name of each, None where it has no area."""
    files: dict[str, str | None] = {}
    for field, quad in answer.form.fields.items() if answer.form else ():
        path = targets.path(f"{name}-{field}.png")
        files[field] = path.name if _write_rectified(path, answer.picture, quad) else None
    return files


def _write_pictures(
    answer: Answer, name: str, targets: _Targets, *, overlays: bool, rectify: bool
) -> dict[str, str | None]:
    """Writes what is asked for; `overlay` and `rectified`: the file's name, None where there is none."""
    files: dict[str, str | None] = {"overlay": None, "rectified": None}
    if overlays:
        path = targets.path(f"{name}.png")
        write_png(path, draw_overlay(answer))
        files["overlay"] = path.name
    corners = answer.predictions.get("corners")
    if rectify and corners and corners.is_present(answer.thresholds):
        path = targets.path(f"{name}{RECTIFIED}.png")
        if _write_rectified(path, answer.picture, corners.keypoints):
            files["rectified"] = path.name
    return files


class _Targets:
    """The files to write: of pictures with the same name each gets its own, and no input is overwritten.

    Names are compared as file systems do that take `A.png` and `a.png` for one.

    Args:
        folder: to write into.
        inputs: the files that are asked about.
        endings: what the names of the files that may be written for a picture have beside its own.
    """

    def __init__(self, folder: Path, inputs: Sequence[Path], endings: Sequence[str]) -> None:
        self._folder = folder
        self._inputs = {str(path.resolve()).casefold() for path in inputs}
        self._taken: set[str] = set()
        self._endings = endings

    def free_name(self, name: str) -> str:
        """The name, with a number where it, or the name of another file for the same picture, is taken."""
        for candidate in chain([name], (f"{name}-{number}" for number in count(2))):
            wanted = {f"{candidate}{ending}".casefold() for ending in self._endings}
            if not wanted & self._taken:
                break
        self._taken |= wanted
        return candidate

    def path(self, name: str) -> Path:
        """The path of a file to write.

        Raises:
            RunError: it is one of the inputs.
        """
        path = self._folder / name
        if str(path.resolve()).casefold() in self._inputs:
            raise RunError(f"{path} is one of the pictures and would be overwritten. Choose another --output.")
        return path


def _write_rectified(path: Path, picture: Picture, quad: np.ndarray) -> bool:
    """Whether there was something to straighten."""
    try:
        straight = rectify_quad(picture.image, quad)
    except ValueError:
        logger.warning("%s: not straightened, three of its corners lie on a line", picture.origin["file"])
        return False
    write_png(path, straight)
    return True


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
            prediction.describe(answer.thresholds),
        )
        for prediction in answer.predictions.values()
    ]
    return np.concatenate(tiles, axis=1)


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


def rectify_quad(image: np.ndarray, quad: np.ndarray) -> np.ndarray:
    """The content of a quadrilateral, straightened to a rectangle.

    Args:
        image: uint8 (H, W, C).
        quad: (4, 2) normalised xy, clockwise from what becomes the top left.

    Returns:
        uint8 (h, w, C); h and w are the means of the opposite sides' lengths in pixels.
    """
    size_hw = image.shape[:2]
    sides = np.linalg.norm(np.roll(to_pixels(quad, size_hw), -1, axis=0) - to_pixels(quad, size_hw), axis=1)
    width, height = (int(np.clip(round(float(pair.mean())), 2, MAX_SIDE_PX)) for pair in (sides[0::2], sides[1::2]))
    matrix = pixel_homography(homography_between(quad, UNIT_QUAD), size_hw, (height, width))
    straight = cv2.warpPerspective(
        image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return straight.reshape(height, width, -1)
