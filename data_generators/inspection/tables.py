"""The inspection in words: rows of a table for a person, from the counts that JSON has in full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data_generators.inspection.counts import Quantiles

COUNTS = ("pictures", "unreadable", "groups", "pictures_without_object", "pictures_without_label", "objects")


def tabulate_counts(counts: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Short name of a source -> row -> value; quantiles become the median with the range of 90 %.

    Args:
        counts: source -> what `counts.count_source` gave.
    """
    return {name: _rows(values) for name, values in zip(short_names(list(counts)), counts.values(), strict=True)}


def short_names(names: list[str]) -> list[str]:
    """What the names of sources end in, where that tells them apart."""
    ends = [name.rstrip("/").rsplit("/", 1)[-1] for name in names]
    return ends if len(set(ends)) == len(ends) else names


def _rows(values: Mapping[str, Any]) -> dict[str, Any]:
    rows: dict[str, Any] = {name.replace("_", " "): values[name] for name in COUNTS}
    rows["objects ignored"] = values["objects_ignored"]
    rows |= {f"  {name}": f"{count:,}" for name, count in values["objects_by_class"].items()}
    reduced = values["objects_read_as_boxes"].items()
    rows["objects read as boxes alone"] = ", ".join(f"{kind} {count:,}" for kind, count in reduced) or None
    rows["objects a picture"] = _range(values["objects_a_picture"])
    rows["picture width, px"] = _range(values["picture_width_px"])
    rows["picture height, px"] = _range(values["picture_height_px"])
    rows["box side, part of the picture's"] = _range(values["box_side"])
    rows["box side, px"] = _range(values["box_side_px"])
    rows["boxes small / medium / large (COCO)"] = " / ".join(map(str, values["boxes_by_coco_size"].values()))
    rows["box aspect, width / height"] = _range(values["box_aspect"])
    rows["boxes at the border"] = values["boxes_at_the_border"]
    rows["object's part of the mask"] = _range(values["mask_object_share"])
    return {name: value for name, value in rows.items() if value is not None}


def _range(values: Quantiles) -> str | None:
    """Median (5 % to 95 %), or nothing without a value."""
    if values["median"] is None:
        return None
    middle, low, high = (f"{values[name]:.4g}" for name in ("median", "p5", "p95"))
    return f"{middle} ({low} to {high})"


def describe_duplicates(summary: Mapping[str, Any]) -> list[str]:
    """Sentences about near-duplicates.

    Args:
        summary: what `shared_pictures.summarise_shared` gave.
    """
    lines = [
        f"{name}: {count} pictures have a near-duplicate of another group in it. A random split would leak."
        for name, count in summary["within"].items()
        if count
    ]
    for each in summary["across"]:
        (first, second), (of_first, of_second) = each["sources"], each["pictures"]
        if each["pairs"]:
            lines.append(
                f"{second}: {of_second} pictures have a near-duplicate in {first} ({of_first} there). Scores flatter."
            )
        else:
            lines.append(f"{first} and {second}: no near-duplicate.")
    return lines or ["No near-duplicates."]
