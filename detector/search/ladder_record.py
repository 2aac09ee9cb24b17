"""What a ladder knows: the price of every size, what was tried, what passed and what that says of the rest."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from detector.config import Config
from detector.search.goals import Goal
from detector.search.ladder_rungs import Finding, Rung, RungMaker
from detector.search.ladder_shapes import Shape, widths, with_shape


@dataclass(frozen=True)
class Price:
    """What a network costs before it is trained.

    Args:
        costs: `parameters`, `int8_bytes`, `arena_bytes`, `macs`.
        problem: what of it is over a budget or does not fit the target; "" where it may be built.
    """

    costs: dict[str, float]
    problem: str = ""

    @property
    def size(self) -> tuple[float, float]:
        """By which networks are ordered: int8 bytes, and of equal bytes MACs."""
        return self.costs["int8_bytes"], self.costs["macs"]


@dataclass(frozen=True)
class Outcome:
    """A rung, what was found, and what it means.

    Args:
        rung: the rung.
        finding: what was measured.
        price: what was predicted, by which rungs are ordered.
        value: the goal's metric; NaN without one.
        shortfall: what is missing to the goal, as a share of it.
        training_value: the metric on training pictures; in the phase `overfit` the value itself.
        over: what is over a budget as it was measured, "" where nothing is.
        knows_training: whether the goal is reached on training pictures.
    """

    rung: Rung
    finding: Finding
    price: Price
    value: float
    shortfall: float
    training_value: float
    over: str
    knows_training: bool

    @property
    def passed(self) -> bool:
        """Whether the goal is reached within the budgets."""
        return self.shortfall == 0 and not self.over

    @property
    def size(self) -> tuple[float, float]:
        """See `Price.size`."""
        return self.price.size


@dataclass(frozen=True)
class Judges:
    """What a ladder asks of the world; tests answer in its place.

    Args:
        train: trains and measures rungs side by side; raises `OutOfTimeError`, with what was found until then, when
            there is no time left.
        price: what a config costs before it is trained.
        over: costs as they were measured -> what is over a budget, "" where nothing is.
        jobs: rungs that `train` trains side by side.
    """

    train: Callable[[Sequence[Rung]], Sequence[Finding]]
    price: Callable[[Config], Price]
    over: Callable[[dict[str, float]], str]
    jobs: int = 1


class OutOfTimeError(RuntimeError):
    """There is no time left to train a rung.

    Args:
        findings: name of a rung -> what was found of it; those of the same batch that had ended.
    """

    def __init__(self, findings: Mapping[str, Finding] = MappingProxyType({})) -> None:
        super().__init__("the time is up")
        self.findings = findings


class Record:
    """All that was tried on one ladder.

    Args:
        maker: of the rungs.
        goal: what is to be reached.
        judges: who trains and prices.

    Attributes:
        tell: called with every outcome.
        outcomes: by the name of the rung.
    """

    def __init__(self, maker: RungMaker, goal: Goal, judges: Judges) -> None:
        self.maker, self.goal, self.judges = maker, goal, judges
        self.settings = maker.settings
        self.tell: Callable[[Outcome], None] = lambda _: None
        self.outcomes: dict[str, Outcome] = {}
        self._prices: dict[Shape, Price | None] = {}

    def attempt(self, rungs: Sequence[Rung], ahead: Sequence[Rung] = ()) -> list[Outcome]:
        """Trains rungs that were not yet trained.

        Args:
            rungs: whose outcomes are wanted now.
            ahead: rungs that will probably be wanted, trained beside them where a job is free.

        Raises:
            OutOfTimeError: there is no time left; what had ended by then is in the record.
        """
        new = [rung for rung in rungs if rung.name not in self.outcomes]
        free = -len(new) % self.judges.jobs
        new += [rung for rung in ahead if rung.name not in self.outcomes][:free]
        for begin in range(0, len(new), self.judges.jobs):
            batch = new[begin : begin + self.judges.jobs]
            try:
                findings = self.judges.train(batch)
            except OutOfTimeError as error:
                for rung in batch:
                    if rung.name in error.findings:
                        self._note(rung, error.findings[rung.name])
                raise
            for rung, finding in zip(batch, findings, strict=True):
                self._note(rung, finding)
        return [self.outcomes[rung.name] for rung in rungs]

    def _note(self, rung: Rung, finding: Finding) -> None:
        self.outcomes[rung.name] = outcome = self._judge(rung, finding)
        self.tell(outcome)

    def _judge(self, rung: Rung, finding: Finding) -> Outcome:
        metrics: dict[str, Any] = finding.result.metrics if finding.result else {}
        training = metrics if rung.phase == "overfit" else finding.training
        price = self.price(rung.shape)
        over = self.judges.over(measured_costs(finding)) if finding.result and rung.phase != "overfit" else ""
        return Outcome(
            rung=rung,
            finding=finding,
            price=price or Price(measured_costs(finding)),
            value=self.goal.measured(metrics),
            shortfall=self.goal.shortfall(metrics),
            training_value=self.goal.measured(training),
            over=over,
            knows_training=self.goal.passes(training),
        )

    def is_near(self, outcome: Outcome) -> bool:
        """Whether a rung missed the goal by little."""
        return not outcome.over and 0 < outcome.shortfall <= self.settings.near

    def price(self, shape: Shape) -> Price | None:
        """What a shape costs; None where there is no such network, e.g. too few stages for the head's stride."""
        if shape not in self._prices:
            try:
                self._prices[shape] = self.judges.price(with_shape(self.maker.config, shape))
            except ValueError:
                self._prices[shape] = None
        return self._prices[shape]

    @cached_property
    def turns(self) -> list[float]:
        """All turns of the dial."""
        return widths(self.maker.config, self.settings)

    def _bytes(self, shape: Shape, turn: int) -> float:
        price = self.price(replace(shape, width=self.turns[turn]))
        return price.costs["int8_bytes"] if price else 0.0

    def at_least(self, shape: Shape, int8_bytes: float) -> Shape | None:
        """The narrowest network like a shape of so many bytes or more; None where there is none in the budgets."""
        turn = bisect_left(range(len(self.turns)), int8_bytes, key=lambda each: self._bytes(shape, each))
        return self._allowed(replace(shape, width=self.turns[turn])) if turn < len(self.turns) else None

    def at_most(self, shape: Shape, int8_bytes: float) -> Shape | None:
        """The widest network like a shape of so many bytes or fewer."""
        turn = bisect_left(range(len(self.turns)), int8_bytes + 1e-9, key=lambda each: self._bytes(shape, each))
        return self.at_least(shape, self._bytes(shape, turn - 1)) if turn else None

    def _allowed(self, shape: Shape) -> Shape | None:
        price = self.price(shape)
        return shape if price and not price.problem else None

    def is_allowed(self, shape: Shape) -> bool:
        """Whether there is such a network, and it is within the budgets."""
        return self._allowed(shape) is not None

    def narrowest(self, shape: Shape) -> Shape | None:
        """The least network like a shape."""
        return self.at_least(shape, 0)

    def wider(self, shape: Shape) -> Shape | None:
        """The next rung up."""
        return self.at_least(shape, self._size_of(shape) * self.settings.factor)

    def narrower(self, shape: Shape) -> Shape | None:
        """The next rung down."""
        return self.at_most(shape, self._size_of(shape) / self.settings.factor)

    def between(self, smaller: Shape, larger: Shape) -> Shape | None:
        """A width in the middle of two that differ in nothing else; None where they are too near for one."""
        least, most = self._size_of(smaller), self._size_of(larger)
        if most <= least * self.settings.finest:
            return None
        middle = self.at_least(larger, (least * most) ** 0.5)
        if middle and self._size_of(middle) < most:
            return middle
        middle = self.at_most(larger, (least * most) ** 0.5)
        return middle if middle and self._size_of(middle) > least else None

    def _size_of(self, shape: Shape) -> float:
        price = self.price(shape)
        return price.costs["int8_bytes"] if price else 0.0

    def on_all_data(self) -> list[Outcome]:
        """Outcomes of rungs that were trained on all data."""
        return [outcome for outcome in self.outcomes.values() if outcome.rung.phase != "overfit"]

    def passing(self) -> list[Outcome]:
        """Those that pass, smallest first."""
        return sorted((outcome for outcome in self.on_all_data() if outcome.passed), key=lambda each: each.size)

    def best(self) -> Outcome | None:
        """The smallest that passes."""
        return next(iter(self.passing()), None)

    def nearest(self) -> Outcome | None:
        """The one that misses the goal by least, of equals the smallest; None before any was trained on all data, but
        where none could learn a few pictures by heart."""
        tried = self.on_all_data() or list(self.outcomes.values())
        if any(outcome.rung.phase == "overfit" and outcome.shortfall == 0 for outcome in tried):
            return None
        return min(tried, key=lambda each: (each.shortfall, each.size), default=None)

    def of_shape(self, shape: Shape) -> Outcome | None:
        """The best that a shape has done on all data."""
        tried = [outcome for outcome in self.on_all_data() if outcome.rung.shape == shape]
        return min(tried, key=lambda each: (not each.passed, each.shortfall), default=None)

    def failed_shapes(self) -> list[Outcome]:
        """The best of every shape that did not pass on all data."""
        shapes = dict.fromkeys(outcome.rung.shape for outcome in self.on_all_data())
        tried = [outcome for shape in shapes if (outcome := self.of_shape(shape))]
        return [outcome for outcome in tried if not outcome.passed]

    def cannot_pass(self, shape: Shape) -> bool:
        """Whether a shape is in no respect larger than one that failed.

        One that failed by little says nothing of smaller inputs: what a network sees of the picture grows with them.
        """
        return any(
            shape.is_within(failed.rung.shape)
            and (shape.size_hw == failed.rung.shape.size_hw or not self.is_near(failed))
            for failed in self.failed_shapes()
            if not failed.over
        )


def measured_costs(finding: Finding) -> dict[str, float]:
    """The costs of a rung as they were measured; empty where it diverged."""
    result = finding.result
    if result is None:
        return {}
    names = ("parameters", "int8_bytes", "arena_bytes", "macs", "milliseconds")
    return {name: getattr(result, name) for name in names}
