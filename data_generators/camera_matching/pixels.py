"""The luminance of pictures and pictures at another size: what all measures of a camera are taken from."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np


def luminance(image: np.ndarray) -> np.ndarray:
    """Luminance float32 (H, W), 0 to 255, of a picture uint8 (H, W, 1 or 3)."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.shape[2] == 3 else image[..., 0]
    return grey.astype(np.float32)


def shrink(image: np.ndarray, share: float) -> np.ndarray:
    """The picture uint8 (H, W, C) at a share of its size, by area; itself where the share is 1 or more."""
    if share >= 1:
        return image
    height, width = (max(1, round(side * share)) for side in image.shape[:2])
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).reshape(height, width, image.shape[2])


def shrink_all(images: Sequence[np.ndarray], share: float) -> list[np.ndarray]:
    """Every picture shrunk; see `shrink`."""
    return [shrink(image, share) for image in images]
