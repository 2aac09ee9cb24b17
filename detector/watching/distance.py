"""How close it is: a distance class, and metres where the camera is calibrated, from the size of the object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from data_generators.settings import Positive, Settings, Share
from detector.watching.sighting import Sighting

Measure = Literal["height", "root_area"]


class DistanceSettings(Settings):
    """From size to distance."""

    measure: Measure = "height"
    """`height`: of the box, as a share of the frame; `root_area`: square root of the area share, which sitting or
    turning changes less."""
    classes: dict[str, Share] = Field(default_factory=lambda: {"close": 0.6, "near": 0.3, "far": 0.0})
    """Distance class -> the least size that belongs to it; the last one takes all that is left and is 0."""
    margin: Share = 0.1
    """The class changes once the size has passed the limit by this share of it: no flicker at the limit."""
    metres_at_full: Positive | None = None
    """Distance in metres at which the object would fill the frame, see `calibrate`; null: metres are not told."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        limits = list(self.classes.values())
        if not limits or limits[-1] != 0 or limits != sorted(set(limits), reverse=True):
            raise ValueError("the sizes must fall from class to class down to 0, e.g. {close: 0.6, near: 0.3, far: 0}")
        return self


def calibrate(sizes: Iterable[float], distances_m: Iterable[float]) -> float:
    """`metres_at_full` from pictures of the object at known distances: by the pinhole model, distance = k / size.

    The mean of the logarithms: an error of so many percent counts the same near and far.

    Args:
        sizes: shares of the frame, > 0, in the `measure` that will be used; of objects that the frame does not cut.
        distances_m: the distance of each, in metres, > 0.

    Raises:
        ValueError: there is none, they do not pair up, or one is not positive.
    """
    shares, metres = np.array(list(sizes), float), np.array(list(distances_m), float)
    if shares.shape != metres.shape or not shares.size or min(shares.min(), metres.min()) <= 0:
        raise ValueError(
            f"Expected as many sizes as distances, all > 0. Received {shares.tolist()} and {metres.tolist()}. "
            "Measure at least one picture."
        )
    return float(np.exp(np.mean(np.log(shares * metres))))


def size_of(sighting: Sighting, measure: Measure) -> float:
    """The size of an object as a share of the frame, 0 where there is none."""
    return sighting.height if measure == "height" else float(sighting.area**0.5)


def classify_distance(size: float, settings: DistanceSettings, current: str | None = None) -> str:
    """The distance class of a size.

    Args:
        size: share of the frame in [0, 1].
        settings: the limits.
        current: the class so far, which is left only beyond the margin.
    """
    names, limits = list(settings.classes), list(settings.classes.values())
    index = next(i for i, limit in enumerate(limits) if size >= limit)
    if current is None or current not in names or index == names.index(current):
        return names[index]
    now = names.index(current)
    closer = index < now
    limit = limits[now - 1] if closer else limits[now]
    passed = size >= limit * (1 + settings.margin) if closer else size < limit * (1 - settings.margin)
    return names[index] if passed else current


def metres_of(size: float, settings: DistanceSettings) -> float | None:
    """Distance in metres, where the camera is calibrated and there is a size."""
    return settings.metres_at_full / size if settings.metres_at_full and size > 0 else None
