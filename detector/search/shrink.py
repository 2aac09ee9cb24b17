"""`detector shrink`: a config and a goal to the smallest network that reaches it, with a certificate."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detector.config import Config
from detector.data import ProgressFor, silent
from detector.fitting import fit
from detector.heads import HEADS, score_names
from detector.runs import Run, RunError, write_json
from detector.search.certificate import Circumstances, make_certificate, write_certificate
from detector.search.goals import Budget, Goal, GoalError, goal_of_scores, parse_goal
from detector.search.ladder import Ladder
from detector.search.ladder_record import Judges, Outcome, Price, Record
from detector.search.ladder_rungs import RungMaker
from detector.search.ladder_runner import RungRunner
from detector.search.reference import reference_scores
from detector.search.space import check_precision
from detector.search.trial import predict_cost
from detector.targets.target import Target

CLOCK_NAME = "clock.json"
TIME = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")

Tell = Callable[[Outcome, Record], None]


@dataclass(frozen=True)
class ShrinkOptions:
    """What a search has to keep to.

    Args:
        budgets: the most that a network may cost.
        target: where it has to fit; None: nowhere.
        seconds: after which it stops with the best so far; None: no limit.
        jobs: trainings side by side, of one thread each where there are several.
        command: for the certificate.
        tell: called with every outcome and the record that it is in.
    """

    budgets: Sequence[Budget] = ()
    target: Target | None = None
    seconds: float | None = None
    jobs: int = 1
    command: str = ""
    tell: Tell = field(default=lambda *_: None)


def shrink(config: Config, goal: Goal, folder: Path, options: ShrinkOptions) -> dict[str, Any]:
    """Looks for the smallest network that reaches a goal.

    Args:
        config: the experiment; its `shrink` says how the ladder stands.
        goal: what the int8 file has to reach on the validation data.
        folder: `rungs/`, a run folder each, and the certificate; a search that was stopped goes on in its folder.
        options: what to keep to.

    Returns:
        The certificate, see `make_certificate`; it is also in the folder.

    Raises:
        RunError: another search works in the folder; a training failed; the config prunes or distils.
        SettingsError: it exports no int8 file.
    """
    began = time.monotonic()
    if options.target:  # each rung keeps to it, also where it is trained again
        config = config.model_copy(update={"target": options.target.name})
    maker = RungMaker(config.with_absolute_paths(), folder.absolute())
    _check_inputs(maker.config)
    with Run(folder).lock():
        clock, before = folder / CLOCK_NAME, _read_seconds(folder / CLOCK_NAME)

        def note() -> None:
            write_json(clock, {"seconds": before + time.monotonic() - began})

        runner = RungRunner(maker, options.jobs, options.seconds, note)
        record = Record(maker, goal, Judges(runner, _price_with(options), _over_with(options), options.jobs))
        record.tell = lambda outcome: options.tell(outcome, record)
        ladder = Ladder(record)
        ending = ladder.climb()
        note()
        asked = [*map(str, options.budgets), *([f"target {options.target.name}"] if options.target else [])]
        how = Circumstances(options.command, asked, before + time.monotonic() - began)
        certificate = make_certificate(ladder, ending, how)
        write_certificate(folder, certificate)
    return certificate


def _read_seconds(clock: Path) -> float:
    return float(json.loads(clock.read_text(encoding="utf-8"))["seconds"]) if clock.is_file() else 0.0


def _check_inputs(config: Config) -> None:
    check_precision(config)
    if config.model.prune or config.training.distil:
        raise RunError(
            "The ladder itself prunes and distils: leave model.prune and training.distil out of the config that is to "
            "shrink."
        )


def _price_with(options: ShrinkOptions) -> Callable[[Config], Price]:
    def price(config: Config) -> Price:
        cost = predict_cost(config)
        costs: dict[str, float] = {
            "parameters": cost.parameters,
            "int8_bytes": cost.file_bytes_int8,
            "arena_bytes": cost.arena_bytes_int8,
            "macs": cost.macs,
        }
        problems = [problem for budget in options.budgets if (problem := budget(costs))]
        if options.target:
            problems += fit(cost, options.target, config.input, config.export.precision).problems
        return Price(costs, "; ".join(problems))

    return price


def _over_with(options: ShrinkOptions) -> Callable[[dict[str, float]], str]:
    return lambda costs: "; ".join(problem for budget in options.budgets if (problem := budget(costs)))


def make_goal(
    config: Config, until: str | None, reference: str | None, within: str, progress: ProgressFor = silent
) -> Goal:
    """The goal that a person asked for.

    Args:
        config: whose head's first gate is the metric where none is named, and whose validation data judge.
        until: `METRIC>=VALUE`; with a reference the metric alone, or None.
        reference: a run or report to be as good as, see `reference_scores`; or None.
        within: how much worse than it is allowed.
        progress: see `train`.

    Raises:
        GoalError: neither or both of them give a value, or it is no goal.
        RunError: the reference cannot be measured or read.
    """
    known = score_names()
    if reference is None:
        if until is None:
            raise GoalError('expected a goal: --until "quad_iou_mean>=0.95", or --of RUN for one as good as a run.')
        return parse_goal(until, known)
    head = next(iter(config.model.heads))
    metric = until or next((gate.score for gate in HEADS[head].gates), "")
    scores = reference_scores(config, reference, progress)
    return goal_of_scores(scores, reference, metric, within, known)


def parse_time(text: str) -> float:
    """Seconds of `30m`, `1h30m`, `90s`.

    Raises:
        GoalError: it is no such text.
    """
    found = TIME.fullmatch(text.strip())
    if not found or not any(found.groups()):
        raise GoalError(f"--time {text}: expected hours, minutes or seconds, e.g. 30m or 1h30m.")
    return sum(float(part or 0) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True))
