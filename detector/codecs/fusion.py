"""Boxes of several looks at one picture, or of its tiles, made into one set of boxes; in NumPy.

Looks at the same thing are fused by weight (Solovyev, Wang and Gabruseva 2021, "Weighted boxes fusion: Ensembling
boxes from different object detection models"). Tiles each see a part: the same object is known by its boxes' agreement
in what both tiles show, and a side of a box that the edge of its tile has cut off is taken from a tile that shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_generators.geometry import box_area, box_iou, overlap_area

SAME_IOU = 0.55  # boxes of two looks that agree so far are of one object
SAME_SHARE = 0.1  # of the smaller of two boxes, at least, must lie in the other
AT_THE_EDGE = 0.02  # of a window's side: a box that ends so near to its inner edge is cut off there


@dataclass(frozen=True)
class ScoredBoxes:
    """Boxes of one or several views.

    Args:
        boxes: (M, 4), x0 y0 x1 y1 normalised.
        scores: (M,) in [0, 1].
        labels: int (M,).
        views: int (M,), index into the windows that belong to them.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    views: np.ndarray

    def take(self, indices: np.ndarray) -> ScoredBoxes:
        """Some of them, by index or flag."""
        return ScoredBoxes(self.boxes[indices], self.scores[indices], self.labels[indices], self.views[indices])

    def best_first(self) -> ScoredBoxes:
        """The same in falling order of their scores; equal ones stay as they are."""
        return self.take(np.argsort(-self.scores, kind="stable"))


def fuse_looks(found: ScoredBoxes, windows: np.ndarray) -> ScoredBoxes:
    """Boxes of several looks at one picture, fused by weight.

    A fused box is the mean of its boxes, weighted by their scores. Its score is the sum of theirs over the number of
    looks that could have found it: those that show it whole. A box that is cut off by the edge of its look is left to
    the others. Unlike in the paper, a look has one voice an object: the doubles of its best box, which non-maximum
    suppression let through, would pull the score down.

    Args:
        found: boxes in normalised coordinates of the picture.
        windows: (V, 4) what each look shows of the picture, x0 y0 x1 y1 in [0, 1].

    Returns:
        The fused boxes, best first; `views` are 0.
    """
    found = clipped(found, np.array([[0.0, 0, 1, 1]])[np.zeros(len(found.views), int)])
    found = found.take(np.flatnonzero(~cut_sides(found, windows).any(axis=1))).best_first()
    fused = np.zeros((0, 4))
    members: list[list[int]] = []
    labels = np.zeros(0, np.int64)
    for index, (box, label) in enumerate(zip(found.boxes, found.labels, strict=True)):
        agreement = np.where(labels == label, box_iou(fused, box[None])[:, 0], 0.0)
        place = int(np.argmax(agreement)) if len(agreement) else 0
        if not len(agreement) or agreement[place] <= SAME_IOU:
            fused, labels = np.vstack([fused, box]), np.append(labels, label)
            members.append([index])
            continue
        if found.views[index] not in found.views[members[place]]:
            members[place].append(index)
            fused[place] = _weighted_mean(found.boxes[members[place]], found.scores[members[place]])
    sums = np.array([found.scores[group].sum() for group in members])
    counts = np.array([len(group) for group in members])
    scores = sums / np.maximum(counts, _shown_whole(fused, windows))
    return ScoredBoxes(fused, scores, labels, np.zeros(len(labels), np.int64)).best_first()


def fuse_tiles(found: ScoredBoxes, windows: np.ndarray) -> ScoredBoxes:
    """Boxes of overlapping tiles of one picture, each object once.

    Two boxes of two tiles are of one object where they agree in the part of the picture that both tiles show. Boxes
    of one tile stay apart. The score of a merged box is the best of its parts.

    Args:
        found: boxes in normalised coordinates of the picture.
        windows: (V, 4) the tiles, x0 y0 x1 y1 in normalised coordinates of the picture.

    Returns:
        The merged boxes, best first; `views` are 0.
    """
    found = clipped(found, windows[found.views])
    cut = cut_sides(found, windows)
    groups = _group(found, windows)
    boxes = np.array([_merge_sides(found.boxes[g], found.scores[g], cut[g]) for g in groups]).reshape(-1, 4)
    scores = np.array([found.scores[group].max() for group in groups])
    labels = np.array([found.labels[group[0]] for group in groups], np.int64)
    return ScoredBoxes(boxes, scores, labels, np.zeros(len(groups), np.int64)).best_first()


def clipped(found: ScoredBoxes, limits: np.ndarray) -> ScoredBoxes:
    """The boxes clipped to limits (M, 4) x0 y0 x1 y1, without those of which nothing is left."""
    low, high = np.maximum(found.boxes[:, :2], limits[:, :2]), np.minimum(found.boxes[:, 2:], limits[:, 2:])
    kept = np.flatnonzero(np.all(high > low, axis=1))
    return ScoredBoxes(np.concatenate([low, high], axis=1), found.scores, found.labels, found.views).take(kept)


def cut_sides(found: ScoredBoxes, windows: np.ndarray) -> np.ndarray:
    """Which of its sides x0 y0 x1 y1 a box may have lost to the edge of its window, bool (M, 4).

    An edge of the window that is an edge of the picture cuts nothing off that could be seen elsewhere.
    """
    own = windows[found.views]  # (M, 4)
    sides = own[:, [2, 3, 2, 3]] - own[:, [0, 1, 0, 1]]
    inner = np.abs(own - np.array([0.0, 0, 1, 1])) > 1e-9
    return inner & (np.abs(found.boxes - own) <= AT_THE_EDGE * sides)


def _shown_whole(boxes: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """How many windows (V, 4) show each box (M, 4) whole, at least 1: int (M,)."""
    shown = overlap_area(boxes, windows) >= (1 - 1e-6) * box_area(boxes)[:, None]
    return np.maximum(shown.sum(axis=1), 1)


def _weighted_mean(boxes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return np.average(boxes, axis=0, weights=np.maximum(scores, 1e-9))


def _group(found: ScoredBoxes, windows: np.ndarray) -> list[np.ndarray]:
    """Indices of the boxes of each object: pairs join in falling agreement, at most one box of each tile."""
    groups = {index: [index] for index in range(len(found.boxes))}
    home = np.arange(len(found.boxes))
    for first, second in _pairs(found, windows):
        one, two = home[first], home[second]
        if one != two and not {*found.views[groups[one]]} & {*found.views[groups[two]]}:
            home[groups[two]] = one
            groups[one] += groups.pop(two)
    return [np.array(group) for group in groups.values()]


def _pairs(found: ScoredBoxes, windows: np.ndarray) -> np.ndarray:
    """Pairs (N, 2) of boxes that agree in what both their tiles show, those that agree most first."""
    common = overlap_area(found.boxes, found.boxes)  # (M, M)
    shown = overlap_area(found.boxes, windows)[:, found.views]  # (M, M): of box i, what the tile of box j shows
    agreement = common / np.maximum(shown + shown.T - common, 1e-12)
    area = box_area(found.boxes)
    related = common >= SAME_SHARE * np.minimum(area[:, None], area[None])
    related &= (found.labels[:, None] == found.labels[None]) & (found.views[:, None] != found.views[None])
    first, second = np.nonzero(np.triu(related & (agreement > SAME_IOU), 1))
    order = np.argsort(-agreement[first, second], kind="stable")
    return np.stack([first[order], second[order]], axis=1)


def _merge_sides(boxes: np.ndarray, scores: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """One box (4,) of the parts (K, 4) of an object: each side from the surest part that shows it, else the
    outermost."""
    merged = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
    for side in range(4):
        seen = ~cut[:, side]
        if seen.any():
            merged[side] = boxes[seen, side][np.argmax(scores[seen])]
    return merged
