"""One frame: which connected regions are the object, given where it is expected, and what is cut off them."""

from __future__ import annotations

import cv2
import numpy as np

from data_generators.cleaning.motion import centroid, shift_mask
from data_generators.cleaning.settings import CleaningSettings

ALIGNED = 0.1  # so much better an expected place must fit a region to be moved there


def choose_regions(
    mask: np.ndarray, expected: np.ndarray, settings: CleaningSettings, looseness: float = 1.0
) -> np.ndarray:
    """What is kept of a mask.

    A region is kept whole or dropped whole by how much of it lies on the expected place. What is kept may be the
    object and a false region that touches it: then what juts out far and thickly is cut off, up to the expected place.

    Args:
        mask: bool (H, W), what was painted.
        expected: bool (H, W), where the object is expected.
        settings: how far it may jut out.
        looseness: factor on how far it may jut out.

    Returns:
        bool (H, W), a part of `mask`.
    """
    kept = _overlapping(mask, expected, settings)
    size_px = looseness * float(np.sqrt(expected.sum()))
    reach_px, radius_px = max(2.0, settings.reach * size_px), max(1.0, settings.thickness * size_px)
    outside = erode(kept & ~dilate(expected, reach_px), radius_px)
    if not outside.any():
        return kept
    cut_px = 2 * radius_px + reach_px / 2  # the whole disk, and from there half the way to the expected place
    kept &= expected | ~dilate(outside, cut_px)
    return _overlapping(kept, expected, settings)


def _overlapping(mask: np.ndarray, expected: np.ndarray, settings: CleaningSettings) -> np.ndarray:
    """The regions of a mask that overlap enough with the expected place."""
    labels, areas = label_regions(mask)
    hits = np.bincount(labels[expected], minlength=len(areas))
    kept = (hits >= settings.overlap * areas) | (hits >= settings.covered * max(1, int(expected.sum())))
    kept[0] = False
    return np.asarray(kept[labels])


def find_jumped(mask: np.ndarray, expected: np.ndarray, settings: CleaningSettings) -> np.ndarray:
    """The region nearest to the expected place that is half to twice as large, bool (H, W); empty where none is near.

    Args:
        mask: bool (H, W), what was painted.
        expected: bool (H, W), where the object was expected in vain.
        settings: how far it may have jumped.
    """
    labels, areas = label_regions(mask)
    size = int(expected.sum())
    alike = (areas >= size / 2) & (areas <= size * 2)
    alike[0] = False
    if not size or not alike.any():
        return np.zeros_like(mask)
    distance = cv2.distanceTransform((~expected).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    distance[~alike[labels]] = np.inf
    nearest = int(np.argmin(distance))
    if distance.flat[nearest] > settings.jump * np.sqrt(size):
        return np.zeros_like(mask)
    return np.asarray(labels == labels.flat[nearest])


def align_to_region(mask: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """The expected place moved to the centre of the region that overlaps most with it, where it then fits better.

    Args:
        mask: bool (H, W), what was painted.
        expected: bool (H, W), where the object is expected.
    """
    labels, areas = label_regions(mask)
    hits = np.bincount(labels[expected], minlength=len(areas))
    hits[0] = 0
    if not hits.any():
        return expected
    region = labels == int(hits.argmax())
    moved = shift_mask(expected, centroid(region) - centroid(expected))
    return moved if _iou(moved, region) > _iou(expected, region) + ALIGNED else expected


def _iou(mask: np.ndarray, other: np.ndarray) -> float:
    return float(int((mask & other).sum()) / max(1, int((mask | other).sum())))


def label_regions(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers the connected regions of a mask; pixels that touch at a corner are connected.

    Returns:
        int32 (H, W) with 0 on the background, and int64 (regions + 1,): the pixels of each number.
    """
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return labels, np.bincount(labels.ravel(), minlength=count)


def dilate(mask: np.ndarray, radius_px: float) -> np.ndarray:
    """The pixels of bool (H, W) at most so far from the mask; the time does not depend on the radius."""
    if not mask.any():
        return mask
    distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance <= radius_px)


def erode(mask: np.ndarray, radius_px: float) -> np.ndarray:
    """The pixels of a mask bool (H, W) that lie farther than so from all that is not in it."""
    return ~dilate(~mask, radius_px)
