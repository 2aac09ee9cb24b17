"""Draws labels and text onto pictures: quadrilaterals, boxes, points, masks; contact sheets and prediction overlays
are made with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data_generators.geometry import to_pixels
from data_generators.sample import MASK_IGNORE

Colour = tuple[int, int, int]

# Okabe and Ito 2008, told apart by the colour-blind too; RGB
LABEL_COLOUR: Colour = (0, 200, 130)
PREDICTION_COLOUR: Colour = (255, 70, 200)
CORNER_COLOURS: tuple[Colour, ...] = ((230, 60, 0), (240, 228, 66), (86, 180, 233), (250, 250, 250))
CLASS_COLOURS: tuple[Colour, ...] = (
    LABEL_COLOUR,
    (86, 180, 233),
    (230, 159, 0),
    (204, 121, 167),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
)
_IGNORE_COLOUR: Colour = (128, 128, 128)
_SUBPIXEL_BITS = 4


def class_colour(label: int) -> Colour:
    """The colour of a class, they repeat after seven; grey for an object of no class that was asked for."""
    return _IGNORE_COLOUR if label < 0 else CLASS_COLOURS[label % len(CLASS_COLOURS)]


def line_width(image: np.ndarray) -> int:
    """Width of a line in pixels that suits the size of a picture."""
    return max(1, round(min(image.shape[:2]) / 200))


def draw_polyline(image: np.ndarray, points: np.ndarray, colour: Colour, width_px: int) -> None:
    """Draws a closed line in place; an edge with an unknown end is left out.

    Args:
        image: uint8 (H, W, 3), written to.
        points: (P, 2) normalised xy, NaN where unknown.
        colour: RGB.
        width_px: width of the line in pixels.
    """
    points_px = to_pixels(np.asarray(points, np.float64), (image.shape[0], image.shape[1]))
    for start, end in zip(points_px, np.roll(points_px, -1, axis=0), strict=True):
        if np.all(np.isfinite([start, end])):
            cv2.line(image, _fixed(start), _fixed(end), colour, width_px, cv2.LINE_AA, _SUBPIXEL_BITS)


def draw_quad(image: np.ndarray, quad: np.ndarray, colour: Colour) -> None:
    """Draws a quadrilateral in place: corners numbered from 1 in fixed colours, the first the largest.

    Args:
        image: uint8 (H, W, 3), written to.
        quad: (P, 2) normalised xy of this picture, P = 4 usually; NaN where unknown, outside [0, 1] where cut off.
        colour: RGB of the edges.
    """
    width_px = line_width(image)
    draw_polyline(image, quad, (0, 0, 0), width_px + 2)
    draw_polyline(image, quad, colour, width_px)
    draw_corners(image, quad)


def draw_box(image: np.ndarray, box: np.ndarray, colour: Colour) -> None:
    """Draws a box with a dark rim in place.

    Args:
        image: uint8 (H, W, 3), written to.
        box: (4,) x0 y0 x1 y1, normalised xy of this picture.
        colour: RGB.
    """
    x0, y0, x1, y1 = box
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    width_px = line_width(image)
    draw_polyline(image, corners, (0, 0, 0), width_px + 2)
    draw_polyline(image, corners, colour, width_px)


def draw_corners(image: np.ndarray, quad: np.ndarray) -> None:
    """Marks and numbers the known corners in place; see `draw_quad`."""
    size_hw = (image.shape[0], image.shape[1])
    points_px = to_pixels(np.asarray(quad, np.float64), size_hw)
    known = np.isfinite(points_px).all(axis=-1)
    if not known.any():
        return
    centre = points_px[known].mean(axis=0)
    text_px = max(9, round(min(size_hw) / 16))
    for index in np.flatnonzero(known):
        colour = CORNER_COLOURS[index % len(CORNER_COLOURS)]
        radius = line_width(image) + (3 if index == 0 else 1)
        draw_dot(image, points_px[index], radius, colour)
        outwards = points_px[index] - centre
        outwards /= max(1e-9, float(np.linalg.norm(outwards)))
        place = points_px[index] + outwards * (text_px * 0.8 + radius)
        draw_text(image, str(index + 1), place - text_px * np.array([0.3, 0.5]), text_px, colour)


def draw_dot(image: np.ndarray, centre_px: np.ndarray, radius_px: int, colour: Colour) -> None:
    """Draws a filled dot with a black rim in place, at pixel-centre coordinates."""
    scaled = radius_px << _SUBPIXEL_BITS
    rim = 1 << _SUBPIXEL_BITS
    cv2.circle(image, _fixed(centre_px), scaled + rim, (0, 0, 0), -1, cv2.LINE_AA, _SUBPIXEL_BITS)
    cv2.circle(image, _fixed(centre_px), scaled, colour, -1, cv2.LINE_AA, _SUBPIXEL_BITS)


def _fixed(point_px: np.ndarray) -> tuple[int, int]:
    """A point in OpenCV's fixed-point numbers, kept where they do not overflow."""
    x, y = np.clip(np.rint(np.asarray(point_px) * 2**_SUBPIXEL_BITS), -(2**24), 2**24).astype(int)
    return int(x), int(y)


def tint_mask(image: np.ndarray, mask: np.ndarray, colour: Colour | None = None) -> np.ndarray:
    """A copy of the picture with objects tinted and outlined, and 255 (ignore) hatched.

    Args:
        image: uint8 (H, W, 3).
        mask: uint8 (H, W), label + 1 on objects.
        colour: of all objects; None takes that of their class.
    """
    tinted = np.array(image)
    for value in _values_of_objects(mask):
        chosen, shade = mask == value, colour or class_colour(value - 1)
        tinted[chosen] = np.rint(0.55 * tinted[chosen] + 0.45 * np.array(shade)).astype(np.uint8)
        cv2.drawContours(tinted, _contours(chosen), -1, shade, line_width(image))
    return _hatch(tinted, mask == MASK_IGNORE)


def outline_mask(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A copy of the picture with objects outlined in the colour of their class, with a dark rim, and 255 (ignore)
    hatched; see `tint_mask`."""
    outlined = _hatch(np.array(image), mask == MASK_IGNORE)
    for value in _values_of_objects(mask):
        contours = _contours(mask == value)
        cv2.drawContours(outlined, contours, -1, (0, 0, 0), line_width(image) + 2)
        cv2.drawContours(outlined, contours, -1, class_colour(value - 1), line_width(image))
    return outlined


def _values_of_objects(mask: np.ndarray) -> list[int]:
    return [value for value in np.unique(mask).tolist() if value not in (0, MASK_IGNORE)]


def _contours(chosen: np.ndarray) -> Sequence[np.ndarray]:
    return cv2.findContours(chosen.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]


def _hatch(image: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Greys the chosen pixels (H, W) of a picture in place, under light diagonal lines; returns the picture."""
    width_px = line_width(image)
    rows, columns = np.nonzero(chosen)
    on_line = (rows + columns) % (5 * width_px) < width_px
    shade = np.where(on_line, 235, _IGNORE_COLOUR[0])[:, None]
    image[rows, columns] = np.rint(0.5 * image[rows, columns] + 0.5 * shade).astype(np.uint8)
    return image


def draw_text(
    image: np.ndarray, text: str, corner_px: np.ndarray | tuple[float, float], height_px: int, colour: Colour
) -> None:
    """Writes text in place, with a dark rim; what lies outside the picture is cut off.

    Args:
        image: uint8 (H, W, 3), written to.
        text: one line.
        corner_px: x and y of its upper left corner in pixels.
        height_px: size of the font in pixels.
        colour: RGB.
    """
    mask, rim = _text_masks(text, height_px)
    left, top = (round(float(value)) for value in corner_px)
    for alpha, ink in ((rim, (0, 0, 0)), (mask, colour)):
        _blend(image, alpha, (top, left), ink)


def draw_tag(image: np.ndarray, text: str, corner_px: np.ndarray, height_px: int, colour: Colour) -> None:
    """Writes text on a ground of a colour in place, moved so that the picture's edge cuts nothing off.

    Args:
        image: uint8 (H, W, 3), written to.
        text: one line.
        corner_px: x and y of its upper left corner in pixels.
        height_px: size of the font in pixels.
        colour: RGB of the ground; the text is black.
    """
    mask = _text_masks(text, height_px)[0]
    room = np.array([image.shape[1] - mask.shape[1], image.shape[0] - mask.shape[0]]).clip(0)
    left, top = np.clip(np.rint(corner_px), 0, room).astype(int)
    _blend(image, np.full(mask.shape, 255, np.uint8), (top, left), colour)
    _blend(image, mask, (top, left), (0, 0, 0))


def text_width(text: str, height_px: int) -> int:
    """Width in pixels of text at a font size."""
    return int(_text_masks(text, height_px)[0].shape[1])


def shorten_text(text: str, height_px: int, width_px: int) -> str:
    """The text, with its middle left out where it is wider than there is room."""
    keep = len(text)
    shown = text
    while keep > 4 and text_width(shown, height_px) > width_px:
        keep -= 1
        shown = f"{text[: keep // 2]}…{text[len(text) - (keep - keep // 2) :]}"
    return shown


@cache
def _font(height_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(height_px)  # comes with Pillow: the same on every machine


def _text_masks(text: str, height_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Opacity uint8 (h, w) of the letters, and of the letters with a rim of a pixel."""
    font = _font(height_px)
    width = max(1, round(font.getlength(text))) + 4
    layer = Image.new("L", (width, round(height_px * 1.4) + 4))
    ImageDraw.Draw(layer).text((2, 2), text, fill=255, font=font)
    mask = np.asarray(layer)
    return mask, cv2.dilate(mask, np.ones((3, 3), np.uint8))


def _blend(image: np.ndarray, alpha: np.ndarray, place: tuple[int, int], colour: Colour) -> None:
    """Mixes a colour into a picture in place, by opacity uint8 (h, w) with its upper left at row, column."""
    top, left = max(0, place[0]), max(0, place[1])
    bottom = min(image.shape[0], place[0] + alpha.shape[0])
    right = min(image.shape[1], place[1] + alpha.shape[1])
    if top >= bottom or left >= right:
        return
    part = alpha[top - place[0] : bottom - place[0], left - place[1] : right - place[1], None] / 255
    under = image[top:bottom, left:right]
    image[top:bottom, left:right] = np.rint(under * (1 - part) + np.array(colour) * part).astype(np.uint8)
