"""Masks of COCO annotations, polygons and run lengths, painted to one class map: between a COCO file and a sample.

Run lengths are those of pycocotools: column by column, background first, as a list or packed to a string.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco

from data_generators.errors import DataError
from data_generators.real.labelled_pictures import LabelledBox
from data_generators.sample import MASK_IGNORE

SizeHW = tuple[int, int]
CURE = "Export it again, or delete the segmentation."


def check_segmentation(where: str, segmentation: Any, size_hw: tuple[float, float]) -> Any:
    """The segmentation of an annotation, without polygons of fewer than three points; None where it has none.

    Args:
        where: file and annotation, for messages.
        segmentation: polygons [[x, y, x, y, ...], ...] in pixels, or {"counts", "size"}.
        size_hw: of the picture that was labelled, in pixels.

    Raises:
        DataError: it is neither, or its run lengths are of another size.
    """
    if isinstance(segmentation, dict):
        _check_run_lengths(where, segmentation, size_hw)
        return segmentation
    polygons = segmentation or []
    for polygon in polygons if isinstance(polygons, list) else [polygons]:
        numbers = isinstance(polygon, list) and all(isinstance(value, (int, float)) for value in polygon)
        if not numbers or len(polygon) % 2 or not np.isfinite(polygon).all():
            problem = f"`segmentation` must be lists x y x y x y ... in pixels. Received {str(polygon)[:80]}."
            raise DataError(where, problem, "Correct it, or delete it.")
    return [polygon for polygon in polygons if len(polygon) >= 6] or None


def _check_run_lengths(where: str, segmentation: dict[str, Any], size_hw: tuple[float, float]) -> None:
    counts, size = segmentation.get("counts"), segmentation.get("size")
    if not isinstance(counts, (list, str)) or size != [*size_hw]:
        problem = (
            f"run lengths need `counts`, a list or a string, and the `size` of their picture, {list(_whole(size_hw))}. "
            f"Received {type(counts).__name__} and {size}."
        )
        raise DataError(where, problem, CURE)
    try:
        runs = counts if isinstance(counts, list) else unpack_counts(counts)
        right = all(isinstance(run, int) and run >= 0 for run in runs) and sum(runs) == size[0] * size[1]
    except ValueError:
        right = False
    if not right:
        problem = f"the run lengths do not add up to the {size[0]} x {size[1]} pixels of their picture."
        raise DataError(where, problem, CURE)


def unpack_counts(text: str) -> list[int]:
    """The run lengths in a string of pycocotools (maskApi.c, rleToString): five bits a character from the lowest on,
    the sixth says that more follow, from the third run on differences to the last but one.

    pycocotools itself reads beyond the end of a string that is broken.

    Raises:
        ValueError: the string is broken.
    """
    runs: list[int] = []
    value = shift = 0
    for character in text:
        code = ord(character) - 48
        if not 0 <= code < 64:
            raise ValueError(f"{character!r} does not occur in run lengths.")
        value |= (code & 31) << shift
        shift += 5
        if not code & 32:
            value -= (1 << shift) if code & 16 else 0
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    if shift:
        raise ValueError("The string breaks off.")
    return runs


def region_box_px(segmentation: Any, size_hw: tuple[float, float]) -> tuple[float, float, float, float]:
    """The box x0 y0 x1 y1 in pixels around run lengths, or around the points of polygons."""
    if isinstance(segmentation, dict):
        x, y, width, height = coco.toBbox(_packed(segmentation, _whole(size_hw))).tolist()
        return x, y, x + width, y + height
    points = np.concatenate([np.array(polygon, np.float64).reshape(-1, 2) for polygon in segmentation])
    (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return x0, y0, x1, y1


def paint_objects(
    objects: Sequence[LabelledBox], labels: Sequence[int], labelled_hw: tuple[float, float]
) -> np.ndarray:
    """The class map of a picture: smaller objects on top of larger ones, and what is to be ignored below all of them.

    An object without segmentation makes 255 of its box, where no other object is.

    Args:
        objects: of the picture.
        labels: of each, from 0.
        labelled_hw: of the picture that was labelled, in pixels.

    Returns:
        uint8 (H, W): 0 background, label + 1, 255 ignore.
    """
    size_hw = _whole(labelled_hw)
    mask = np.zeros(size_hw, np.uint8)
    painted = [(item, label, _region(item, size_hw)) for item, label in zip(objects, labels, strict=True)]
    painted.sort(key=lambda entry: (not _is_open(entry[0]), -np.count_nonzero(entry[2])))
    for item, label, region in painted:
        mask[region > 0] = MASK_IGNORE if _is_open(item) else label + 1
    return mask


def add_ignored(mask: np.ndarray, segmentation: Any, size_hw: tuple[float, float]) -> np.ndarray:
    """The class map with 255 also where a picture's own run lengths say so."""
    whole = _whole(size_hw)
    return np.where(coco.decode(_packed(segmentation, whole)) > 0, np.uint8(MASK_IGNORE), mask)


def pack_region(region: np.ndarray) -> dict[str, Any]:
    """Run lengths of a region (H, W), packed to a string, as JSON data."""
    packed = coco.encode(np.asfortranarray(region, np.uint8))
    return {"counts": packed["counts"].decode("ascii"), "size": [int(side) for side in packed["size"]]}


def join_segmentations(one: Any, other: Any, size_hw: tuple[float, float]) -> Any:
    """The segmentation of an object of two parts; None where that of a part is not known."""
    if one is None or other is None:
        return None
    if isinstance(one, list) and isinstance(other, list):
        return [*one, *other]
    regions = [coco.decode(_packed(part, _whole(size_hw))) for part in (one, other)]
    return pack_region(regions[0] | regions[1])


def resize_mask(mask: np.ndarray, size_hw: SizeHW) -> np.ndarray:
    """A class map at the size of a picture that was shrunk or enlarged after it was labelled."""
    if mask.shape == size_hw:
        return mask
    return cv2.resize(mask, (size_hw[1], size_hw[0]), interpolation=cv2.INTER_NEAREST_EXACT)


def _is_open(item: LabelledBox) -> bool:
    """Whether nobody said which pixels are the object's."""
    return item.ignore or item.segmentation is None


def _region(item: LabelledBox, size_hw: SizeHW) -> np.ndarray:
    """The pixels of an object, uint8 (H, W)."""
    if item.segmentation is not None:
        return np.asarray(coco.decode(_packed(item.segmentation, size_hw)))
    height, width = size_hw
    region = np.zeros(size_hw, np.uint8)
    x0, y0, x1, y1 = np.round(np.array(item.box) * [width, height, width, height]).astype(int).tolist()
    region[max(0, y0) : y1, max(0, x0) : x1] = 1
    return region


def _packed(segmentation: Any, size_hw: SizeHW) -> Any:
    """What pycocotools decodes."""
    height, width = size_hw
    if isinstance(segmentation, dict) and isinstance(segmentation["counts"], str):
        return {"counts": segmentation["counts"].encode("ascii"), "size": [height, width]}
    packed = coco.frPyObjects(segmentation, height, width)
    return packed if isinstance(segmentation, dict) else coco.merge(packed)


def _whole(size_hw: tuple[float, float]) -> SizeHW:
    return round(size_hw[0]), round(size_hw[1])
