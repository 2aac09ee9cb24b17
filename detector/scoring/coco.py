"""Average precision as COCO defines it, by pycocotools, from rows in memory."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from detector.scoring.curves import Curve

Row = dict[str, Any]
AREAS = {"all": (0.0, 1e10), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}
MOST_DETECTIONS = 100  # a class and picture


@dataclass(frozen=True)
class CocoScores:
    """What pycocotools found.

    Args:
        precision: float64 (IoUs, 101, K, sizes), -1 where a class has no object of that size.
        iou_percent: the IoUs, in percent.
        curve: the detections of all classes and sizes at IoU 0.5.
    """

    precision: np.ndarray
    iou_percent: tuple[int, ...]
    curve: Curve

    def mean_ap(self, iou: int | None = None, *, size: str = "all", label: int | None = None) -> float | None:
        """Mean average precision over the classes that have objects; None where none has.

        Args:
            iou: in percent; the mean over all of them where None.
            size: of `AREAS`.
            label: of the one class, all where None.
        """
        values = self.precision[..., list(AREAS).index(size)]
        values = values if label is None else values[..., label]
        values = values if iou is None else values[self.iou_percent.index(iou)]
        known = values[values > -1]
        return float(known.mean()) if len(known) else None

    def precision_by_recall(self, label: int) -> list[float] | None:
        """Highest precision of a class at a recall of at least 0, 0.01 ... 1, at IoU 0.5; None without objects."""
        values = self.precision[0, :, label, 0]
        return None if values[0] < 0 else [round(float(value), 5) for value in values]


def evaluate_coco(
    rows: Sequence[Row], class_count: int, *, agnostic: bool = False, only_iou50: bool = False
) -> CocoScores:
    """Matches detections and objects of a set.

    Args:
        rows: of `score_boxes_sample`, with labels below `class_count`.
        class_count: K.
        agnostic: take all classes for one, and IoU 0.5 alone.
        only_iou50: leave out the other IoUs and the sizes.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools tells how long it takes
        evaluation = COCOeval(_truth(rows, class_count), _detections(rows, class_count), "bbox")
        parameters = evaluation.params
        parameters.useCats = int(not agnostic)
        parameters.maxDets = [MOST_DETECTIONS]
        areas = list(AREAS)
        if agnostic or only_iou50:
            parameters.iouThrs, areas = parameters.iouThrs[:1], ["all"]
        parameters.areaRng, parameters.areaRngLbl = [list(AREAS[area]) for area in areas], areas
        evaluation.evaluate()
        evaluation.accumulate()
    percent = tuple(round(100 * iou) for iou in parameters.iouThrs)
    return CocoScores(evaluation.eval["precision"][..., 0], percent, _curve(evaluation))


def _curve(evaluation: COCOeval) -> Curve:
    """The detections at the lowest IoU, whatever their size."""
    found = [each for each in evaluation.evalImgs if each and tuple(each["aRng"]) == AREAS["all"]]
    counted = [~each["dtIgnore"][0].astype(bool) for each in found]
    scores = [np.array(each["dtScores"], float)[kept] for each, kept in zip(found, counted, strict=True)]
    hits = [each["dtMatches"][0][kept] > 0 for each, kept in zip(found, counted, strict=True)]
    objects = sum(int(np.sum(np.asarray(each["gtIgnore"]) == 0)) for each in found)
    return Curve(np.concatenate([np.zeros(0), *scores]), np.concatenate([np.zeros(0, bool), *hits]), objects)


def _truth(rows: Sequence[Row], class_count: int) -> COCO:
    annotations = [
        {"image_id": image, "category_id": int(label), "iscrowd": int(ignore)} | _box_entries(box)
        for image, row in enumerate(rows)
        for box, label, ignore in zip(row["truth_px"], row["truth_labels"], row["truth_ignore"], strict=True)
    ]
    return _coco(annotations, len(rows), class_count)


def _detections(rows: Sequence[Row], class_count: int) -> COCO:
    annotations = [
        {"image_id": image, "category_id": int(label), "score": float(score)} | _box_entries(box)
        for image, row in enumerate(rows)
        for box, label, score in zip(row["boxes_px"], row["labels"], row["scores"], strict=True)
    ]
    return _coco(annotations, len(rows), class_count)


def _box_entries(box_px: np.ndarray) -> dict[str, Any]:
    """A box x0 y0 x1 y1 as COCO has it: x, y, width, height."""
    x0, y0, x1, y1 = box_px.tolist()
    return {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0)}


def _coco(annotations: list[dict[str, Any]], image_count: int, class_count: int) -> COCO:
    numbered = [annotation | {"id": number} for number, annotation in enumerate(annotations, 1)]  # 0 means no match
    coco = COCO()
    coco.dataset = {
        "images": [{"id": image} for image in range(image_count)],
        "categories": [{"id": label} for label in range(class_count)],
        "annotations": numbered,
    }
    coco.createIndex()
    return coco
