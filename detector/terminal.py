"""What a person sees of the command line: messages, log, progress bars, tables, and errors in one line."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

NOISY = ("absl", "tensorflow", "matplotlib", "PIL")
UNPRINTED = ("data", "model")  # scores that say where the others come from


def say(text: str, style: str = "") -> None:
    """Prints a message as it is: unwrapped, brackets and all."""
    Console().print(Text(text, style), soft_wrap=True)


def complain(label: str, text: str, style: str) -> None:
    """Prints a labelled message to the standard error output."""
    Console(stderr=True).print(Text.assemble((f"{label}: ", style), text), soft_wrap=True)


def begin_log() -> None:
    """Sends the log to the standard error output: in colour to a terminal, a plain line a record to a file."""
    if sys.stderr.isatty():
        handler: logging.Handler = RichHandler(console=Console(stderr=True), show_path=False)
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def show_progress(description: str) -> Iterator[Callable[[int, int], None]]:
    """A bar while the block runs; yields what is to be called with (samples done, samples in all)."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task(description, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_table(heading: str, values: Mapping[str, Any]) -> None:
    """Names and values, one a line."""
    table = Table(heading, "value")
    for name, value in values.items():
        table.add_row(name, _format(value))
    Console().print(table)


def print_rows(heading: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """A line for each name: name -> column -> value, the same columns in all; a dash where there is none."""
    table = Table()
    table.add_column(heading, no_wrap=True)
    for column in next(iter(rows.values())):
        table.add_column(column)
    for name, values in rows.items():
        table.add_row(name, *map(_format, values.values()))
    Console().print(table)


def print_scores(columns: Mapping[str, Mapping[str, Any]], heading: str = "score") -> None:
    """Scores side by side: column -> score -> value; without data in some columns a dash, in all left out.

    A score that has a value a class stands in a line a class; what is nested deeper is left to JSON.
    """
    table = Table(heading, *columns)
    shown = {column: _flat(scores) for column, scores in columns.items()}
    for name in dict.fromkeys(name for scores in shown.values() for name in scores):
        values = [scores.get(name) for scores in shown.values()]
        if any(value is not None for value in values):
            table.add_row(name, *map(_format, values))
    Console().print(table)


def _flat(scores: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in scores.items():
        if isinstance(value, dict):
            flat |= {f"{name}: {key}": each for key, each in value.items() if not isinstance(each, dict | list)}
        elif name not in UNPRINTED:
            flat[name] = value
    return flat


def _format(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict | list):
        return json.dumps(value)
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def write_result(path: Path | None, value: Any) -> None:
    """Writes JSON data to the file that `--json` names, /dev/stdout among them; nothing for None."""
    from detector.runs import to_json_text, write_json

    if path == Path("/dev/stdout"):  # where it is a file, opening it again would write over what is there
        sys.stdout.write(to_json_text(value))
    elif path:
        write_json(path, value)
