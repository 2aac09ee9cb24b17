"""Draws the pages of synthetic documents: letters, invoices, forms, certificates, receipts, cards, notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from data_generators.synthetic import certificates, ink
from data_generators.synthetic.ink import A4, LETTER, LONG_PX, Sheet, make_sheet
from data_generators.synthetic.words import make_code, make_title, make_word


def _text_blocks(sheet: Sheet, top: float, left: float = 0.1, right: float = 0.9, bottom: float = 0.93) -> None:
    """Text in one or two columns, at times with a picture or a table in it."""
    columns = 2 if sheet.rng.random() < 0.4 else 1
    units, gap = sheet.rng.uniform(1.2, 2.1), 0.03
    width = (right - left - gap * (columns - 1)) / columns
    for column in range(columns):
        x0 = left + column * (width + gap)
        y = top
        if sheet.rng.random() < 0.35:
            box = sheet.box(x0, y, x0 + width, y + 0.2)
            ink.draw_picture(sheet, box) if sheet.rng.random() < 0.5 else ink.draw_table(sheet, box, 6, 3)
            y += 0.23
        ink.draw_paragraphs(sheet, sheet.box(x0, y, x0 + width, sheet.rng.uniform(0.6, 1.0) * bottom), units)


def draw_letter(sheet: Sheet) -> None:
    """Sender, address, date, subject, running text, at times a logo, a signature and a stamp."""
    rng = sheet.rng
    if rng.random() < 0.5:
        ink.draw_picture(sheet, sheet.box(0.7, 0.04, 0.9, 0.1))
    ink.draw_paragraphs(sheet, sheet.box(0.1, 0.06, 0.4, 0.16), 1.6)
    y = ink.draw_heading(sheet, sheet.box(0.1, 0.22, 0.9, 0.3), f"{make_title(rng)} {make_code(rng, 5)}", 2.4)
    _text_blocks(sheet, y / sheet.size_wh[1] + 0.02, bottom=0.82)
    if rng.random() < 0.5:
        ink.draw_handwriting(sheet, sheet.box(0.1, 0.86, 0.4, 0.92), 2.5)
    if rng.random() < 0.3:
        ink.draw_stamp(sheet, (0.7 * sheet.size_wh[0], 0.87 * sheet.size_wh[1]), 6 * sheet.unit)


def draw_article(sheet: Sheet) -> None:
    """A title and running text."""
    centred = sheet.rng.random() < 0.5
    title = " ".join(make_word(sheet.rng) for _ in range(4)).capitalize()
    y = ink.draw_heading(sheet, sheet.box(0.1, 0.06, 0.9, 0.2), title, 3.5, centred)
    _text_blocks(sheet, y / sheet.size_wh[1] + 0.02, left=0.08, right=0.92)


def draw_invoice(sheet: Sheet) -> None:
    """A letterhead, an address and a table of items with amounts."""
    rng = sheet.rng
    ink.draw_heading(sheet, sheet.box(0.08, 0.05, 0.6, 0.12), make_title(rng), rng.uniform(3, 5))
    ink.draw_paragraphs(sheet, sheet.box(0.08, 0.14, 0.4, 0.23), 1.5)
    ink.draw_fields(sheet, sheet.box(0.6, 0.05, 0.92, 0.2), 3, 1)
    bottom = rng.uniform(0.5, 0.8)
    ink.draw_table(sheet, sheet.box(0.08, 0.28, 0.92, bottom), int(rng.integers(6, 16)), int(rng.integers(3, 6)))
    ink.draw_paragraphs(sheet, sheet.box(0.08, bottom + 0.04, 0.92, 0.93), 1.4)


def draw_form(sheet: Sheet) -> None:
    """Blocks of fields with headings."""
    rng = sheet.rng
    y = ink.draw_heading(sheet, sheet.box(0.06, 0.04, 0.94, 0.1), make_title(rng), 3, rng.random() < 0.5)
    top = y / sheet.size_wh[1] + 0.01
    edges = np.linspace(top, 0.95, int(rng.integers(3, 5)))
    for y0, y1 in pairwise(edges):
        rows, columns = int(rng.integers(2, 6)), int(rng.integers(1, 4))
        ink.draw_heading(sheet, sheet.box(0.06, y0, 0.5, y1), make_word(rng).capitalize(), 1.8)
        ink.draw_fields(sheet, sheet.box(0.06, y0 + 0.035, 0.94, y1 - 0.01), rows, columns)


def draw_certificate(sheet: Sheet) -> None:
    """A double border, centred lines, a seal and a signature."""
    rng = sheet.rng
    for inset, width in ((0.03, 0.8), (0.05, 0.25)):
        box = sheet.box(inset, inset, 1 - inset, 1 - inset)
        sheet.draw.rectangle(box, outline=sheet.accent, width=max(1, round(width * sheet.unit)))
    y = ink.draw_heading(sheet, sheet.box(0.12, 0.12, 0.88, 0.3), make_title(rng), 7, True)
    for units in (2.5, 4.5, 2.2):
        line = " ".join(make_word(rng) for _ in range(3)).title()
        y = ink.draw_heading(
            sheet, (0.15 * sheet.size_wh[0], y + 2 * sheet.unit, 0.85 * sheet.size_wh[0], y), line, units, True
        )
    ink.draw_stamp(sheet, (0.75 * sheet.size_wh[0], 0.8 * sheet.size_wh[1]), 7 * sheet.unit)
    ink.draw_handwriting(sheet, sheet.box(0.15, 0.77, 0.45, 0.85), 3)


def draw_receipt(sheet: Sheet) -> None:
    """A narrow strip: shop, items with amounts, total, bar code."""
    sheet.family = "mono" if sheet.rng.random() < 0.7 else sheet.family
    y = ink.draw_heading(sheet, sheet.box(0.1, 0.03, 0.9, 0.1), make_word(sheet.rng).upper(), 7, True)
    ink.draw_paragraphs(sheet, (0.15 * sheet.size_wh[0], y, 0.85 * sheet.size_wh[0], y + 9 * sheet.unit), 2.6)
    top = y / sheet.size_wh[1] + 0.1
    ink.draw_table(sheet, sheet.box(0.07, top, 0.93, 0.8), int(sheet.rng.integers(6, 20)), 2)
    ink.draw_barcode(sheet, sheet.box(0.15, 0.86, 0.85, 0.95))


def draw_card(sheet: Sheet) -> None:
    """An identity card: a coloured band, a portrait and fields."""
    rng = sheet.rng
    sheet.draw.rectangle(sheet.box(0, 0, 1, 0.17), fill=sheet.accent)
    sheet.accent, left = sheet.paper, rng.random() < 0.7
    ink.draw_heading(sheet, sheet.box(0.05, 0.04, 0.7, 0.14), f"{make_title(rng)} {make_word(rng).upper()}", 6)
    photo, fields = ((0.05, 0.35), (0.4, 0.96)) if left else ((0.67, 0.95), (0.05, 0.62))
    ink.draw_portrait(sheet, sheet.box(photo[0], 0.25, photo[1], 0.78))
    ink.draw_fields(
        sheet, sheet.box(fields[0], 0.24, fields[1], 0.82), int(rng.integers(3, 6)), int(rng.integers(1, 3))
    )
    ink.draw_paragraphs(sheet, sheet.box(0.05, 0.86, 0.95, 0.97), 3.5)


def draw_notes(sheet: Sheet) -> None:
    """A page of a notepad: ruled, squared or plain, handwriting and sketches, at times a spiral."""
    rng, roll = sheet.rng, sheet.rng.random()
    if roll < 0.7:
        ink.draw_rules(sheet, rng.uniform(2, 4.5) * sheet.unit, squared=roll < 0.35)
    for y0 in np.arange(0.06, 0.85, 0.3):
        block = sheet.box(rng.uniform(0.05, 0.2), y0, rng.uniform(0.7, 0.95), y0 + rng.uniform(0.15, 0.3))
        if rng.random() < 0.75:
            ink.draw_handwriting(sheet, block, rng.uniform(1.6, 3.0))
        else:
            ink.draw_diagram(sheet, block)
    if rng.random() < 0.35:
        ink.draw_binding(sheet, left=rng.random() < 0.5)


def draw_ruled(sheet: Sheet) -> None:
    """An empty ruled or squared sheet, at times with a margin or a spiral."""
    ink.draw_rules(sheet, sheet.rng.uniform(2, 5) * sheet.unit, squared=sheet.rng.random() < 0.5)
    if sheet.rng.random() < 0.4:
        sheet.draw.line(sheet.box(0.12, 0, 0.12, 1), fill=sheet.accent)
    if sheet.rng.random() < 0.25:
        ink.draw_binding(sheet, left=sheet.rng.random() < 0.5)


def draw_puzzle(sheet: Sheet) -> None:
    """A large printed grid with digits in some cells, and text around it."""
    rng, cells = sheet.rng, int(sheet.rng.integers(4, 13))
    width, height = sheet.size_wh
    side = rng.uniform(0.55, 0.85) * min(width, height)
    x0, y0 = rng.uniform(0.05, 0.95) * (width - side), rng.uniform(0.08, 0.7) * (height - side)
    lines = np.linspace(0, side, cells + 1)
    for number, offset in enumerate(lines):
        pen = max(1, round(0.4 * sheet.unit)) if number % 3 == 0 else 1
        sheet.draw.line((x0 + offset, y0, x0 + offset, y0 + side), fill=sheet.ink, width=pen)
        sheet.draw.line((x0, y0 + offset, x0 + side, y0 + offset), fill=sheet.ink, width=pen)
    for row, column in np.argwhere(rng.random((cells, cells)) < 0.4):
        digit_units = 0.65 * side / cells / sheet.unit
        xy = (x0 + lines[column] + 0.3 * side / cells, y0 + lines[row] + 0.12 * side / cells)
        ink.draw_text(sheet, xy, str(rng.integers(1, 10)), digit_units)
    ink.draw_heading(sheet, (x0, y0 - 4 * sheet.unit, x0 + side, y0), make_word(rng).capitalize(), 2.2)
    ink.draw_paragraphs(sheet, (x0, y0 + side + 2 * sheet.unit, x0 + side, 0.95 * height), 1.6)


def draw_poster(sheet: Sheet) -> None:
    """A brochure or booklet cover: a large picture and large letters."""
    top, bottom = sorted(sheet.rng.uniform(0.1, 0.95, 2))
    ink.draw_picture(sheet, sheet.box(sheet.rng.uniform(0, 0.15), top, sheet.rng.uniform(0.85, 1.0), bottom))
    ink.draw_heading(sheet, sheet.box(0.08, 0.05, 0.92, 0.2), make_word(sheet.rng).upper(), 9, True)
    ink.draw_paragraphs(sheet, sheet.box(0.08, bottom + 0.02, 0.92, 0.96), 2.5)


def draw_blank(sheet: Sheet) -> None:
    """A sheet with nothing on it, or a line of handwriting."""
    if sheet.rng.random() < 0.3:
        ink.draw_handwriting(sheet, sheet.box(0.1, 0.08, 0.9, 0.16), 3)


@dataclass(frozen=True)
class Layout:
    """A kind of page: what draws it, its width to height ratios and how often it comes."""

    draw: Callable[[Sheet], dict[str, np.ndarray] | None]
    aspects: tuple[float, ...]
    weight: float


LAYOUTS: dict[str, Layout] = {
    "letter": Layout(draw_letter, (A4, LETTER), 2),
    "article": Layout(draw_article, (A4, LETTER, 0.65, 1 / A4), 2),
    "invoice": Layout(draw_invoice, (A4, LETTER), 2),
    "form": Layout(draw_form, (A4, LETTER, 1 / A4), 2),
    "registration": Layout(certificates.draw_registration, certificates.ASPECTS, 2),
    "certificate": Layout(draw_certificate, (A4, 1 / A4, 1 / LETTER), 1.5),
    "receipt": Layout(draw_receipt, (0.3, 0.38, 0.5), 1),
    "card": Layout(draw_card, (85.6 / 54, 105 / 74), 1.5),
    "notes": Layout(draw_notes, (A4, 1 / A4, 0.8, 1.0), 3),
    "ruled": Layout(draw_ruled, (A4, 1 / A4, 0.8), 1),
    "puzzle": Layout(draw_puzzle, (A4, 0.8, 0.62, 1 / LETTER), 1),
    "poster": Layout(draw_poster, (A4, 1 / A4, 0.6, 1.0), 1),
    "blank": Layout(draw_blank, (A4, 1 / A4, LETTER, 1.0, 0.5), 3),
}


def choose_layout(rng: np.random.Generator, names: tuple[str, ...]) -> str:
    """One of some layouts, drawn by weight."""
    weights = np.array([LAYOUTS[name].weight for name in names])
    return names[int(np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random()))]


def draw_page_with_fields(
    rng: np.random.Generator, layout: str = "", long_px: int = LONG_PX
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draws one page, upright, and says where its named fields are.

    Args:
        rng: everything on the page follows from it.
        layout: key of `LAYOUTS`; drawn by weight when empty.
        long_px: the longer side in pixels.

    Returns:
        The page uint8 (H, W, 3) RGB, and the tight box xyxy of each named value, float32 (4,), in fractions of width
        and height. Only `registration` has named values, those of `certificates.FIELDS`.
    """
    kind = LAYOUTS[layout or choose_layout(rng, tuple(LAYOUTS))]
    sheet = make_sheet(rng, kind.aspects, long_px)
    boxes = kind.draw(sheet)
    return np.asarray(sheet.image), boxes or {}


def draw_page(rng: np.random.Generator, layout: str = "", long_px: int = LONG_PX) -> np.ndarray:
    """Draws one page, upright: uint8 (H, W, 3) RGB; the arguments are those of `draw_page_with_fields`."""
    return draw_page_with_fields(rng, layout, long_px)[0]
