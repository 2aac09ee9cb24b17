"""Folders that were read, as the plain data that the page draws."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Sequence
from typing import Any

from detector.report.limits import all_limits
from detector.report.points import COSTS, Folder, Point
from detector.report.thumbnails import embed_pictures
from detector.scoring.direction import more_is_better

FIRST_METRICS = ("map50", "quad_iou_mean", "iou_foreground", "box_iou_mean", "presence_ap", "reconstruction_psnr")
UNITS = {"_percent": "%", "_px": "px", "_psnr": "dB", "per_empty_picture": "boxes a picture"}  # part of a name -> unit
CURVE_VALUES = 60_000  # of all curves together
MOST_EPOCHS, FEWEST_EPOCHS = 300, 12  # of one curve
DIGITS = 6


def make_page_data(folders: Sequence[Folder]) -> dict[str, Any]:
    """Everything on the page, JSON data.

    Args:
        folders: with different names.
    """
    points = [(number, point) for number, folder in enumerate(folders) for point in folder.points]
    shown = [point for _, point in points]
    uris = embed_pictures(_in_order(shown))
    epochs = _epochs_a_curve(shown)
    return {
        "title": ", ".join(folder.name for folder in folders),
        "made": datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        "notes": _notes(shown),
        "folders": [_describe_folder(folder) for folder in folders],
        "metrics": [_describe_metric(name) for name in metric_names(folders)],
        "settings": _varied_settings(shown),
        "limits": all_limits(),
        "points": [
            _describe_point(point, number) | {"curves": _curves(point, epochs), "pictures": _pictures(point, uris)}
            for number, point in points
        ],
    }


def _describe_folder(folder: Folder) -> dict[str, Any]:
    return {
        "name": folder.name,
        "path": str(folder.path),
        "kind": folder.kind,
        "summary": list(folder.summary),
        "command": folder.command,
        "metric": folder.metric,
        "goal": folder.goal,
        "target": folder.target,
        "importances": {objective: dict(values) for objective, values in folder.importances.items()},
        "importances_missing": folder.importances_missing,
    }


def _describe_point(point: Point, folder: int) -> dict[str, Any]:
    return {
        "name": point.name,
        "folder": folder,
        "state": point.state,
        "reason": point.reason,
        "runtime": point.runtime,
        "metrics": {name: _rounded(value) for name, value in point.metrics.items()},
        "costs": {name: point.costs[name] for name in COSTS if name in point.costs},
        "settings": {path: _text(value) for path, value in point.settings.items()},
        "seed": point.seed,
        "alike": point.alike,
        "compared": point.compared,
        "plotted": point.is_plotted,
        "chosen": point.chosen,
        "commands": list(point.commands),
    }


def _text(value: Any) -> str | int | float:
    """As the table shows and sorts it."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return value
    return json.dumps(value)


def _rounded(value: float) -> float:
    """To so many significant digits."""
    return float(f"{value:.{DIGITS}g}")


def metric_names(folders: Sequence[Folder]) -> list[str]:
    """All metrics that points have, what a search looks for first, then what tells most of a head."""
    there = dict.fromkeys(name for folder in folders for point in folder.points for name in point.metrics)
    asked = [folder.metric for folder in folders]
    return [name for name in dict.fromkeys([*asked, *FIRST_METRICS, *there]) if name in there]


def _describe_metric(name: str) -> dict[str, Any]:
    unit = next((unit for part, unit in UNITS.items() if part in name), "0 to 1")
    return {"name": name, "unit": unit, "more": more_is_better(name)}


def _varied_settings(points: Sequence[Point]) -> list[str]:
    """The settings in which points differ; of a single point all."""
    names = dict.fromkeys(name for point in points for name in point.settings if name != "seed")
    if len(points) == 1:
        return list(names)
    return [name for name in names if len({json.dumps(point.settings.get(name)) for point in points}) > 1]


def _notes(points: Sequence[Point]) -> list[str]:
    """What a person should know before comparing."""
    notes = []
    compared = [point for point in points if point.compared and point.metrics]
    if len({point.validation for point in compared if point.validation}) > 1:
        notes.append(
            "The points were not all measured on the same validation samples: a difference may be one of the samples. "
            "detector compare measures models on the same ones."
        )
    runtimes = sorted({point.runtime for point in compared})
    if len(runtimes) > 1:
        notes.append(f"The metrics were measured in different runtimes: {', '.join(runtimes)}.")
    return notes


def _in_order(points: Sequence[Point]) -> list[Any]:
    """Files of pictures, those that stay where there is little room first: the best of each point."""
    ranked = sorted(points, key=lambda point: (not point.chosen, not point.is_plotted))
    firsts = [point.pictures[0] for point in ranked if point.pictures]
    return [*firsts, *(path for point in ranked for path in point.pictures[1:] if len(points) == 1)]


def _pictures(point: Point, uris: Any) -> list[dict[str, str]]:
    return [{"name": path.stem, "uri": uris[path]} for path in point.pictures if path in uris]


def _epochs_a_curve(points: Sequence[Point]) -> int:
    curves = sum(len(point.curves) for point in points)
    return max(FEWEST_EPOCHS, min(MOST_EPOCHS, CURVE_VALUES // max(1, curves)))


def _curves(point: Point, epochs: int) -> dict[str, list[float | None]]:
    """Thinned evenly where they are long; the last epoch stays."""
    step = math.ceil(max((len(values) for values in point.curves.values()), default=1) / epochs)
    return {
        name: [None if value is None else _rounded(value) for value in values[::-1][::step][::-1]]
        for name, values in point.curves.items()
    }
