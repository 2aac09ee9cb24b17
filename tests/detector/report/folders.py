"""Run, study and ladder folders as trainings leave them, written in a moment."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from data_generators.images import write_image

SPACE: dict[str, Any] = {
    "model.backbone.width": {"low": 4, "high": 32, "step": 4},
    "model.backbone.depths": [[1, 1], [1, 2]],
}
OBJECTIVES = {"quad_iou_mean": "maximize", "int8_bytes": "minimize"}
GATE = "int8 loses 0.03 in quad_iou_mean (0.01 allowed)."


def make_config(width: int = 8, seed: int = 1, **others: Any) -> dict[str, Any]:
    """The settings of a run, as far as the page reads them."""
    return {
        "seed": seed,
        "input": {"size_hw": [32, 48]},
        "model": {"backbone": {"width": width, "depths": [1, 1]}, "heads": {"corners": {}}},
        "training": {"epochs": 3},
    } | others


def make_result(width: int, score: float, gate: str = "") -> dict[str, Any]:
    """What a trial leaves in result.json."""
    metrics = {"samples": 12, "runtime": "litert-int8", "quad_iou_mean": score, "map50": None, "confusion": {}}
    return {
        "metrics": metrics,
        "parameters": 100 * width,
        "int8_bytes": 1000 * width,
        "arena_bytes": 3000 * width,
        "macs": 50_000 * width,
        "milliseconds": 0.01 * width,
        "seconds": 2.0,
        "curve": [50.0, 30.0],
        "gate": gate,
    }


def write_run(
    folder: Path,
    config: dict[str, Any] | None = None,
    result: dict[str, Any] | None = None,
    epochs: int = 3,
    picture: bool = True,
    validation: str = "aa",
) -> Path:
    """A run folder; with result.json where there is a result."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config or make_config()))
    _write(folder / "data.json", {"validation": {"samples": 12, "fingerprint": validation}})
    rows = [
        {"epoch": 1 + epoch, "seconds": 1.5, "loss": math.exp(-epoch), "val_loss": 2.0 - 0.1 * epoch, "val_iou": 0.3}
        for epoch in range(epochs)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    if picture:
        write_image(folder / "pictures" / "worst.png", np.full((60, 90, 3), 120, np.uint8))
    if result:
        _write(folder / "result.json", result)
    return folder


def write_study(folder: Path, rows: list[dict[str, Any]], **search: Any) -> Path:
    """A study folder; each row is completed."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = {"space": SPACE, "objectives": OBJECTIVES, "trials": len(rows) or 4} | search
    (folder / "study.yaml").write_text(yaml.safe_dump({"config": make_config(), "search": asked}, sort_keys=False))
    trials = [_complete_row(number, row) for number, row in enumerate(rows)]
    _write(folder / "trials.json", {"objectives": OBJECTIVES, "trials": trials})
    return folder


def _complete_row(number: int, row: dict[str, Any]) -> dict[str, Any]:
    defaults = {"number": number, "state": "complete", "values": {}, "objectives": {}, "result": {}, "reason": ""}
    return defaults | {"same_as": None, "on_front": False} | row


def good_row(folder: Path, number: int, width: int, score: float, seed: int = 1, gate: str = "") -> dict[str, Any]:
    """A complete trial, and its run folder."""
    result = make_result(width, score, gate)
    write_run(folder / "trials" / f"{number:03d}", make_config(width, seed), result)
    values = {"model.backbone.width": width, "model.backbone.depths": [1, 1 + number % 2]}
    return {"values": values, "objectives": {"quad_iou_mean": score, "int8_bytes": 1000 * width}, "result": result}


def write_trials(folder: Path, count: int) -> Path:
    """A study of complete trials: wider is better."""
    widths = [4 + 4 * (number % 8) for number in range(count)]
    rows = [good_row(folder, number, width, 0.5 + width / 100 + number / 1e4) for number, width in enumerate(widths)]
    return write_study(folder, rows)


def write_ladder(folder: Path) -> Path:
    """A ladder of three rungs, the first of which learns by heart, and the last of which wins."""
    rungs = [
        _rung(folder, "overfit", 4, 0.99, "passes"),
        _rung(folder, "generalise", 8, 0.7, "0.7 where 0.8 is asked: too small, or too short"),
        _rung(folder, "generalise", 12, 0.85, "passes"),
    ]
    certificate = {
        "ending": "found",
        "goal": {"condition": "quad_iou_mean>=0.8", "metric": "quad_iou_mean", "of": ""},
        "budgets": ["int8_bytes<=60000"],
        "command": "detector shrink mine.yaml --until 'quad_iou_mean>=0.8'",
        "seconds": 120.0,
        "winner": rungs[-1] | {"commands": ["detector train first", "detector train second"]},
        "nearest": None,
        "rungs": rungs,
    }
    _write(folder / "certificate.json", certificate)
    return folder


def _rung(folder: Path, phase: str, width: int, score: float, why: str) -> dict[str, Any]:
    name, result = f"{phase}-w{width}", make_result(width, score)
    rung = write_run(folder / "rungs" / name, make_config(width), result)
    _write(rung / "rung.json", {"result": result, "training": {}, "diverged": ""})
    described = {"name": name, "phase": phase, "passed": why == "passes", "why": why, "value": score, "width": width}
    shape = {"depths": [1, 1], "size_hw": [32, 48], "epochs": 3, "start": "nothing", "remedies": []}
    costs = {key: result[key] for key in ("parameters", "int8_bytes", "arena_bytes", "macs", "milliseconds")}
    return described | shape | costs


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
