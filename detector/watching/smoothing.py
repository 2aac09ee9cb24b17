"""Decisions over frames: a mean, two thresholds and least runs, so that one odd frame neither raises nor ends an alarm.

Causal, some floats of state and no arrays: the same in ten lines of MicroPython.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from pydantic import Field, model_validator

from data_generators.settings import Settings, Share
from detector.codecs.boxes import DEFAULT_THRESHOLD
from detector.watching.distance import DistanceSettings, classify_distance, metres_of, size_of
from detector.watching.sighting import Sighting

LOST_SHARE = 0.6  # of `seen_at`


class WatchSettings(Settings):
    """When it counts as seen, and when as lost."""

    seen_at: Share | None = None
    """Smoothed score from which it counts as seen; null: the threshold of the model's card, 0.5 where it has none."""
    lost_below: Share | None = None
    """Smoothed score below which it counts as lost; null: 0.6 of `seen_at`."""
    newest: float = Field(0.5, gt=0, le=1)
    """Weight of the newest frame in the exponential means of score and size; 1 smooths nothing."""
    seen_frames: int = Field(2, ge=1)
    """Frames in a row above `seen_at` before it is seen."""
    lost_frames: int = Field(5, ge=1)
    """Frames in a row below `lost_below` before it is lost."""
    distance: DistanceSettings = Field(default_factory=DistanceSettings)
    """From size to distance."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.seen_at is not None and self.lost_below is not None and self.lost_below > self.seen_at:
            raise ValueError("lost_below must not be above seen_at, else it would be seen and lost at once")
        return self

    def limits(self, threshold: float = DEFAULT_THRESHOLD) -> tuple[float, float]:
        """Smoothed scores from which it counts as seen, and below which as lost.

        Args:
            threshold: of the model's card, which counts where `seen_at` says nothing.

        Raises:
            ValueError: `lost_below` is above that threshold.
        """
        seen_at = threshold if self.seen_at is None else self.seen_at
        lost_below = LOST_SHARE * seen_at if self.lost_below is None else self.lost_below
        if lost_below > seen_at:
            raise ValueError(
                f"lost_below {lost_below:g} is above {seen_at:.3g}, the threshold of the model's card. Set seen_at too."
            )
        return seen_at, lost_below


@dataclass(frozen=True)
class Decision:
    """What is held true after a frame.

    Args:
        seen: whether it is there.
        score: smoothed, in [0, 1].
        distance: its class, None where it is not seen or has never had a box.
        metres: None where the camera is not calibrated.
    """

    seen: bool
    score: float
    distance: str | None = None
    metres: float | None = None


@dataclass
class Watch:
    """Makes a decision a frame.

    Args:
        settings: when it counts as seen.
        threshold: of the model's card, see `WatchSettings.limits`.
    """

    settings: WatchSettings = field(default_factory=WatchSettings)
    threshold: float = DEFAULT_THRESHOLD
    _score: float = 0.0
    _size: float = 0.0
    _run: int = 0
    _seen: bool = False
    _distance: str | None = None

    def __post_init__(self) -> None:
        self._seen_at, self._lost_below = self.settings.limits(self.threshold)

    def update(self, sighting: Sighting) -> Decision:
        """The decision after one more frame."""
        self._score += self.settings.newest * (sighting.score - self._score)
        self._count()
        self._measure(size_of(sighting, self.settings.distance.measure))
        if not self._seen or self._distance is None:
            return Decision(self._seen, self._score)
        return Decision(True, self._score, self._distance, metres_of(self._size, self.settings.distance))

    def _count(self) -> None:
        """Frames in a row that speak against what is held true; enough of them turn it."""
        against = self._score < self._lost_below if self._seen else self._score >= self._seen_at
        self._run = self._run + 1 if against else 0
        if self._run >= (self.settings.lost_frames if self._seen else self.settings.seen_frames):
            self._seen, self._run = not self._seen, 0
            if not self._seen:
                self._size, self._distance = 0.0, None

    def _measure(self, size: float) -> None:
        """The smoothed size; a frame without a box says nothing about it."""
        if size > 0:
            self._size = size if self._size == 0 else self._size + self.settings.newest * (size - self._size)
            self._distance = classify_distance(self._size, self.settings.distance, self._distance)
