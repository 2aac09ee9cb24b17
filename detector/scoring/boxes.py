"""Scores of the heads that predict boxes: average precision as COCO has it, F1, centroids, false alarms, confusion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from data_generators.geometry import box_iou
from data_generators.sample import Sample
from data_generators.sources import CornerOrder
from detector.codecs.boxes import DEFAULT_THRESHOLD, BoxesPrediction, holds_object
from detector.scoring.coco import CocoScores, evaluate_coco
from detector.scoring.curves import Curve
from detector.scoring.matching import centroid_curve, count_confusions, match_boxes
from detector.scoring.presence import score_presence

Row = dict[str, Any]
SIZES = ("small", "medium", "large")
NO_CLASSES = ("object",)
NAMES = (
    "map50_95",
    "map50",
    "map75",
    *(f"map50_95_{size}" for size in SIZES),
    "map50_class_agnostic",
    "ap50_by_class",
    "precision_by_recall",
    "f1_best",
    "f1_threshold",
    "threshold",
    "f1",
    "precision",
    "recall",
    "centroid_f1",
    "false_alarms_per_empty_picture",
    "confusion",
    "box_iou_mean",
)


def score_boxes_sample(sample: Sample, prediction: BoxesPrediction, order: CornerOrder) -> Row:  # noqa: ARG001
    """What the scores of a set need of one picture.

    Objects of no class that was asked for are background: they are no truth, and a detection on them is a false
    alarm. Detections of a class that nobody looked for in the picture are left out.

    Args:
        sample: the labelled picture at its original size; its labels index `prediction.classes`.
        prediction: in normalised coordinates of that picture.
        order: does not matter to boxes.

    Returns:
        `presence_true` (None where unknown) and `presence`; where somebody labelled boxes, in pixels of the picture,
        `truth_px` float64 (N, 4), `truth_labels` int64 (N,), `truth_ignore` bool (N,), `boxes_px` float64 (M, 4),
        `scores` (M,), `labels` (M,), best first; `box_iou` where it holds an object: of the best detection with the
        largest object. `rank` orders the worst first.
    """
    if not prediction.classes:
        sample = sample.replace(labels=np.minimum(sample.labels, 0))
    present = holds_object(sample, range(len(prediction.classes or NO_CLASSES)))
    row: Row = {"origin": sample.origin, "presence_true": present, "presence": prediction.presence}
    if "boxes" not in sample.has:
        return row
    true = sample.labels >= 0
    kept = ~np.isin(prediction.labels, list(sample.unlabelled))
    size_px = np.array([sample.size_hw[1], sample.size_hw[0]] * 2, np.float64)
    row |= {
        "truth_px": sample.boxes[true] * size_px,
        "truth_labels": sample.labels[true],
        "truth_ignore": np.array(sample.ignore[true]),
        "boxes_px": prediction.boxes[kept] * size_px,
        "scores": prediction.scores[kept].astype(np.float64),
        "labels": prediction.labels[kept],
    }
    if present:
        row["box_iou"] = _iou_with_largest(row)
    return row | {"rank": _rank(row)}


def _iou_with_largest(row: Row) -> float:
    """IoU of the best detection with the largest object that is not to be ignored; 0 where there is no detection."""
    truth = row["truth_px"][~row["truth_ignore"]]
    largest = np.argmax(np.prod(truth[:, 2:] - truth[:, :2], axis=1))
    return float(box_iou(row["boxes_px"][:1], truth[largest : largest + 1]).sum())


def _rank(row: Row) -> float:
    """The worst single mistake, 0 to 1: the object that is seen least (IoU times score), the surest false alarm."""
    counted = ~row["truth_ignore"]
    same = row["labels"][:, None] == row["truth_labels"][None, counted]  # (M, N)
    seen = box_iou(row["boxes_px"], row["truth_px"][counted]) * row["scores"][:, None] * same
    false_alarms = row["scores"][match_boxes(row, same_class=True) == -1]
    return float(min(*seen.max(axis=0, initial=0), 1 - false_alarms.max(initial=0), 1))


def score_boxes(rows: Sequence[Row], classes: Sequence[str], threshold: float | None = None) -> dict[str, Any]:
    """Scores of a set, from the rows of `score_boxes_sample`; JSON data, a score without data is None.

    Args:
        rows: one a picture.
        classes: names of the classes; empty where all objects are of one class.
        threshold: of the model's card, at which precision, recall, false alarms and confusions are counted; where it
            has none, the one that is best on these rows.

    Returns:
        Average precisions are COCO's (IoU 0.50 to 0.95, 101 points, 100 detections a class and picture; small is an
        object below 32 x 32 pixels of the original picture, large one above 96 x 96). `f1_best` is the highest F1 at
        IoU 0.5 over all thresholds, classes pooled, and `f1_threshold` where it lies. `centroid_f1` is the same where
        a detection counts as right when its centre lies in an object of its class that no better one has taken, as
        FOMO is judged. `box_iou_mean` is over the pictures that hold an object, whatever the scores say.
    """
    judged = [row for row in rows if "truth_px" in row]
    presence = score_presence(rows)
    if not judged:
        return dict.fromkeys(NAMES) | presence
    names = tuple(classes) or NO_CLASSES
    coco = evaluate_coco(judged, len(names))
    threshold = _best_threshold(coco.curve) if threshold is None else threshold
    overlaps = [row["box_iou"] for row in judged if "box_iou" in row]
    return (
        _average_precisions(coco, names)
        | {"map50_class_agnostic": evaluate_coco(judged, len(names), agnostic=True).mean_ap(50)}
        | _at_threshold(coco.curve, threshold)
        | {
            "centroid_f1": centroid_curve(judged).best_f1()[0],
            "false_alarms_per_empty_picture": _false_alarms(judged, threshold),
            "confusion": count_confusions(judged, names, threshold),
            "box_iou_mean": float(np.mean(overlaps)) if overlaps else None,
        }
        | presence
    )


def _average_precisions(coco: CocoScores, names: Sequence[str]) -> dict[str, Any]:
    sizes = {f"map50_95_{size}": coco.mean_ap(size=size) for size in SIZES}
    by_class = {name: coco.mean_ap(50, label=label) for label, name in enumerate(names)}
    curves = {name: coco.precision_by_recall(label) for label, name in enumerate(names)}
    return {
        "map50_95": coco.mean_ap(),
        "map50": coco.mean_ap(50),
        "map75": coco.mean_ap(75),
        **sizes,
        "ap50_by_class": by_class,
        "precision_by_recall": curves,
    }


def _at_threshold(curve: Curve, threshold: float) -> dict[str, float | None]:
    best, place = curve.best_f1()
    return {"f1_best": best, "f1_threshold": place, "threshold": threshold} | curve.at(threshold)


def _false_alarms(rows: Sequence[Row], threshold: float) -> float | None:
    counts = [int(np.sum(row["scores"] >= threshold)) for row in rows if row["presence_true"] is False]
    return float(np.mean(counts)) if counts else None


def choose_boxes_threshold(rows: Sequence[Row]) -> float:
    """The score from which a box counts as found: of the highest F1 at IoU 0.5, midway to the next lower score.

    A set without objects or detections gives no choice: 0.5.
    """
    judged = [row for row in rows if "truth_px" in row]
    if not judged:
        return DEFAULT_THRESHOLD
    count = 1 + max(int(row[name].max(initial=0)) for row in judged for name in ("truth_labels", "labels"))
    return _best_threshold(evaluate_coco(judged, count, only_iou50=True).curve)


def _best_threshold(curve: Curve) -> float:
    place = curve.best_f1()[1]
    return DEFAULT_THRESHOLD if place is None else place
