"""Rules that look at the labels of one picture and say what is odd about them; `suspicions` asks each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from data_generators.geometry import box_iou, quad_problem
from data_generators.inspection.counts import touched_sides
from data_generators.inspection.records import Record, Records

Certainty = Literal["certain", "likely", "possible"]
Finding = tuple[str, Certainty, tuple[int, ...], str]  # kind, how sure, numbers of the objects, what is odd
Rule = Callable[[Record, Records], Iterator[Finding]]

LEAST_SIDE_PX, LEAST_AREA = 3.0, 0.0005  # of a box; the area in parts of the picture's
FAR_SMALLER = 0.25  # of the class's median side
WHOLE_AREA, TYPICAL_AREA = 0.95, 0.4  # close-ups are no mistake in a set of close-ups
SAME_IOU = 0.9
FAR_OUTSIDE = 0.5  # of a corner, in sides of the picture


def tiny_boxes(record: Record, found: Records) -> Iterator[Finding]:
    """Boxes of no size: a click that slipped."""
    if record.keypoints.shape[1]:
        return
    for number, ((wide, high), side) in enumerate(zip(record.box_sizes_px.tolist(), record.box_sides, strict=True)):
        label = int(record.labels[number])
        said = f"{found.class_name(label)} of {wide:.1f} x {high:.1f} px"
        if min(wide, high) < LEAST_SIDE_PX:
            yield "tiny box", "likely", (number,), said
        elif side**2 < LEAST_AREA and side < FAR_SMALLER * found.typical_sides[label]:
            yield "tiny box", "possible", (number,), f"{said}, {100 * side**2:.3f} % of the picture"


def whole_pictures(record: Record, found: Records) -> Iterator[Finding]:
    """Boxes around everything, of a class that usually is smaller: a label a picture, not an object."""
    if record.keypoints.shape[1]:
        return
    touched = touched_sides(record.boxes).all(axis=1)
    typical = found.typical_sides[record.labels] ** 2
    area = record.box_sides**2
    for number in np.flatnonzero((touched | (area >= WHOLE_AREA)) & (typical < TYPICAL_AREA)).tolist():
        name = found.class_name(int(record.labels[number]))
        said = f"covers {100 * area[number]:.0f} % of the picture, usual are {100 * typical[number]:.0f} %"
        yield "whole picture", "possible", (number,), f"the box of {name} {said}"


def repeated_boxes(record: Record, found: Records) -> Iterator[Finding]:
    """Two boxes on one place: the same class twice, or two classes of which one is wrong."""
    kept = np.flatnonzero(~record.ignore)
    iou = np.triu(box_iou(record.boxes[kept], record.boxes[kept]), 1)
    for first, second in np.argwhere(iou > SAME_IOU).tolist():
        pair = int(kept[first]), int(kept[second])
        one, other = (found.class_name(int(record.labels[number])) for number in pair)
        overlap = f"on the same place, IoU {iou[first, second]:.2f}"
        if one == other:
            yield "repeated box", "likely", pair, f"two boxes of {one} {overlap}"
        else:
            yield "contradiction", "certain", pair, f"{one} and {other} {overlap}"


def empty_masks(record: Record, _: Records) -> Iterator[Finding]:
    """Masks without an object: certainly wrong beside a box, perhaps a forgotten object else."""
    boxes = tuple(range(len(record.boxes)))
    if record.object_pixels == 0 and boxes:
        yield "empty mask", "certain", boxes, f"no pixel of an object in the mask, but {len(boxes)} boxes"
    elif record.object_pixels == 0:
        yield "empty mask", "possible", boxes, "no pixel of an object in the mask"


def odd_quads(record: Record, _: Records) -> Iterator[Finding]:
    """Corners that no flat page can have: in crossed order, with a dent, or far from the picture."""
    if record.keypoints.shape[1] != 4:
        return
    for number, quad in enumerate(record.keypoints):
        if not np.isfinite(quad).all():
            continue
        problem, outside = quad_problem(quad), float(np.maximum(-quad, quad - 1).max())
        if problem:
            yield "broken corners", "certain", (number,), problem.rstrip(".")
        elif _is_concave(quad):
            yield "broken corners", "likely", (number,), "the quadrilateral has a dent"
        elif outside > FAR_OUTSIDE:
            yield "far outside", "likely", (number,), f"a corner lies {outside:.2f} sides outside the picture"


def _is_concave(quad: np.ndarray) -> bool:
    edges = np.roll(quad, -1, axis=0) - quad
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    return bool((turns > 0).any() and (turns < 0).any())


RULES: tuple[Rule, ...] = (tiny_boxes, whole_pictures, repeated_boxes, empty_masks, odd_quads)
