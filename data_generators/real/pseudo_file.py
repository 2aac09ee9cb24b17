"""What stands in queue.json: what a model says of pictures, and a person of that; writer and reader begin here.

The folder holds queue.json and, where the labels are masks, `masks/`: beside each picture's path an index picture.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import Field

from data_generators.errors import DataError
from data_generators.files import read_bytes
from data_generators.settings import Settings, Share
from data_generators.sources import CornerOrder

QUEUE_NAME, MASKS_NAME = "queue.json", "masks"
QUEUE_VERSION = 1

Kind = Literal["mask", "boxes", "corners"]
State = Literal["open", "accepted", "rejected"]
Box = tuple[float, float, float, float]
Point = tuple[float, float]


class PseudoLabel(Settings):
    """What a model says of one picture."""

    image: str
    """The picture, relative to the folder of pictures."""
    size_hw: tuple[int, int]
    """Height and width of the picture in pixels, upright."""
    disagreement: Share
    """How far the looks at the picture disagree: 0 not at all."""
    state: State = "open"
    """What a person says of the label; `open`: nothing yet."""
    says: str = ""
    """The label in a few words."""
    boxes: tuple[Box, ...] = ()
    """x0 y0 x1 y1 of each object, normalised."""
    labels: tuple[int, ...] = ()
    """Class of each object, an index into `class_names`."""
    keypoints: tuple[tuple[Point, ...], ...] = ()
    """Corners of each object, normalised x y; empty where the labels are others."""


class PseudoQueue(Settings):
    """The file as a whole."""

    version: int = Field(QUEUE_VERSION, ge=1, le=QUEUE_VERSION)
    """Of this document."""
    model: str
    """The model file that was asked."""
    model_hash: str
    """Of its bytes."""
    head: str
    """The head whose predictions these are."""
    kind: Kind
    """What is labelled."""
    class_names: tuple[str, ...] = Field(min_length=1)
    """What the labels index."""
    corner_order: CornerOrder = "none"
    """Order of the corners."""
    tta: tuple[str, ...] = ()
    """The looks at each picture, beside as it is."""
    images: str
    """The folder of the pictures, relative to that of this file."""
    pictures: tuple[PseudoLabel, ...] = ()
    """Worst first."""


def read_queue(root: Path) -> PseudoQueue:
    """The queue of a folder.

    Raises:
        DataError: there is none, or it is no JSON.
        SettingsError: it holds something else; the message names the file.
    """
    path = root / QUEUE_NAME
    cure = "Give the folder that `detector pseudo-label` has written."
    try:
        values = json.loads(read_bytes(path, cure))
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(path, f"the file is not JSON ({error}).", cure) from error
    return PseudoQueue.parse(values, where=str(path))


def mask_path(root: Path, image: str) -> Path:
    """Where the mask of a picture lies: its file, with the extension of the picture and `.png`."""
    return root / MASKS_NAME / f"{image}.png"
