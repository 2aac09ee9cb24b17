"""Pages of the office and the school: letters, invoices, forms, spreadsheets, calendars, exams, plans, music."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from data_generators.synthetic import handwriting, ink, pictures
from data_generators.synthetic.sheet import Sheet
from data_generators.synthetic.words import make_amount, make_code, make_date, make_title, make_word


def choose_margin(sheet: Sheet) -> float:
    """White margin of a page as a fraction of its width: mostly usual, at times hardly any."""
    return float(sheet.rng.uniform(0.015, 0.05) if sheet.rng.random() < 0.2 else sheet.rng.uniform(0.06, 0.14))


def draw_body(sheet: Sheet, top: float, left: float, right: float, bottom: float = 0.93) -> None:
    """Text in one to three columns, at times with a picture, a chart or a table in it."""
    rng = sheet.rng
    columns, gap = int(rng.choice([1, 2, 3], p=[0.55, 0.38, 0.07])), 0.03
    units, justified = rng.uniform(1.15, 2.1) * (1.0 if columns == 1 else 0.85), rng.random() < 0.5
    width = (right - left - gap * (columns - 1)) / columns
    for column in range(columns):
        x0, y = left + column * (width + gap), top
        if rng.random() < 0.4 and bottom - top > 0.35:
            y += draw_figure(sheet, (x0, y, x0 + width, y + rng.uniform(0.12, 0.28))) + 0.025
        end = bottom if column < columns - 1 else rng.uniform(min(y + 0.1, bottom), bottom)
        ink.draw_paragraphs(sheet, sheet.box(x0, y, x0 + width, end), units, justified)


def draw_figure(sheet: Sheet, box: tuple[float, float, float, float]) -> float:
    """A picture, a table, a chart or a drawing in a box given in fractions; returns its height."""
    kind, box_px = sheet.rng.random(), sheet.box(*box)
    if kind < 0.35:
        pictures.draw_picture(sheet, box_px, sheet.rng.random() < 0.5)
    elif kind < 0.7:
        ink.draw_table(sheet, box_px, int(sheet.rng.integers(4, 9)), int(sheet.rng.integers(2, 5)))
    elif kind < 0.85:
        pictures.draw_chart(sheet, box_px)
    else:
        pictures.draw_line_art(sheet, box_px)
    return box[3] - box[1]


def draw_letter(sheet: Sheet) -> None:
    """Sender, address, date, subject, running text, at times a logo, a signature and a stamp."""
    rng, left = sheet.rng, choose_margin(sheet)
    right = 1 - left
    if rng.random() < 0.6:
        x = right - 0.22 if rng.random() < 0.6 else left
        pictures.draw_logo(sheet, sheet.box(x, 0.035, x + 0.2, 0.09))
    if rng.random() < 0.15:
        sheet.draw.rectangle(sheet.box(0, 0, 1, rng.uniform(0.01, 0.07)), fill=sheet.accent)
    ink.draw_paragraphs(sheet, sheet.box(left, 0.11, left + 0.3, 0.2), 1.6)
    ink.draw_text(sheet, sheet.box(right, 0.22, 0, 0)[:2], make_date(rng), 1.6, anchor="ra")
    y = ink.draw_heading(sheet, sheet.box(left, 0.26, right, 0.3), f"{make_title(rng)} {make_code(rng, 5)}", 2.2)
    draw_body(sheet, y / sheet.size_wh[1] + 0.02, left, right, rng.uniform(0.6, 0.82))
    if rng.random() < 0.6:
        handwriting.sign(sheet, sheet.box(left, 0.84, left + 0.25, 0.88), handwriting.choose_hand(sheet, 1.2))
    if rng.random() < 0.3:
        ink.draw_stamp(sheet, (0.7 * sheet.size_wh[0], 0.87 * sheet.size_wh[1]), rng.uniform(4, 8) * sheet.unit)
    if rng.random() < 0.6:
        ink.draw_paragraphs(sheet, sheet.box(left, 0.94, right, 0.98), 1.0)


def draw_article(sheet: Sheet) -> None:
    """A title and running text with headings, figures and a page number."""
    rng, left = sheet.rng, choose_margin(sheet)
    right, top = 1 - left, rng.uniform(0.03, 0.09)
    if rng.random() < 0.6:
        title = " ".join(make_word(rng) for _ in range(4)).capitalize()
        y = ink.draw_heading(sheet, sheet.box(left, top, right, 0.2), title, rng.uniform(2.5, 4), rng.random() < 0.5)
        top = y / sheet.size_wh[1] + 0.015
    edges = np.linspace(top, 0.95, int(rng.integers(2, 4)))
    for start, end in pairwise(edges.tolist()):
        heading = sheet.box(left, start, right, end)
        ink.draw_heading(sheet, heading, make_word(rng).capitalize(), 1.9, colour=sheet.ink)
        draw_body(sheet, start + 0.035, left, right, end - 0.015)
    ink.draw_text(sheet, sheet.box(0.5, 0.965, 0, 0)[:2], str(rng.integers(1, 400)), 1.3, anchor="ma")


def draw_invoice(sheet: Sheet) -> None:
    """A letterhead, an address, a table of items with amounts, the sum, small print."""
    rng, left = sheet.rng, choose_margin(sheet)
    right, bottom = 1 - left, rng.uniform(0.45, 0.8)
    ink.draw_heading(sheet, sheet.box(left, 0.05, 0.6, 0.12), make_title(rng), rng.uniform(3, 5))
    ink.draw_paragraphs(sheet, sheet.box(left, 0.14, 0.4, 0.23), 1.5)
    ink.draw_fields(sheet, sheet.box(0.6, 0.05, right, 0.2), 3, 1)
    ink.draw_table(sheet, sheet.box(left, 0.28, right, bottom), int(rng.integers(6, 18)), int(rng.integers(3, 6)))
    ink.draw_text(sheet, sheet.box(right, bottom + 0.012, 0, 0)[:2], make_amount(rng), 2.0, True, anchor="ra")
    ink.draw_paragraphs(sheet, sheet.box(left, bottom + 0.06, right, min(0.93, bottom + 0.2)), 1.4)
    if rng.random() < 0.3:
        side = 0.16 * sheet.size_wh[0]
        x, y = left * sheet.size_wh[0], 0.82 * sheet.size_wh[1]
        ink.draw_square_code(sheet, (x, y, x + side, y + side))
    elif rng.random() < 0.4:
        sheet.draw.rectangle(sheet.box(0, 0.66, 1, 1), outline=sheet.tint(0.8), fill=sheet.tint(0.25))
        ink.draw_fields(sheet, sheet.box(0.04, 0.69, 0.96, 0.97), 5, 3)


def draw_form(sheet: Sheet) -> None:
    """Blocks of fields with headings, filled in by a machine or by hand, or not at all."""
    rng, left = sheet.rng, float(sheet.rng.uniform(0.02, 0.1))
    right, by_hand = 1 - left, rng.random() < 0.4
    if rng.random() < 0.3:
        sheet.draw.rectangle(sheet.box(0, 0, 1, 0.1), fill=sheet.tint(rng.uniform(0.2, 1)))
    heading = sheet.box(left, 0.04, right, 0.1)
    y = ink.draw_heading(sheet, heading, make_title(rng), 3, rng.random() < 0.5, sheet.ink)
    edges = np.linspace(y / sheet.size_wh[1] + 0.01, 0.96, int(rng.integers(3, 6)))
    hand = handwriting.choose_hand(sheet, rng.uniform(0.9, 1.3))
    for y0, y1 in pairwise(edges.tolist()):
        rows, columns = int(rng.integers(2, 6)), int(rng.integers(1, 4))
        if rng.random() < 0.3:
            sheet.draw.rectangle(sheet.box(left, y0, right, y0 + 0.028), fill=sheet.tint(rng.uniform(0.15, 0.9)))
        ink.draw_heading(
            sheet, sheet.box(left, y0 + 0.002, 0.5, y1), make_word(rng).capitalize(), 1.8, colour=sheet.ink
        )
        ink.draw_fields(sheet, sheet.box(left, y0 + 0.035, right, y1 - 0.01), rows, columns, 0.0 if by_hand else 0.75)
        for line in np.linspace(y0 + 0.035, y1 - 0.015, rows + 1)[1:] if by_hand else ():
            x = left + 0.02 + rng.uniform(0, 0.2)
            handwriting.write_line(sheet, hand, sheet.box(x, 0, x + rng.uniform(0.15, 0.5), line))


def draw_spreadsheet(sheet: Sheet) -> None:
    """A printed table over the whole page, headed by a title or not."""
    rng, left = sheet.rng, float(sheet.rng.uniform(0.01, 0.08))
    top = 0.03
    if rng.random() < 0.6:
        heading = sheet.box(left, 0.03, 0.9, 0.08)
        top = ink.draw_heading(sheet, heading, make_title(rng), 2.2, colour=sheet.ink) / sheet.size_wh[1]
    box = sheet.box(left, top, 1 - left, rng.uniform(0.6, 0.98))
    ink.draw_table(sheet, box, int(rng.integers(15, 36)), int(rng.integers(3, 8)), rng.uniform(0.4, 1.0))


def draw_calendar(sheet: Sheet) -> None:
    """A month or a week: a picture or a heading above a grid of days, some with entries."""
    rng, top = sheet.rng, float(sheet.rng.uniform(0.1, 0.45))
    if top > 0.2:
        pictures.draw_picture(sheet, sheet.box(0, 0, 1, top - 0.08))
    ink.draw_heading(sheet, sheet.box(0.05, top - 0.07, 0.95, top), make_word(rng).upper(), 4, rng.random() < 0.5)
    xs, ys = np.linspace(0.03, 0.97, 8), np.linspace(top, 0.97, int(rng.integers(5, 8)))
    hand, pen = handwriting.choose_hand(sheet, 0.9), sheet.pen(0.15)
    for number, (y0, y1) in enumerate(pairwise(ys.tolist())):
        for day, (x0, x1) in enumerate(pairwise(xs.tolist())):
            fill = sheet.tint(0.2) if day > 4 else None
            sheet.draw.rectangle(sheet.box(x0, y0, x1, y1), outline=sheet.mix(0.6), width=pen, fill=fill)
            corner = sheet.box(x0 + 0.006, y0 + 0.004, 0, 0)[:2]
            ink.draw_text(
                sheet, corner, str((number * 7 + day) % 31 + 1), 1.8, colour=sheet.accent if day > 5 else None
            )
            if rng.random() < 0.15:
                handwriting.write_line(sheet, hand, sheet.box(x0 + 0.01, 0, x1, y1 - 0.02))


def draw_exam(sheet: Sheet) -> None:
    """Numbered questions with room for answers, some answered and marked in red."""
    rng, left = sheet.rng, 0.08
    hand, answered = handwriting.choose_hand(sheet, rng.uniform(0.8, 1.3)), rng.random() < 0.7
    red = handwriting.Hand((190, 30, 35), sheet.pen(0.3), 1.5 * sheet.unit, 0.2, True, 0.9)
    heading = sheet.box(left, 0.03, 0.92, 0.08)
    ink.draw_heading(sheet, heading, make_word(rng).capitalize(), 2.6, colour=sheet.ink)
    sheet.draw.rectangle(sheet.box(0.55, 0.03, 0.92, 0.075), outline=sheet.ink)
    edges = np.linspace(0.1, 0.96, int(rng.integers(4, 9)))
    for number, (y0, y1) in enumerate(pairwise(edges.tolist())):
        ink.draw_text(sheet, sheet.box(left - 0.035, y0, 0, 0)[:2], f"{number + 1}.", 1.6, True)
        ink.draw_paragraphs(sheet, sheet.box(left, y0, 0.92, y0 + 0.045), 1.5)
        for line in np.arange(y0 + 0.075, y1 - 0.01, 0.03):
            if number % 2:
                sheet.draw.line(sheet.box(left, line, 0.92, line), fill=sheet.mix(0.4))
            if answered and rng.random() < 0.6:
                handwriting.write_line(sheet, hand, sheet.box(left, 0, rng.uniform(0.3, 0.9), line))
        if answered and rng.random() < 0.5:
            tick = np.array([[0, 0], [1, 1.2], [3, -2.5]]) * 1.2 * sheet.unit + sheet.box(0.94, y0 + 0.05, 0, 0)[:2]
            sheet.stroke([tick], red.colour, red.pen, red.opacity)


def draw_music(sheet: Sheet) -> None:
    """A sheet of music: title, composer, systems."""
    ink.draw_heading(sheet, sheet.box(0.1, 0.03, 0.9, 0.1), make_word(sheet.rng).capitalize(), 4, True, sheet.ink)
    pictures.draw_staves(sheet, sheet.box(0.06, 0.12, 0.94, sheet.rng.uniform(0.6, 0.97)))


def draw_plan(sheet: Sheet) -> None:
    """A map to the edge of the sheet, or a floor plan with a title block."""
    if sheet.rng.random() < 0.5:
        inset = float(sheet.rng.choice([0.0, 0.03, 0.06]))
        pictures.draw_map(sheet, sheet.box(inset, inset, 1 - inset, 1 - inset))
        return
    sheet.draw.rectangle(sheet.box(0.02, 0.02, 0.98, 0.98), outline=sheet.ink, width=sheet.pen(0.2))
    pictures.draw_plan(sheet, sheet.box(0.1, 0.1, 0.9, 0.7))
    ink.draw_fields(sheet, sheet.box(0.6, 0.8, 0.97, 0.97), 3, 2)


def draw_worksheet(sheet: Sheet) -> None:
    """One large frame on an otherwise empty page, ruled, squared or blank inside: print with corners of its own."""
    rng = sheet.rng
    shade = sheet.mix(rng.uniform(0.4, 1.0))
    width, height = rng.uniform(0.55, 0.94), rng.uniform(0.3, 0.85)
    x0 = rng.uniform(0.2, 0.8) * (1 - width)
    y0 = rng.choice([0.05, 0.5, 0.95], p=[0.6, 0.2, 0.2]) * (0.98 - height) + 0.01
    left, top, right, bottom = sheet.box(x0, y0, x0 + width, y0 + height)
    if rng.random() < 0.2:
        sheet.draw.rectangle((left, top, right, bottom), fill=sheet.tint(rng.uniform(0.05, 0.4)))
    rows, columns = (int(count) for count in rng.integers(1, 14, 2))
    for y in np.linspace(top, bottom, rows + 1)[1:-1]:
        sheet.draw.line((left, y, right, y), fill=shade, width=sheet.pen(0.12))
    for x in np.linspace(left, right, columns + 1)[1:-1] if rng.random() < 0.7 else ():
        sheet.draw.line((x, top, x, bottom), fill=shade, width=sheet.pen(0.12))
    sheet.draw.rectangle((left, top, right, bottom), outline=shade, width=sheet.pen(rng.uniform(0.1, 0.7)))
    if y0 > 0.1:
        ink.draw_heading(sheet, sheet.box(x0, 0.04, x0 + width, 0.1), make_title(rng), 2.5)
    elif rng.random() < 0.3:
        ink.draw_paragraphs(sheet, sheet.box(x0, y0 + height + 0.02, x0 + width, 0.95), 1.5)
