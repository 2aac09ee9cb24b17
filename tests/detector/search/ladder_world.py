"""A world without training in which ladders are tested: what a network scores follows from its shape, by a formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from detector.config import Config
from detector.search.goals import Goal
from detector.search.ladder import Ladder
from detector.search.ladder_record import Judges, OutOfTimeError, Price, Record
from detector.search.ladder_rungs import Finding, Rung, RungMaker
from detector.search.trial import TrialResult

METRIC = "quad_iou_mean"
VALUES: dict[str, Any] = {
    "input": {"size_hw": [96, 128]},
    "data": {
        "train": [
            {"source": "documents:#train", "weight": 3, "options": {"count": 1000}},
            {"source": "negatives:rooms", "weight": 1},
        ]
    },
    "augment": {"enabled": False},
    "model": {"backbone": {"width": 16, "depths": [1, 2, 2]}, "heads": {"corners": {"channels": 16}}},
    "training": {"epochs": 8},
}


def make_config(**shrink: Any) -> Config:
    """Three stages up to 36 channels, augmentation off, a ladder without other blocks."""
    return Config.parse(VALUES | {"shrink": {"blocks": [], "distil": False} | shrink})


def weights_of(config: Config) -> float:
    """A size that grows with width and depth alone, as the int8 bytes of a network of convolutions do."""
    channels = [config.input.channels, *config.model.backbone.stage_channels()]
    first = sum(9 * a * b for a, b in pairwise(channels))
    more = sum(9 * b * b * (depth - 1) for b, depth in zip(channels[1:], config.model.backbone.depths, strict=True))
    return (first + more) * (0.3 if config.model.backbone.block == "separable" else 1.0)


def price_of(config: Config) -> Price:
    """Bytes of the weights; MACs grow with the input, too."""
    count, (height, width) = weights_of(config), config.input.size_hw
    return Price({"parameters": count, "int8_bytes": count, "arena_bytes": 10.0, "macs": count * height * width})


Scores = Callable[[Rung], tuple[float, float]]


@dataclass
class World:
    """Answers in the place of trainings.

    Args:
        scores: rung -> (score on validation, score on training pictures).
        most: rungs after which the time is up.
        milliseconds: config -> what a picture takes.
        seconds: rung -> what it takes to train, export and measure it.
        curves: rung -> the error after each of its epochs.
    """

    scores: Scores
    most: int = 1000
    milliseconds: Callable[[Config], float] = lambda _: 1.0
    seconds: Callable[[Rung], float] = lambda _: 2.0
    curves: Callable[[Rung], tuple[float, ...]] = lambda _: ()
    trained: list[list[Rung]] = field(default_factory=list)

    def train(self, rungs: Sequence[Rung]) -> list[Finding]:
        if len(self.trained) >= self.most:
            raise OutOfTimeError
        self.trained.append(list(rungs))
        return [self._finding(rung) for rung in rungs]

    def _finding(self, rung: Rung) -> Finding:
        validation, training = self.scores(rung)
        price = price_of(rung.config).costs
        count, macs = int(price["parameters"]), int(price["macs"])
        times = self.milliseconds(rung.config), self.seconds(rung)
        result = TrialResult({METRIC: validation}, count, count, 10, macs, *times, self.curves(rung))
        return Finding(result, {METRIC: training})

    def rungs(self, phase: str = "") -> list[Rung]:
        """All that were trained, in order."""
        return [rung for batch in self.trained for rung in batch if rung.phase == phase or not phase]


def make_ladder(
    world: World,
    config: Config | None = None,
    *,
    goal: float = 0.8,
    price: Callable[[Config], Price] = price_of,
    over: Callable[[dict[str, float]], str] = lambda _: "",
    jobs: int = 1,
) -> Ladder:
    """A ladder in that world."""
    maker = RungMaker(config or make_config(), Path("search"))
    return Ladder(Record(maker, Goal(METRIC, goal), Judges(world.train, price, over, jobs)))


def capacity(config: Config) -> float:
    """Up to 1: what a network can do, more with channels, depth and input."""
    backbone, own = config.model.backbone, make_config()
    width = sum(backbone.stage_channels()) / sum(own.model.backbone.stage_channels())
    blocks = sum(backbone.depths) / sum(own.model.backbone.depths)
    side = config.input.size_hw[0] / own.input.size_hw[0]
    return float(1 - 0.12 / (width * blocks**0.5 * side**0.5))
