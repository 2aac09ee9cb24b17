"""Light on a scene: gradients, lamps, vignette, colour cast, flash, glare, shadows, folds in the paper."""

from __future__ import annotations

from typing import Annotated

import cv2
import numpy as np
from pydantic import Field

from data_generators.settings import Settings, Share
from data_generators.synthetic.compositing import multiply
from data_generators.synthetic.shadows import outside_shadow

MAP = 24  # the side of light maps; light varies slowly
SKY = np.array([-0.3, 0.0, 0.6], np.float32)  # what it adds to the channels of a shadow

Strength = Annotated[float, Field(ge=0, le=2)]


class LightingSettings(Settings):
    """How strong the light's effects are; 0 everywhere, the shares too, leaves a scene as evenly lit as a scan."""

    unevenness: Strength = 1.0
    """Strength of the gradient, the lamps and the vignette."""
    shadows: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Strength of shadows, those that the page casts and those that fall on the scene from outside."""
    colour_cast: Strength = 1.0
    """Strength of the tint: warm lamps and cool sky."""
    exposure: Strength = 1.0
    """How much the overall brightness varies around what the camera's automatic exposure makes of a scene: at 1 from
    about 0.65 to 1.2, one scene in ten from 0.2 to 1.6."""
    outside_shadow_share: Share = 0.35
    """Share of the scenes in the shadow of something out of view: the photographer, a phone, window bars, leaves."""
    glare_share: Share = 0.1
    """Share of the scenes with the mirror of a lamp or a window on them."""
    flash_share: Share = 0.05
    """Share of the scenes lit by the flash of the camera, bright in the middle alone."""
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
    if rng.random() < settings.flash_share:  # bright in the middle, falling off to the dark
        light *= 1.25 - rng.uniform(0.9, 2.2) * ((xs - 0.5) ** 2 + (ys - 0.5) ** 2)
    brightness = 1 + settings.exposure * _exposure(rng)
    tint = _tint(rng, settings.colour_cast)
    if rng.random() < 0.25:  # a lamp from one side, daylight from the other
        share = np.clip(0.5 + (xs - 0.5) * np.cos(angle) + (ys - 0.5) * np.sin(angle), 0, 1)[..., None]
        tint = tint * (1 - share) + _tint(rng, 1.5 * settings.colour_cast) * share
    return (np.clip(light, 0.15, 1.6)[..., None] * tint * brightness).astype(np.float32)


def _exposure(rng: np.random.Generator) -> float:
    """What is added to a gain of 1: about right as a rule, at times far too dark or too bright."""
    if rng.random() < 0.1:
        return rng.uniform(-0.8, -0.5) if rng.random() < 0.6 else rng.uniform(0.25, 0.6)
    return rng.beta(2.5, 1.8) * 0.55 - 0.33


def _tint(rng: np.random.Generator, strength: float) -> np.ndarray:
    """A gain of each channel, float64 (3,): warm or cool, green or magenta."""
    warmth, green = strength * rng.normal(0, 1, 2) * (0.08, 0.025)
    return np.array([1 + warmth, 1 + green, 1 - warmth])


def light_scene(rng: np.random.Generator, image: np.ndarray, settings: LightingSettings) -> np.ndarray:
    """Lights a finished scene.

    Args:
        rng: random numbers.
        image: uint8 (H, W, 3).
        settings: strengths and shares.

    Returns:
        uint8 (H, W, 3).
    """
    gain = light_map(rng, settings)
    gain *= _auto_exposure(rng, image, gain, settings.exposure)
    if settings.shadows > 0 and rng.random() < settings.outside_shadow_share:
        half = (max(8, image.shape[0] // 2), max(8, image.shape[1] // 2))
        gain = cv2.resize(gain, half[::-1], interpolation=cv2.INTER_LINEAR)
        shade = cv2.merge([outside_shadow(rng, half, settings.shadows)] * 3)
        if rng.random() < 0.5:  # the sky lights the shadow, and it is blue
            shade = shade + (1 - shade) * np.float32(settings.colour_cast * rng.uniform(0, 0.25)) * SKY
        gain = cv2.multiply(gain, shade)
    image = multiply(image, gain)
    return add_glare(rng, image) if rng.random() < settings.glare_share else image


def _auto_exposure(rng: np.random.Generator, image: np.ndarray, gain: np.ndarray, strength: float) -> np.float32:
    """What the camera does to a scene that is too dark or too bright: a gain towards middle grey, unless that would
    burn out its bright parts."""
    grey = image[::6, ::6].mean(axis=2) * float(gain.mean())
    wanted = rng.uniform(105, 165) / max(float(grey.mean()), 4.0)
    unburnt = max(1.0, rng.uniform(225, 300) / max(float(np.quantile(grey, 0.92)), 4.0))
    return np.float32(min(wanted, unburnt, 3.0) ** min(1.0, strength * rng.uniform(0.15, 0.9)))


def add_glare(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The image uint8 (H, W, 3) with the mirror of a lamp or a window in it: a soft bright spot or strip."""
    ys, xs = np.mgrid[0:MAP, 0:MAP].astype(np.float32) / (MAP - 1)
    angle, middle = rng.uniform(0, np.pi), rng.uniform(0, 1, 2)
    along = (xs - middle[0]) * np.cos(angle) + (ys - middle[1]) * np.sin(angle)
    across = (ys - middle[1]) * np.cos(angle) - (xs - middle[0]) * np.sin(angle)
    size = float(np.exp(rng.uniform(np.log(0.04), np.log(0.3))))
    spot = (along / (size * rng.uniform(1, 4))) ** 2 + (across / size) ** 2
    glow = 255 * rng.uniform(0.15, 0.9) * np.exp(-(spot if rng.random() < 0.6 else spot**2))
    glare = cv2.resize(glow, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_CUBIC).clip(0, 255)
    return cv2.add(image, cv2.merge([glare.astype(np.uint8)] * 3))


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
