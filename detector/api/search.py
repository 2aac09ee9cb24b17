"""The verbs for many networks: sweep a space of settings, and report on runs and searches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detector.api.resolving import AnyConfig, resolve
from detector.data import ProgressFor, silent

if TYPE_CHECKING:
    from detector.search.study import Row
    from detector.search.sweep import SweepOptions


def sweep(
    config: AnyConfig, study: str | Path, options: SweepOptions | None = None, *, progress: ProgressFor = silent
) -> list[Row]:
    """Runs the trials of a config's `search` in a study folder; see `detector.search.sweep.sweep`."""
    from detector.search.sweep import SweepOptions
    from detector.search.sweep import sweep as run_sweep

    return run_sweep(resolve(config), study, options or SweepOptions(), progress=progress)


def shrink(
    config: AnyConfig,
    until: str,
    output: str | Path,
    *,
    budgets: Sequence[str] = (),
    target: str | None = None,
    seconds: float | None = None,
    jobs: int = 1,
) -> dict[str, Any]:
    """Looks for the smallest network that reaches a goal; see `detector.search.shrink.shrink`.

    Args:
        config: whose network is to shrink.
        until: the goal, e.g. `quad_iou_mean>=0.95`.
        output: folder of the rungs and the certificate, which is returned; the same one goes on after a stop.
        budgets: the most that it may cost, e.g. `int8_bytes<=60000`.
        target: name of the target where it has to fit; None: that of the config.
        seconds: after which it stops with the best so far; None: no limit.
        jobs: trainings side by side.
    """
    from detector.search.goals import parse_budget
    from detector.search.shrink import ShrinkOptions, make_goal
    from detector.search.shrink import shrink as run_shrink
    from detector.targets import read_target

    settings = resolve(config)
    name = target or settings.target
    options = ShrinkOptions(
        budgets=[parse_budget(text) for text in budgets],
        target=read_target(name) if name else None,
        seconds=seconds,
        jobs=jobs,
    )
    return run_shrink(settings, make_goal(settings, until, None, ""), Path(output), options)


def report(folders: Sequence[str | Path], output: str | Path = "report.html") -> Path:
    """Writes one HTML page about runs, sweeps and ladders; see `detector.report.writing.write_report`."""
    from detector.report.writing import write_report

    return write_report(folders, output)
