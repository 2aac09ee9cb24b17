"""Small sources in memory for the tests of the inspection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from data_generators.errors import DataError, OnError
from data_generators.sample import Sample
from data_generators.sources import Source

HEIGHT, WIDTH = 96, 144


def draw_scene(seed: int) -> np.ndarray:
    """A picture of blobs and strokes, uint8 (96, 144, 3), like no other seed's."""
    rng = np.random.default_rng(seed)
    image = cv2.resize(rng.integers(40, 210, (3, 4, 3), np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    for _ in range(14):
        centre, end = (tuple(int(value) for value in rng.integers(0, (WIDTH, HEIGHT))) for _ in range(2))
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        if rng.random() < 0.5:
            cv2.circle(image, centre, int(rng.integers(4, 18)), colour, -1)
        else:
            cv2.line(image, centre, end, colour, int(rng.integers(2, 6)))
    return image


def boxed(
    seed: int, boxes: Sequence[Sequence[float]] = ((0.1, 0.2, 0.4, 0.7), (0.5, 0.3, 0.9, 0.8)), **changes: Any
) -> Sample:
    """A scene with labelled boxes, by default two of the classes 0 and 1."""
    count = len(boxes)
    sample = Sample(
        image=draw_scene(seed),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        labels=np.arange(count, dtype=np.int64) % 2,
        ignore=np.zeros(count, bool),
        keypoints=np.zeros((count, 0, 2), np.float32),
        has=frozenset({"boxes"}),
        group=f"scene {seed}",
        origin=f"scene-{seed}.jpg",
    )
    return sample.replace(**changes)


class Listed(Source):
    """Samples that were given, of cats and dogs; None is a picture that cannot be read."""

    def __init__(
        self, samples: Sequence[Sample | None], names: tuple[str, ...] = ("cat", "dog"), on_error: OnError = "raise"
    ) -> None:
        self._samples, self.class_names, self.on_error = list(samples), names, on_error
        self.labelled_classes = frozenset(names)

    def __len__(self) -> int:
        return len(self._samples)

    def sample(self, index: int) -> Sample:
        found = self._samples[index]
        if found is None:
            raise DataError(f"{index}.jpg", "the JPEG is truncated: its end is missing.", "Copy it again.")
        return found

    def groups(self) -> list[str]:
        return [sample.group if sample else "" for sample in self._samples]

    def content(self) -> Any:
        return ["listed", len(self._samples)]
