"""Scores of the `mask` head: intersection over union of pixels, at the picture's own size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from data_generators.sample import MASK_IGNORE, Sample
from data_generators.sources import CornerOrder
from detector.codecs.boxes import DEFAULT_THRESHOLD
from detector.codecs.mask_prediction import MaskPrediction
from detector.scoring.presence import score_presence

Row = dict[str, Any]
STEPS = 20
THRESHOLDS = tuple(round(step / STEPS, 2) for step in range(1, STEPS))  # 0.05, 0.10 ... 0.95
BAND = 0.02  # of the diagonal: how far inside the edge a boundary reaches
NAMES = (
    "iou_foreground",
    "iou_mean",
    "iou_by_class",
    "dice_foreground",
    "mask_iou_mean",
    "boundary_iou_mean",
    "threshold",
)


def score_mask_sample(sample: Sample, prediction: MaskPrediction, order: CornerOrder) -> Row:  # noqa: ARG001
    """What the scores of a set need of one picture: counts of its pixels, those to be ignored left out.

    Objects of no class that was asked for are background. Pixels without an object are left out where the likeliest
    class is one that nobody looked for in the picture.

    Args:
        sample: the labelled picture at its original size; its mask is label + 1 on objects, labels index
            `prediction.classes`.
        prediction: in normalised coordinates of that picture.
        order: does not matter to masks.

    Returns:
        `presence_true` (None where unknown) and `presence`; where there is a true mask, also one that is empty because
        boxes say that there is no object, `counts`, nested lists (K + 1, K, 20) of pixels by true class (0 is
        background), likeliest class, and how many of the 19 `THRESHOLDS` the probability of any object reaches;
        `boundary`, see `_count_boundary`; and `rank`, which orders the worst first: the IoU of all objects at the
        threshold 0.5, where a pixel of the wrong class is not shared; where there is none, 1 less the side of the false
        alarm, as a share of the picture's.
    """
    truth = _true_mask(sample, one_class=not prediction.classes)
    row: Row = {
        "origin": sample.origin,
        "presence_true": None if truth is None else _holds_object(truth, sample),
        "presence": prediction.presence,
    }
    if truth is None:
        return row
    foreground, likeliest = prediction.at_size(sample.size_hw)
    levels = np.floor(foreground * STEPS + 1e-5).clip(0, STEPS - 1).astype(np.uint8)
    counts = _count_pixels(truth, likeliest, levels, prediction.probabilities.shape[-1])
    counts[0, [label for label in sample.unlabelled if label < counts.shape[1]]] = 0
    row |= {"counts": counts.tolist(), "boundary": _count_boundary(truth, levels)}
    return row | {"rank": _rank(_confusion(counts, _step(DEFAULT_THRESHOLD)))}


def _true_mask(sample: Sample, *, one_class: bool) -> np.ndarray | None:
    """The mask uint8 (H, W); all background where boxes say that there is no object, None where nobody said."""
    if "mask" not in sample.has:
        is_empty = "boxes" in sample.has and not np.any(sample.labels >= 0)
        return np.zeros(sample.size_hw, np.uint8) if is_empty else None
    if not one_class:
        return sample.mask
    return np.where(sample.mask == MASK_IGNORE, MASK_IGNORE, np.minimum(sample.mask, 1)).astype(np.uint8)


def _holds_object(truth: np.ndarray, sample: Sample) -> bool | None:
    """Whether a mask says that the picture holds an object; None where it does not say."""
    if np.any((truth > 0) & (truth != MASK_IGNORE)):
        return True
    return None if sample.unlabelled or np.any(truth == MASK_IGNORE) else False


def _count_pixels(truth: np.ndarray, likeliest: np.ndarray, levels: np.ndarray, classes: int) -> np.ndarray:
    """Pixels (K + 1, K, 20) by true class, likeliest class and level; those to be ignored are not counted."""
    true = np.where(truth == MASK_IGNORE, classes + 1, truth).astype(np.int32)
    cells = (true * classes + likeliest - 1) * STEPS + levels
    counts = np.bincount(cells.ravel(), minlength=(classes + 2) * classes * STEPS)
    return counts.reshape(classes + 2, classes, STEPS)[:-1]


def _count_boundary(truth: np.ndarray, levels: np.ndarray) -> dict[str, Any]:
    """Pixels of the boundaries of all objects, the band inside their edges (Cheng et al. 2021, "Boundary IoU").

    What is to be ignored is background on both sides. A level is eroded as a mask is: the lowest around a pixel says
    at which thresholds it belongs to the inside.

    Args:
        truth: uint8 (H, W).
        levels: uint8 (H, W), how many thresholds the probability reaches.

    Returns:
        `true`, pixels of the true boundary; `predicted` and `shared`, lists (19,), one value a threshold.
    """
    distance = max(1, round(BAND * float(np.hypot(*truth.shape))))
    known = truth != MASK_IGNORE
    inside, shown = (known & (truth > 0)).astype(np.uint8), np.where(known, levels, 0).astype(np.uint8)
    band = inside > _eroded(inside, distance)
    pairs = shown.astype(np.int32) * STEPS + _eroded(shown, distance)
    both = [np.bincount(chosen, minlength=STEPS**2).reshape(STEPS, STEPS) for chosen in (pairs.ravel(), pairs[band])]
    predicted, shared = ([int(pixels[step:, :step].sum()) for step in range(1, STEPS)] for pixels in both)
    return {"true": int(band.sum()), "predicted": predicted, "shared": shared}


def _eroded(values: np.ndarray, distance: int) -> np.ndarray:
    """The lowest value at most so many pixels away along either axis; beyond the picture's edge it is 0."""
    kernel = np.ones((2 * distance + 1, 1), np.uint8)
    eroded = np.asarray(cv2.erode(cv2.erode(np.pad(values, distance), kernel), kernel.T))
    return eroded[distance:-distance, distance:-distance]


def _step(threshold: float) -> int:
    """Number of the nearest of `THRESHOLDS`, from 1."""
    return int(np.clip(round(threshold * STEPS), 1, STEPS - 1))


def _confusion(counts: np.ndarray, step: int) -> np.ndarray:
    """Pixels by true and predicted class, (K + 1, K + 1), background first, at the threshold of a number."""
    found = counts[..., step:].sum(axis=-1)  # (K + 1, K)
    nothing = counts[..., :step].sum(axis=(1, 2))
    return np.concatenate([nothing[:, None], found], axis=1)


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _iou_of_objects(confusion: np.ndarray) -> float | None:
    """Pixels of an object found with their class, over all that are or were found to be of an object."""
    return _share(np.trace(confusion[1:, 1:]), confusion.sum() - confusion[0, 0])


def _rank(confusion: np.ndarray) -> float:
    if confusion[1:].any():
        return _iou_of_objects(confusion) or 0.0
    return 1 - float(np.sqrt(confusion[0, 1:].sum() / max(1, confusion.sum())))


def score_mask(rows: Sequence[Row], classes: Sequence[str], threshold: float | None = None) -> dict[str, Any]:
    """Scores of a set, from the rows of `score_mask_sample`; JSON data, a score without data is None.

    Args:
        rows: one a picture.
        classes: names of the classes; empty where all objects are of one class.
        threshold: of the model's card; the nearest of `THRESHOLDS` is used. None takes 0.5.

    Returns:
        Over all pixels of the set: `iou_foreground`, all classes as one (Jaccard index), `dice_foreground` (F1 of the
        same), `iou_by_class`, and `iou_mean`, the mean of background and classes. Over the pictures that hold an
        object: `mask_iou_mean`, of a picture as `rank` has it, and `boundary_iou_mean` (Cheng et al. 2021).
    """
    judged = [row for row in rows if "counts" in row]
    presence = score_presence(rows)
    if not judged:
        return dict.fromkeys(NAMES) | presence
    step = _step(DEFAULT_THRESHOLD if threshold is None else threshold)
    confusion = _confusion(np.sum([row["counts"] for row in judged], axis=0), step)
    with_object = [row for row in judged if row["presence_true"]]
    ious = [_iou_of_objects(_confusion(np.array(row["counts"]), step)) for row in with_object]
    return (
        _over_pixels(confusion, classes)
        | {"mask_iou_mean": _mean(ious), "boundary_iou_mean": _mean([_boundary_iou(row, step) for row in with_object])}
        | {"threshold": THRESHOLDS[step - 1]}
        | presence
    )


def _over_pixels(confusion: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    shared = np.diagonal(confusion)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - shared
    by_class = [_share(*pair) for pair in zip(shared, union, strict=True)]  # background first
    found, true, both = confusion[:, 1:].sum(), confusion[1:].sum(), confusion[1:, 1:].sum()
    return {
        "iou_foreground": _share(both, found + true - both),
        "iou_mean": _mean(by_class),
        "iou_by_class": dict(zip(classes or ("object",), by_class[1:], strict=True)),
        "dice_foreground": _share(2 * both, found + true),
    }


def _boundary_iou(row: Row, step: int) -> float | None:
    boundary = row["boundary"]
    shared = boundary["shared"][step - 1]
    return _share(shared, boundary["true"] + boundary["predicted"][step - 1] - shared)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def choose_mask_threshold(rows: Sequence[Row]) -> float:
    """The probability from which there is an object: of the highest `iou_foreground`, of equals the nearest to 0.5.

    A set without objects gives no choice: 0.5.
    """
    judged = [row["counts"] for row in rows if row.get("presence_true") and "counts" in row]
    if not judged:
        return DEFAULT_THRESHOLD
    counts = np.sum([row["counts"] for row in rows if "counts" in row], axis=0)
    return max(THRESHOLDS, key=lambda each: (_iou_at(counts, each), -abs(each - DEFAULT_THRESHOLD)))


def _iou_at(counts: np.ndarray, threshold: float) -> float:
    confusion = _confusion(counts, _step(threshold))
    return round(_share(confusion[1:, 1:].sum(), confusion.sum() - confusion[0, 0]) or 0.0, 9)
