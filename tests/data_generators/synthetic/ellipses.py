"""A source of small pictures with one coloured ellipse each, its mask and its box: objects to cut out in tests."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from data_generators.sample import MASK_IGNORE, Sample
from data_generators.sources import Source

COLOURS = {"cat": (230, 20, 20), "dog": (20, 20, 230)}
GROUND = (30, 140, 30)


class Ellipses(Source):
    """Pictures of 48 x 64 pixels, cats and dogs in turn; those of `cut_off` begin beyond the left border.

    Args:
        count: how many.
        cut_off: whether the objects are cut off at the left.
        border: width in pixels of what the mask leaves open.
        masked: whether there are masks.
    """

    class_names = tuple(COLOURS)
    labelled_classes = frozenset(COLOURS)

    def __init__(self, count: int = 12, cut_off: bool = False, border: int = 4, masked: bool = True) -> None:
        self._count, self._middle, self._border, self._masked = count, 4 if cut_off else 32, border, masked

    def __len__(self) -> int:
        return self._count

    def sample(self, index: int) -> Sample:
        label = index % 2
        image, mask = np.full((48, 64, 3), GROUND, np.uint8), np.zeros((48, 64), np.uint8)
        ellipse = (self._middle, 24), (18, 12), 0, 0, 360
        cv2.ellipse(image, *ellipse, COLOURS[self.class_names[label]], -1)
        cv2.ellipse(mask, *ellipse, label + 1, -1)
        x, y, width, height = cv2.boundingRect(mask)
        if self._border:
            cv2.ellipse(mask, *ellipse, MASK_IGNORE, self._border)
        return Sample(
            image=image,
            boxes=np.array([[x, y, x + width, y + height]], np.float32) / np.array([64, 48, 64, 48], np.float32),
            labels=np.array([label]),
            ignore=np.zeros(1, bool),
            keypoints=np.zeros((1, 0, 2), np.float32),
            mask=mask if self._masked else np.zeros((0, 0), np.uint8),
            has=frozenset({"boxes", "mask"} if self._masked else {"boxes"}),
            group=f"pet {index}",
            origin=f"ellipse {index}",
        )

    def groups(self) -> list[str]:
        return [f"pet {index}" for index in range(self._count)]

    def content(self) -> Any:
        return ["ellipses", self._count, self._middle, self._border]
