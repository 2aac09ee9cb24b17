"""What the page is made of: a point for every training, and the folders that the points come from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

State = Literal["complete", "missed", "rejected", "cut", "failed", "running"]
Kind = Literal["run", "study", "ladder"]
COSTS = ("int8_bytes", "macs", "milliseconds", "arena_bytes", "parameters")
NO_SCORES = ("samples", "parameters", "bytes", "threshold", "f1_threshold")  # numbers beside the scores


@dataclass(frozen=True)
class Point:
    """One training, as far as it came.

    Args:
        name: what the page calls it.
        state: `complete`; `missed`: measured, and short of the goal of its search; `rejected`: the export's gate has
            refused its int8 file; `cut` short; `failed`; `running`, or stopped before it was measured.
        reason: why it did not end well, "" where it did.
        runtime: where the metrics were measured, e.g. `litert-int8`.
        metrics: score -> value.
        costs: those of `COSTS` that are known.
        settings: path in the config -> value.
        seed: of the training; None where no config was written.
        alike: equal for trainings that differ in nothing but the seed; "" for one that is compared with none.
        compared: False for what was not measured on validation data of its own right: a rung that learns by heart, a
            trial that takes its result from another.
        validation: fingerprint of the validation data, "" where it is not known.
        curves: metric -> value after each epoch, and under `epoch` their numbers.
        commands: that train and export it again.
        pictures: what to show of it, the most telling first.
        chosen: its search names it: the winner of a ladder.
    """

    name: str
    state: State
    reason: str = ""
    runtime: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    costs: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    alike: str = ""
    compared: bool = True
    validation: str = ""
    curves: Mapping[str, list[float | None]] = field(default_factory=dict)
    commands: tuple[str, ...] = ()
    pictures: tuple[Path, ...] = ()
    chosen: bool = False

    @property
    def is_plotted(self) -> bool:
        """Whether it has a place in a plot of a metric against a cost."""
        return self.compared and self.state in ("complete", "missed", "rejected") and "int8_bytes" in self.costs


@dataclass(frozen=True)
class Folder:
    """A run or a search, read.

    Args:
        name: what the page calls it.
        path: as it was given.
        kind: what lies there.
        points: its trainings.
        summary: sentences that say what it is and how it ended.
        command: that goes on with it, "" where there is none.
        metric: what its search looks for, "" without one.
        goal: value that the metric is to reach; None without one.
        target: name of the target that its config has to fit, "" without one.
        importances: objective -> setting -> share of the objective's variance that it explains.
        importances_missing: why there are none, "" where there are, or where there is no space.
    """

    name: str
    path: Path
    kind: Kind
    points: tuple[Point, ...] = ()
    summary: tuple[str, ...] = ()
    command: str = ""
    metric: str = ""
    goal: float | None = None
    target: str = ""
    importances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    importances_missing: str = ""


def scores_of(report: Mapping[str, Any]) -> dict[str, float]:
    """The scores among what `detector evaluate` reports that are single, finite numbers."""
    return {
        name: float(value)
        for name, value in report.items()
        if name not in NO_SCORES
        and isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
    }


def costs_of(values: Mapping[str, Any]) -> dict[str, float]:
    """The costs among other values."""
    return {name: float(values[name]) for name in COSTS if values.get(name) is not None}
