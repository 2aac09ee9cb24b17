"""The folder of `detector shrink` as points, a rung each; with its certificate, or before there is one."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from detector.report.points import Folder, Point, costs_of
from detector.report.run_reading import read_config_values, read_json, read_point
from detector.search.certificate import JSON_NAME
from detector.search.ladder_runner import FINDING_NAME

RUNGS = "rungs"


def read_ladder(path: Path, name: str = "") -> Folder:
    """The folder of a search for the smallest network.

    Raises:
        RunError: a file in it is damaged.
    """
    name, certificate = name or path.name, read_json(path / JSON_NAME)
    if certificate is None:
        return _read_unfinished(path, name)
    goal = certificate["goal"]
    rows = certificate["rungs"]
    return Folder(
        name=name,
        path=path,
        kind="ladder",
        points=tuple(_read_rung(path, name, row, certificate) for row in rows),
        summary=tuple(_summary(certificate)),
        command=certificate["command"],
        metric=goal["metric"],
        goal=_goal_value(goal["condition"]),
        target=_target(path, rows),
    )


def _goal_value(condition: str) -> float:
    return float(condition.partition("=")[2])


def _target(path: Path, rows: list[dict[str, Any]]) -> str:
    config = read_config_values(path / RUNGS / rows[0]["name"]) if rows else {}
    return config.get("target") or ""


def _summary(certificate: Mapping[str, Any]) -> list[str]:
    budgets = ", ".join(certificate["budgets"]) or "none"
    minutes, count = certificate["seconds"] / 60, len(certificate["rungs"])
    lines = [
        f"A ladder to the smallest network with {certificate['goal']['condition']} in int8; budgets: {budgets}.",
        f"{count} rungs in {minutes:.1f} minutes.",
    ]
    winner, nearest = certificate["winner"], certificate["nearest"]
    if winner:
        lines.append(f"The winner: {winner['name']}, {winner['int8_bytes']:,} bytes int8.")
    elif nearest:
        lines.append(f"No rung passes. The nearest: {nearest['name']}: {nearest['why']}.")
    if certificate["ending"] == "out of time":
        lines.append("The time was up before all was tried; the command below goes on from there.")
    return lines


def _read_rung(path: Path, ladder: str, row: Mapping[str, Any], certificate: Mapping[str, Any]) -> Point:
    metric, winner = certificate["goal"]["metric"], certificate["winner"] or {}
    point = _read_finding(path / RUNGS / row["name"], f"{ladder}/{row['name']}")
    own = {"remedies": ", ".join(row["remedies"]), "phase": row["phase"], "start": row["start"]}
    described: dict[str, Any] = {
        "settings": {
            "model.backbone.width": row["width"],
            "model.backbone.depths": row["depths"],
            "input.size_hw": row["size_hw"],
            "training.epochs": row["epochs"],
            **point.settings,
            **own,
        },
        "compared": row["phase"] != "overfit",
        "chosen": row["name"] == winner.get("name"),
    }
    if row["phase"] == "overfit":
        described["runtime"] = f"{point.runtime}, on the pictures that it was trained on"
    if described["chosen"]:
        described["commands"] = tuple(winner["commands"])
    if point.state == "rejected":
        why = "" if row["passed"] else f"{row['why']}. "
        return replace(point, reason=why + point.reason, **described)
    metrics = dict(point.metrics) or ({metric: row["value"]} if row["value"] is not None else {})
    return replace(
        point,
        state=_state(row),
        reason="" if row["passed"] else row["why"],
        metrics=metrics,
        costs=dict(point.costs) or costs_of(row),
        **described,
    )


def _state(row: Mapping[str, Any]) -> Any:
    if row["passed"]:
        return "complete"
    return "missed" if "int8_bytes" in row else "failed"


def _read_finding(folder: Path, name: str) -> Point:
    """A rung by what its folder says."""
    point, finding = read_point(folder, name), read_json(folder / FINDING_NAME) or {}
    return replace(point, state="failed", reason=finding["diverged"]) if finding.get("diverged") else point


def _read_unfinished(path: Path, name: str) -> Folder:
    folders = sorted(each for each in (path / RUNGS).iterdir() if each.is_dir())
    points = [_read_finding(each, f"{name}/{each.name}") for each in folders]
    points = [replace(point, compared="/overfit-" not in point.name) for point in points]
    summary = (
        f"A ladder that has not ended, with {len(points)} rungs so far, and no certificate yet. The command of "
        "detector shrink goes on with it; then make this page again.",
    )
    command = f"detector shrink CONFIG --until GOAL --output {shlex.quote(str(path))}"
    return Folder(name, path, "ladder", tuple(points), summary, command)
