"""A runtime that answers what a test tells it to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from detector.card import ModelCard
from detector.runtime import Outputs, Runtime
from tests.detector.tiny import tiny_config

DENSE_HEADS: dict[str, Any] = {"corners": {"method": "dense", "loss": "mae"}}


class FakeRuntime(Runtime):
    """Says the same of every picture: four points in the network's frame, and a logit.

    Args:
        points: (4, 2) normalised xy of the frame.
        logit: of presence.
        fit: how pictures are put into the frame of 32 x 48.
        heads: of the card.
    """

    name = "fake"

    def __init__(
        self, points: np.ndarray, logit: float = 5.0, fit: str = "letterbox", heads: dict[str, Any] | None = None
    ) -> None:
        self.card = ModelCard.of(tiny_config(heads or DENSE_HEADS, fit=fit), 42)
        self.path, self.points, self.logit = Path(__file__), np.asarray(points, np.float32), logit
        self.batches: list[np.ndarray] = []

    def run(self, images: np.ndarray) -> Outputs:
        self.batches.append(images)
        logits = np.full((len(images), 1), self.logit, np.float32)
        points = np.broadcast_to(self.points, (len(images), *self.points.shape))
        return {"corners_presence": logits, "corners_coordinates": points, "presence_logit": -logits}
