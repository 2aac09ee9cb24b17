"""Fills the fields of a scanned form with other values: random text where others' stood; `forms` makes scenes of it."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw

from data_generators.synthetic.fonts import FAMILIES, load_font
from data_generators.synthetic.words import make_by_pattern

PATTERNS = ("A-AA 999", "AA-A 9999", "AA99 AAA", "AA-999-AA", "d", "w", "w w", "W", "9999", "999.99", "AAA9A9999AA999")
LEAST_CONTRAST = 40  # grey values between paper and print, below which a field counts as empty
DARK_INK, LIGHT_INK = (40, 40, 45), (230, 230, 225)  # RGB of what is written into empty fields

Box = tuple[int, int, int, int]  # x0 y0 x1 y1 in whole pixels


def fill_fields(
    rng: np.random.Generator, scan: np.ndarray, fields: dict[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """A filled form.

    Args:
        rng: the values, their font and their place follow from it.
        scan: uint8 (H, W, 3), empty or filled.
        fields: name -> box (4,), normalised.

    Returns:
        uint8 (H, W, 3), and the tight box float64 (4,) around each field's value, normalised.
    """
    image = Image.fromarray(scan)
    family, bold = list(FAMILIES)[int(rng.integers(len(FAMILIES)))], bool(rng.random() < 0.4)
    scale, values = np.array([scan.shape[1], scan.shape[0]] * 2, np.float64), {}
    for name, box in fields.items():
        x0, y0, x1, y1 = (round(float(value)) for value in box * scale)
        place = x0, y0, max(x1, x0 + 2), max(y1, y0 + 2)
        clean, ink = erase(np.asarray(image.crop(place)))
        image.paste(Image.fromarray(clean), place[:2])
        values[name] = _write_value(rng, image, place, ink, (family, bold)) / scale
    return np.asarray(image), values


def erase(patch: np.ndarray) -> tuple[np.ndarray, tuple[int, int, int]]:
    """Takes the print off a piece of a form; the paper's own colours, tints and fine lines stay.

    Strokes thinner than half the piece's height are closed over by what lies around them.

    Args:
        patch: uint8 (h, w, 3).

    Returns:
        uint8 (h, w, 3), and the RGB colour of the ink that went; of a piece without print, a grey that shows: dark on
        bright paper, light on dark.
    """
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY).astype(np.int16)
    dark_ink = 2 * np.median(grey) > int(grey.min()) + int(grey.max())
    side = max(3, round(0.5 * patch.shape[0]) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    paper = cv2.morphologyEx(patch, cv2.MORPH_CLOSE if dark_ink else cv2.MORPH_OPEN, kernel)
    paper = cv2.GaussianBlur(paper, (0, 0), side / 6)
    contrast = np.abs(cv2.cvtColor(paper, cv2.COLOR_RGB2GRAY).astype(np.int16) - grey)
    if contrast.max() < LEAST_CONTRAST:
        return patch, DARK_INK if np.median(grey) >= 128 else LIGHT_INK
    printed = (contrast > 0.25 * contrast.max()).astype(np.uint8)
    red, green, blue = (int(value) for value in np.median(patch[contrast > 0.8 * contrast.max()], axis=0))
    cover = cv2.dilate(printed, np.ones((5, 5), np.uint8))[..., None] > 0
    return np.where(cover, paper, patch), (red, green, blue)


def _write_value(
    rng: np.random.Generator, image: Image.Image, place: Box, ink: tuple[int, int, int], font_of: tuple[str, bool]
) -> np.ndarray:
    """Writes a random value into a box, in place; returns the tight box (4,) around it in pixels."""
    x0, y0, x1, y1 = place
    text = make_by_pattern(rng, PATTERNS[int(rng.integers(len(PATTERNS)))])
    family, bold = font_of
    font = load_font(family, max(4, round((y1 - y0) * rng.uniform(0.55, 0.85))), bold)
    room = 0.94 * (x1 - x0)
    if font.getlength(text) > room:
        font = load_font(family, max(4, int(font.size * room / font.getlength(text))), bold)
    left, top, right, bottom = font.getbbox(text)
    free_x, free_y = x1 - x0 - (right - left), y1 - y0 - (bottom - top)
    across = 0.5 if rng.random() < 0.3 else rng.uniform(0.03, 0.3)
    x = x0 - left + max(0.0, free_x) * across
    y = y0 - top + free_y * rng.uniform(0.35, 0.65)
    x, y = round(x), round(y)
    ImageDraw.Draw(image).text((x, y), text, fill=ink, font=font)
    return np.array([x + left, y + top, x + right, y + bottom], np.float64)
