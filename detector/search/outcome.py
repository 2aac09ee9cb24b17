"""What a sweep sends to a worker and gets back: a job, the rivals that may cut it short, and the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from detector.config import Config

State = Literal["running", "complete", "cut", "failed"]


@dataclass(frozen=True)
class Rival:
    """A finished trial that another one is measured against while it trains.

    Args:
        costs: `parameters`, `macs` or `arena_bytes` -> value; those that an objective wants low.
        curve: its monitored metric after each epoch; less is better.
    """

    costs: Mapping[str, float]
    curve: tuple[float, ...]


@dataclass(frozen=True)
class Job:
    """A trial as a worker gets it.

    Args:
        number: of the trial.
        config: the whole experiment.
        folder: where it goes.
        rivals: what may cut it short.
    """

    number: int
    config: Config
    folder: str
    rivals: tuple[Rival, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Args:
        state: `complete`, `cut` or `failed`.
        result: of a complete trial, as `TrialResult.to_json` gives it.
        reason: why it was cut or failed.
    """

    state: State
    result: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
