"""Light on a scene: gradients, lamps, vignette, colour cast, shadows from outside, folds in the paper."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np
from pydantic import Field

from data_generators.settings import Settings
from data_generators.synthetic.compositing import fill_polygon, multiply

MAP = 24  # the side of light maps; light varies slowly

Strength = Annotated[float, Field(ge=0, le=2)]


class LightingSettings(Settings):
    """How strong the light's effects are; 0 everywhere leaves a scene as evenly lit as a scan."""

    unevenness: Strength = 1.0
    """Strength of the gradient, the lamps and the vignette."""
    shadows: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Strength of shadows, those that the page casts and those that fall on the scene from outside."""
    colour_cast: Strength = 1.0
    """Strength of the tint: warm lamps and cool sky."""
    exposure: Strength = 1.0
    """How much the overall brightness varies: at 1 from about 0.6 to 1.18."""
    folds: Strength = 1.0
    """Strength of the shading of folds and waves of the paper."""


def draw_lamp(rng: np.random.Generator) -> np.ndarray:
    """Where the light comes from: a unit vector (3,) in plane coordinates, its last element upwards."""
    azimuth, elevation = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(25, 80))
    level = np.cos(elevation)
    return np.array([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(elevation)])


def light_map(rng: np.random.Generator, settings: LightingSettings) -> np.ndarray:
    """A random light over the frame.

    Returns:
        float32 (MAP, MAP, 3) gain, about 1 where nothing darkens.
    """
    ys, xs = np.mgrid[0:MAP, 0:MAP].astype(np.float32) / (MAP - 1)
    angle, slope = rng.uniform(0, 2 * np.pi), 0.5 * settings.unevenness * rng.random() ** 1.5
    light = 1 - slope * ((xs - 0.5) * np.cos(angle) + (ys - 0.5) * np.sin(angle) + 0.2)
    if rng.random() < 0.35:
        x, y, radius = rng.uniform(-0.2, 1.2), rng.uniform(-0.2, 1.2), rng.uniform(0.2, 0.8)
        glow = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * radius**2))
        light *= 1 + settings.unevenness * rng.uniform(-0.35, 0.45) * glow
    if rng.random() < 0.5:
        light *= 1 - 0.6 * settings.unevenness * rng.random() * ((xs - 0.5) ** 2 + (ys - 0.5) ** 2)
    brightness = 1 + settings.exposure * (rng.beta(2.5, 1.8) * 0.6 - 0.42)
    warmth, green = settings.colour_cast * rng.normal(0, 1, 2) * (0.07, 0.02)
    tint = np.array([1 + warmth, 1 + green, 1 - warmth])
    return (np.clip(light, 0.15, 1.6)[..., None] * tint * brightness).astype(np.float32)


def outside_shadow(rng: np.random.Generator, size_hw: tuple[int, int], strength: float) -> np.ndarray:
    """The shadow of something out of view, such as the photographer or a window frame, over the frame.

    Args:
        rng: random numbers.
        size_hw: size of the map.
        strength: 0 to 1.

    Returns:
        float32 size_hw gain, 1 outside the shadow.
    """
    shade = np.zeros(size_hw, np.uint8)
    angle = rng.uniform(0, 2 * np.pi)
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    root, width = 0.5 + across * rng.uniform(-0.6, 0.6), rng.uniform(0.1, 0.9)
    taper, reach = rng.uniform(0.4, 1.4), rng.uniform(-0.3, 0.7)
    tip, tail = root + along * reach, root - along * 2
    shoulders = [tip - across * width * taper / 2, tip + across * width * taper / 2]
    fill_polygon(shade, np.array([*shoulders, tail + across * width / 2, tail - across * width / 2]), 255)
    softness = max(size_hw) * rng.uniform(0.005, 0.08)
    soft = cv2.GaussianBlur(shade, (0, 0), max(0.3, softness))
    dark = strength * rng.uniform(0.15, 0.6)
    return cv2.LUT(soft, np.linspace(1, 1 - dark, 256, dtype=np.float32))


def light_scene(rng: np.random.Generator, image: np.ndarray, settings: LightingSettings) -> np.ndarray:
    """Lights a finished scene.

    Args:
        rng: random numbers.
        image: uint8 (H, W, 3).
        settings: strengths.

    Returns:
        uint8 (H, W, 3).
    """
    gain = light_map(rng, settings)
    if settings.shadows > 0 and rng.random() < 0.35:
        half = (max(8, image.shape[0] // 2), max(8, image.shape[1] // 2))
        gain = cv2.resize(gain, half[::-1], interpolation=cv2.INTER_LINEAR)
        gain = cv2.multiply(gain, cv2.merge([outside_shadow(rng, half, settings.shadows)] * 3))
    return multiply(image, gain)


def fold_map(rng: np.random.Generator, strength: float) -> np.ndarray:
    """Shading of the paper itself: folds with a bright and a dark side, waves, edges that lift off.

    Returns:
        float32 (64, 64) gain over the page, about 1.
    """
    ys, xs = np.mgrid[0:64, 0:64].astype(np.float32) / 63
    gain = np.ones((64, 64), np.float32)
    for _ in range(int(rng.choice([0, 0, 0, 1, 1, 2]))):
        angle = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.04)
        distance = (xs - 0.5) * np.cos(angle) + (ys - 0.5) * np.sin(angle) - rng.choice([-0.17, 0, 0.17])
        depth, width = strength * rng.normal(0, 0.035), rng.uniform(0.02, 0.3)
        gain += depth * np.sign(distance) * np.exp(-np.abs(distance) / width)
    if rng.random() < 0.5:
        waves = rng.normal(0, 1, rng.integers(2, 7, 2)).astype(np.float32)
        gain += strength * rng.uniform(0, 0.05) * cv2.resize(waves, (64, 64), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.25:
        crumple = rng.normal(0, 1, (12, 12)).astype(np.float32)
        gain += strength * rng.uniform(0, 0.04) * cv2.resize(crumple, (64, 64), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.4:  # one edge curls towards the light or away from it
        inwards = (xs, ys, 1 - xs, 1 - ys)[int(rng.integers(4))]
        gain += strength * rng.uniform(-0.25, 0.15) * np.exp(-inwards / rng.uniform(0.02, 0.25))
    return gain
