"""Scored boxes that mean the same object are made one: by class, greedy or soft, or as centroids; NumPy only."""

from __future__ import annotations

import numpy as np

SOFT_SIGMA = 0.5  # of soft-NMS, as in the paper


def box_iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of every pair: (N, 4) and (M, 4), x0 y0 x1 y1, to (N, M); 0 for boxes without area."""
    corner = np.maximum(boxes[:, None, :2], others[None, :, :2])
    opposite = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.prod(np.maximum(opposite - corner, 0), axis=-1)
    areas, other_areas = (np.prod(np.maximum(b[:, 2:] - b[:, :2], 0), axis=-1) for b in (boxes, others))
    return shared / np.maximum(areas[:, None] + other_areas[None] - shared, 1e-12)


def suppress(boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, iou_threshold: float) -> np.ndarray:
    """Greedy non-maximum suppression: the best box stays, those of its class that overlap it go, and so on.

    Args:
        boxes: (N, 4), x0 y0 x1 y1.
        scores: (N,).
        labels: int (N,); boxes of different classes leave one another alone.
        iou_threshold: boxes that overlap more than this mean the same object.

    Returns:
        int (M,), the boxes that stay, best first.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = boxes[order]
    rivals = (box_iou(ranked, ranked) > iou_threshold) & (labels[order, None] == labels[None, order])
    stays = np.ones(len(order), bool)
    for rank, rivals_of in enumerate(rivals):
        if stays[rank]:
            stays[rank + 1 :] &= ~rivals_of[rank + 1 :]
    return order[stays]


def soft_suppress(
    boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, score_floor: float
) -> tuple[np.ndarray, np.ndarray]:
    """Soft-NMS (Bodla et al. 2017, eq. 3): a box loses score by exp(-iou^2 / sigma) to each better one of its class.

    Args:
        boxes: (N, 4), x0 y0 x1 y1.
        scores: (N,).
        labels: int (N,).
        score_floor: boxes whose score falls below are dropped.

    Returns:
        kept: int (M,), the boxes that stay, best first.
        scores: (M,), what their scores have become.
    """
    decay = np.exp(-(box_iou(boxes, boxes) ** 2) / SOFT_SIGMA)
    decay[labels[:, None] != labels[None, :]] = 1
    left, current, kept = np.ones(len(scores), bool), scores.astype(np.float64), []
    while left.any():
        best = int(np.argmax(np.where(left, current, -1.0)))
        if current[best] < score_floor:
            break
        kept.append(best)
        left[best] = False
        current[left] *= decay[best, left]
    chosen = np.array(kept, np.intp)
    return chosen, current[chosen]
