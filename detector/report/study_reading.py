"""The study folder of a sweep as points, a trial each; read from trials.json, wherever the storage is."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from detector.report.importances import importances_of
from detector.report.points import COSTS, Folder, Point
from detector.report.run_reading import measured_trial, read_json, read_point
from detector.runs import RunError
from detector.search.seeds import FOLDER
from detector.search.study import Row
from detector.settings.search import SearchSettings


def read_study(path: Path, name: str = "") -> Folder:
    """A study folder, finished or not.

    Raises:
        RunError: study.yaml or trials.json is damaged.
    """
    name = name or path.name
    config, search = _read_search(path / "study.yaml")
    trials = read_json(path / "trials.json") or {"trials": []}
    rows = [Row(**row) for row in trials["trials"]]
    importances, missing = importances_of(rows, search)
    return Folder(
        name=name,
        path=path,
        kind="study",
        points=(*(_read_trial(path, name, row) for row in rows), *_read_repeated(path, name)),
        summary=tuple(_summary(rows, search)),
        command=f"detector sweep CONFIG --study {shlex.quote(str(path))}",
        metric=next((each for each in search.objectives if each not in COSTS), ""),
        target=config.get("target") or "",
        importances=importances,
        importances_missing=missing,
    )


def _read_repeated(path: Path, study: str) -> Iterator[Point]:
    """The trials of the front with other seeds, see `detector.search.seeds`."""
    for folder in sorted((path / FOLDER).glob("*/trials.json")):
        name = f"{study}/{FOLDER}/{folder.parent.name}"
        yield from (_read_trial(folder.parent, name, Row(**row)) for row in read_json(folder)["trials"])


def _read_search(path: Path) -> tuple[dict[str, Any], SearchSettings]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        return values["config"], SearchSettings.parse(values["search"], str(path))
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise RunError(f"{path}: expected `config` and `search`, as a sweep writes them: {error}") from None


def _summary(rows: Sequence[Row], search: SearchSettings) -> list[str]:
    objectives = ", ".join(f"{name} ({direction})" for name, direction in search.objectives.items())
    states = Counter(row.state for row in rows)
    counts = ", ".join(f"{count} {state}" for state, count in states.items())
    lines = [f"A sweep, sampler {search.sampler}, seed {search.seed}: {objectives}.", f"{counts or 'No trial yet'}."]
    if not states["complete"]:
        lines.append("No trial is complete, so there is nothing to plot. The command below goes on with the sweep.")
    elif len(rows) < search.budget() or states["running"]:
        lines.append(f"{len(rows) - states['running']} of {search.budget()} trials have ended.")
    return lines


def _read_trial(path: Path, study: str, row: Row) -> Point:
    label = f"{study}/{row.number:03d}"
    folder = path / "trials" / f"{row.number if row.same_as is None else row.same_as:03d}"
    point = read_point(folder, label)
    measured: dict[str, Any] = {"state": row.state, "reason": row.reason, "metrics": {}, "costs": {}}
    if row.state == "complete" and row.result:
        measured = measured_trial(row.result)
    if row.same_as is not None:
        same = f"The same values as trial {row.same_as:03d}, whose result it takes."
        measured |= {"reason": same, "compared": False, "curves": {}, "pictures": ()}
    return replace(point, settings={**point.settings, **_texts(row.values)}, **measured)


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        path: value if isinstance(value, str | int | float) else json.dumps(value) for path, value in values.items()
    }
