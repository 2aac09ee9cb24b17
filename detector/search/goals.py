"""What a search is to reach and to keep to: a metric with its direction, and budgets of what a network may cost."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.scoring.direction import more_is_better

COSTS = ("parameters", "int8_bytes", "arena_bytes", "macs", "milliseconds")
CONDITION = re.compile(r"\s*(\w+)\s*(>=|<=)\s*([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)\s*")

Costs = Mapping[str, float]
Limit = Callable[[Costs], str]  # costs of a network -> what is too much of them, "" where nothing is


class GoalError(ValueError):
    """A goal or budget that cannot be asked for; the message says what can."""


@dataclass(frozen=True)
class Goal:
    """A metric of the int8 file and the value that it has to reach.

    Args:
        metric: a score that `detector evaluate` reports.
        value: what it has to reach.
        of: the run or report that the value was taken from, "" where a person gave it.
    """

    metric: str
    value: float
    of: str = ""

    @property
    def more_is_better(self) -> bool:
        """Whether the metric has to be at least, and not at most, the value."""
        return more_is_better(self.metric)

    def measured(self, metrics: Mapping[str, Any]) -> float:
        """The metric among all scores; NaN where the data had no label for it."""
        value = metrics.get(self.metric)
        return math.nan if value is None else float(value)

    def shortfall(self, metrics: Mapping[str, Any]) -> float:
        """What is missing, as a share of the goal: 0 where it is reached, infinity where the metric has no value."""
        measured = self.measured(metrics)
        if math.isnan(measured):
            return math.inf
        missing = self.value - measured if self.more_is_better else measured - self.value
        return max(0.0, missing) / max(abs(self.value), 1e-9)

    def passes(self, metrics: Mapping[str, Any]) -> bool:
        """Whether it is reached."""
        return self.shortfall(metrics) == 0

    def __str__(self) -> str:
        return f"{self.metric}{'>=' if self.more_is_better else '<='}{self.value:.6g}"


def parse_goal(text: str, known: Sequence[str]) -> Goal:
    """A goal such as `quad_iou_mean>=0.95` or `corner_error_percent_mean<=2`.

    Args:
        text: metric, direction, value.
        known: the metrics that there are.

    Raises:
        GoalError: it is no such text, there is no such metric, or it is asked for the wrong way round.
    """
    metric, sign, value = _parse_condition(text, "--until", "quad_iou_mean>=0.95")
    _check_known(metric, known, "metric")
    right = ">=" if more_is_better(metric) else "<="
    if sign != right:
        raise GoalError(f"--until {text}: of {metric}, {'more' if right == '>=' else 'less'} is better: write {right}.")
    return Goal(metric, value)


def goal_of_scores(
    scores: Mapping[str, Any], reference: str | Path, metric: str, within: str, known: Sequence[str]
) -> Goal:
    """The goal to be as good as something that was measured.

    Args:
        scores: its scores.
        reference: what they are of, for the certificate.
        metric: the score to compare.
        within: how much worse a network may be, as a share such as `1%`, or in the metric's own unit such as `0.01`.
        known: the metrics that there are.

    Raises:
        GoalError: there is no such metric, the scores have no value of it, or the share is none.
    """
    _check_known(metric, known, "metric")
    if not isinstance(scores.get(metric), int | float):
        there = ", ".join(name for name in known if isinstance(scores.get(name), int | float)) or "none"
        raise GoalError(f"--of {reference}: there is no value of {metric}. Choose one of these with --until: {there}.")
    value = float(scores[metric])
    slack = _parse_slack(within, value)
    return Goal(metric, value - slack if more_is_better(metric) else value + slack, str(reference))


def _parse_slack(within: str, value: float) -> float:
    text = within.strip()
    try:
        slack = abs(value) * float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        slack = math.nan
    if not slack >= 0:
        raise GoalError(f"--within {within}: expected a share such as 1%, or a number in the metric's unit, from 0 up.")
    return slack


@dataclass(frozen=True)
class Budget:
    """A cost of a network and the most it may be, e.g. `int8_bytes<=60000`; called with the costs, says what is too
    much."""

    cost: str
    most: float

    def __call__(self, costs: Costs) -> str:
        value = costs.get(self.cost)  # milliseconds are not known before the network is measured
        return "" if value is None or value <= self.most else f"{self.cost} {value:,.6g} > {self.most:,.6g}"

    def __str__(self) -> str:
        return f"{self.cost}<={self.most:g}"


def parse_budget(text: str) -> Budget:
    """A budget such as `int8_bytes<=60000`.

    Raises:
        GoalError: it is no such text, or there is no such cost.
    """
    cost, sign, value = _parse_condition(text, "--budget", "int8_bytes<=60000")
    _check_known(cost, COSTS, "cost")
    if sign != "<=" or value <= 0:
        raise GoalError(f"--budget {text}: a budget is the most that may be spent: write {cost}<=NUMBER, above 0.")
    return Budget(cost, value)


def _parse_condition(text: str, option: str, example: str) -> tuple[str, str, float]:
    found = CONDITION.fullmatch(text)
    if found is None:
        raise GoalError(f"{option} {text}: expected a name, >= or <=, and a number, e.g. {example!r}.")
    return found[1], found[2], float(found[3])


def _check_known(name: str, known: Sequence[str], kind: str) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
        raise GoalError(f"there is no {kind} {name}. {hint}")
