"""What happens to a page after printing: marker, notes, holes, staples, coffee, yellowed edges; before it is laid."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from data_generators.synthetic import handwriting
from data_generators.synthetic.sheet import Sheet, as_colour

_MARKERS = np.array([(1.0, 0.97, 0.35), (0.6, 1.0, 0.5), (1.0, 0.6, 0.8), (0.55, 0.9, 1.0), (1.0, 0.75, 0.35)])


def mark_lines(sheet: Sheet) -> None:
    """Strokes of a transparent marker across a few lines."""
    rng, (width, height) = sheet.rng, sheet.size_wh
    colour, thick = _MARKERS[int(rng.integers(len(_MARKERS)))], max(2, round(rng.uniform(1.5, 2.6) * sheet.unit))
    for _ in range(int(rng.integers(1, 7))):
        x0, y0 = int(rng.uniform(0.05, 0.5) * width), int(rng.uniform(0.05, 0.9) * (height - thick))
        length = int(rng.uniform(0.1, 0.45) * width)
        sheet.multiply(np.broadcast_to(colour, (thick, length, 3)), (x0, y0))


def annotate(sheet: Sheet) -> None:
    """A few words, a ring or a cross by hand over the print."""
    rng, (width, height) = sheet.rng, sheet.size_wh
    hand = handwriting.choose_hand(sheet, rng.uniform(1.0, 2.5))
    for _ in range(int(rng.integers(1, 5))):
        x, y = rng.uniform(0.05, 0.7) * width, rng.uniform(0.1, 0.95) * height
        if rng.random() < 0.6:
            handwriting.write_line(sheet, hand, (x, 0, x + rng.uniform(0.1, 0.3) * width, y))
        else:
            handwriting.draw_doodle(sheet, (x, y), rng.uniform(2, 6) * sheet.unit, hand)


def punch_holes(sheet: Sheet) -> None:
    """Two to four holes at an edge; what lies beneath shows through them, dark in their own shadow."""
    rng, (width, height) = sheet.rng, sheet.size_wh
    count, radius = int(rng.choice([2, 2, 3, 4])), rng.uniform(0.7, 1.2) * sheet.unit
    beneath = as_colour(rng.integers(20, 190) + rng.integers(-15, 15, 3))
    along = 0.5 + (np.arange(count) - (count - 1) / 2) * 0.27
    x = 4.5 * sheet.unit if rng.random() < 0.8 else width - 4.5 * sheet.unit
    for y in along * height:
        sheet.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=beneath, outline=sheet.mix(0.35))


def staple(sheet: Sheet) -> None:
    """A staple in the upper left corner, with its shadow."""
    rng, length = sheet.rng, 4.5 * sheet.unit
    angle = rng.uniform(0, np.pi)
    start = np.array(sheet.box(0.05, 0.035, 0, 0)[:2])
    line = np.array([start, start + length * np.array([np.cos(angle), -np.sin(angle)])])
    sheet.stroke([line + 0.4 * sheet.unit], (60, 60, 60), sheet.pen(0.3), 0.4)
    sheet.stroke([line], (165, 167, 172), sheet.pen(0.3))


def spill_coffee(sheet: Sheet) -> None:
    """The ring of a cup, at times a drop or two."""
    rng, size = sheet.rng, sheet.size_wh
    stain = np.zeros(size[::-1], np.uint8)
    centre, radius = rng.uniform(0, 1, 2) * size, rng.uniform(12, 20) * sheet.unit
    shift = 16 * np.round(centre).astype(int)
    arc = (rng.uniform(0, 360), 0, rng.uniform(180, 360))
    middle, axes = (int(shift[0]), int(shift[1])), (round(16 * radius), round(16 * radius))
    cv2.ellipse(stain, middle, axes, *arc, 255, max(2, round(rng.uniform(0.5, 1.3) * sheet.unit)), cv2.LINE_AA, 4)
    for x, y in centre + rng.normal(0, 1.2 * radius, (int(rng.integers(0, 4)), 2)):
        cv2.circle(stain, (round(x), round(y)), max(1, round(rng.uniform(0.3, 1.5) * sheet.unit)), 200, -1, cv2.LINE_AA)
    strength = rng.uniform(0.15, 0.5) / 255 * cv2.blur(stain, (3, 3))
    sheet.multiply(1 - strength[..., None] * np.array([0.35, 0.6, 0.95], np.float32))


def yellow_edges(sheet: Sheet) -> None:
    """Age: the paper is darker and warmer towards its edges, and in blotches."""
    rng, (width, height) = sheet.rng, sheet.size_wh
    x, y = np.abs(np.linspace(-1, 1, 24)), np.abs(np.linspace(-1, 1, 24))
    age = np.maximum(x[None], y[:, None]) ** 4 + 0.5 * rng.random((24, 24))
    small = 1 - rng.uniform(0.03, 0.16) * age[..., None] * np.array([0.5, 0.8, 1.5])
    sheet.multiply(cv2.resize(small.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR))


def fade(sheet: Sheet) -> None:
    """Print that has lost its strength, evenly or more to one side, as a weak toner or thermal paper."""
    rng, (width, height) = sheet.rng, sheet.size_wh
    ramp = np.linspace(rng.uniform(30, 190), rng.uniform(30, 190), 32, dtype=np.float32)[None].repeat(2, axis=0)
    ramp = ramp if rng.random() < 0.5 else ramp.T.copy()
    mask = cv2.resize(ramp, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    sheet.image.paste(sheet.paper, (0, 0), Image.fromarray(mask))


# what may happen, and to how many of a hundred pages
WEAR = ((mark_lines, 4), (annotate, 8), (punch_holes, 10), (staple, 6), (spill_coffee, 3), (yellow_edges, 7), (fade, 6))


def wear_page(sheet: Sheet) -> None:
    """Lets some of `WEAR` happen to a page, mostly nothing."""
    for (happen, percent), roll in zip(WEAR, sheet.rng.random(len(WEAR)), strict=True):
        if 100 * roll < percent:
            happen(sheet)
