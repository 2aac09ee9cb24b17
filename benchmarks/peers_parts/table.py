"""The figures of `peers.py` as a Markdown table: ours, the peer's, and how many times the one is the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Args:
        title: what is compared.
        part: of the report.
        key: of the part's figures of each side.
        form: how a figure is written.
        ratio: of ours and theirs, in the direction in which more is better for us; None where there is none.
        wanted: the ratio to reach.
    """

    title: str
    part: str
    key: str
    form: str
    ratio: Callable[[float, float], float] | None = None
    wanted: str = ""


def times_more(ours: float, theirs: float) -> float:
    """How many times theirs ours is."""
    return ours / theirs


def times_less(ours: float, theirs: float) -> float:
    """How many times ours theirs is."""
    return theirs / ours


LINES = (
    Line("parameters", "rate", "parameters", "{:,}", times_less, "25"),
    Line("MACs a picture", "rate", "macs", "{:,}", times_less),
    Line("training, pictures per CPU second", "rate", "pictures_per_cpu_second", "{:.1f}", times_more, "8"),
    Line("CPU seconds of training", "train", "cpu_seconds", "{:.0f}"),
    Line("epochs", "train", "epochs", "{}"),
    Line("mAP50", "train", "map50", "{:.3f}"),
    Line("mAP50-95", "train", "map50_95", "{:.3f}"),
    Line("mAP50, classes ignored", "train", "map50_class_agnostic", "{:.3f}"),
    Line("centroid F1", "train", "centroid_f1", "{:.3f}"),
    Line("prediction from a file, CPU ms", "predict", "cpu_ms", "{:.2f}", times_less, "20"),
    Line("int8 in LiteRT, 1 thread, CPU ms", "int8", "cpu_ms", "{:.2f}", times_less, "4"),
    Line("int8, bytes", "int8", "bytes", "{:,}", times_less),
    Line("int8, mAP50", "int8", "map50", "{:.3f}"),
    Line("int8, mAP50-95", "int8", "map50_95", "{:.3f}"),
)


def make_table(report: Figures, peer: str) -> str:
    """Markdown.

    Args:
        report: part -> `ours`, `peer` -> key -> figure; a part may have an `error` instead of its peer.
        peer: its name, for the head of the table.
    """
    rows = [f"| figure | ours | {peer} | ratio | wanted |", "|---|---|---|---|---|"]
    rows += [_row(line, report[line.part]) for line in LINES if line.part in report]
    errors = [f"\n{part}: {figures['error']}" for part, figures in report.items() if "error" in figures]
    floor = [f"\nfloor: {_floor_words(report['train']['floor'])}"] if "train" in report else []
    fomo = [f"\nFOMO-like: {_words(report['fomo'])}"] if "fomo" in report else []
    return "\n".join([*rows, *errors, *floor, *fomo])


def _row(line: Line, figures: Figures) -> str:
    ours, theirs = (figures.get(side, {}).get(line.key) for side in ("ours", "peer"))
    cells = ["-" if value is None else line.form.format(value) for value in (ours, theirs)]
    ratio = f"{line.ratio(ours, theirs):.1f}" if line.ratio and ours and theirs else ""
    return f"| {' | '.join([line.title, *cells, ratio, line.wanted])} |"


def _floor_words(floor: Figures) -> str:
    lines = [line for line in LINES if line.part == "train" and line.key in floor]
    values = ", ".join(f"{line.title} {line.form.format(floor[line.key])}" for line in lines)
    return f"median training boxes in every picture, {values}"


def _words(fomo: Figures) -> str:
    return (
        f"{fomo['parameters']:,} parameters, {fomo['pictures_per_cpu_second']:.1f} pictures per CPU second, "
        f"{fomo['cpu_seconds']:.0f} CPU seconds, centroid F1 {fomo['centroid_f1']:.3f}"
    )
