"""Models side by side on the same pictures, with bootstrap intervals: is the second one really better than the first?

Between `evaluation` and a decision. Two scores on 40 photos differ by chance; how much by chance is told by drawing the
photos anew, with replacement, and scoring all models on each draw (Efron and Tibshirani, An Introduction to the
Bootstrap, 1993, chapters 6 and 13: percentile intervals). Models see the same draws, so that a hard picture is hard for
all: the difference has a far smaller spread than the scores. Pictures of one group (clip, document) are drawn together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from data_generators.errors import OnError
from detector.evaluation import Evaluation, evaluate
from detector.heads import HEADS
from detector.looks import ONCE, Looks
from detector.runs import finite
from detector.runtime import Runtime, load_runtime
from detector.scoring.direction import more_is_better

RESAMPLES = 500
CONFIDENCE = 0.95
NEVER_COMPARED = ("threshold",)  # parts of the names of figures that are settings, not scores

Verdict = Literal["better", "worse", "open"]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Difference:
    """A score of a model less that of the first one.

    Args:
        value: on all pictures.
        interval: bounds that hold `CONFIDENCE` of the draws.
        verdict: `better` or `worse` than the first model where the interval excludes 0, else `open`.
    """

    value: float
    interval: Interval
    verdict: Verdict


@dataclass(frozen=True)
class Compared:
    """A model among others.

    Args:
        model: its file.
        scores: score -> value on all pictures.
        intervals: score -> bounds that hold `CONFIDENCE` of the draws.
        differences: score -> difference to the first model; empty for the first.
        costs: parameters, bytes, runtime.
    """

    model: str
    scores: dict[str, float]
    intervals: dict[str, Interval]
    differences: dict[str, Difference]
    costs: dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    """All models on the same pictures.

    Args:
        models: in the order in which they were given; the first is what the others are compared with.
        samples: pictures.
        groups: clips or documents that they come from, which are drawn as a whole.
        resamples: draws.
    """

    models: list[Compared] = field(default_factory=list)
    samples: int = 0
    groups: int = 0
    resamples: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain data; what has no value is None."""
        return finite(
            {
                "samples": self.samples,
                "groups": self.groups,
                "resamples": self.resamples,
                "confidence": CONFIDENCE,
                "models": [
                    {
                        **{"model": each.model, **each.costs, "scores": each.scores, "intervals": each.intervals},
                        "differences": {name: vars(difference) for name, difference in each.differences.items()},
                    }
                    for each in self.models
                ],
            }
        )


def compare(
    models: Sequence[str | Path | Runtime],
    data: Sequence[str],
    *,
    on_error: OnError = "raise",
    looks: Looks = ONCE,
    resamples: int = RESAMPLES,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Comparison:
    """Compares models on the same labelled pictures.

    Args:
        models: two or more, see `evaluation.evaluate`; the others are compared with the first.
        data: sources, `FORMAT:PATH[#SPLIT]`.
        on_error: what to do with a picture that cannot be read.
        looks: how often and how each picture is looked at.
        resamples: draws of the bootstrap; scores of boxes take a second a draw and thousand pictures.
        progress: called with (draws and pictures done, in all).
        options: settings of the sources' formats.

    Raises:
        ValueError: fewer than two models, fewer than 100 draws, or no head in common.
    """
    if len(models) < 2 or resamples < 100:
        raise ValueError(
            f"expected two models or more and at least 100 draws. Received {len(models)} and {resamples}. Name them: "
            "detector compare MODEL MODEL --data SOURCE."
        )
    runtimes = [model if isinstance(model, Runtime) else load_runtime(model) for model in models]
    shared = [name for name in runtimes[0].card.heads if all(name in each.card.heads for each in runtimes)]
    if not shared:
        heads = "; ".join(f"{each.path}: {', '.join(each.card.heads)}" for each in runtimes)
        raise ValueError(f"expected models with a head in common. Received {heads}.")
    judged = [evaluate(each, data, on_error=on_error, looks=looks, worst=0, **options) for each in runtimes]
    draws = _draw(judged[0].groups, resamples)
    tables = [_Table(evaluation, runtime, shared) for evaluation, runtime in zip(judged, runtimes, strict=True)]
    drawn: list[list[dict[str, float]]] = [[] for _ in tables]
    for number, draw in enumerate(draws, 1):
        for table, values in zip(tables, drawn, strict=True):
            values.append(table.score(draw))
        if progress:
            progress(number, resamples)
    compared = _summarise(tables, drawn)
    return Comparison(compared, len(judged[0].groups), len(set(judged[0].groups)), resamples)


class _Table:
    """The rows of a model, a row a picture, and how they are scored."""

    def __init__(self, evaluation: Evaluation, runtime: Runtime, heads: Sequence[str]) -> None:
        self.runtime, self._rows, self._heads = runtime, evaluation.rows, heads

    def score(self, draw: np.ndarray) -> dict[str, float]:
        """Score -> value of the pictures of a draw, int64 (N,); a score without data is left out."""
        found: dict[str, float] = {}
        card = self.runtime.card
        for name in self._heads:
            rows = [self._rows[name][index] for index in draw]
            scores = HEADS[name].score(rows, card.class_names, card.thresholds.get(HEADS[name].threshold_of))
            for score, value in _numbers(scores).items():
                found[f"{name}_{score}" if score in found else score] = value
        return found

    def all_pictures(self) -> np.ndarray:
        """The draw that holds every picture once."""
        return np.arange(len(self._rows[self._heads[0]]))


def _numbers(scores: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in scores.items()
        if isinstance(value, int | float) and not any(part in name for part in NEVER_COMPARED)
    }


def _draw(groups: Sequence[str], resamples: int) -> list[np.ndarray]:
    """Draws of whole groups with replacement, as many as there are; indices of pictures, int64 (N,) each."""
    members: dict[str, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    parts = [np.array(each) for each in members.values()]
    random = np.random.default_rng(0)
    chosen = random.integers(len(parts), size=(resamples, len(parts)))
    return [np.concatenate([parts[place] for place in places]) for places in chosen]


def _summarise(tables: Sequence[_Table], drawn: Sequence[Sequence[Mapping[str, float]]]) -> list[Compared]:
    scores = [table.score(table.all_pictures()) for table in tables]
    names = [name for name in scores[0] if all(name in each for each in scores)]
    spread = {name: np.array([[row.get(name, np.nan) for row in rows] for rows in drawn]) for name in names}  # (M, R)
    compared = []
    for place, (table, own) in enumerate(zip(tables, scores, strict=True)):
        differences = {}
        if place:
            for name in names:
                interval = _interval(spread[name][place] - spread[name][0])
                differences[name] = _difference(name, own[name] - scores[0][name], interval)
        costs = table.runtime.describe()
        compared.append(
            Compared(
                str(costs.pop("model")),
                {name: own[name] for name in names},
                {name: _interval(spread[name][place]) for name in names},
                differences,
                costs,
            )
        )
    return compared


def _interval(values: np.ndarray) -> Interval:
    """The percentile interval of draws, float64 (R,); those in which the score has no value are left out."""
    known = values[np.isfinite(values)]
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(known, [tail, 100 - tail]) if len(known) else (np.nan, np.nan)
    return float(low), float(high)


def _difference(name: str, value: float, interval: Interval) -> Difference:
    low, high = interval
    verdict: Verdict = "open"
    if low > 0 or high < 0:
        verdict = "better" if (low > 0) == more_is_better(name) else "worse"
    return Difference(value, interval, verdict)
