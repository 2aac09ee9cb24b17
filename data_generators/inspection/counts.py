"""Counts what each source holds: pictures, objects a class, sizes, aspects and places of boxes; JSON data, no prose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from data_generators.inspection.records import Record, Records

QUANTILES = {"min": 0.0, "p5": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95, "max": 1.0}
SMALL_PX, MEDIUM_PX = 32, 96  # sides of COCO's small and medium objects: areas below 32^2 and 96^2 pixels
COMMON_SIZES = 5
BORDER = 0.005  # a box this near to the edge of the picture, as part of the side, touches it

Quantiles = dict[str, float | None]


def count_records(found: Records) -> dict[str, dict[str, Any]]:
    """Source -> counts; see `count_source`."""
    return {name: count_source(found, number) for number, name in enumerate(found.names)}


def count_source(found: Records, source: int) -> dict[str, Any]:
    """The counts of a source.

    Sizes of boxes are square roots of areas: `box_side` in parts of the picture's, `box_side_px` in pixels. Aspects are
    width through height in pixels. Ignored objects count in `objects_ignored` and nowhere else.
    `objects_read_as_boxes` tells of how many objects the files say more than a box, and what.
    """
    records = found.of(source)
    kept = [~record.ignore for record in records]
    return {
        **_count_pictures(found, source, records),
        **_count_objects(found, records, kept),
        "objects_read_as_boxes": found.reduced[source],
        **_count_sizes(found, records, kept),
        "mask_object_share": quantiles(np.array([each.object_pixels for each in records])),
    }


def quantiles(values: np.ndarray) -> Quantiles:
    """Name -> quantile, NaN left out; all null where there is no value."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    if not known.size:
        return dict.fromkeys(QUANTILES)
    found = np.quantile(known, list(QUANTILES.values()))
    return {name: round(float(value), 5) for name, value in zip(QUANTILES, found, strict=True)}


def _count_pictures(found: Records, source: int, records: Sequence[Record]) -> dict[str, Any]:
    sizes = Counter(record.size_hw for record in records)
    heights, widths = np.array([record.size_hw for record in records], np.float64).reshape(-1, 2).T
    unsearched = {name: sum(name not in record.classes for record in records) for name in found.class_names}
    return {
        "pictures": len(records),
        "unreadable": len(found.unreadable[source]),
        "groups": len({record.group for record in records}),
        "pictures_without_label": sum(not record.has for record in records),
        "pictures_without_object": sum(is_empty(record) for record in records),
        "pictures_unlabelled_by_class": {name: count for name, count in unsearched.items() if count},
        "picture_width_px": quantiles(widths),
        "picture_height_px": quantiles(heights),
        "picture_aspect": quantiles(widths / heights),
        "picture_sizes_wh": [[wide, high, count] for (high, wide), count in sizes.most_common(COMMON_SIZES)],
    }


def is_empty(record: Record) -> bool:
    """Whether the picture is labelled, and holds no object."""
    return bool(record.has) and not len(record.boxes) and not record.object_pixels > 0


def _count_objects(found: Records, records: Sequence[Record], kept: Sequence[np.ndarray]) -> dict[str, Any]:
    labels = [record.labels[keep] for record, keep in zip(records, kept, strict=True)]
    objects = Counter(found.class_name(label) for each in labels for label in each.tolist())
    pictures = Counter(found.class_name(label) for each in labels for label in set(each.tolist()))
    names = [*found.class_names, *(name for name in objects if name not in found.class_names)]
    a_picture = np.array([len(each) for each, record in zip(labels, records, strict=True) if record.has])
    return {
        "objects": sum(map(len, labels)),
        "objects_ignored": sum(int(record.ignore.sum()) for record in records),
        "objects_by_class": {name: objects[name] for name in names},
        "pictures_by_class": {name: pictures[name] for name in names},
        "objects_a_picture": quantiles(a_picture),
        "objects_a_picture_mean": round(float(a_picture.mean()), 4) if len(a_picture) else None,
    }


def _count_sizes(found: Records, records: Sequence[Record], kept: Sequence[np.ndarray]) -> dict[str, Any]:
    chosen = list(zip(records, kept, strict=True))
    boxes = np.concatenate([np.zeros((0, 4)), *(record.boxes[keep] for record, keep in chosen)])
    sizes_px = np.concatenate([np.zeros((0, 2)), *(record.box_sizes_px[keep] for record, keep in chosen)])
    labels = np.concatenate([np.zeros(0), *(record.labels[keep] for record, keep in chosen)])
    side = np.concatenate([np.zeros(0), *(record.box_sides[keep] for record, keep in chosen)])
    side_px = np.sqrt(sizes_px.prod(axis=1))
    aspect = sizes_px[:, 0] / np.where(sizes_px[:, 1] > 0, sizes_px[:, 1], np.nan)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    of_class = {name: labels == number for number, name in enumerate(found.class_names)}
    return {
        "box_side": quantiles(side),
        "box_side_px": quantiles(side_px),
        "box_side_by_class": {name: quantiles(side[chosen]) for name, chosen in of_class.items()},
        "boxes_by_coco_size": _coco_sizes(side_px),
        "box_aspect": quantiles(aspect),
        "box_aspect_by_class": {name: quantiles(aspect[chosen]) for name, chosen in of_class.items()},
        "box_centre_x": quantiles(centre[:, 0]),
        "box_centre_y": quantiles(centre[:, 1]),
        "boxes_at_the_border": int(touched_sides(boxes).any(axis=1).sum()),
    }


def _coco_sizes(side_px: np.ndarray) -> dict[str, int]:
    """Objects by area, as pycocotools has it: small below 32^2 pixels, large from 96^2."""
    small, large = side_px < SMALL_PX, side_px >= MEDIUM_PX
    return {"small": int(small.sum()), "medium": int((~small & ~large).sum()), "large": int(large.sum())}


def touched_sides(boxes: np.ndarray) -> np.ndarray:
    """bool (N, 4): whether a box (N, 4) reaches the left, top, right and lower edge of the picture."""
    return np.concatenate([boxes[:, :2] <= BORDER, boxes[:, 2:] >= 1 - BORDER], axis=1)
