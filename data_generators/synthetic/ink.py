"""What is printed on a page: paragraphs, tables, fields, stamps, bar codes; the layouts arrange them."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from data_generators.synthetic.fonts import load_font
from data_generators.synthetic.sheet import BoxPx, Colour, Sheet
from data_generators.synthetic.words import make_amount, make_code, make_date, make_words

_STRIP_LINES, _STRIP_EMS = 8, 70  # how much running text is set once for each font


@lru_cache(maxsize=64)
def _text_strip(family: str, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Running text, set once: coverage uint8 (lines, h, W), and where its words begin, int (N, 2) of line and x.

    Setting each paragraph anew would cost most of the time that a page takes.
    """
    rng, font = np.random.default_rng(size_px), load_font(family, size_px)
    width, height = _STRIP_EMS * size_px, max(4, round(1.25 * size_px))
    strip, starts = np.zeros((_STRIP_LINES, height, width), np.uint8), []
    for line in range(_STRIP_LINES):
        words = make_words(rng, _STRIP_EMS // 3)
        image = Image.new("L", (width, height))
        ImageDraw.Draw(image).text((0, 0), " ".join(words), fill=255, font=font)
        strip[line] = np.asarray(image)
        ends = np.cumsum([font.getlength(word + " ") for word in words])
        starts += [(line, int(end)) for end in ends if end < width]
    return strip, np.array(starts)


def draw_text(
    sheet: Sheet,
    xy: tuple[float, float],
    text: str,
    units: float,
    bold: bool = False,
    colour: Colour | None = None,
    anchor: str = "la",
) -> float:
    """Writes one line, by default with its upper left corner at `xy`; returns its width in pixels.

    Args:
        sheet: what to write on.
        xy: the anchor in pixels.
        text: one line.
        units: height of the type in `Sheet.unit`.
        bold: whether to take the bold cut.
        colour: RGB; the sheet's ink where None.
        anchor: two letters of Pillow's text anchors.
    """
    font = sheet.font(units, bold)
    sheet.draw.text(xy, text, fill=sheet.ink if colour is None else colour, font=font, anchor=anchor)
    return float(font.getlength(text))


def draw_heading(
    sheet: Sheet, box: BoxPx, text: str, units: float, centred: bool = False, colour: Colour | None = None
) -> float:
    """Writes a bold line in the accent colour or in another, small enough for the box; returns the y below it."""
    x0, y0, x1, _ = box
    font = sheet.font(units, True)
    length = font.getlength(text)
    if length > x1 - x0:
        font = load_font(sheet.family, max(4, int(font.size * (x1 - x0) / length)), True)
        length = font.getlength(text)
    x = x0 + (x1 - x0 - length) / 2 if centred else x0
    sheet.draw.text((x, y0), text, fill=sheet.accent if colour is None else colour, font=font)
    return y0 + 1.4 * font.size


def draw_paragraphs(
    sheet: Sheet, box: BoxPx, units: float, justified: bool = False, colour: Colour | None = None
) -> float:
    """Fills a box with running text in paragraphs.

    Args:
        sheet: what to print on.
        box: in pixels; what leaves the sheet is cut off.
        units: height of the type in `Sheet.unit`.
        justified: whether all full lines end at the right edge.
        colour: RGB; the sheet's ink where None.

    Returns:
        The y below the last line.
    """
    x0, y0, x1, y1 = (round(value) for value in box)
    size_px = max(3, round(units * sheet.unit))
    size_px -= size_px % (1 + size_px // 10)  # fewer strips to set
    strip, starts = _text_strip(sheet.family, size_px)
    height, width = strip.shape[1], min(x1 - x0, strip.shape[2] // 2)
    step = max(height, round(size_px * sheet.rng.uniform(1.2, 1.6)))
    lines = (y1 - y0) // step
    if lines < 1 or width < size_px:
        return float(y0)
    starts = starts[starts[:, 1] < strip.shape[2] - width]
    picks, rolls = starts[sheet.rng.integers(0, len(starts), lines)], sheet.rng.random((3, lines))
    mask, row = np.zeros((lines * step, width), np.uint8), 0
    for (line, start), (end_roll, cut_roll, gap_roll) in zip(picks, rolls.T, strict=True):
        if row + height > len(mask):
            break
        reach = width if justified else width - int(cut_roll * 4 * size_px)
        last = end_roll < 0.13
        reach = int(reach * (0.2 + 0.7 * cut_roll)) if last else reach
        mask[row : row + height, :reach] = strip[line, :, start : start + reach]
        row += step + (step // 2 if last and gap_roll < 0.6 else 0)
    sheet.image.paste(sheet.ink if colour is None else colour, (x0, y0), Image.fromarray(mask))
    return float(y0 + row)


def draw_table(sheet: Sheet, box: BoxPx, rows: int, columns: int, filled: float = 1.0) -> None:
    """A table with a header row, words in the first column and amounts in the others; ruled, striped or framed.

    Args:
        sheet: what to print on.
        box: in pixels.
        rows: with the header.
        columns: with that of the words.
        filled: share of the rows that hold something.
    """
    rng, (x0, y0, x1, y1) = sheet.rng, box
    weights = rng.uniform(0.6, 1.2, columns)
    weights[0] += 1.0
    xs, ys = x0 + (x1 - x0) * np.r_[0, np.cumsum(weights) / weights.sum()], np.linspace(y0, y1, rows + 1)
    size_units, style = min(rng.uniform(1.2, 1.8), (ys[1] - ys[0]) * 0.7 / sheet.unit), rng.integers(3)
    dark = rng.random() < 0.25
    sheet.draw.rectangle((x0, ys[0], x1, ys[1]), fill=sheet.accent if dark else sheet.mix(rng.uniform(0.0, 0.4)))
    for row, (top, bottom) in enumerate(pairwise(ys)):
        if style == 1 and row % 2:
            sheet.draw.rectangle((x0, top, x1, bottom), fill=sheet.mix(0.1))
        colour = sheet.paper if dark and row == 0 else sheet.ink
        for column in range(columns) if row <= filled * rows else ():
            text = make_amount(rng) if column and row else " ".join(make_words(rng, 2 if column == 0 else 1))
            text = text[: max(1, int((xs[column + 1] - xs[column]) / (0.62 * size_units * sheet.unit)))]
            right = column > 0
            x = xs[column + 1] - 0.4 * sheet.unit if right else xs[column] + 0.4 * sheet.unit
            y = top + 0.1 * (bottom - top)
            draw_text(sheet, (x, y), text, size_units, row == 0, colour, "ra" if right else "la")
        if style != 1:
            sheet.draw.line((x0, bottom, x1, bottom), fill=sheet.mix(0.7), width=sheet.pen(0.15))
    for x in xs if style == 2 else ():
        sheet.draw.line((x, y0, x, y1), fill=sheet.mix(0.7), width=sheet.pen(0.2))


def draw_fields(sheet: Sheet, box: BoxPx, rows: int, columns: int, filled: float = 0.75) -> None:
    """Fields of a form: a box or a line with a small name above and, in a share of them, an entry."""
    x0, y0, x1, y1 = box
    xs, ys = np.linspace(x0, x1, columns + 1), np.linspace(y0, y1, rows + 1)
    framed, gap, shaded = sheet.rng.random() < 0.6, 0.5 * sheet.unit, sheet.rng.random() < 0.2
    for top, bottom in pairwise(ys):
        for left, right in pairwise(xs):
            if framed:
                fill = sheet.mix(0.08) if shaded else None
                sheet.draw.rectangle((left, top, right - gap, bottom - gap), outline=sheet.mix(0.6), fill=fill)
            else:
                sheet.draw.line((left, bottom - gap, right - gap, bottom - gap), fill=sheet.mix(0.7))
            small = min(1.0, 0.25 * (bottom - top) / sheet.unit)
            draw_text(sheet, (left + gap, top + 0.2 * gap), make_words(sheet.rng, 1)[0], small)
            if sheet.rng.random() < filled:
                entry = make_date(sheet.rng) if sheet.rng.random() < 0.3 else make_code(sheet.rng)
                draw_text(sheet, (left + gap, top + 0.4 * (bottom - top)), entry, min(2.0, 1.9 * small), True)


def draw_stamp(
    sheet: Sheet, centre: tuple[float, float], radius: float, rng: np.random.Generator | None = None
) -> None:
    """A rubber stamp, round or square, turned a little, its ink uneven, with a date across it.

    Args:
        sheet: what to stamp.
        centre: in pixels.
        radius: in pixels.
        rng: in the place of the sheet's.
    """
    rng = rng or sheet.rng
    colours: list[Colour] = [sheet.accent, (40, 60, 150), (170, 40, 50), (60, 40, 120), (30, 30, 35)]
    side = max(8, round(2.2 * radius))
    mask = Image.new("L", (side, side))
    draw, middle, pen = ImageDraw.Draw(mask), side / 2, max(1, round(radius / 14))
    shape = draw.ellipse if rng.random() < 0.7 else draw.rectangle
    for share in (1.0, 0.72):
        reach = share * radius
        shape((middle - reach, middle - reach, middle + reach, middle + reach), outline=255, width=pen)
    font = load_font("sans", max(4, round(0.25 * radius)), True)
    draw.text((middle, middle), make_date(rng), fill=255, font=font, anchor="mm")
    turned = np.asarray(mask.rotate(rng.uniform(-25, 25), Image.Resampling.BILINEAR)).astype(np.float32)
    patches = np.asarray(Image.fromarray(rng.integers(90, 256, (5, 5), np.uint8)).resize((side, side)))
    uneven = Image.fromarray((turned * patches / 255 * rng.uniform(0.6, 1.0)).astype(np.uint8))
    colour = colours[int(rng.integers(len(colours)))]
    sheet.image.paste(colour, (round(centre[0] - middle), round(centre[1] - middle)), uneven)


def draw_barcode(sheet: Sheet, box: BoxPx) -> None:
    """Vertical bars of random widths."""
    x0, y0, x1, y1 = box
    edges = x0 + np.cumsum(sheet.rng.integers(1, 4, 200)) * 0.25 * sheet.unit
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        if right < x1:
            sheet.draw.rectangle((left, y0, right, y1), fill=sheet.ink)


def draw_square_code(sheet: Sheet, box: BoxPx) -> None:
    """A square code of dark and light cells with three finder squares."""
    rng, (x0, y0, x1, y1) = sheet.rng, box
    cells = int(rng.choice([21, 25, 29]))
    code = rng.random((cells, cells)) < 0.5
    for row, column in ((0, 0), (0, -7), (-7, 0)):
        rows, columns = slice(row, row + 7 or None), slice(column, column + 7 or None)
        code[rows, columns] = np.pad(np.pad(np.ones((3, 3), bool), 1), 1, constant_values=True)
    side = max(8, round(min(x1 - x0, y1 - y0)))
    mask = Image.fromarray(np.where(code, np.uint8(255), np.uint8(0))).resize((side, side), Image.Resampling.NEAREST)
    sheet.image.paste(sheet.ink, (round(x0), round(y0)), mask)
