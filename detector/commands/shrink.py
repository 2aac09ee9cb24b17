"""The verb that looks for the smallest network that does."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from detector.commands.options import ConfigArgument, JsonOption, SetOption
from detector.quiet import import_keras_quietly
from detector.terminal import complain, print_table, say, show_progress, write_result

if TYPE_CHECKING:
    from detector.search.ladder_record import Outcome, Record

app = typer.Typer()
NOTHING_PASSES = 3  # exit code


@app.command()
def shrink(
    config: ConfigArgument,
    until: Annotated[
        str | None,
        typer.Option(help="The goal in int8, e.g. 'quad_iou_mean>=0.95' or, with --of, the metric alone."),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(help="Be as good as this exported run on the same samples, or as a JSON file of `evaluate`."),
    ] = None,
    within: Annotated[str, typer.Option(help="How much worse than --of it may be: 1%, or 0.01 of the metric.")] = "0",
    budget: Annotated[
        list[str],
        typer.Option(
            help="The most it may cost, e.g. 'int8_bytes<=60000'; of parameters, int8_bytes, arena_bytes, macs and "
            "milliseconds; may be repeated."
        ),
    ] = [],
    target: Annotated[str | None, typer.Option(help="Where it has to fit: the name of a target.")] = None,
    time: Annotated[str | None, typer.Option(help="Stop after so long with the best so far, e.g. 30m.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Trainings side by side, with one thread each.")] = 1,
    output: Annotated[
        Path | None, typer.Option(help="Folder; by default runs/shrink-CONFIG. The same one goes on after a stop.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of weights, order and augmentation.")] = None,
    overrides: SetOption = [],
    json_file: JsonOption = None,
) -> None:
    """Find the smallest network that reaches a goal, on a ladder, and certify it."""
    import_keras_quietly()
    from detector.config import read_config
    from detector.search.certificate import TEXT_NAME
    from detector.search.goals import parse_budget
    from detector.search.shrink import ShrinkOptions, make_goal, parse_time
    from detector.search.shrink import shrink as run_shrink
    from detector.targets.target import read_target

    settings = read_config(config, [*overrides, *([f"seed={seed}"] if seed is not None else [])])
    target = target or settings.target
    options = ShrinkOptions(
        budgets=[parse_budget(text) for text in budget],
        target=read_target(target) if target else None,
        seconds=parse_time(time) if time else None,
        jobs=jobs,
        command=" ".join(["detector", *map(shlex.quote, sys.argv[1:])]),
        tell=_tell,
    )
    goal = make_goal(settings, until, of, within, show_progress)
    folder = output or Path("runs") / f"shrink-{Path(config).stem}"
    say(f"Goal: {goal}, in int8. Every rung is a run folder in {folder / 'rungs'}.")
    certificate = run_shrink(settings, goal, folder, options)
    write_result(json_file, certificate)
    winner = certificate["winner"]
    if certificate["ending"] == "out of time":
        complain("stopped", "the time was up; the same command goes on from here.", "yellow")
    if winner is None:
        nearest = certificate["nearest"]
        what = f" The nearest was {nearest['name']}: {nearest['why']}." if nearest else ""
        complain("no rung passes", f"{goal} was not reached.{what} See {folder / TEXT_NAME}.", "red")
        raise typer.Exit(NOTHING_PASSES)
    shown = ("name", "value", "parameters", "int8_bytes", "arena_bytes", "macs", "milliseconds", "channels", "depths")
    print_table("smallest that passes", {name: winner[name] for name in (*shown, "size_hw", "block")})
    say(
        f"Certificate: {folder / TEXT_NAME}, with the front and what failed. Model: {folder / 'rungs' / winner['name']}"
    )


def _tell(outcome: Outcome, record: Record) -> None:
    """A line a rung."""
    from detector.search.certificate import explain

    price, result = outcome.price.costs, outcome.finding.result
    size = f"{result.int8_bytes if result else price['int8_bytes']:>9,} bytes"
    seconds = f"{result.seconds:5.0f} s" if result else ""
    say(f"{size} {seconds}  {outcome.rung.name}: {explain(outcome, record)}", "green" if outcome.passed else "")
