"""Pictures of bright things on dark ground, and a model that calls what is bright an object; for pseudo-labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data_generators.images import write_image
from detector.card import ModelCard
from detector.pseudo_labels.asking import LabelModel
from detector.runtime import Outputs, Runtime
from tests.detector.tiny import tiny_config

PHOTO_HW = (48, 72)
BOXES_PX = ((6, 6, 30, 42), (42, 12, 66, 36))  # x0 y0 x1 y1


def bright_photo(count: int = 2, level: int = 220) -> np.ndarray:
    """uint8 (48, 72, 3) with the first `count` of two things of a grey."""
    image = np.full((*PHOTO_HW, 3), 30, np.uint8)
    for x0, y0, x1, y1 in BOXES_PX[:count]:
        image[y0:y1, x0:x1] = level
    return image


def write_photos(folder: Path) -> Path:
    """both.png with two things, clip/one.png with one that is as grey as the model is unsure, none.png without."""
    write_image(folder / "both.png", bright_photo())
    write_image(folder / "clip" / "one.png", bright_photo(1, level=131))
    write_image(folder / "none.png", bright_photo(0))
    return folder


class BrightRuntime(Runtime):
    """A `mask` head at 32 x 48 pixels, stride 2, whose logit is how bright a pixel is.

    Args:
        path: a file that stands for the model.
    """

    name = "bright"

    def __init__(self, path: Path) -> None:
        self.card, self.path = ModelCard.of(tiny_config({"mask": {"stride": 2, "channels": 8}}), 42), path
        path.write_text("bright")

    def run(self, images: np.ndarray) -> Outputs:
        grey = images.astype(np.float32).mean(axis=-1, keepdims=True)[:, ::2, ::2]
        return {"mask_logits": (grey - 128) / 8}


def bright_model(folder: Path) -> LabelModel:
    """The model, with all looks."""
    return LabelModel(BrightRuntime(folder / "bright.model"))
