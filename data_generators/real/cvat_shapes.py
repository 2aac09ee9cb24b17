"""The bounding boxes of CVAT's shapes, of pictures and of frames alike."""

from __future__ import annotations

import math
from collections.abc import Callable

from data_generators.errors import DataError
from data_generators.real.labelled_pictures import Box, LabelledBox
from data_generators.real.xml_lines import LinedElement, elements, number_in

IGNORE_ATTRIBUTES = ("ignore", "difficult", "is_crowd")


def read_shape(where: str, shape: LinedElement, name: str, size_hw: tuple[float, float]) -> LabelledBox:
    """An object of a picture.

    Args:
        where: file and line.
        shape: the element.
        name: of its class.
        size_hw: height and width in pixels of the picture.

    Raises:
        DataError: the shape has no box, or a number is missing.
    """
    if shape.tag not in BOXES:
        cure = f"Delete it, or draw it as one of {', '.join(BOXES)}."
        raise DataError(where, f"a {shape.tag} has no box.", cure)
    x0, y0, x1, y1 = BOXES[shape.tag](shape, where)
    height, width = size_hw
    flags = {item.get("name"): (item.text or "").strip().lower() for item in elements(shape, "attribute")}
    ignore = any(flags.get(flag) in ("true", "1") for flag in IGNORE_ATTRIBUTES)
    reduced = shape.tag if shape.tag != "box" else "rotation" if _turn(shape, where) else ""
    return LabelledBox(name, (x0 / width, y0 / height, x1 / width, y1 / height), where, ignore, reduced=reduced)


def _rectangle(shape: LinedElement, where: str) -> Box:
    x0, y0, x1, y1 = (number_in(shape, side, where) for side in ("xtl", "ytl", "xbr", "ybr"))
    turn = _turn(shape, where)
    if not turn:
        return x0, y0, x1, y1
    cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
    width, height = (x1 - x0) * cos + (y1 - y0) * sin, (x1 - x0) * sin + (y1 - y0) * cos
    return _around((x0 + x1) / 2, (y0 + y1) / 2, width / 2, height / 2)


def _ellipse(shape: LinedElement, where: str) -> Box:
    x, y, x_radius, y_radius = (number_in(shape, name, where) for name in ("cx", "cy", "rx", "ry"))
    turn = _turn(shape, where)
    cos, sin = math.cos(turn), math.sin(turn)
    return _around(x, y, math.hypot(x_radius * cos, y_radius * sin), math.hypot(x_radius * sin, y_radius * cos))


def _polygon(shape: LinedElement, where: str) -> Box:
    text = shape.get("points", "")
    try:
        points = [tuple(map(float, point.split(","))) for point in text.split(";") if point.strip()]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        return min(xs), min(ys), max(xs), max(ys)
    except ValueError:
        raise DataError(where, f"expected points x,y;x,y. Received {text!r}.", "Export the task again.") from None


def _mask(shape: LinedElement, where: str) -> Box:
    x, y, width, height = (number_in(shape, name, where) for name in ("left", "top", "width", "height"))
    return x, y, x + width, y + height


def _turn(shape: LinedElement, where: str) -> float:
    """Angle in radians."""
    return math.radians(number_in(shape, "rotation", where)) if shape.get("rotation") else 0.0


def _around(x: float, y: float, half_width: float, half_height: float) -> Box:
    return x - half_width, y - half_height, x + half_width, y + half_height


BOXES: dict[str, Callable[[LinedElement, str], Box]] = {
    "box": _rectangle,
    "ellipse": _ellipse,
    "mask": _mask,
    "polygon": _polygon,
}
"""Element -> its bounding box in pixels, x0 y0 x1 y1."""
