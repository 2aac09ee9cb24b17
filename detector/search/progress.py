"""What a person sees of a sweep while it runs: how far it is, and the front so far."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from detector.search.seeds import Repeated
from detector.search.study import Row
from detector.settings.search import SearchSettings
from detector.terminal import say, show_progress

FRONT_ROWS = 20


class SweepDisplay:
    """On a terminal a table that is drawn anew; else a line for each trial that ends.

    Args:
        search: objectives, and how many trials there will be.
    """

    def __init__(self, search: SearchSettings) -> None:
        self.search = search
        self._begun, self._told = time.monotonic(), set[int]()
        self._rows: Sequence[Row] = ()
        self._live = Live(console=Console(), transient=True, get_renderable=self._render, refresh_per_second=1)

    def __enter__(self) -> Self:
        if sys.stdout.isatty():
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, rows: Sequence[Row]) -> None:
        """Shows the trials so far."""
        self._rows = rows
        ended = [row for row in rows if row.state != "running" and row.number not in self._told]
        if not self._told and len(ended) > 1:  # of an earlier call
            say(f"{len(ended)} of {self.search.budget()} trials had ended before")
        elif not self._live.is_started:
            for row in ended:
                say(f"{describe(row)} ({len(self._told) + 1} of {self.search.budget()})")
        self._told |= {row.number for row in ended}

    @contextmanager
    def progress(self, description: str) -> Iterator[Callable[[int, int], None]]:
        """A bar in the place of the table; see `terminal.show_progress`."""
        was_live = self._live.is_started
        self._live.stop()
        with show_progress(description) as report:
            yield report
        if was_live:
            self._live.start()

    def _render(self) -> Group:
        states = Counter(row.state for row in self._rows)
        counts = ", ".join(f"{count} {state}" for state, count in states.items())
        seconds = int(time.monotonic() - self._begun)
        head = f"{self.search.budget()} trials: {counts or 'none yet'}; {seconds // 60} min {seconds % 60:02d} s"
        return Group(Text(head), front_table(self._rows, self.search))


def front_table(rows: Sequence[Row], search: SearchSettings) -> Table:
    """The trials that no other beats, sorted by the last objective; of a long front some, evenly."""
    *_, last = search.objectives
    front = sorted((row for row in rows if row.on_front), key=lambda row: row.objectives[last])
    step = max(1, -(-len(front) // FRONT_ROWS))
    table = Table("trial", *search.objectives, *(path.rsplit(".", 1)[-1] for path in search.space))
    for row in front[::step]:
        cells = [f"{row.number:03d}", *(_short(value) for value in row.objectives.values())]
        table.add_row(*cells, *(_short(row.values.get(path)) for path in search.space))
    return table


def describe(row: Row) -> str:
    """A trial in a line."""
    if row.state != "complete":
        return f"trial {row.number:03d} {row.state}: {row.reason.splitlines()[0] if row.reason else ''}"
    found = ", ".join(f"{name} {_short(value)}" for name, value in row.objectives.items())
    same = "" if row.same_as is None else f", as trial {row.same_as:03d}"
    return f"trial {row.number:03d}: {found}{same}"


def describe_repeated(repeated: Repeated) -> str:
    """A trial of the front with several seeds in a line: means, least and greatest."""
    found = [
        f"{name} {_short(statistics.mean(values))} ({_short(min(values))} to {_short(max(values))})"
        for name, values in repeated.objectives.items()
    ]
    seeds = ", ".join(map(str, repeated.seeds))
    return f"trial {repeated.row.number:03d}, seeds {seeds}: {', '.join(found)}"


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) >= 10 else f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value)
