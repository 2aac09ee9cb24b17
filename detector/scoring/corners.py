"""Scores of the `corners` head: quad IoU, corner error, and whether presence can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from data_generators.geometry import align_cyclic, quad_iou
from data_generators.sample import Sample
from data_generators.sources import CornerOrder
from detector.codecs.corners import CornersPrediction

Row = dict[str, Any]


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
    labelled = "keypoints" in sample.has
    row: Row = {
        "origin": sample.origin,
        "presence_true": bool(len(sample.keypoints)) if labelled else None,
        "presence": prediction.presence,
    }
    if labelled and len(sample.keypoints):
        row |= _score_points(sample, prediction, order)
        row["rank"] = row.get("quad_iou", -row["corner_error_percent"])
    elif labelled:
        row["rank"] = 1 - prediction.presence
    return row


def _score_points(sample: Sample, prediction: CornersPrediction, order: CornerOrder) -> Row:
    span = sample.boxes[:, 2:] - sample.boxes[:, :2]
    truth = sample.keypoints[int(np.argmax(np.where(sample.ignore, -1.0, np.prod(span, axis=1))))]
    points = align_cyclic(prediction.keypoints, truth) if order == "image" else prediction.keypoints
    height, width = sample.size_hw
    error_px = float(np.nanmean(np.linalg.norm((points - truth) * [width, height], axis=-1)))
    row: Row = {"corner_error_px": error_px, "corner_error_percent": 100 * error_px / float(np.hypot(height, width))}
    if len(truth) == 4 and np.all(np.isfinite(truth)):
        row["quad_iou"] = quad_iou(points, truth)
    return row


def score_corners(rows: Sequence[Row]) -> dict[str, float | None]:
    """Scores of a set, from the rows of `score_corners_sample`; a score without data is None.

    Quad IoU and corner error are taken over all pictures that hold the object, whatever the presence output says.
    """
    scores: dict[str, float | None] = {}
    for name in ("quad_iou", "corner_error_percent", "corner_error_px"):
        values = [row[name] for row in rows if name in row]
        scores[f"{name}_mean"] = float(np.mean(values)) if values else None
        scores[f"{name}_median"] = float(np.median(values)) if values else None
    return scores | _score_presence(rows)


def _score_presence(rows: Sequence[Row]) -> dict[str, float | None]:
    truth = np.array([row["presence_true"] for row in rows if row["presence_true"] is not None], bool)
    score = np.array([row["presence"] for row in rows if row["presence_true"] is not None], float)
    names = ("presence_ap", "presence_roc_auc", "presence_recall_at_1pct_fpr", "presence_threshold_at_1pct_fpr")
    if truth.all() or not truth.any():
        return dict.fromkeys(names)
    false_alarms, recall, thresholds = roc_curve(truth, score, drop_intermediate=False)
    last = int(np.flatnonzero(false_alarms <= 0.01)[-1])
    values = (
        average_precision_score(truth, score),
        roc_auc_score(truth, score),
        recall[last],
        min(1.0, thresholds[last]),
    )
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def choose_presence_threshold(rows: Sequence[Row]) -> dict[str, float]:
    """The presence probability that separates best (highest F1), midway to the next lower score.

    Returns:
        `corners_presence` -> threshold; 0.5 where a set without both kinds of picture gives no choice.
    """
    labelled = [(row["presence"], row["presence_true"]) for row in rows if row["presence_true"] is not None]
    truth = np.array([true for _, true in labelled], bool)
    score = np.array([presence for presence, _ in labelled], float)
    if truth.all() or not truth.any():
        return {"corners_presence": 0.5}
    candidates = np.unique(score)  # ascending
    f1 = [2 * np.sum(truth & (score >= c)) / (np.sum(score >= c) + truth.sum()) for c in candidates]
    best = int(np.argmax(f1))
    below = candidates[best - 1] if best else 0.0
    return {"corners_presence": float((candidates[best] + below) / 2)}
