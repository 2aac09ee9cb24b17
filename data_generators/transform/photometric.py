"""Changes of light and colour by albumentations, the same bytes for the same seed; they never move a pixel."""

from __future__ import annotations

import json
import os
import random
import threading
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import numpy as np
import yaml
from pydantic import BeforeValidator, Field

from data_generators.settings import Settings, Share


@cache
def _albumentations() -> ModuleType:
    """albumentations, imported when first needed: it takes half a second, and asks the package index for news unless
    told not to."""
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    import albumentations

    return albumentations


def read_compose(value: Any) -> Any:
    """A user's own pipeline as plain data, whatever form it comes in.

    Args:
        value: an `albumentations.Compose` or a single transform; the path of a file that `albumentations.save` wrote
            (YAML or JSON); the plain data itself; or None.

    Returns:
        What `albumentations.to_dict` gives, checked to be photometric; or None.

    Raises:
        ValueError: the file cannot be read, is no pipeline, or holds a geometric transform; names it and the cure.
    """
    if value is None:
        return None
    if isinstance(value, str | Path):
        value = _read_file(Path(value))
    elif hasattr(value, "to_dict"):
        value = _albumentations().to_dict(value)
    _check_photometric(build_compose(value))
    return value


def _read_file(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ValueError(
            f"{path}: expected a pipeline that albumentations.save wrote. Received {error}. Give a YAML or JSON file."
        ) from error


def build_compose(data: Any) -> Any:
    """The albumentations pipeline of plain data.

    Raises:
        ValueError: the data describe no pipeline that the installed albumentations knows.
    """
    try:
        pipeline = _albumentations().from_dict(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"expected an albumentations pipeline as albumentations.to_dict gives it. Received {str(data)[:200]} "
            f"({type(error).__name__}: {error}). Write it with albumentations.save."
        ) from error
    return pipeline if hasattr(pipeline, "transforms") else _albumentations().Compose([pipeline])


def _check_photometric(pipeline: Any) -> None:
    refused = sorted({type(leaf).__name__ for leaf in _leaves(pipeline) if not _is_photometric(leaf)})
    if refused:
        raise ValueError(
            f"expected photometric transforms only. Received {', '.join(refused)}, which may move pixels away from "
            "their labels. Remove them from the Compose: rotation, scale, shift, mirror and perspective are settings "
            "of `geometry`, which moves the labels along."
        )


def _leaves(node: Any) -> list[Any]:
    children = getattr(node, "transforms", None)
    return [node] if children is None else [leaf for child in children for leaf in _leaves(child)]


def _is_photometric(leaf: Any) -> bool:
    return isinstance(leaf, _albumentations().ImageOnlyTransform)


class PhotometricSettings(Settings):
    """How far light and colour may change."""

    strength: float = Field(default=1.0, ge=0, le=3)
    """Scales the reach of every transform below: 0 changes nothing, 1 is the variety of a phone's photos."""
    brightness_contrast: Share = 0.5
    """Share with changed brightness (plus or minus 0.15 of full scale times strength) and contrast (0.2 times)."""
    gamma: Share = 0.3
    """Share with a gamma of 100 plus or minus 30 percent times strength."""
    tone_curve: Share = 0.2
    """Share with a bent tone curve: shadows and lights move apart."""
    hue_saturation: Share = 0.3
    """Share with a shifted hue (plus or minus 12 of 180 times strength) and saturation (plus or minus 35 of 255)."""
    colour_temperature: Share = 0.2
    """Share under a lamp of another colour temperature (black body, 4000 to 10000 K at strength 1)."""
    channel_shuffle: Share = 0.02
    """Share with red, green and blue in another order: paper of odd colours."""
    to_grey: Share = 0.05
    """Share without colour."""
    compose: Annotated[dict[str, Any] | None, BeforeValidator(read_compose)] = None
    """Your own albumentations pipeline instead of all the above: a file written by albumentations.save, or the Compose
    itself. Kept as plain data, so that the resolved configuration is complete without the file."""


def default_transforms(settings: PhotometricSettings, channels: int) -> list[tuple[float, Any]]:
    """The albumentations transforms of the settings, each with its share; grey pictures get no change of colour."""
    albumentations, strength = _albumentations(), settings.strength
    reach, gamma = min(0.2 * strength, 0.9), min(30 * strength, 90)
    light = [
        (settings.brightness_contrast, albumentations.RandomBrightnessContrast(0.75 * reach, reach, p=1)),
        (settings.gamma, albumentations.RandomGamma((100 - gamma, 100 + gamma), p=1)),
        (settings.tone_curve, albumentations.RandomToneCurve(min(0.15 * strength, 1.0), p=1)),
    ]
    kelvin = (max(3000, round(6000 - 2000 * strength)), min(15000, round(6000 + 4000 * strength)))
    colour = [
        (settings.hue_saturation, albumentations.HueSaturationValue(12 * strength, 35 * strength, 0, p=1)),
        (settings.colour_temperature, albumentations.PlanckianJitter(temperature_limit=kelvin, p=1)),
        (settings.channel_shuffle, albumentations.ChannelShuffle(p=1)),
        (settings.to_grey, albumentations.ToGray(p=1)),
    ]
    return light + (colour if channels == 3 else []) if strength > 0 else []


class Photometric:
    """A picture under another light. One object serves many threads, and can be sent to a worker process.

    Args:
        settings: how far light and colour may change.
        channels: of the pictures to come, 1 or 3.
    """

    def __init__(self, settings: PhotometricSettings, channels: int) -> None:
        self._settings, self._channels = settings, channels
        self._of_thread = threading.local()  # a transform holds its random state, so every thread has its own

    def __reduce__(self) -> tuple[type[Photometric], tuple[PhotometricSettings, int]]:
        return Photometric, (self._settings, self._channels)

    def __call__(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The picture uint8 (H, W, C) under another light, same shape.

        Raises:
            ValueError: the user's own pipeline changed shape or dtype.
        """
        changed = image
        draws = rng.random(len(self._transforms()))
        for (share, transform), draw in zip(self._transforms(), draws, strict=True):
            if draw < share:  # decided here: albumentations takes 15 microseconds to decide that it does nothing
                transform.set_random_state(rng, random.Random(int(rng.integers(2**63))))
                changed = transform(image=changed)["image"]
        if changed.shape != image.shape or changed.dtype != np.uint8:
            raise ValueError(
                f"`photometric.compose` must return uint8 {image.shape}. Received {changed.dtype} {changed.shape}. "
                "Leave out transforms that change size, channels or type (Normalize, ToFloat): the model scales itself."
            )
        return changed

    def _transforms(self) -> list[tuple[float, Any]]:
        if not hasattr(self._of_thread, "transforms"):
            data = self._settings.compose
            own = [(1.0, build_compose(data))] if data else default_transforms(self._settings, self._channels)
            self._of_thread.transforms = own
        transforms: list[tuple[float, Any]] = self._of_thread.transforms
        return transforms
