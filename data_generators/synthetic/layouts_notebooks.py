"""Pages that a hand fills: notepads, ring binders, spiral pads, blank and ruled sheets, sticky notes."""

from __future__ import annotations

import numpy as np

from data_generators.synthetic import handwriting
from data_generators.synthetic.handwriting import Hand
from data_generators.synthetic.sheet import Colour, Sheet, as_colour

SPACINGS = (1.7, 2.4, 3.3, 4.3)  # of rules, in units of the sheet: 5 mm squares to 9 mm lines on A4


def draw_rules(sheet: Sheet, spacing_px: float, squared: bool = False, dotted: bool = False) -> None:
    """Rules the whole sheet with faint lines; `squared` adds the vertical ones, `dotted` leaves only the crossings."""
    rng, (width, height) = sheet.rng, sheet.size_wh
    strength = rng.uniform(0.12, 0.5)
    colour = sheet.mix(strength)
    if rng.random() < 0.6:
        colour = as_colour(np.array(sheet.paper) * (1 - strength * np.array([0.75, 0.45, 0.15])))
    ys = np.arange(rng.uniform(1, 3) * spacing_px, height, spacing_px)
    xs = np.arange(rng.uniform(0.2, 1) * spacing_px, width, spacing_px)
    if dotted:
        sheet.draw.point([(float(x), float(y)) for y in ys for x in xs], fill=sheet.mix(0.6))
        return
    for y in ys:
        sheet.draw.line((0, y, width, y), fill=colour)
    for x in xs if squared else ():
        sheet.draw.line((x, 0, x, height), fill=colour)
    if rng.random() < 0.35:
        x = rng.choice([0.1, 0.12, 0.88]) * width
        sheet.draw.line((x, 0, x, height), fill=(215, 110, 120), width=sheet.pen(0.15))


def _choose_rules(sheet: Sheet) -> float | None:
    """Rules the sheet or leaves it plain; returns the distance of the lines in pixels where they guide the hand."""
    roll, spacing = sheet.rng.random(), SPACINGS[int(sheet.rng.integers(len(SPACINGS)))] * sheet.unit
    if roll < 0.35:
        return None
    draw_rules(sheet, spacing, squared=0.35 < roll < 0.6, dotted=roll > 0.93)
    return spacing if spacing > 2 * sheet.unit else 2 * spacing


def _write_page(sheet: Sheet, spacing_px: float | None, left: float = 0.06) -> None:
    """Blocks of writing, lists, formulas, diagrams and doodles from top to bottom, with gaps between."""
    rng = sheet.rng
    units = spacing_px / sheet.unit / 3.1 if spacing_px and rng.random() < 0.8 else rng.uniform(0.7, 1.4)
    hand, y = handwriting.choose_hand(sheet, float(np.clip(units, 0.6, 1.7))), float(rng.uniform(0.02, 0.12))
    if rng.random() < 0.5:
        write_title(sheet, hand, left, y)
        y += 0.06
    last = rng.uniform(0.4, 0.97)
    while y < last:
        height = float(rng.uniform(0.06, 0.3))
        indent = left + float(rng.choice([0, 0, 0.05, 0.15]))
        block = sheet.box(indent, y, rng.uniform(0.7, 0.97), min(y + height, 0.97))
        roll = rng.random()
        if roll < 0.68:
            handwriting.draw_handwriting(sheet, block, hand, spacing_px)
        elif roll < 0.9 and height > 0.1:
            handwriting.draw_diagram(sheet, block, hand)
        else:
            centre = (rng.uniform(0.2, 0.8) * sheet.size_wh[0], (y + 0.06) * sheet.size_wh[1])
            handwriting.draw_doodle(sheet, centre, rng.uniform(3, 9) * sheet.unit, hand)
        y += height + rng.uniform(0.005, 0.05)


def write_title(sheet: Sheet, hand: Hand, left: float, y: float) -> None:
    """A larger underlined line."""
    large = Hand(hand.colour, hand.pen, 1.4 * hand.size_px, hand.slant, hand.joined, hand.opacity)
    x0, y0, x1, _ = sheet.box(left, y + 0.04, left + sheet.rng.uniform(0.3, 0.7), 0)
    handwriting.write_line(sheet, large, (x0, 0, x1, y0))
    rule = np.array([[x0, y0 + 0.5 * hand.size_px], [x1, y0 + 0.4 * hand.size_px]])
    sheet.stroke([rule], hand.colour, hand.pen, hand.opacity)


def draw_spiral(sheet: Sheet, side: str) -> None:
    """Holes and wire of a spiral pad along an edge: each turn leaves its hole and bends over the sheet's edge.

    Args:
        sheet: what to draw on.
        side: `left`, `right` or `top`.
    """
    rng, (width, height) = sheet.rng, sheet.size_wh
    length = width if side == "top" else height
    step, depth = rng.uniform(1.6, 3.0) * sheet.unit, rng.uniform(1.2, 2.6) * sheet.unit
    wire: Colour = as_colour(np.full(3, rng.choice([30, 45, 120, 200])) + rng.integers(-10, 10, 3))
    twin, bore = rng.random() < 0.6, rng.uniform(0.35, 0.6) * sheet.unit
    lines, shadows = [], []
    for along in np.arange(1.2 * step, length - step, step):
        hole = np.array([depth, along])
        for shift in (-0.16 * step, 0.16 * step) if twin else (0.0,):
            lines.append(
                np.array([(depth, along + shift), (0.5 * depth, along + shift - 0.1 * step), (-2, along + shift)])
            )
            shadows.append(lines[-1] + (0.1 * step, 0.12 * step))
        x, y = _on_side(hole[None], side, width)[0]
        sheet.draw.ellipse((x - bore, y - bore, x + bore, y + bore), fill=(35, 33, 32))
    pen = sheet.pen(rng.uniform(0.25, 0.5))
    sheet.stroke([_on_side(line, side, width) for line in shadows], (60, 60, 60), pen, 0.35)
    sheet.stroke([_on_side(line, side, width) for line in lines], wire, pen)


def _on_side(points: np.ndarray, side: str, width: float) -> np.ndarray:
    """Turns points (N, 2) of depth and length along an edge into xy."""
    if side == "top":
        return points[:, ::-1]
    return points if side == "left" else np.stack([width - points[:, 0], points[:, 1]], axis=1)


def draw_rings(sheet: Sheet, x: float) -> None:
    """Two to six rings of a binder around `x` pixels: holes to both sides of it, bright bows between.

    At the left edge (`x` 0) only the right half is seen.
    """
    rng, (_, height) = sheet.rng, sheet.size_wh
    count, reach = int(rng.choice([2, 4, 6])), rng.uniform(2, 4) * sheet.unit
    bore, pen = 0.8 * sheet.unit, sheet.pen(rng.uniform(0.5, 1.0))
    for y in np.linspace(0.15, 0.85, count) * height:
        for hole in (x - reach, x + reach):
            sheet.draw.ellipse((hole - bore, y - bore, hole + bore, y + bore), fill=(50, 48, 46))
        bow = np.linspace(-1, 1, 12)
        line = np.stack([x + reach * bow, y - 0.5 * sheet.unit * (1 - bow**2)], axis=1)
        sheet.stroke([line + 0.3 * sheet.unit], (40, 40, 40), pen, 0.4)
        sheet.stroke([line], (150, 152, 158), pen)
        sheet.stroke([line - (0, pen / 4)], (225, 227, 232), max(1, pen // 2))


def draw_notes(sheet: Sheet) -> None:
    """A page of a notepad: ruled, squared, dotted or plain, with writing and sketches; at times a spiral or rings."""
    rng, roll = sheet.rng, sheet.rng.random()
    spacing = _choose_rules(sheet)
    bound = roll < 0.3
    _write_page(sheet, spacing, 0.1 if bound else 0.05)
    if bound:
        draw_spiral(sheet, ("left", "top", "right")[int(rng.integers(3))])
    elif roll < 0.38:
        draw_rings(sheet, 0.0)


def draw_notebook(sheet: Sheet) -> None:
    """An open notebook: two pages side by side, held by a spiral, by rings or by a fold."""
    rng = sheet.rng
    spacing = _choose_rules(sheet)
    for left in (0.0, 0.5):
        box = sheet.box(left, 0, left + 0.5, 1)
        page = sheet.part(box)
        page.image.paste(sheet.image.crop(tuple(round(value) for value in box)))  # type: ignore[arg-type]
        if rng.random() < 0.85:
            _write_page(page, spacing, 0.08)
        sheet.lay(page, box)
    binding = rng.random()
    if binding < 0.45:
        for side, start in (("right", 0.0), ("left", 0.5)):
            box = sheet.box(start, 0, start + 0.5, 1)
            half = sheet.part(box)
            half.image.paste(sheet.image.crop(tuple(round(value) for value in box)))  # type: ignore[arg-type]
            draw_spiral(half, side)
            sheet.lay(half, box)
    elif binding < 0.65:
        draw_rings(sheet, sheet.size_wh[0] / 2)
    sheet.shade_fold(rng.uniform(0.1, 0.4), rng.uniform(0.004, 0.03))


def draw_ruled(sheet: Sheet) -> None:
    """An empty ruled or squared sheet, at times bound."""
    rng, roll = sheet.rng, sheet.rng.random()
    spacing = SPACINGS[int(rng.integers(len(SPACINGS)))] * sheet.unit
    draw_rules(sheet, spacing, rng.random() < 0.5, rng.random() < 0.1)
    if roll < 0.25:
        draw_spiral(sheet, ("left", "top")[int(rng.integers(2))])
    elif roll < 0.35:
        draw_rings(sheet, 0.0)


def draw_manuscript(sheet: Sheet) -> None:
    """A letter or an essay by hand on plain paper: a date, full lines, a signature."""
    rng, left = sheet.rng, float(sheet.rng.uniform(0.05, 0.14))
    hand = handwriting.choose_hand(sheet, rng.uniform(0.8, 1.4))
    handwriting.write_line(sheet, hand, sheet.box(0.65, 0, 0.95, 0.07))
    box = sheet.box(left, 0.1, 1 - left, rng.uniform(0.5, 0.9))
    handwriting.draw_handwriting(sheet, box, hand, full=0.9)
    handwriting.sign(sheet, sheet.box(0.55, 0.9, 0.8, 0.94), hand)


def draw_sticky(sheet: Sheet) -> None:
    """A small coloured note with a few words, its glued edge a little darker."""
    rng, (width, height) = sheet.rng, sheet.size_wh
    hues = np.array([(250, 235, 110), (255, 160, 180), (160, 225, 140), (140, 205, 240), (255, 190, 100)])
    sheet.paper = as_colour(hues[int(rng.integers(5))] * rng.uniform(0.85, 1.02))
    sheet.draw.rectangle((0, 0, width, height), fill=sheet.paper)
    sheet.multiply(
        (0.93 + 0.07 * np.clip(np.arange(height) / (0.3 * height), 0, 1))[:, None, None] * np.ones((1, width, 1))
    )
    hand = handwriting.choose_hand(sheet, rng.uniform(2.5, 5))
    handwriting.draw_handwriting(sheet, sheet.box(0.08, 0.1, 0.92, rng.uniform(0.4, 0.95)), hand)


def draw_blank(sheet: Sheet) -> None:
    """A sheet with nothing on it, or a few words, or a scribble."""
    rng, roll = sheet.rng, sheet.rng.random()
    hand = handwriting.choose_hand(sheet, rng.uniform(1, 5))
    if roll < 0.25:
        y = rng.uniform(0.1, 0.9)
        handwriting.write_line(sheet, hand, sheet.box(rng.uniform(0.05, 0.4), 0, rng.uniform(0.5, 0.95), y))
    elif roll < 0.32:
        centre = rng.uniform(0.2, 0.8) * sheet.size_wh[0], rng.uniform(0.2, 0.8) * sheet.size_wh[1]
        handwriting.draw_doodle(sheet, centre, rng.uniform(5, 20) * sheet.unit, hand)
