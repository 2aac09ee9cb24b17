"""Answers about pictures written for a person: `predictions.json`, overlays, straightened documents, masks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from data_generators.errors import OnError
from data_generators.forms import read_form
from data_generators.geometry import UNIT_QUAD, homography_between, pixel_homography, to_pixels
from data_generators.preview import write_png
from data_generators.real.index_picture_writer import write_index_picture
from detector.looks import ONCE, Looks
from detector.pictures import draw_overlay
from detector.prediction import Answer, Inputs, Picture, expand_inputs, predict, require_four_corners
from detector.runs import RunError, write_json
from detector.runtime import Runtime, load_runtime

logger = logging.getLogger(__name__)

MAX_SIDE_PX = 4096
RECTIFIED = "-rectified"


def write_answers(
    model: str | Path | Runtime,
    inputs: Inputs,
    output: Path,
    *,
    every: int = 1,
    overlays: bool = True,
    rectify: bool = False,
    on_error: OnError = "raise",
    template: str | Path | None = None,
    looks: Looks = ONCE,
    masks: Path | None = None,
) -> int:
    """Asks a model about pictures; writes `predictions.json`, overlays and straightened documents into a folder.

    Each row of `predictions.json` names the files beside it that were written for it: `overlay` and `rectified`, with a
    template the `crop` of each field, and with masks the path `mask_file`.

    Args:
        model: a run folder, a `.keras` or `.tflite` file, the name of a shipped model, or a loaded runtime.
        inputs: files, folders, globs, videos.
        output: the folder.
        every: take every n-th frame of a video.
        overlays: draw each picture with its predictions to `NAME.png`.
        rectify: write each document that was found, straightened, to `NAME-rectified.png`.
        on_error: what to do with a file that cannot be read; what was answered before it is written in any case,
            and where that is nothing, an earlier `predictions.json` stays.
        template: a `form.yaml`; each row has a `form`, None where none was found, and each field of one that was found
            is written, straightened, to `NAME-FIELD.png`.
        looks: how often and how each picture is looked at.
        masks: a folder, new or empty; the mask of each picture is written there, as an index picture `NAME.png` of the
            picture's size: 0 is background, label + 1 an object of a class.

    Returns:
        The number of pictures.

    Raises:
        RunError: one of the pictures would be overwritten, or the model finds nothing that could be straightened, or
            no masks.
        DataError: nothing there, or a file that cannot be read.
    """
    runtime = model if isinstance(model, Runtime) else load_runtime(model)
    if rectify:
        require_four_corners(runtime, "--rectify")
    if masks is not None:
        _check_masks(runtime, masks, output)
    fields = [] if template is None else list(read_form(template).fields)
    targets = _Targets(output, expand_inputs(inputs), ["", RECTIFIED, *(f"-{name}" for name in fields)])
    rows: list[dict[str, Any]] = []
    try:
        for answer in predict(runtime, inputs, every, on_error, template, looks=looks):
            rows.append(({"form": None} if template else {}) | answer.to_json())
            name = targets.free_name(answer.picture.name)
            rows[-1] |= _write_pictures(answer, name, targets, overlays=overlays, rectify=rectify)
            for field, file in _write_fields(answer, name, targets).items():
                rows[-1]["form"]["fields"][field]["crop"] = file
            if masks is not None:
                rows[-1]["mask_file"] = _write_mask(answer, masks / f"{name}.png")
    except BaseException:
        if rows:  # else the answers of an earlier call stay
            write_json(output / "predictions.json", rows)
        raise
    write_json(output / "predictions.json", rows)
    return len(rows)


def _check_masks(runtime: Runtime, masks: Path, output: Path) -> None:
    """Refuses a model without masks, and a folder where a mask could take the place of another file."""
    if "mask" not in runtime.card.heads:
        heads = sorted(runtime.card.heads)
        raise RunError(f"--masks needs a model with a `mask` head. Received heads {heads}. Leave --masks out.")
    is_free = not masks.exists() or (masks.is_dir() and not any(masks.iterdir()))
    if not is_free or masks.resolve() == output.resolve():
        raise RunError(f"--masks must be a new or an empty folder, other than --output. Received {masks}.")


def _write_mask(answer: Answer, path: Path) -> str:
    height, width = answer.picture.image.shape[:2]
    write_index_picture(path, answer.predictions["mask"].found((height, width), answer.thresholds))
    return str(path)


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
