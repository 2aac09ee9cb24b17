"""One frame: which connected regions are the object, given where it is expected, and what is cut off them."""

from __future__ import annotations

import cv2
import numpy as np

from data_generators.cleaning.settings import CleaningSettings


def choose_regions(mask: np.ndarray, expected: np.ndarray, settings: CleaningSettings) -> np.ndarray:
    """What is kept of a mask.

    A region is kept whole or dropped whole by how much of it lies on the expected place. What is kept may be the
    object and a false region that touches it: then what juts out far and thickly is cut off, up to the expected place.

    Args:
        mask: bool (H, W), what was painted.
        expected: bool (H, W), where the object is expected.
        settings: how far it may jut out.

    Returns:
        bool (H, W), a part of `mask`.
    """
    kept = _overlapping(mask, expected, settings)
    size_px = float(np.sqrt(expected.sum()))
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
