"""Which detection found which object: by overlap and by centre, greedily, the surest detection first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from data_generators.geometry import box_area, box_iou, overlap_area
from detector.scoring.curves import Curve

Row = dict[str, Any]
BACKGROUND = "background"
IOU = 0.5
FALSE_ALARM, IGNORED = -1, -2  # in the place of an object's index


def match_boxes(row: Row, *, same_class: bool) -> np.ndarray:
    """For each detection the object that it found at IoU 0.5.

    Args:
        row: of `score_boxes_sample`.
        same_class: whether detection and object must be of one class.

    Returns:
        int64 (M,), an index, `FALSE_ALARM`, or `IGNORED`: half of the detection lies on an object to be ignored.
    """
    truth, boxes = row["truth_px"], row["boxes_px"]
    overlap = box_iou(boxes, truth)
    part = overlap_area(boxes, truth) / np.maximum(box_area(boxes), 1e-9)[:, None]
    return _match(row, np.where(row["truth_ignore"], part, overlap), IOU, same_class=same_class)


def _match(row: Row, closeness: np.ndarray, least: float, *, same_class: bool) -> np.ndarray:
    """Gives each detection, the surest first, the closest object that is still free.

    Args:
        row: of `score_boxes_sample`.
        closeness: (M, N), more is better.
        least: how close is close enough.
        same_class: see `match_boxes`.
    """
    if same_class:
        closeness = np.where(row["labels"][:, None] == row["truth_labels"], closeness, -np.inf)
    ignore = row["truth_ignore"]
    free, found = ~ignore, np.full(len(closeness), FALSE_ALARM, np.int64)
    for index in np.flatnonzero((closeness >= least).any(axis=1)):  # detections are sorted
        near = np.where(free, closeness[index], -np.inf)
        best = int(np.argmax(near))
        if near[best] >= least:
            found[index], free[best] = best, False
        elif np.any(closeness[index, ignore] >= least):
            found[index] = IGNORED
    return found


def centroid_curve(rows: Sequence[Row]) -> Curve:
    """The detections of a set, right where their centre lies in an object of their class, one detection an object."""
    scores, hits, objects = [np.zeros(0)], [np.zeros(0, bool)], 0
    for row in rows:
        found = _match(row, _centre_closeness(row), 0.0, same_class=True)
        scores.append(row["scores"][found != IGNORED])
        hits.append((found >= 0)[found != IGNORED])
        objects += int(np.sum(~row["truth_ignore"]))
    return Curve(np.concatenate(scores), np.concatenate(hits), objects)


def _centre_closeness(row: Row) -> np.ndarray:
    """(M, N): 1 where the detection's centre is the object's, 0 at the object's edge, negative outside."""
    centres = (row["boxes_px"][:, None, :2] + row["boxes_px"][:, None, 2:]) / 2  # (M, 1, 2)
    truth = row["truth_px"][None]
    sides = np.maximum(truth[..., 2:] - truth[..., :2], 1e-9)
    return 1 - np.max(np.abs(2 * centres - truth[..., :2] - truth[..., 2:]) / sides, axis=-1)


def count_confusions(rows: Sequence[Row], names: Sequence[str], threshold: float) -> dict[str, dict[str, int]]:
    """Which class was taken for which: true class -> answered class -> count, at IoU 0.5.

    Args:
        rows: of `score_boxes_sample`.
        names: of the classes; `background` stands beside them for false alarms (as truth) and misses (as answer).
        threshold: detections with a lower score do not count.
    """
    counts = np.zeros((len(names) + 1, len(names) + 1), np.int64)
    for row in rows:
        kept = {name: row[name][row["scores"] >= threshold] for name in ("boxes_px", "labels", "scores")}
        found = match_boxes(row | kept, same_class=False)
        truth = np.append(row["truth_labels"], len(names))  # -1, a false alarm, takes the last: background
        np.add.at(counts, (truth[found[found != IGNORED]], kept["labels"][found != IGNORED]), 1)
        missed = np.setdiff1d(np.flatnonzero(~row["truth_ignore"]), found)
        np.add.at(counts, (row["truth_labels"][missed], len(names)), 1)
    keys = (*names, BACKGROUND)
    return {
        true: {answer: int(counts[i, j]) for j, answer in enumerate(keys) if not i == j == len(names)}
        for i, true in enumerate(keys)
    }
