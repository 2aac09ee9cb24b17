"""Pages that a press prints: newspapers, magazines, brochures, posters, puzzles, photos."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from data_generators.synthetic import handwriting, ink, pictures
from data_generators.synthetic.sheet import Sheet, as_colour
from data_generators.synthetic.words import make_date, make_word


def _headline(sheet: Sheet, words: int) -> str:
    return " ".join(make_word(sheet.rng) for _ in range(words)).capitalize()


def draw_newspaper(sheet: Sheet) -> None:
    """A masthead, and articles of different widths in narrow justified columns, on greyish paper."""
    rng, margin = sheet.rng, float(sheet.rng.uniform(0.02, 0.06))
    newsprint = rng.uniform(190, 235) * np.array([1, 0.98, 0.93]) ** rng.uniform(0, 2)
    if rng.random() < 0.1:
        newsprint *= (1.02, 0.9, 0.82)  # pink, as some business papers are
    sheet.set_ground(np.full((*sheet.size_wh[::-1], 3), newsprint, np.uint8))
    sheet.paper = as_colour(np.asarray(sheet.image)[0, 0])
    sheet.ink, top = as_colour(np.full(3, rng.integers(25, 75))), margin
    if rng.random() < 0.6:
        name = _headline(sheet, 2).title()
        masthead = sheet.box(margin, 0.02, 1 - margin, 0)
        y = ink.draw_heading(sheet, masthead, name, rng.uniform(5, 9), rng.random() < 0.7, sheet.ink)
        top = y / sheet.size_wh[1]
        sheet.draw.line(sheet.box(margin, top, 1 - margin, top), fill=sheet.ink, width=sheet.pen(0.2))
        ink.draw_text(sheet, sheet.box(margin, top, 0, 0)[:2], make_date(rng), 1.2)
        top += 0.025
    columns, units = int(rng.integers(3, 7)), rng.uniform(0.9, 1.3)
    edges = np.linspace(margin, 1 - margin, columns + 1).tolist()
    for start, end in pairwise(np.linspace(top, 0.98, int(rng.integers(2, 5))).tolist()):
        splits = sorted({0, columns, int(rng.integers(1, columns))})
        for first, last in pairwise(splits):
            _draw_story(sheet, edges[first : last + 1], start, end - 0.012, units)


def _draw_story(sheet: Sheet, edges: list[float], top: float, bottom: float, units: float) -> None:
    """A headline across its columns, at times a picture or a shaded box, and the text."""
    rng, gap, (x0, x1) = sheet.rng, 0.012, (edges[0], edges[-1] - 0.012)
    if rng.random() < 0.15:
        sheet.draw.rectangle(sheet.box(x0 - 0.004, top, x1 + 0.004, bottom), fill=sheet.mix(rng.uniform(0.08, 0.25)))
    box, size = sheet.box(x0, top + 0.004, x1, 0), rng.uniform(1.8, 3.8)
    y = ink.draw_heading(sheet, box, _headline(sheet, 2 + len(edges)), size, colour=sheet.ink) / sheet.size_wh[1]
    if rng.random() < 0.5 and bottom - y > 0.12:
        foot = y + (bottom - y) * rng.uniform(0.3, 0.7)
        pictures.draw_picture(sheet, sheet.box(x0, y, x1, foot), rng.random() < 0.7)
        y = foot + 0.01
    for left, right in pairwise(edges):
        ink.draw_paragraphs(sheet, sheet.box(left, y, right - gap, bottom), units, True)


def draw_magazine(sheet: Sheet) -> None:
    """A page with pictures to the edge, coloured boxes and columns of text."""
    rng, left = sheet.rng, float(sheet.rng.uniform(0.05, 0.1))
    if rng.random() < 0.15:
        sheet.draw.rectangle((0, 0, *sheet.size_wh), fill=sheet.tint(rng.uniform(0.05, 0.35)))
    top = 0.06
    if rng.random() < 0.6:
        top = float(rng.uniform(0.2, 0.6))
        inset = 0.0 if rng.random() < 0.7 else left
        pictures.draw_picture(sheet, sheet.box(inset, inset, 1 - inset, top))
        top += 0.03
    y = ink.draw_heading(sheet, sheet.box(left, top, 1 - left, 0), _headline(sheet, 3), rng.uniform(3, 6))
    top, columns = y / sheet.size_wh[1] + 0.01, int(rng.integers(2, 4))
    for x0, x1 in pairwise(np.linspace(left, 1 - left + 0.025, columns + 1).tolist()):
        bottom = 0.94
        if rng.random() < 0.3:
            bottom = float(rng.uniform(0.6, 0.8))
            box = sheet.box(x0, bottom + 0.01, x1 - 0.025, 0.95)
            sheet.draw.rectangle(box, fill=sheet.tint(rng.uniform(0.15, 1)))
            inner = (box[0] + sheet.unit, box[1] + sheet.unit, box[2] - sheet.unit, box[3])
            ink.draw_paragraphs(sheet, inner, 1.6)
        ink.draw_paragraphs(sheet, sheet.box(x0, top, x1 - 0.025, bottom), rng.uniform(1.2, 1.6), True)
    if rng.random() < 0.2:
        sheet.draw.rectangle(sheet.box(0.93, 0.1, 1, 0.4), fill=sheet.accent)


def draw_spread(sheet: Sheet) -> None:
    """An open double page: two pages of a magazine or a book, darker towards the fold between them."""
    rng = sheet.rng
    book = rng.random() < 0.4
    for left in (0.0, 0.5):
        box = sheet.box(left, 0, left + 0.5, 1)
        page = sheet.part(box)
        if book:
            ink.draw_paragraphs(page, page.box(0.12, 0.1, 0.88, 0.9), rng.uniform(1.6, 2.2), True)
        else:
            draw_magazine(page)
        sheet.lay(page, box)
    sheet.shade_fold(rng.uniform(0.15, 0.5), rng.uniform(0.006, 0.04))


def draw_brochure(sheet: Sheet) -> None:
    """A flyer or a folded leaflet: coloured grounds, pictures, large letters, little text."""
    rng = sheet.rng
    panels = 3 if sheet.size_wh[0] > 1.2 * sheet.size_wh[1] else 1
    for x0, x1 in pairwise(np.linspace(0, 1, panels + 1).tolist()):
        ground = rng.random()
        if ground < 0.5:
            colour = sheet.accent if ground < 0.25 else pictures.random_colour(rng)
            sheet.draw.rectangle(sheet.box(x0, 0, x1, 1), fill=colour)
            text = (255, 255, 255) if sum(colour) < 420 else (25, 25, 30)
        else:
            text = sheet.ink
        top, bottom, margin = rng.uniform(0.0, 0.3), rng.uniform(0.4, 0.75), 0.08 * (x1 - x0)
        inset = 0.0 if rng.random() < 0.5 else margin
        pictures.draw_picture(sheet, sheet.box(x0 + inset, top, x1 - inset, bottom))
        y = bottom + 0.02 if top < 0.12 else 0.03
        ink.draw_heading(sheet, sheet.box(x0 + margin, y, x1 - margin, 0), _headline(sheet, 2).upper(), 5, True, text)
        box = sheet.box(x0 + margin, max(y + 0.1, bottom + 0.03), x1 - margin, rng.uniform(0.8, 0.97))
        ink.draw_paragraphs(sheet, box, rng.uniform(1.4, 2.2), colour=text)


def draw_poster(sheet: Sheet) -> None:
    """The cover of a booklet or manual: a large picture or drawing, large letters."""
    rng = sheet.rng
    if rng.random() < 0.3:
        sheet.draw.rectangle((0, 0, *sheet.size_wh), fill=pictures.random_colour(rng))
    top, bottom = rng.uniform(0.12, 0.35), rng.uniform(0.55, 0.95)
    box = sheet.box(rng.uniform(0, 0.25), top, rng.uniform(0.75, 1.0), bottom)
    draw = pictures.draw_line_art if rng.random() < 0.4 else pictures.draw_picture
    draw(sheet, box)
    heading = sheet.box(0.08, 0.04, 0.92, 0)
    ink.draw_heading(sheet, heading, make_word(rng).upper(), rng.uniform(4, 10), rng.random() < 0.6)
    ink.draw_paragraphs(sheet, sheet.box(0.08, bottom + 0.02, 0.92, 0.96), 2.5)


def draw_photo(sheet: Sheet) -> None:
    """A printed photo: to the edge, with a white border, or an instant picture with a broad one below."""
    rng, (width, height) = sheet.rng, sheet.size_wh
    border = float(rng.choice([0.0, 0.025, 0.05])) * min(width, height)
    foot = border * (4 if border and rng.random() < 0.3 else 1)
    sheet.draw.rectangle((0, 0, width, height), fill=as_colour(np.full(3, rng.integers(235, 256))))
    pictures.draw_picture(sheet, (border, border, width - border, height - foot), rng.random() < 0.25)


def draw_puzzle(sheet: Sheet) -> None:
    """One printed grid or several: number puzzles with solved cells, crosswords; and text around."""
    rng = sheet.rng
    if rng.random() < 0.25:
        sheet.draw.rectangle(sheet.box(0, 0, rng.uniform(0.04, 0.12), 1), fill=sheet.accent)
    across = int(rng.choice([1, 2], p=[0.7, 0.3]))
    down = across if rng.random() < 0.5 else 1
    hand = handwriting.choose_hand(sheet, 1.5)
    for row in range(down):
        for column in range(across):
            box = sheet.box(column / across, row / down, (column + 1) / across, (row + 1) / down)
            _draw_grid(sheet, box, hand)


def _draw_grid(sheet: Sheet, box: tuple[float, float, float, float], hand: handwriting.Hand) -> None:
    """A grid in a cell of the page, a word above it and text below."""
    rng, (left, top, right, bottom) = sheet.rng, box
    cells, crossword = int(rng.choice([9, 9, 9, 6, 8, 13])), rng.random() < 0.3
    side = rng.uniform(0.62, 0.88) * min(right - left, bottom - top)
    x0, y0 = left + rng.uniform(0.2, 0.8) * (right - left - side), top + rng.uniform(0.3, 0.7) * (bottom - top - side)
    step = side / cells
    font = ink.load_font(sheet.family, max(4, round(0.7 * step)), False)
    solved = rng.uniform(0, 0.8)
    for row, column in np.ndindex(cells, cells):
        x, y, roll = x0 + column * step, y0 + row * step, rng.random()
        if crossword and roll < 0.2:
            sheet.draw.rectangle((x, y, x + step, y + step), fill=sheet.ink)
        elif not crossword and roll < 0.35:
            middle = (x + step / 2, y + step / 2)
            sheet.draw.text(middle, str(rng.integers(1, 10)), fill=sheet.ink, font=font, anchor="mm")
        elif rng.random() < solved:
            letter = handwriting.BLOCK[int(rng.integers(len(handwriting.BLOCK)))]
            centre = np.array([x + 0.3 * step, y + 0.8 * step])
            sheet.stroke([s * (0.38, -0.38) * step + centre for s in map(np.array, letter)], hand.colour, hand.pen)
    for number in range(cells + 1):
        pen, offset = sheet.pen(0.4) if number % 3 == 0 and not crossword else 1, number * step
        sheet.draw.line((x0 + offset, y0, x0 + offset, y0 + side), fill=sheet.ink, width=pen)
        sheet.draw.line((x0, y0 + offset, x0 + side, y0 + offset), fill=sheet.ink, width=pen)
    ink.draw_heading(sheet, (x0, y0 - 4 * sheet.unit, x0 + side, y0), make_word(rng).capitalize(), 2.2)
    ink.draw_paragraphs(sheet, (x0, y0 + side + 2 * sheet.unit, x0 + side, bottom - 2 * sheet.unit), 1.6)
