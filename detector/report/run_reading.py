"""A run folder as a point: scores of its int8 file, costs, curves, pictures, and what trains it again."""

from __future__ import annotations

import json
import logging
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from data_generators.sources import hash_content
from detector.report.points import Folder, Point, costs_of, scores_of
from detector.runs import Run, RunError
from detector.settings.export import find_precision

logger = logging.getLogger(__name__)

SHOWN = ("input.size_hw", "model.backbone.width", "model.backbone.depths", "model.backbone.block", "training.epochs")
WHY_REJECTED = {"differs": "TFLM computes something else", "refused": "TFLM refuses it, or it loses too much"}


def read_run(path: Path, name: str = "") -> Folder:
    """A run folder by itself."""
    point = read_point(path, name or path.name)
    if point.state == "complete" and "int8_bytes" in point.costs and "macs" not in point.costs:
        point = replace(point, costs={**point.costs, **_foretold(path)})
    summary = [f"A run: {_describe(point)}."]
    if "int8_bytes" not in point.costs:
        summary.append(f"It has no int8 file yet, and so no place in the plots: detector export {_quote(path)}")
    config = read_config_values(path)
    return Folder(point.name, path, "run", (point,), tuple(summary), target=config.get("target") or "")


def _describe(point: Point) -> str:
    if point.state == "running":
        return "it has no scores yet; its training goes on, or was stopped"
    return f"measured in {point.runtime}" + (", and refused by the export's gate" if point.reason else "")


def _foretold(path: Path) -> dict[str, float]:
    """MACs and arena of an exported run."""
    from detector.quiet import import_keras_quietly

    import_keras_quietly()
    from detector.costing import price

    try:
        cost = price(path).cost
    except (ValueError, RuntimeError, OSError) as error:
        logger.warning("%s: MACs and arena are not known: %s", path, error)
        return {}
    return {"macs": cost.macs, "arena_bytes": cost.arena_bytes_int8}


def read_point(path: Path, name: str) -> Point:
    """What a run folder says of its training; a folder of which nothing is written yet is a running one.

    Args:
        path: the run folder.
        name: for the page.

    Raises:
        RunError: a file in it is damaged.
    """
    config, data = read_config_values(path), read_json(path / "data.json") or {}
    measured = _read_trial(path) or _read_export(path) or _read_checkpoint(path) or {"state": "running"}
    return Point(
        name=name,
        settings={key: value for key in SHOWN if (value := _value_at(config, key)) is not None},
        seed=config.get("seed"),
        alike=hash_content({key: value for key, value in config.items() if key != "seed"}) if config else "",
        validation=data.get("validation", {}).get("fingerprint", ""),
        curves=_read_curves(path),
        commands=train_commands(path, name) if config else (),
        pictures=_find_pictures(path / "pictures"),
        **measured,
    )


def _read_trial(path: Path) -> dict[str, Any] | None:
    result = read_json(path / "result.json")
    return measured_trial(result) if result else None


def measured_trial(result: Mapping[str, Any]) -> dict[str, Any]:
    """State, reason, scores and costs of a trial's result, as `TrialResult.to_json` gives it."""
    return {
        "state": "rejected" if result.get("gate") else "complete",
        "reason": result.get("gate", ""),
        "runtime": result["metrics"].get("runtime", ""),
        "metrics": scores_of(result["metrics"]),
        "costs": costs_of(result),
    }


def _read_export(path: Path) -> dict[str, Any] | None:
    """The scores of the file that the run stands for; of a refused one too, with the reason."""
    report = read_json(path / "export" / "report.json") or {}
    precision = find_precision(report)
    if precision is None:
        return None
    scores, parity = report[precision], report.get("parity") or {}
    rejected = path / "export" / f"{precision}-rejected.tflite"
    reason = ""
    if rejected.exists():
        why = WHY_REJECTED.get(parity.get("status", ""), "it loses too much")
        reason = f"The export's gate refused {precision}: {why}. It is kept as {rejected}."
    costs = {"parameters": scores.get("parameters"), "int8_bytes": scores.get("bytes")}
    return {
        "state": "rejected" if reason else "complete",
        "reason": reason,
        "runtime": scores.get("runtime", ""),
        "metrics": scores_of(scores),
        "costs": costs_of(costs),
    }


def _read_checkpoint(path: Path) -> dict[str, Any] | None:
    """The scores of the checkpoint of a run that was not exported."""
    report = read_json(path / "report.json")
    if report is None:
        return None
    return {
        "state": "complete",
        "runtime": report.get("runtime", ""),
        "metrics": scores_of(report),
        "costs": costs_of({"parameters": report.get("parameters")}),
    }


def _read_curves(path: Path) -> dict[str, list[float | None]]:
    try:
        rows = Run(path).read_metrics()
    except ValueError as error:
        raise RunError(f"{path / 'metrics.jsonl'}: expected a line of JSON an epoch: {error}. Take it away.") from None
    names = dict.fromkeys(name for row in rows for name, value in row.items() if isinstance(value, int | float | None))
    return {name: [row.get(name) for row in rows] for name in names if name != "seconds"}


def _find_pictures(folder: Path) -> tuple[Path, ...]:
    """The worst predictions, and those after the last epoch that was drawn."""
    worst, live = folder / "worst.png", sorted(folder.glob("epoch-*.png"))[-1:]
    return tuple(path for path in (worst, *live) if path.is_file())


def train_commands(path: Path, name: str) -> tuple[str, ...]:
    """What trains a run again, and exports it."""
    again = _quote(Path("again") / name)
    return f"detector train {_quote(path / 'config.yaml')} --run {again}", f"detector export {again}"


def _quote(path: Path) -> str:
    return shlex.quote(str(path))


def read_config_values(path: Path) -> dict[str, Any]:
    """The settings of a run as they are written, also where another version of this program wrote them; empty without.

    Raises:
        RunError: the file is damaged.
    """
    file = path / "config.yaml"
    if not file.is_file():
        return {}
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise RunError(f"{file}: not valid YAML: {error}") from None
    if not isinstance(values, dict):
        raise RunError(f"{file}: expected the settings of a run. Received {type(values).__name__}.")
    return values


def _value_at(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values.get(part) if isinstance(values, dict) else None
    return values


def read_json(path: Path) -> Any:
    """The JSON data of a file; None where there is no file.

    Raises:
        RunError: it is damaged.
    """
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RunError(f"{path}: expected JSON: {error}. Take the file away, or write it again.") from None
