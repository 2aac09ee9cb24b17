"""Anchors: the few box shapes that come nearest to those of a set of objects, and how near they come."""

from __future__ import annotations

import numpy as np

ROUNDS = 100


def shape_iou(sizes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """IoU of boxes that share their centre: (N, 2) and (A, 2) width and height to (N, A)."""
    shared = np.prod(np.minimum(sizes[:, None], anchors[None]), axis=-1)
    return shared / (np.prod(sizes, axis=-1)[:, None] + np.prod(anchors, axis=-1)[None] - shared)


def find_anchors(sizes: np.ndarray, count: int) -> np.ndarray:
    """k-means of box shapes with the distance 1 - IoU (YOLO9000, Redmon & Farhadi 2016, section 2).

    It begins with objects at evenly spread ranks of area, so that the same sizes give the same anchors, and moves each
    anchor to the median of its objects.

    Args:
        sizes: (N, 2) width and height, as shares of the frame.
        count: A.

    Returns:
        float64 (A, 2), the smallest first.

    Raises:
        ValueError: there are fewer different sizes than anchors.
    """
    sizes = np.asarray(sizes, np.float64)
    different = np.unique(sizes, axis=0)
    if len(different) < count:
        raise ValueError(
            f"`model.heads.grid.anchors: {count}` needs objects of {count} different sizes or more in the training "
            f"data. Received {len(different)}. Ask for fewer anchors, or for none."
        )
    ranked = different[np.argsort(np.prod(different, axis=1), kind="stable")]
    anchors = ranked[((np.arange(count) + 0.5) * len(ranked) / count).astype(int)]
    nearest = np.full(len(sizes), -1)
    for _ in range(ROUNDS):
        before, nearest = nearest, np.argmax(shape_iou(sizes, anchors), axis=1)
        if np.array_equal(before, nearest):
            break
        anchors = np.stack(
            [np.median(sizes[nearest == k], axis=0) if np.any(nearest == k) else anchors[k] for k in range(count)]
        )
    return anchors[np.argsort(np.prod(anchors, axis=1), kind="stable")]
