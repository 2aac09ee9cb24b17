"""The certificate of a ladder: the winner and how to train it again, what failed and why, the front, the time."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector.runs import atomic_path, write_json
from detector.search.ladder import Ending, Ladder, pareto_front
from detector.search.ladder_record import Outcome, Record, measured_costs
from detector.search.ladder_rungs import Rung

JSON_NAME, TEXT_NAME = "certificate.json", "certificate.md"
PHASES = {
    "overfit": "learn a few pictures by heart",
    "generalise": "know the others, too",
    "down": "and down again",
}


@dataclass(frozen=True)
class Circumstances:
    """How a search was run.

    Args:
        command: that began it.
        budgets: and target, as they were asked for.
        seconds: of this search, and of those before in the same folder.
    """

    command: str
    budgets: Sequence[str]
    seconds: float


def make_certificate(ladder: Ladder, ending: Ending, how: Circumstances) -> dict[str, Any]:
    """Everything that a ladder found, JSON data."""
    record = ladder.record
    best, nearest = record.best(), record.nearest()
    outcomes = list(record.outcomes.values())
    return {
        "ending": ending,
        "goal": {
            "condition": str(record.goal),
            "metric": record.goal.metric,
            "value": record.goal.value,
            "of": record.goal.of,
        },
        "budgets": list(how.budgets),
        "command": how.command,
        "seed": record.maker.config.seed,
        "seconds": round(how.seconds, 1),
        "training_seconds": round(sum(each.finding.result.seconds for each in outcomes if each.finding.result), 1),
        "remedies": {
            "kept": [each.model_dump(mode="json") for each in ladder.kept],
            "dropped": [each.name for each in ladder.dropped],
        },
        "winner": _describe(best, record) | {"commands": commands(best.rung, record)} if best else None,
        "nearest": _describe(nearest, record) if nearest and not best else None,
        "front": [each.rung.name for each in pareto_front(record.on_all_data(), record.goal.more_is_better)],
        "rungs": [_describe(each, record) for each in outcomes],
    }


def _describe(outcome: Outcome, record: Record) -> dict[str, Any]:
    rung, costs = outcome.rung, measured_costs(outcome.finding)
    return {
        "name": rung.name,
        "phase": rung.phase,
        "passed": outcome.shortfall == 0 if rung.phase == "overfit" else outcome.passed,
        "why": explain(outcome, record),
        "value": outcome.value,
        "training_value": outcome.training_value,
        **costs,
        "seconds": outcome.finding.result.seconds if outcome.finding.result else None,
        "width": rung.shape.width,
        "channels": rung.config.model.backbone.stage_channels(),
        "depths": list(rung.shape.depths),
        "size_hw": list(rung.shape.size_hw),
        "block": rung.shape.block,
        "epochs": rung.epochs,
        "start": rung.start,
        "other": rung.other,
        "remedies": list(rung.remedies),
    }


def explain(outcome: Outcome, record: Record) -> str:
    """Why a rung passed or failed, in a few words."""
    if outcome.finding.diverged:
        return "diverged: its loss was no longer a number"
    if outcome.shortfall == 0:
        return f"over budget: {outcome.over}" if outcome.over else "passes"
    value = f"{outcome.value:.4g} where {record.goal.value:.4g} is asked"
    if outcome.rung.phase == "overfit":
        pictures = record.settings.samples
        return f"too small: on the {pictures} pictures that it was trained on {value}"
    known = f"{outcome.training_value:.4g} on training pictures"
    return f"{value}, {known}: {'it overfits' if outcome.knows_training else 'too small, or too short'}"


def commands(rung: Rung, record: Record) -> list[str]:
    """What trains and exports a rung again, with the rungs that it begins from; in a folder `again`."""
    chain = [rung.name]
    while other := record.outcomes[chain[0]].rung.other:
        chain.insert(0, other)
    return [line for name in chain for line in _retrain(record.outcomes[name].rung, record)]


def _retrain(rung: Rung, record: Record) -> list[str]:
    config, folder = record.maker.folder_of(rung.name) / "config.yaml", Path("again") / rung.name
    path = shlex.quote(str(folder))
    changes = []
    if rung.other:
        key = "training.distil.teacher" if rung.start == "teacher" else "model.init_from"
        changes = ["--set", shlex.quote(f"{key}={Path('again') / rung.other}")]
    train = " ".join(["detector train", shlex.quote(str(config)), "--run", path, *changes])
    return [train, f"detector export {path}"]


def write_certificate(folder: Path, certificate: Mapping[str, Any]) -> None:
    """Writes certificate.json and certificate.md."""
    write_json(folder / JSON_NAME, certificate)
    with atomic_path(folder / TEXT_NAME) as temporary:
        temporary.write_text(certificate_text(certificate), encoding="utf-8")


def certificate_text(certificate: Mapping[str, Any]) -> str:
    """The certificate for a person, Markdown."""
    metric = certificate["goal"]["metric"]
    lines = [f"# Certificate: {certificate['goal']['condition']}", "", *_head(certificate), ""]
    winner = certificate["winner"]
    if winner:
        lines += ["Train the winner again:", "", "```bash", *winner["commands"], "```", ""]
    by_name = {row["name"]: row for row in certificate["rungs"]}
    front = [by_name[name] for name in certificate["front"]]
    if front:
        lines += ["## Pareto front", "", *_table(front, metric), ""]
    for phase, title in PHASES.items():
        rows = [row for row in certificate["rungs"] if row["phase"] == phase]
        if rows:
            lines += [f"## {title.capitalize()}", "", *_table(rows, metric), ""]
    return "\n".join(lines)


def _head(certificate: Mapping[str, Any]) -> list[str]:
    winner, nearest = certificate["winner"], certificate["nearest"]
    lines = [f"`{certificate['command']}`", ""]
    if winner:
        lines += [
            f"**{_sizes(winner)}**",
            "",
            f"{certificate['goal']['metric']} {winner['value']:.4f}, int8 in LiteRT.",
        ]
    else:
        lines += ["**No rung passes.**", ""]
        lines += (
            [f"The nearest: {_sizes(nearest)}; {nearest['why']}."] if nearest else ["None was trained on all data."]
        )
    if certificate["ending"] == "out of time":
        lines += ["The time was up before all was tried: the same command goes on from here."]
    of = certificate["goal"]["of"]
    reference = f" As good as {of}." if of else ""
    kept = ", ".join(remedy["name"] for remedy in certificate["remedies"]["kept"]) or "none"
    budgets = ", ".join(certificate["budgets"]) or "none"
    return [
        *lines,
        "",
        f"{len(certificate['rungs'])} rungs in {certificate['seconds'] / 60:.1f} minutes; seed {certificate['seed']}; "
        f"budgets: {budgets}; remedies that helped: {kept}.{reference} All rungs were judged on the same validation "
        "samples, which also chose the winner: measure it on others.",
    ]


def _sizes(row: Mapping[str, Any]) -> str:
    if "int8_bytes" not in row:
        return row["name"]
    return (
        f"{row['parameters']:,} parameters, {row['int8_bytes']:,} bytes int8, {row['macs']:,} MACs, "
        f"{row['milliseconds']:.2f} ms"
    )


def _table(rows: Sequence[Mapping[str, Any]], metric: str) -> list[str]:
    lines = [f"| rung | int8 bytes | {metric} | epochs | seconds | verdict |", "|---|---|---|---|---|---|"]
    for row in rows:
        size = f"{row['int8_bytes']:,}" if "int8_bytes" in row else "-"
        seconds = f"{row['seconds']:.0f}" if row["seconds"] is not None else "-"
        value = "-" if row["value"] is None or row["value"] != row["value"] else f"{row['value']:.4f}"
        lines.append(f"| {row['name']} | {size} | {value} | {row['epochs']} | {seconds} | {row['why']} |")
    return lines
