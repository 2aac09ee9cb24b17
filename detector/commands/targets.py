"""The verb that lists where networks can run: targets; and the tables of what fits where, which `cost` prints too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from detector.commands.options import JsonOption
from detector.runs import RunError
from detector.targets import Target, read_target, target_names
from detector.terminal import print_rows, print_table, say, write_result

if TYPE_CHECKING:
    from detector.fitting import Fit

app = typer.Typer()


@app.command()
def targets(
    name: Annotated[str | None, typer.Argument(help="Show this one, with the source of every figure.")] = None,
    json_file: JsonOption = None,
) -> None:
    """List the boards and other places where a network runs: memory, largest file, input, runtime."""
    if name is not None:
        target = read_target(name)
        print_table(name, _values(target))
        for field, fact in target.facts.items():
            say(f"{field}: {fact.source} ({fact.date})")
        write_result(json_file, target.model_dump(mode="json"))
        return
    known = {each: read_target(each) for each in target_names()}
    print_rows("target", {each: _row(target) for each, target in known.items()})
    write_result(json_file, {each: target.model_dump(mode="json") for each, target in known.items()})


def _row(target: Target) -> dict[str, Any]:
    return {
        "runs on": target.title,
        "memory, bytes": target.memory_bytes,
        "file in place, bytes": target.largest_file_bytes,
        "input": f"{target.input_dtype}, {' or '.join(target.fits)}",
        "runtime": target.runtime,
        "bundle": target.bundle,
    }


def _values(target: Target) -> dict[str, Any]:
    """The fields of a target, each in a line."""
    values = target.model_dump(mode="json", exclude={"name", "facts"})
    return {field: _in_a_line(value) for field, value in values.items()}


def _in_a_line(value: Any) -> Any:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return ("no", "yes")[value] if isinstance(value, bool) else value


def print_fits(fits: Mapping[str, Fit]) -> None:
    """Prints for every target whether a network fits and what is left, and below why it does not."""
    rows = {
        name: {
            "fits": "yes" if each.fits else "no",
            "needs": each.needed_bytes,
            "usable": each.usable_bytes,
            "left": each.left_bytes,
            "file room left": each.flash_left_bytes,
        }
        for name, each in fits.items()
    }
    print_rows("target", rows)
    for name, each in fits.items():
        for problem in each.problems:
            say(f"{name}: {problem}")


def allocated_by_tflm(file: Path | None) -> int | str:
    """Bytes that TFLM's own interpreter allocates for a `.tflite` file, or why it refuses it or was not asked."""
    from detector.tflm import arena_of, tflm_is_there

    if file is None:
        return "not checked: there is no file yet"
    if not tflm_is_there():
        return "not checked: pip install 'detector[tflm]'"
    try:
        return arena_of(file).total_bytes
    except RunError as error:
        return f"refused: {error}"
