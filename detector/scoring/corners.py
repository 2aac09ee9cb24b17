"""Scores of the `corners` head: quad IoU, corner error, and whether presence can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from data_generators.geometry import align_cyclic, quad_iou
from data_generators.sample import Sample
from data_generators.sources import CornerOrder
from detector.codecs.base import says_whether
from detector.codecs.corners import CornersPrediction, largest_object
from detector.scoring.presence import score_presence

Row = dict[str, Any]

BAD_IOU = 0.8


def score_corners_sample(sample: Sample, prediction: CornersPrediction, order: CornerOrder) -> Row:
    """Scores of one picture.

    Args:
        sample: the labelled picture at its original size.
        prediction: in normalised coordinates of that picture.
        order: the corner order of the labels; corners in `image` order are compared up to a cyclic shift, because
            which corner of a strongly turned sheet comes first is ambiguous.

    Returns:
        `presence_true` (None where unlabelled), `presence`, and where there is an object `quad_iou` in [0, 1] (4
        points only) and `corner_error_percent`, the mean distance in percent of the picture's diagonal, and
        `corner_error_px`. `rank` orders the worst first.
    """
    labelled = says_whether(sample, "keypoints")
    row: Row = {
        "origin": sample.origin,
        "presence_true": bool(len(sample.keypoints)) if labelled else None,
        "presence": prediction.presence,
    }
    if labelled and len(sample.keypoints) and np.any(np.isfinite(sample.keypoints[largest_object(sample)])):
        row |= _score_points(sample, prediction, order)
        row["rank"] = row.get("quad_iou", -row["corner_error_percent"])
    elif labelled:
        row["rank"] = prediction.presence if row["presence_true"] else 1 - prediction.presence
    return row


def _score_points(sample: Sample, prediction: CornersPrediction, order: CornerOrder) -> Row:
    height, width = sample.size_hw
    truth_px = sample.keypoints[largest_object(sample)] * [width, height]
    points_px = prediction.keypoints * [width, height]
    if order == "image":
        points_px = align_cyclic(points_px, truth_px)
    error_px = float(np.nanmean(np.linalg.norm(points_px - truth_px, axis=-1)))
    row: Row = {"corner_error_px": error_px, "corner_error_percent": 100 * error_px / float(np.hypot(height, width))}
    if len(truth_px) == 4 and np.all(np.isfinite(truth_px)):
        row["quad_iou"] = quad_iou(points_px, truth_px)
    return row


def score_corners(rows: Sequence[Row]) -> dict[str, float | None]:
    """Scores of a set, from the rows of `score_corners_sample`; a score without data is None.

    Quad IoU and corner error are taken over all pictures that hold the object, whatever the presence output says. The
    tail of quad IoU is its least value and the share of pictures below `BAD_IOU`.
    """
    scores: dict[str, float | None] = {}
    for name in ("quad_iou", "corner_error_percent", "corner_error_px"):
        values = [row[name] for row in rows if name in row]
        scores[f"{name}_mean"] = float(np.mean(values)) if values else None
        scores[f"{name}_median"] = float(np.median(values)) if values else None
        if name == "quad_iou":
            scores["quad_iou_min"] = float(np.min(values)) if values else None
            scores["quad_iou_below_80_share"] = float(np.mean(np.less(values, BAD_IOU))) if values else None
    return scores | score_presence(rows)
