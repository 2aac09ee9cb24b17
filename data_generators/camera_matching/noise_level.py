"""Noise as a function of brightness, from the flattest patches of pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from data_generators.camera_matching.pixels import luminance

BINS = 8
_PATCH_PX = 8
_FLATTEST = 0.15  # quantile of the patches' noise in a bin of brightness: the rest holds more texture than noise
_LEAST_PATCHES = 40
_CLIPPED = 10.0  # grey levels from black and white where noise is cut off
# Immerkaer 1996, "Fast noise variance estimation": insensitive to edges and slopes, keeps the level of white noise
_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6


def measure_noise(images: Sequence[np.ndarray]) -> np.ndarray:
    """Standard deviation of the noise of luminance in the flattest patches, by brightness.

    Args:
        images: uint8 (H, W, 1 or 3).

    Returns:
        float64 (8,) grey levels, for 8 bins of brightness from black to white; NaN where too few patches lie in a bin.
    """
    pairs = [_patches(luminance(image)) for image in images]
    light, noise = (np.concatenate(part) for part in zip(*pairs, strict=True))
    which = np.minimum(light * BINS / 256, BINS - 1).astype(int)
    levels = np.full(BINS, np.nan)
    for index in range(BINS):
        here = noise[(which == index) & (light > _CLIPPED) & (light < 255 - _CLIPPED)]
        if len(here) >= _LEAST_PATCHES:
            levels[index] = np.quantile(here, _FLATTEST)
    return levels


def bin_centres() -> np.ndarray:
    """Brightness float64 (8,) in the middle of each bin, 0 to 1."""
    return (np.arange(BINS) + 0.5) / BINS


def _patches(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean brightness and root mean square of the noise of all whole patches, (n,) each."""
    residual = cv2.filter2D(light, -1, _KERNEL, borderType=cv2.BORDER_REFLECT)
    height, width = (side // _PATCH_PX for side in light.shape)
    cut = slice(0, height * _PATCH_PX), slice(0, width * _PATCH_PX)
    size = width, height
    mean = cv2.resize(light[cut], size, interpolation=cv2.INTER_AREA)
    power = cv2.resize(residual[cut] ** 2, size, interpolation=cv2.INTER_AREA)
    return mean.ravel(), np.sqrt(power).ravel()
