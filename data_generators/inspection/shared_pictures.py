"""What near-duplicates mean: how many pictures two sources share, and whether their labels agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from data_generators.geometry import apply_homography, box_iou
from data_generators.inspection.duplicates import Pair
from data_generators.inspection.records import Record, Records

AGREEING_IOU = 0.5  # the alignment of thumbnails is good to a few percent of the picture


@dataclass(frozen=True)
class SharedPicture:
    """A pair of near-duplicates, and whether they are labelled alike."""

    pair: Pair
    labels_agree: bool


def share_pictures(found: Records, pairs: Sequence[Pair]) -> list[SharedPicture]:
    """The pairs with a verdict on their labels; those across sources first."""
    shared = [SharedPicture(pair, labels_agree(found, pair)) for pair in pairs]
    return sorted(shared, key=lambda each: not _is_across(found, each.pair))


def _is_across(found: Records, pair: Pair) -> bool:
    return found.records[pair.first].source != found.records[pair.second].source


def labels_agree(found: Records, pair: Pair) -> bool:
    """Whether each object of one picture has one of the same class on the same place in the other, and the reverse.

    Compared are the classes that were looked for in both pictures, and what lies within both.
    """
    one, other = found.records[pair.first], found.records[pair.second]
    if not {"boxes"} <= one.has & other.has:
        return True
    classes = [number for number, name in enumerate(found.class_names) if name in one.classes & other.classes]
    moved, moved_labels = _visible(_move_boxes(one.boxes, pair.homography), one, classes)
    boxes, labels = _visible(other.boxes, other, classes)
    iou = box_iou(moved, boxes)
    same = (iou >= AGREEING_IOU) & (moved_labels[:, None] == labels)
    return bool(same.any(axis=1).all() and same.any(axis=0).all())


def _move_boxes(boxes: np.ndarray, homography: np.ndarray) -> np.ndarray:
    """The hulls (N, 4) of boxes (N, 4) that a homography has moved."""
    corners = apply_homography(homography, boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2))
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=-1)


def _visible(boxes: np.ndarray, record: Record, classes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Boxes, cut off at the edge of the picture, and labels of what is more than half inside and to be compared."""
    cut = boxes.clip(0, 1)
    area, inside = ((each[:, 2:] - each[:, :2]).clip(0).prod(axis=1) for each in (boxes, cut))
    kept = np.isin(record.labels, classes) & ~record.ignore & (inside > 0.5 * area)
    return cut[kept], record.labels[kept]


def summarise_shared(found: Records, shared: Sequence[SharedPicture]) -> dict[str, Any]:
    """Counts of what is there twice, as JSON data.

    Returns:
        `within`: source -> its pictures that are near-duplicates of another of theirs, of another group;
        `across`: for each two sources the pairs, and the pictures of either that the other has too;
        `identical`, `mirrored`, `labels_disagree`: pairs.
    """
    across = []
    for first, second in combinations(range(len(found.names)), 2):
        pairs = [each.pair for each in shared if _sources(found, each.pair) == (first, second)]
        counts = len({pair.first for pair in pairs}), len({pair.second for pair in pairs})
        names = found.names[first], found.names[second]
        across.append({"sources": list(names), "pairs": len(pairs), "pictures": list(counts)})
    return {
        "within": {name: len(_doubles(found, shared, number)) for number, name in enumerate(found.names)},
        "across": across,
        "identical": sum(each.pair.identical for each in shared),
        "mirrored": sum(each.pair.mirrored for each in shared),
        "labels_disagree": sum(not each.labels_agree for each in shared),
    }


def _sources(found: Records, pair: Pair) -> tuple[int, int]:
    return found.records[pair.first].source, found.records[pair.second].source


def _doubles(found: Records, shared: Sequence[SharedPicture], source: int) -> set[int]:
    pairs = [each.pair for each in shared if _sources(found, each.pair) == (source, source)]
    return {number for pair in pairs for number in (pair.first, pair.second)}
