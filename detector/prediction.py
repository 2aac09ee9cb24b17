"""Pictures -> predictions in the pictures' own coordinates: from files, folders, globs and videos."""

from __future__ import annotations

import glob
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.errors import DataError, ErrorPolicy, OnError
from data_generators.forms import read_form
from data_generators.images import list_images, read_image
from data_generators.real.video import VIDEO_EXTENSIONS, read_frames
from detector.codecs import Codec
from detector.forms.reading import FormReader, FormReading
from detector.looks import ONCE, WHOLE, Looks, look_at, merge_looks
from detector.runs import RunError
from detector.runtime import Outputs, Runtime, load_runtime

logger = logging.getLogger(__name__)

Inputs = str | Path | Sequence[str | Path]  # files, folders, glob patterns
LEAST_MARGIN = 0.05  # of a form where the network sees no document: stripes are as like print upside down
FRAMES = 32  # that the network is given at a time


@dataclass(frozen=True)
class Picture:
    """A picture to ask the network about.

    Args:
        name: a name for the output files, without extension.
        origin: the file, with the frame's number and time where it is a video.
        image: uint8 (H, W, 3), RGB.
    """

    name: str
    origin: dict[str, Any]
    image: np.ndarray


@dataclass(frozen=True)
class Answer:
    """What the network says of a picture.

    Args:
        picture: the picture.
        predictions: head name -> prediction, in normalised coordinates of the picture.
        thresholds: of the model's card.
        form: the form on the document, where a template was given, and the network found a document or the template's
            print was found.
    """

    picture: Picture
    predictions: dict[str, Any]
    thresholds: dict[str, float]
    form: FormReading | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data: the origin, the picture's size, each head's prediction, and `form` where one was read."""
        height, width = self.picture.image.shape[:2]
        heads = {name: prediction.to_json(self.thresholds) for name, prediction in self.predictions.items()}
        form = {"form": self.form.to_json((height, width))} if self.form else {}
        return self.picture.origin | {"width": width, "height": height} | heads | form


def predict_images(
    runtime: Runtime,
    images: Sequence[np.ndarray],
    codecs: Mapping[str, Codec] | None = None,
    looks: Looks = ONCE,
) -> list[dict[str, Any]]:
    """Predictions for pictures of any size.

    Args:
        runtime: the network.
        images: uint8 (H, W, C) each, RGB or grey.
        codecs: those of the runtime's card, where the caller has made them already.
        looks: how often and how each picture is looked at.

    Returns:
        For each picture head name -> prediction, in normalised coordinates of that picture.

    Raises:
        SettingsError: a head cannot be asked about a mirrored picture.
    """
    if not images:
        return []
    card, codecs = runtime.card, codecs or runtime.card.codecs()
    looks.check(codecs)
    seen = [look_at(image, card.input, looks.tiles or card.tiles or WHOLE, looks.tta) for image in images]
    outputs = run_frames(runtime, [look.frame for tiles in seen for tile in tiles for look in tile.looks])
    answers: list[dict[str, Any]] = [{} for _ in images]
    for name, codec in codecs.items():
        predictions = iter(codec.decode(outputs))
        for answer, tiles in zip(answers, seen, strict=True):
            answer[name] = merge_looks(tiles, predictions)
    return answers


def run_frames(runtime: Runtime, frames: Sequence[np.ndarray]) -> Outputs:
    """Outputs of any number of frames, uint8 (H, W, C) each at the network's input size."""
    parts = [runtime.run(np.stack(frames[start : start + FRAMES])) for start in range(0, len(frames), FRAMES)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def find_pictures(inputs: Inputs, every: int = 1, on_error: OnError = "raise") -> Iterator[Picture]:
    """The pictures behind files, folders, globs and videos, in order.

    Args:
        inputs: picture or video files, folders of them, or glob patterns.
        every: take every n-th frame of a video.
        on_error: what to do with a file that cannot be read: stop, or skip it with a warning, counted at the end.

    Raises:
        DataError: nothing there, or a file that cannot be read.
    """
    policy = ErrorPolicy(on_error)
    paths = expand_inputs(inputs)
    for path in paths:
        try:
            yield from _pictures_of(path, every)
        except DataError as error:
            policy.handle(error)
    policy.summarise("prediction", len(paths))


def expand_inputs(inputs: Inputs) -> list[Path]:
    """The files behind one or several files, folders and glob patterns, in order.

    Raises:
        DataError: nothing there.
    """
    entries = [inputs] if isinstance(inputs, str | Path) else inputs
    return [path for entry in entries for path in _expand(str(entry))]


def _expand(entry: str) -> list[Path]:
    path = Path(entry)
    if path.is_dir():
        videos = sorted(file for file in path.iterdir() if _is_video(file) and not file.name.startswith("."))
        try:
            return videos + list_images(path)
        except DataError:
            if videos:
                return videos
            raise
    if path.exists():
        return [path]
    found = sorted(path for path in map(Path, glob.glob(entry, recursive=True)) if path.is_file())
    if not found:
        raise DataError(entry, "there is no such file or folder, and no file fits it as a pattern.", "Check the path.")
    return found


def _is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEO_EXTENSIONS


def _pictures_of(path: Path, every: int) -> Iterator[Picture]:
    if _is_video(path):
        yield from _frames(path, every)
    else:
        yield Picture(path.stem, {"file": str(path)}, read_image(path))


def _frames(path: Path, step: int) -> Iterator[Picture]:
    for number, seconds, image in read_frames(path, every=step):
        origin = {"file": str(path), "frame": number, "seconds": round(seconds, 4)}
        yield Picture(f"{path.stem}-{number:06d}", origin, image)


def predict(
    model: str | Path | Runtime,
    inputs: Inputs,
    every: int = 1,
    on_error: OnError = "raise",
    template: str | Path | None = None,
    *,
    looks: Looks = ONCE,
) -> Iterator[Answer]:
    """Asks a model about pictures, one at a time.

    Args:
        model: a run folder, a `.keras` or `.tflite` file, the name of a shipped model, or a loaded runtime.
        inputs: files, folders, globs, videos.
        every: take every n-th frame of a video.
        on_error: what to do with a file that cannot be read.
        template: a `form.yaml`, see `data_generators.forms`; its fields are read on each document that is found, and
            where the network sees none, but the form's print is found, one way up clearly better than the others.
        looks: how often and how each picture is looked at.

    Yields:
        An answer a picture, in order.

    Raises:
        RunError: a template, and a model that does not find four corners.
        SettingsError: a head cannot be asked about a mirrored picture.
    """
    runtime = model if isinstance(model, Runtime) else load_runtime(model)
    codecs, reader = runtime.card.codecs(), None
    if template is not None:
        require_four_corners(runtime, "--template")
        reader = FormReader(read_form(template))
    for picture in find_pictures(inputs, every, on_error):
        [predictions] = predict_images(runtime, [picture.image], codecs, looks)
        answer = Answer(picture, predictions, runtime.card.thresholds)
        yield replace(answer, form=_read_form(reader, answer)) if reader else answer


def require_four_corners(runtime: Runtime, option: str) -> None:
    """Refuses a model that does not find the four corners of a document.

    Raises:
        RunError: names the option that needs them, and the model's heads.
    """
    if getattr(runtime.card.heads.get("corners"), "points", 0) != 4:
        raise RunError(
            f"{option} needs a model with a `corners` head of 4 points. Received heads {sorted(runtime.card.heads)}."
        )


def _read_form(reader: FormReader, answer: Answer) -> FormReading | None:
    """The form on a picture, unless the network sees no document there and the form's print is not found either."""
    corners = answer.predictions["corners"]
    is_present = corners.is_present(answer.thresholds)
    try:
        reading = reader.read(answer.picture.image, corners.keypoints)
    except ValueError:
        if is_present:
            message = "%s: the form is not read, three of its corners lie on a line"
            logger.warning(message, answer.picture.origin["file"])
        return None
    return reading if is_present or (reading.refined and reading.margin >= LEAST_MARGIN) else None
