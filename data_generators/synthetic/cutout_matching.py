"""Makes a cut-out fit where it is pasted: coat, light and sharpness, and its shadow on the ground."""

from __future__ import annotations

import cv2
import numpy as np

LUMA = (0.299, 0.587, 0.114)  # of RGB, ITU-R BT.601
BLURS = (0.5, 0.8, 1.2)  # standard deviations in pixels that are tried in turn
LEAST_GAIN, LARGEST_GAIN = 0.4, 1.7
TINT = 0.4  # share of the tint that follows, where all of the brightness does
BRIGHTEST = 245.0  # where a gain leaves the brightest tenth of an object


def recolour(rng: np.random.Generator, rgb: np.ndarray) -> np.ndarray:
    """The object greyer, and darker or paler, its lightest and darkest parts as they are.

    Args:
        rng: random numbers.
        rgb: uint8 (h, w, 3).

    Returns:
        uint8 (h, w, 3).
    """
    colour, gamma = rng.uniform(0, 1), np.exp(rng.normal(0.25, 0.5))
    grey = np.broadcast_to(np.array(LUMA), (3, 3))
    muted = cv2.transform(rgb, (1 - colour) * grey + colour * np.eye(3))
    return cv2.LUT(muted, np.round(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8))


def match_light(rgb: np.ndarray, old: np.ndarray, new: np.ndarray, share: float) -> np.ndarray:
    """The object as lit by its new surroundings: a gain for each channel, which leaves black black.

    Args:
        rgb: uint8 (h, w, 3).
        old: (3,) mean RGB in 0 to 255 of what lay around it.
        new: (3,) mean RGB of what lies around it now.
        share: how far the gain goes, 0 not at all, 1 as if its surroundings differed in nothing but the light.

    Returns:
        uint8 (h, w, 3).
    """
    old, new = np.maximum(old, 8.0), np.maximum(new, 8.0)
    brightness = float(np.clip((new.mean() / old.mean()) ** share, LEAST_GAIN, LARGEST_GAIN))
    tint = np.clip((new / new.mean()) / (old / old.mean()), 0.7, 1.4) ** (TINT * share)
    bright = float(np.quantile(rgb[::4, ::4], 0.9))
    brightness = min(brightness, max(1.0, BRIGHTEST / max(bright, 1.0)))
    table = np.clip(np.arange(256)[:, None] * brightness * tint, 0, 255).astype(np.uint8)
    return cv2.LUT(rgb, table.reshape(1, 256, 3))


def sharpness(grey: np.ndarray) -> float:
    """How much finer detail there is than coarser, whatever the contrast: about 0.3 out of focus, 1 in a sharp photo.

    Args:
        grey: uint8 (h, w).
    """
    if min(grey.shape) < 8:
        return 1.0
    fine = cv2.GaussianBlur(grey, (3, 3), 0.8)
    coarse = cv2.GaussianBlur(grey, (7, 7), 1.8)
    return float(cv2.mean(cv2.absdiff(grey, fine))[0]) / max(0.2, float(cv2.mean(cv2.absdiff(fine, coarse))[0]))


def blur_to(rgb: np.ndarray, alpha: np.ndarray, wanted: float) -> tuple[np.ndarray, np.ndarray]:
    """Blurs an object, edge and all, until it is no sharper than wanted, by at most the last of `BLURS`.

    Args:
        rgb: uint8 (h, w, 3), as large as it appears in the scene.
        alpha: uint8 (h, w).
        wanted: see `sharpness`.
    """
    blurred = rgb, alpha
    for sigma in BLURS:
        if sharpness(cv2.cvtColor(blurred[0], cv2.COLOR_RGB2GRAY)) <= wanted:
            break
        blurred = cv2.GaussianBlur(rgb, (0, 0), sigma), cv2.GaussianBlur(alpha, (0, 0), sigma)
    return blurred


def cast_on_ground(
    image: np.ndarray, alpha: np.ndarray, top_left: tuple[int, int], lean: float, strength: float
) -> None:
    """Darkens the ground beneath and beside a standing object, in place: its outline laid flat, dark where it touches.

    Args:
        image: uint8 (H, W, 3).
        alpha: uint8 (h, w) of the object as it appears.
        top_left: column and row of the frame at which it begins.
        lean: how far the shadow of its top falls to the right, in its heights.
        strength: share of the light that is taken away where it touches the ground.
    """
    height, width = alpha.shape
    frame_wh = image.shape[1], image.shape[0]
    bottom, flat = top_left[1] + height - 1, 0.16
    # a point at height z above the ground falls z * lean to the right and z * flat upwards
    matrix = np.array(
        [[1, -lean, top_left[0] + lean * (height - 1)], [0, flat, bottom - flat * (height - 1) + 0.02 * height]]
    )
    shade = cv2.warpAffine(alpha, matrix, frame_wh, flags=cv2.INTER_LINEAR)
    side = (height * width) ** 0.5
    near = cv2.GaussianBlur(shade, (0, 0), max(0.6, 0.025 * side))
    far = cv2.GaussianBlur(shade, (0, 0), max(1.2, 0.08 * side))
    gain = 1 - strength * (0.55 * near.astype(np.float32) + 0.45 * far) / 255
    np.copyto(image, cv2.multiply(image, cv2.merge([gain] * 3), dtype=cv2.CV_8U))
