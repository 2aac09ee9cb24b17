"""How blurred the edges of pictures are, from the slopes of the strongest edges at two scales."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from data_generators.camera_matching.pixels import luminance

FINE_PX, COARSE_PX = 1.0, 2.0  # standard deviations of the two Gaussians
_STRONG = 0.97  # quantile of the slopes of a picture: what is steeper counts as an edge
_LEAST_SLOPE = 2.0  # grey levels a pixel


def measure_sharpness(images: Sequence[np.ndarray]) -> float:
    """Ratio of the slopes of strong edges after a fine and a coarse blur: the sharper, the higher.

    A step behind a point spread of standard deviation s has slopes that fall as 1 / sqrt(s^2 + fine^2) and
    1 / sqrt(s^2 + coarse^2) (re-blur method, Zhuo and Sim 2011, "Defocus map estimation from a single image", section
    3). Noise and compression shift the ratio, so it is compared with that of clean pictures which were given the same.

    Args:
        images: uint8 (H, W, 1 or 3).

    Returns:
        2 for perfect steps, more for thin lines, towards 1 for strong blur; NaN where there is no edge.
    """
    ratios = [_edge_ratios(luminance(image)) for image in images]
    medians = [np.median(ratio) for ratio in ratios if len(ratio)]
    return float(np.median(medians)) if medians else float("nan")


def _edge_ratios(light: np.ndarray) -> np.ndarray:
    """The ratios (n,) at the ridges of the coarse slopes of one picture float32 (H, W)."""
    fine, coarse = _slopes(light, FINE_PX), _slopes(light, COARSE_PX)
    ridge = coarse >= 0.98 * cv2.dilate(coarse, np.ones((3, 3), np.uint8))
    least = max(_LEAST_SLOPE, float(np.quantile(coarse, _STRONG)))
    chosen = ridge & (coarse >= least)
    return fine[chosen] / coarse[chosen]


def _slopes(light: np.ndarray, sigma_px: float) -> np.ndarray:
    soft = cv2.GaussianBlur(light, (0, 0), sigma_px, borderType=cv2.BORDER_REPLICATE)
    return cv2.magnitude(cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8))
