"""The figures of `mask_peers.py` as a Markdown table, a column a contestant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TITLES = {"ours": "ours", "resnet50": "ResNet50-UNet", "smp": "smp UNet, LCNet 0.35"}
LINES = (
    ("parameters", "parameters", "{:,}"),
    ("MACs a picture", "macs", "{:,}"),
    ("training, pictures per CPU second", "pictures_per_cpu_second", "{:.1f}"),
    ("CPU seconds of training", "cpu_seconds", "{:.0f}"),
    ("pictures seen", "pictures", "{:,}"),
    ("IoU, float", "iou_foreground", "{:.4f}"),
    ("Dice, float", "dice_foreground", "{:.4f}"),
    ("boundary IoU, float", "boundary_iou_mean", "{:.4f}"),
    ("IoU, int8", "int8_iou_foreground", "{:.4f}"),
    ("float, CPU ms a picture", "float_ms", "{:.2f}"),
    ("int8, CPU ms a picture", "int8_ms", "{:.2f}"),
    ("float, bytes", "float_bytes", "{:,}"),
    ("int8, bytes", "int8_bytes", "{:,}"),
)


def make_table(figures: Mapping[str, Mapping[str, Any]], floor: Mapping[str, Any]) -> str:
    """Markdown.

    Args:
        figures: contestant -> key -> figure; what is not there is a dash. An `error` stands below the table.
        floor: the scores of who never looks.
    """
    rows = [["figure", *(TITLES[name] for name in figures)], ["---"] * (1 + len(figures))]
    rows += [[title, *(_cell(each.get(key), form) for each in figures.values())] for title, key, form in LINES]
    errors = [f"\n{name}: {each['error']}" for name, each in figures.items() if "error" in each]
    words = ", ".join(f"{title} {_cell(floor[key], form)}" for title, key, form in LINES if key in floor)
    return "\n".join([*(f"| {' | '.join(row)} |" for row in rows), *errors, f"\nfloor: {words}"])


def _cell(value: Any, form: str) -> str:
    return "-" if value is None else form.format(value)
