"""What cleaning did, told as JSON data and drawn: kept green, dropped red."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from data_generators.cleaning.mask_files import MaskClip
from data_generators.cleaning.regions import label_regions
from data_generators.cleaning.tracking import CleanedMask
from data_generators.drawing import LABEL_COLOUR, Colour, draw_tag
from data_generators.files import write_atomically
from data_generators.images import read_image
from data_generators.preview import contact_sheet

DROPPED_COLOUR: Colour = (255, 40, 40)
SHOWN = 24
COLUMNS = 6
CELL_PX = 320


def tell_frame(name: str, values: np.ndarray, objects: Mapping[int, CleanedMask]) -> dict[str, Any]:
    """What happened to a frame.

    Args:
        name: of the frame.
        values: int32 (H, W), as painted.
        objects: value -> what is left of it.
    """
    rows = [_tell_object(value, values == value, cleaned) for value, cleaned in objects.items()]
    return {"frame": name, "objects": rows}


def _tell_object(value: int, mask: np.ndarray, cleaned: CleanedMask) -> dict[str, Any]:
    regions, areas = label_regions(mask)
    touched = np.bincount(regions[cleaned.kept], minlength=len(areas))[1:]
    return {
        "value": value,
        "state": cleaned.state,
        "regions_kept": int(np.sum(touched > 0)),
        "regions_dropped": int(np.sum(touched == 0)),
        "regions_cut": int(np.sum((touched > 0) & (touched < areas[1:]))),
        "pixels_kept": int(touched.sum()),
        "pixels_dropped": int(areas[1:].sum() - touched.sum()),
    }


def tell_summary(frames: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sums over the frames of a clip, and by value the frames in which it was hidden or lost."""
    rows = [(frame["frame"], row) for frame in frames for row in frame["objects"]]
    total: Counter[str] = Counter()
    for _, row in rows:
        total.update({name: count for name, count in row.items() if name.startswith(("regions", "pixels"))})
    values = sorted({row["value"] for _, row in rows})
    without = {state: {str(value): _in(rows, value, state) for value in values} for state in ("hidden", "lost")}
    without = {state: {value: names for value, names in each.items() if names} for state, each in without.items()}
    changed = {name for name, row in rows if row["pixels_dropped"]}
    return {"frames": len(frames), "frames_changed": len(changed), **total, **without}


def _in(rows: Sequence[tuple[str, Mapping[str, Any]]], value: int, state: str) -> list[str]:
    return [name for name, row in rows if row["value"] == value and row["state"] == state]


def write_report(path: Path, reports: Sequence[Mapping[str, Any]]) -> None:
    """Writes the reports of clips as JSON."""
    write_atomically(path, (json.dumps({"clips": list(reports)}, indent=1) + "\n").encode())


def draw_cleaning(clip: MaskClip, values: Sequence[np.ndarray], dropped: Sequence[np.ndarray]) -> np.ndarray:
    """A contact sheet uint8 (H, W, 3) of frames spread over a clip, each with the tag of its name and losses.

    Args:
        clip: its files; without pictures the ground is dark.
        values: int32 (H, W) a frame, as painted.
        dropped: bool (H, W) a frame.
    """
    chosen = np.unique(np.linspace(0, len(values) - 1, min(SHOWN, len(values))).round().astype(int)).tolist()
    return contact_sheet(
        [_draw_frame(clip, index, values[index], dropped[index]) for index in chosen], COLUMNS, CELL_PX
    )


def _draw_frame(clip: MaskClip, index: int, values: np.ndarray, dropped: np.ndarray) -> np.ndarray:
    path = clip.images[index]
    drawn = np.full((*values.shape, 3), 40, np.uint8) if path is None else read_image(path)
    if drawn.shape[:2] != values.shape:
        drawn = cv2.resize(drawn, values.shape[::-1], interpolation=cv2.INTER_AREA)
    for chosen, colour in ((values > 0) & ~dropped, LABEL_COLOUR), (dropped, DROPPED_COLOUR):
        drawn[chosen] = np.rint(0.4 * drawn[chosen] + 0.6 * np.array(colour)).astype(np.uint8)
    share = dropped.sum() / max(1, np.count_nonzero(values))
    text = f"{clip.masks[index].stem}: {share:.0%} dropped" if dropped.any() else clip.masks[index].stem
    draw_tag(drawn, text, np.zeros(2), max(12, drawn.shape[1] // 18), DROPPED_COLOUR if dropped.any() else LABEL_COLOUR)
    return drawn
