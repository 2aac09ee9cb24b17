"""The ladder: up to the smallest network that can learn a few pictures by heart, on to the smallest that knows the
others too, and down again until it fails.

What is done when a network fails on all data is told by its score on training pictures:

- it knows them and not the validation pictures: it overfits. The next remedy (data, augmentation, regularisation) is
  tried from its own weights, and kept for all later rungs where it helps;
- it does not know them, or no remedy is left: where little is missing it goes on for as long again; else it is too
  small, and the next width is tried.

On the way down every step is tried from each network that passes: narrower, a smaller input, fewer blocks, another
kind of block; those of the fewest int8 bytes first, and of equal bytes those of the fewest MACs. What is in no respect
larger than a network that failed is not tried. Where no such step passes, the other designs are tried as wide as they
may be to be smaller than the best; at last the width is halved between it and the widest below it that failed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from detector.search.ladder_record import Outcome, OutOfTimeError, Record
from detector.search.ladder_rungs import Rung, Start, default_remedies
from detector.search.ladder_shapes import Shape, other_designs, shape_of, smaller_inputs, steps_down
from detector.settings.shrink import Remedy

logger = logging.getLogger(__name__)

Ending = Literal["found", "nothing passes", "out of time"]
SAME_SIZE = 0.98  # a network with more of another's bytes, or MACs, is not smaller
STILL_LEARNS = 0.9  # of the error in the middle of a training at its end: with less it is not done
MOST_OVERFIT = 8  # times `overfit_epochs`, for one that still learns


class Ladder:
    """One search.

    Args:
        record: what it knows, empty at first.

    Attributes:
        kept: remedies that helped.
        dropped: those that did not.
    """

    def __init__(self, record: Record) -> None:
        self.record, self.maker, self.settings = record, record.maker, record.settings
        self.kept: list[Remedy] = []
        self.dropped: list[Remedy] = []

    def climb(self) -> Ending:
        """Goes up and down; the record then holds everything."""
        try:
            bottom = self.find_bottom()
            passing = self.find_generalising(bottom) if bottom else None
            if passing:
                self.go_down()
        except OutOfTimeError:
            return "out of time"
        return "found" if passing else "nothing passes"

    def find_bottom(self) -> Shape | None:
        """The smallest rung that learns a few pictures by heart; at the config's input size, or the largest below it
        at which the budgets allow a network."""
        own = shape_of(self.maker.config)
        sizes = [own.size_hw, *smaller_inputs(self.maker.config, self.settings)]
        for start in (self.record.narrowest(replace(own, size_hw=size)) for size in sizes):
            shape = start
            while shape:
                if self._learns_by_heart(shape):
                    return shape
                shape = self.record.wider(shape)
            if start:
                return None
        return None

    def _learns_by_heart(self, shape: Shape) -> bool:
        """Whether a rung does; one that nearly does, or still learns, goes on for twice as long: it is not too small
        because its time was too short."""
        epochs = self.settings.overfit_epochs
        above = self.record.wider(shape)
        ahead = [self.maker.overfit(above, epochs)] if above else []
        [outcome] = self.record.attempt([self.maker.overfit(shape, epochs)], ahead)
        last = 2 * epochs if self.record.is_near(outcome) else MOST_OVERFIT * epochs
        while outcome.shortfall and 2 * epochs <= last and (self.record.is_near(outcome) or _still_learns(outcome)):
            epochs *= 2
            [outcome] = self.record.attempt([self.maker.overfit(shape, epochs, outcome.rung)], ahead)
        return outcome.shortfall == 0

    def find_generalising(self, shape: Shape | None) -> Outcome | None:
        """The smallest rung, from a shape up, that passes on all data."""
        while shape:
            outcome = self._settle(shape)
            if outcome.passed:
                return outcome
            shape = self._smaller_input(shape) if outcome.over else self.record.wider(shape)
        return None

    def _smaller_input(self, shape: Shape) -> Shape | None:
        """The cure for what was measured as too slow; a wider network would be slower."""
        sizes = [size for size in smaller_inputs(self.maker.config, self.settings) if size < shape.size_hw]
        below = replace(shape, size_hw=sizes[0]) if sizes else None
        return below if below and self.record.is_allowed(below) else None

    def _settle(self, shape: Shape) -> Outcome:
        """The best that a shape can do on the way up: remedies and epochs before width."""
        first = self._rung(shape)
        above = self.record.wider(shape)
        [outcome] = self.record.attempt([first], [self._rung(above)] if above else [])
        while not outcome.passed and not outcome.over:
            remedy = self._next_remedy() if outcome.knows_training else None
            if remedy:
                outcome = self._try_remedy(outcome, remedy)
                continue
            longer = self._longer(outcome)
            if longer is None:
                break
            [tried] = self.record.attempt([longer], [self._rung(above)] if above else [])
            if tried.shortfall >= outcome.shortfall:
                break
            outcome = tried
        return outcome

    def _rung(self, shape: Shape) -> Rung:
        return self.maker.full("generalise", shape, self.maker.first_epochs, self.kept)

    def _next_remedy(self) -> Remedy | None:
        done = {remedy.name for remedy in (*self.kept, *self.dropped)}
        known = self.settings.remedies
        remedies = default_remedies(self.maker.config) if known is None else known
        return next((remedy for remedy in remedies if remedy.name not in done), None)

    def _try_remedy(self, outcome: Outcome, remedy: Remedy) -> Outcome:
        rung = outcome.rung
        longer = self.maker.full("generalise", rung.shape, rung.epochs, [*self.kept, remedy], ("weights", rung))
        [tried] = self.record.attempt([longer])
        helped = tried.shortfall < outcome.shortfall
        (self.kept if helped else self.dropped).append(remedy)
        logger.info("remedy %s: %s", remedy.name, "helps, and stays" if helped else "does not help")
        return tried if helped else outcome

    def _longer(self, outcome: Outcome) -> Rung | None:
        """As long again, from its own weights; None where too much is missing or it has had its time."""
        rung = outcome.rung
        if not self.record.is_near(outcome) or 2 * rung.epochs > self.maker.most_epochs:
            return None
        return self.maker.full(rung.phase, rung.shape, 2 * rung.epochs, self.kept, ("weights", rung))

    def go_down(self) -> None:
        """From all that passes, step by step, until no step is left."""
        while steps := self._steps() or self._trades() or self._halves():
            rungs = [self._step_rung(shape, above) for shape, above in steps[: self.record.judges.jobs]]
            self._insist(self.record.attempt(rungs))

    def _steps(self) -> list[tuple[Shape, Outcome]]:
        """Shapes that would be smaller than the best, smallest first, each with the passing one that it is below."""
        found: dict[Shape, Outcome] = {}
        for above in self.record.passing():
            narrower = self.record.narrower(above.rung.shape)
            steps = [narrower] if narrower else []
            below = steps_down(above.rung.shape, self.maker.config, self.settings)
            for step in (*steps, *below):
                if step not in found and self._is_worth_trying(step):
                    found[step] = above
        return sorted(found.items(), key=lambda step: self._size(step[0]))

    def _trades(self) -> list[tuple[Shape, Outcome]]:
        """Of every other design at the best's input the widest network that has fewer int8 bytes than the best."""
        best = self.record.best()
        if best is None:
            return []
        most = best.size[0] / self.settings.finest
        designs = other_designs(best.rung.shape, self.maker.config, self.settings)
        trades = [trade for design in designs if (trade := self.record.at_most(design, most))]
        return [(trade, best) for trade in trades if self._is_worth_trying(trade)]

    def _is_worth_trying(self, shape: Shape) -> bool:
        record, best = self.record, self.record.best()
        if best is None or record.of_shape(shape) or not record.is_allowed(shape) or record.cannot_pass(shape):
            return False
        (least, macs), (size, best_macs) = self._size(shape), best.size
        return least < SAME_SIZE * size or (least * SAME_SIZE <= size and macs < SAME_SIZE * best_macs)

    def _size(self, shape: Shape) -> tuple[float, float]:
        price = self.record.price(shape)
        return price.size if price else (0.0, 0.0)

    def _halves(self) -> list[tuple[Shape, Outcome]]:
        """The width between the best and the widest below it that failed."""
        best = self.record.best()
        if best is None:
            return []
        shape = best.rung.shape
        below = [
            failed.rung.shape
            for failed in self.record.failed_shapes()
            if replace(failed.rung.shape, width=shape.width) == shape and failed.rung.shape.width < shape.width
        ]
        middle = self.record.between(max(below, key=lambda each: each.width), shape) if below else None
        return [(middle, best)] if middle and not self.record.of_shape(middle) else []

    def _step_rung(self, shape: Shape, above: Outcome) -> Rung:
        """The rung of a step down; it begins with the weights of the one above where they fit, else it has the epochs
        of all that the one above began from."""
        rung, start = above.rung, _start_from(above.rung.shape, shape)
        if start == "nothing":
            return self.maker.full("down", shape, min(self.maker.most_epochs, self._all_epochs(rung)), self.kept)
        return self.maker.full("down", shape, rung.epochs, self.kept, (start, rung))

    def _all_epochs(self, rung: Rung) -> int:
        before = self.record.outcomes[rung.other].rung if rung.start in ("weights", "channels") else None
        return rung.epochs + (self._all_epochs(before) if before else 0)

    def _insist(self, outcomes: Sequence[Outcome]) -> None:
        """Rungs that nearly pass go on for longer, and then learn from the best that passes."""
        shapes = [outcome.rung.shape for outcome in outcomes]
        while longer := [rung for outcome in outcomes if (rung := self._longer(outcome))]:
            tried = self.record.attempt(longer)
            outcomes = [each for each in tried if each is self.record.of_shape(each.rung.shape)]  # those that gained
        if self.settings.distil:
            missed = [outcome for shape in shapes if (outcome := self.record.of_shape(shape))]
            self.record.attempt([rung for outcome in missed if (rung := self._taught(outcome))])

    def _taught(self, outcome: Outcome) -> Rung | None:
        """The rung once more with the best that passes as its teacher; None where it misses by more than a little."""
        shape = outcome.rung.shape
        teachers = [each for each in self.record.passing() if each.rung.shape.size_hw == shape.size_hw]
        if not self.record.is_near(outcome) or not teachers:
            return None
        teacher = max(teachers, key=lambda each: each.value if self.record.goal.more_is_better else -each.value)
        return self.maker.full("down", shape, self.maker.most_epochs, self.kept, ("teacher", teacher.rung))


def _still_learns(outcome: Outcome) -> bool:
    """Whether the error was still falling when the training ended; not where its epochs are too few to tell."""
    curve = outcome.finding.result.curve if outcome.finding.result else ()
    return len(curve) > 1 and curve[-1] < STILL_LEARNS * curve[(len(curve) - 1) // 2]


def _start_from(above: Shape, below: Shape) -> Start:
    """What a network may take from the one above it."""
    if (above.depths, above.block, above.size_hw) == (below.depths, below.block, below.size_hw):
        return "channels"
    return "weights" if (above.width, above.block) == (below.width, below.block) else "nothing"


def pareto_front(outcomes: Sequence[Outcome], more_is_better: bool) -> list[Outcome]:
    """Those that no other one beats in both metric and int8 bytes, smallest first."""
    front: list[Outcome] = []
    sign = 1 if more_is_better else -1
    measured = [each for each in outcomes if each.finding.result and each.value == each.value]  # NaN is no value
    for outcome in sorted(measured, key=lambda each: (each.size, -sign * each.value)):
        if not front or sign * outcome.value > sign * front[-1].value:
            front.append(outcome)
    return front
