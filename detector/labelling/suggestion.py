"""The corners that a model suggests for a picture, before a person has put them where they belong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detector.prediction import predict_images
from detector.runs import RunError
from detector.runtime import load_runtime


@dataclass(frozen=True)
class Suggestion:
    """What a model says of a picture.

    Args:
        present: whether it sees a document.
        presence: probability in [0, 1] that there is one.
        corners: (4, 2) normalised xy.
    """

    present: bool
    presence: float
    corners: np.ndarray


Suggest = Callable[[np.ndarray], Suggestion]


def load_suggest(model: str | Path) -> Suggest:
    """A function of uint8 (H, W, 3) pictures that asks a model; several threads may call it.

    Args:
        model: see `detector.locate.find_model`.

    Raises:
        RunError: there is no such model, or it finds no four corners.
    """
    runtime = load_runtime(model)
    codecs, thresholds, lock = runtime.card.codecs(), runtime.card.thresholds, threading.Lock()
    if "corners" not in codecs:
        raise RunError(
            f"{model}: expected a model with the head `corners`, this one has {', '.join(codecs)}. "
            "Name another with --model, or label without one: --no-model."
        )

    def suggest(image: np.ndarray) -> Suggestion:
        with lock:
            [answers] = predict_images(runtime, [image], codecs)
        corners = answers["corners"]
        return Suggestion(corners.is_present(thresholds), corners.presence, corners.keypoints)

    return suggest
