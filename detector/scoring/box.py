"""Scores of the `box` head: those of all heads that predict boxes, with the largest object for the only one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from data_generators.sample import Sample
from data_generators.sources import CornerOrder
from detector.codecs.box import BoxPrediction, largest_box
from detector.codecs.boxes import holds_object
from detector.scoring.boxes import score_boxes, score_boxes_sample

Row = dict[str, Any]


def score_box_sample(sample: Sample, prediction: BoxPrediction, order: CornerOrder) -> Row:
    """What the scores of a set need of one picture; see `score_boxes_sample`.

    All wanted classes are one. Beside the largest object the others are to be ignored: a box on one of them is neither
    right nor a false alarm.
    """
    wanted = prediction.wanted
    present = holds_object(sample, wanted)
    ignore = np.ones_like(sample.ignore)
    if present:
        ignore[largest_box(sample, wanted)] = False
    of_class = np.isin(sample.labels, list(wanted)) if wanted else np.ones_like(ignore)
    one_class = sample.replace(
        labels=np.where(of_class, 0, -1),
        ignore=ignore,
        unlabelled=frozenset({0}) if present is None else frozenset(),
    )
    return score_boxes_sample(one_class, prediction, order)


def score_box(rows: Sequence[Row], threshold: float | None = None) -> dict[str, Any]:
    """Scores of a set, see `score_boxes`; `box_iou_mean` is the one to look at."""
    return score_boxes(rows, (), threshold)
