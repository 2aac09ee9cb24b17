"""Checks the four corners that a label file gives and brings them into the order that the reader promises."""

from __future__ import annotations

from typing import Literal

import numpy as np

from data_generators.errors import DataError
from data_generators.geometry import order_corners_image, quad_problem, quad_signed_area

QuadOrder = Literal["object", "image"]
QUAD_ORDERS = ("object", "image")
LEAST, GREATEST = -1.0, 2.0
CURE_MIRRORED = "Swap the left and right corners, or read with corner_order image."


def checked_quad(
    quad: np.ndarray, corner_order: QuadOrder, where: str, cure_mirrored: str = CURE_MIRRORED
) -> np.ndarray:
    """A quadrilateral that can be learned from, in the promised order.

    Args:
        quad: (4, 2) normalised xy, in cyclic order.
        corner_order: `object` keeps the order and wants it clockwise on the screen; `image` makes the image order.
        where: file and line, for the message.
        cure_mirrored: what to do about corners in object order that run the wrong way.

    Returns:
        float32 (4, 2).

    Raises:
        DataError: a corner is not finite or far outside, the sides cross, or the object order runs the wrong way.
    """
    quad = np.asarray(quad, np.float64)
    if np.any(quad < LEAST) or np.any(quad > GREATEST):
        worst = quad.flat[int(np.argmax(np.abs(quad - 0.5)))]
        problem = f"expected corners normalised by width and height, within [{LEAST:g}, {GREATEST:g}], got {worst:g}."
        raise DataError(where, problem, "If they are pixels, divide x by the width and y by the height.")
    problem = quad_problem(quad)
    if problem:
        cure = "Give top left, top right, bottom right, bottom left, each at its own place."
        raise DataError(where, problem, cure)
    if corner_order == "image":
        return order_corners_image(quad).astype(np.float32)
    if quad_signed_area(quad) < 0:
        raise DataError(where, "the corners run counter-clockwise, which mirrors the object.", cure_mirrored)
    return quad.astype(np.float32)


def check_corner_order(corner_order: str) -> None:
    """Raises ValueError where `corner_order` is neither `object` nor `image`."""
    if corner_order not in QUAD_ORDERS:
        raise ValueError(f"`corner_order` must be one of {', '.join(QUAD_ORDERS)}. Received {corner_order!r}.")
