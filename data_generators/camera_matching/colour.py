"""Exposure, white balance, tone curve and saturation of a camera, relative to clean pictures of similar things.

A single picture cannot tell a red light from a red wall. What can be told is how the colours of all frames together
differ from those of clean pictures: grey world (Buchsbaum 1980) and equal contrast, both relative to the reference.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from data_generators.camera_matching.estimate import CameraEstimate
from data_generators.camera_matching.pixels import shrink
from data_generators.transform.camera import degrade_image

_SHARE = 0.25  # pictures are shrunk to it: noise and blur of the camera must not count as colour
_QUANTILES = np.linspace(0.1, 0.9, 33)  # of pixels; those that are clipped lie outside
_DARK = 4.0  # grey levels added before the logarithm
_DETAIL_PX = 2.0
_TURNS = 8
_LIMITS = {
    "exposure": (0.25, 4.0),
    "red_gain": (0.4, 2.5),
    "blue_gain": (0.4, 2.5),
    "gamma": (0.4, 2.5),
    "saturation": (0.05, 2.5),
}


def match_colour(frames: Sequence[np.ndarray], clean: Sequence[np.ndarray], start: CameraEstimate) -> CameraEstimate:
    """The estimate with the exposure, gains, gamma and saturation that give clean pictures the colours of the frames.

    Args:
        frames: uint8 (H, W, C) of the camera.
        clean: uint8 (H, W, C) of the reference, the same channels.
        start: the estimate so far.

    Returns:
        Values within plausible limits: exposure 0.25 to 4, gains and gamma 0.4 to 2.5, saturation 0.05 to 2.5.
    """
    wanted = _measure([shrink(image, _SHARE) for image in frames])
    reference = [shrink(image, _SHARE) for image in clean]
    found = {name: getattr(start, name) for name in _LIMITS}
    for _ in range(_TURNS):
        settings = CameraEstimate(side_px=start.side_px, **found).to_settings(start.side_px)
        seen = _measure([degrade_image(image, settings, np.random.default_rng(0)) for image in reference])
        found = _corrected(found, wanted, seen)
    return start.replace(**found)


def _measure(images: Sequence[np.ndarray]) -> dict[str, float]:
    """Mean and contrast of log luminance; of three channels mean log ratios to green, and the spread of colour."""
    pixels = np.concatenate([image.reshape(-1, image.shape[2]) for image in images]).astype(np.float64)
    level = np.quantile(np.log(pixels.mean(axis=1) + _DARK), _QUANTILES).mean()
    measured = {"level": float(level), "contrast": float(np.exp(np.mean([_log_contrast(image) for image in images])))}
    if pixels.shape[1] == 3:
        logs = np.log(pixels + _DARK)
        for name, channel in (("red", 0), ("blue", 2)):
            measured[name] = float(np.quantile(logs[:, channel] - logs[:, 1], _QUANTILES).mean())
        measured["chroma"] = float(np.mean([_chroma(image.reshape(-1, 3).astype(np.float64)) for image in images]))
    return measured


def _log_contrast(image: np.ndarray) -> float:
    """Logarithm of the contrast of one picture: mean of that from its dark to its light parts, and that of its details.

    Both grow as gamma does. How much of a frame is dark matters less to them than to the spread of all pixels.
    """
    light = np.log(image.mean(axis=2) + _DARK)
    details = np.abs(light - cv2.GaussianBlur(light, (0, 0), _DETAIL_PX))
    span = np.quantile(light, 0.99) - np.quantile(light, 0.01)
    return float(np.log(span + 1e-3) + np.log(np.quantile(details, 0.99) + 1e-3)) / 2


def _chroma(pixels: np.ndarray) -> float:
    """Spread within one picture of red and blue less green, in parts of luminance."""
    differences = (pixels[:, [0, 2]] - pixels[:, [1]]) / (pixels.mean(axis=1, keepdims=True) + 4 * _DARK)
    return float(np.abs(differences - np.median(differences, axis=0)).mean())


def _corrected(found: dict[str, float], wanted: dict[str, float], seen: dict[str, float]) -> dict[str, float]:
    """Values that would bring what was seen to what is wanted, were the curves straight in the logarithm."""
    new, gamma = dict(found), found["gamma"]
    new["gamma"] *= wanted["contrast"] / max(seen["contrast"], 1e-3)
    new["exposure"] *= float(np.exp((wanted["level"] - seen["level"]) / gamma))
    if "chroma" in wanted:
        new["red_gain"] *= float(np.exp((wanted["red"] - seen["red"]) / gamma))
        new["blue_gain"] *= float(np.exp((wanted["blue"] - seen["blue"]) / gamma))
        new["saturation"] *= wanted["chroma"] / max(seen["chroma"], 1e-4)
    return {name: float(np.clip(value, *_LIMITS[name])) for name, value in new.items()}
