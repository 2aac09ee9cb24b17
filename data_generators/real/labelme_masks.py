"""The pixels of a shape of a LabelMe file: polygons, circles, turned rectangles and painted masks."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np

from data_generators.errors import DataError
from data_generators.images import decode_image
from data_generators.real.coco_masks import pack_region

CIRCLE_POINTS = 64
CURE = "Draw it again in LabelMe, or delete it."


def shape_segmentation(where: str, shape: dict[str, Any], points_px: np.ndarray, size_hw: tuple[float, float]) -> Any:
    """The pixels of a shape as COCO has them, see `LabelledBox`; None of a rectangle, which is a box and no outline.

    Args:
        where: file and shape, for messages.
        shape: of a kind that has a box, with as many points as it takes.
        points_px: (P, 2) x y in pixels from the outer edge of the first one.
        size_hw: of the picture that was labelled, in pixels.

    Raises:
        DataError: a painted mask is no PNG of the size of its box.
    """
    kind = shape.get("shape_type", "polygon")
    if kind == "rectangle":
        return None
    if kind == "mask":
        return _painted(where, shape, points_px, size_hw)
    if kind == "circle":
        angle = np.linspace(0, 2 * np.pi, CIRCLE_POINTS, endpoint=False)
        radius = np.hypot(*(points_px[1] - points_px[0]))
        points_px = points_px[0] + radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return [points_px.ravel().tolist()]


def _painted(where: str, shape: dict[str, Any], points_px: np.ndarray, size_hw: tuple[float, float]) -> Any:
    """Run lengths of a painted mask: a PNG of its box, whose corners are its first and its last pixel."""
    (x0, y0), (x1, y1) = points_px[:2].astype(int).tolist()
    try:
        data = base64.b64decode(shape.get("mask") or "", validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise DataError(where, f"`mask` is not base64 ({error}).", CURE) from error
    crop = decode_image(data, f"{where} (mask)", channels=1)[..., 0]
    height, width = round(size_hw[0]), round(size_hw[1])
    inside = 0 <= x0 <= x1 < width and 0 <= y0 <= y1 < height
    if crop.shape != (y1 - y0 + 1, x1 - x0 + 1) or not inside:
        problem = (
            f"the mask has {crop.shape[1]} x {crop.shape[0]} pixels, but its box reaches from pixel ({x0}, {y0}) to "
            f"({x1}, {y1}) of {width} x {height}."
        )
        raise DataError(where, problem, CURE)
    region = np.zeros((height, width), np.uint8)
    region[y0 : y1 + 1, x0 : x1 + 1] = crop > 0
    return pack_region(region)
