"""Scored boxes that mean the same object are made one: by class, greedy or soft, or as centroids; NumPy only."""

from __future__ import annotations

import numpy as np

from data_generators.geometry import box_iou

SOFT_SIGMA = 0.5  # of soft-NMS, as in the paper
VOTING_SIGMA = 0.05  # of box voting, the paper's sigma_t, in the middle of what it tried


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


def vote(
    boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, chosen: np.ndarray, iou_threshold: float
) -> np.ndarray:
    """Box voting: each chosen box becomes the mean of the boxes of its class that overlap it.

    They count by score times exp(-(1 - iou)^2 / sigma), as in He et al. 2019, algorithm 1, without its variances.

    Args:
        boxes: (N, 4), x0 y0 x1 y1.
        scores: (N,).
        labels: int (N,).
        chosen: int (M,), indices of the boxes that stay.
        iou_threshold: boxes that overlap a chosen one more than this have a vote; it has one itself.

    Returns:
        (M, 4), in the order of `chosen`.
    """
    iou = box_iou(boxes[chosen], boxes)  # (M, N)
    votes = (iou > iou_threshold) & (labels[chosen, None] == labels)
    votes[np.arange(len(chosen)), chosen] = True
    weights = votes * scores * np.exp(-((1 - iou) ** 2) / VOTING_SIGMA)
    return weights @ boxes / weights.sum(axis=1, keepdims=True)


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


def find_centroids(scores: np.ndarray, score_floor: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Peaks of score maps, each moved to the middle of the scores around it.

    A peak is a cell that scores more than its eight neighbours; of equal ones the last counts.

    Args:
        scores: (GH, GW, K), a map a class.
        score_floor: peaks that score less are left out.

    Returns:
        points: float64 (N, 2) xy, as shares of the map.
        scores: (N,), of the peaks' cells.
        labels: int (N,).
    """
    rows, columns = scores.shape[:2]
    ranked = scores + 1e-9 * np.arange(rows * columns).reshape(rows, columns, 1)
    padded = np.pad(ranked, ((1, 1), (1, 1), (0, 0)), constant_values=-1)
    near = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))  # (GH, GW, K, 3, 3)
    y, x, labels = np.nonzero((ranked >= near.max(axis=(-1, -2))) & (scores >= score_floor))
    weights = np.maximum(near[y, x, labels], 0)  # (N, 3, 3)
    total = np.maximum(weights.sum(axis=(1, 2)), 1e-12)
    offsets = np.stack([weights[:, :, 2] - weights[:, :, 0], weights[:, 2] - weights[:, 0]], axis=-1).sum(axis=1)
    points = (np.stack([x, y], axis=-1) + 0.5 + offsets / total[:, None]) / (columns, rows)
    return points, scores[y, x, labels], labels
