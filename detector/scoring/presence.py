"""Scores of a yes or no for the whole picture, by the `presence` head and by every head with a presence output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from data_generators.sample import Sample
from data_generators.sources import CornerOrder
from detector.codecs.presence import PresencePrediction, holds_any

Row = dict[str, Any]
NAMES = ("presence_ap", "presence_roc_auc", "presence_recall_at_1pct_fpr")
FALSE_ALARMS = 0.01


def score_presence_sample(sample: Sample, prediction: PresencePrediction, order: CornerOrder) -> Row:  # noqa: ARG001
    """Scores of one picture.

    Returns:
        `presence_true` (None where nobody looked), `presence`, and `rank`, which orders the worst first.
    """
    true = holds_any(sample)
    row: Row = {"origin": sample.origin, "presence_true": true, "presence": prediction.presence}
    if true is not None:
        row["rank"] = prediction.presence if true else 1 - prediction.presence
    return row


def score_presence(rows: Sequence[Row]) -> dict[str, float | None]:
    """Scores of a set that holds pictures with and without an object; else None.

    Args:
        rows: with `presence_true` and `presence`.

    Returns:
        average precision, area under the ROC curve, and the recall at the highest share of false alarms that is at
        most 1 % of the pictures without an object.
    """
    truth, score = _labelled(rows)
    if truth.all() or not truth.any():
        return dict.fromkeys(NAMES)
    false_alarms, recall, _ = roc_curve(truth, score, drop_intermediate=False)
    at_limit = recall[np.flatnonzero(false_alarms <= FALSE_ALARMS)[-1]]
    values = (average_precision_score(truth, score), roc_auc_score(truth, score), at_limit)
    return {name: float(value) for name, value in zip(NAMES, values, strict=True)}


def choose_presence_threshold(rows: Sequence[Row]) -> float:
    """The probability that separates best (highest F1), midway to the next lower score.

    A set without both kinds of picture gives no choice: 0.5.
    """
    truth, score = _labelled(rows)
    if truth.all() or not truth.any():
        return 0.5
    candidates = np.unique(score)  # ascending
    f1 = [2 * np.sum(truth & (score >= c)) / (np.sum(score >= c) + truth.sum()) for c in candidates]
    best = int(np.argmax(f1))
    below = candidates[best - 1] if best else 0.0
    return float((candidates[best] + below) / 2)


def _labelled(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray]:
    labelled = [row for row in rows if row["presence_true"] is not None]
    truth = np.array([row["presence_true"] for row in labelled], bool)
    return truth, np.array([row["presence"] for row in labelled], float)
