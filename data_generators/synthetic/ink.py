"""What stands on a page: paragraphs, tables, fields, pictures, stamps, handwriting; `pages` arranges them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data_generators.synthetic.fonts import FAMILIES, load_font
from data_generators.synthetic.words import make_amount, make_code, make_date, make_words

A4, LETTER, LONG_PX = 210 / 297, 8.5 / 11, 900
Colour = tuple[int, int, int]
BoxPx = tuple[float, float, float, float]  # x0 y0 x1 y1 in pixels of the sheet


@dataclass
class Sheet:
    """A page while it is drawn.

    Args:
        rng: all that is random on the page comes from it.
        size_wh: width and height in pixels.
        paper: RGB colour of the paper.
        ink: RGB colour of the print.
        accent: RGB colour of headings, rules and stamps that stand out.
        family: key of `fonts.FAMILIES`.
    """

    rng: np.random.Generator
    size_wh: tuple[int, int]
    paper: Colour
    ink: Colour
    accent: Colour
    family: str = ""
    image: Image.Image = field(init=False)
    draw: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        self.image = Image.new("RGB", self.size_wh, self.paper)
        self.draw = ImageDraw.Draw(self.image)
        self.family = self.family or list(FAMILIES)[int(self.rng.integers(len(FAMILIES)))]

    @property
    def unit(self) -> float:
        """A hundredth of the mean side: 1.3 of it is small print, 1.8 running text, 4 a title."""
        return (self.size_wh[0] * self.size_wh[1]) ** 0.5 / 100

    def box(self, x0: float, y0: float, x1: float, y1: float) -> BoxPx:
        """A box given in fractions of the sheet, in pixels."""
        width, height = self.size_wh
        return x0 * width, y0 * height, x1 * width, y1 * height

    def mix(self, share: float) -> Colour:
        """A colour between paper (0) and ink (1)."""
        red, green, blue = (round(p + (i - p) * share) for p, i in zip(self.paper, self.ink, strict=True))
        return red, green, blue

    def tint(self, share: float) -> Colour:
        """A colour between paper (0) and accent (1)."""
        red, green, blue = (round(p + (a - p) * share) for p, a in zip(self.paper, self.accent, strict=True))
        return red, green, blue

    def lighter(self) -> Colour:
        """The paper, halfway to white."""
        red, green, blue = ((value + 255) // 2 for value in self.paper)
        return red, green, blue

    def font(self, units: float, bold: bool = False) -> ImageFont.FreeTypeFont:
        """The sheet's font, `units` of `Sheet.unit` high."""
        return load_font(self.family, max(3, round(units * self.unit)), bold)

    def set_ground(self, image: np.ndarray) -> None:
        """Puts uint8 (H, W, 3) RGB in the place of all that was drawn so far."""
        self.image = Image.fromarray(image)
        self.draw = ImageDraw.Draw(self.image)


def choose_colours(rng: np.random.Generator) -> tuple[Colour, Colour, Colour]:
    """RGB of paper, ink and accent: mostly white paper and dark ink, some tinted paper, at times light on dark."""
    roll, white = rng.random(), rng.integers(225, 256)
    paper = np.full(3, white) - rng.integers(0, 8, 3)
    if 0.7 < roll <= 0.92:
        paper = white - rng.integers(0, 60, 3)
    elif roll > 0.92:
        paper = rng.integers(15, 130, 3)
    dark_ink = rng.integers(0, 75) + np.r_[0, 0, rng.integers(0, 90)]
    ink_colour = dark_ink if paper.mean() > 130 else rng.integers(180, 256, 3)
    accent = rng.integers(0, 190, 3) if paper.mean() > 130 else rng.integers(150, 256, 3)
    red, green, blue = (tuple(int(value) for value in colour) for colour in (paper, ink_colour, accent))
    return red, green, blue  # type: ignore[return-value]


def make_sheet(rng: np.random.Generator, aspects: tuple[float, ...], long_px: int) -> Sheet:
    """An empty sheet of about one of some width to height ratios, `long_px` on its longer side."""
    aspect = aspects[int(rng.integers(len(aspects)))] * rng.uniform(0.95, 1.05)
    size_wh = (round(long_px * min(1.0, aspect)), round(long_px * min(1.0, 1 / aspect)))
    return Sheet(rng, size_wh, *choose_colours(rng))


def draw_text(sheet: Sheet, xy: tuple[float, float], text: str, units: float, bold: bool = False) -> float:
    """Writes one line with its upper left corner at `xy`, `units` of `Sheet.unit` high; returns its width in pixels."""
    font = load_font(sheet.family, max(3, round(units * sheet.unit)), bold)
    sheet.draw.text(xy, text, fill=sheet.ink, font=font)
    return float(font.getlength(text))


def draw_heading(sheet: Sheet, box: BoxPx, text: str, units: float, centred: bool = False) -> float:
    """Writes a bold line in the accent colour, small enough for the box; returns the y below it."""
    x0, y0, x1, _ = box
    font = load_font(sheet.family, max(4, round(units * sheet.unit)), True)
    length = font.getlength(text)
    if length > x1 - x0:
        font = load_font(sheet.family, max(4, int(font.size * (x1 - x0) / length)), True)
        length = font.getlength(text)
    x = x0 + (x1 - x0 - length) / 2 if centred else x0
    sheet.draw.text((x, y0), text, fill=sheet.accent, font=font)
    return y0 + 1.4 * font.size


def draw_paragraphs(sheet: Sheet, box: BoxPx, units: float) -> None:
    """Fills a box with running text in paragraphs, ragged on the right, `units` high."""
    x0, y0, x1, y1 = box
    size_px = max(3, round(units * sheet.unit))
    font, step = load_font(sheet.family, size_px), size_px * sheet.rng.uniform(1.15, 1.6)
    words_a_line = max(1, round((x1 - x0) / (3.4 * size_px)))
    y = y0
    while y + step < y1:
        if sheet.rng.random() < 0.12:
            y += 0.7 * step
        line = " ".join(make_words(sheet.rng, words_a_line))
        while len(line) > 1 and font.getlength(line) > x1 - x0:
            line = line[: int(len(line) * (x1 - x0) / font.getlength(line) * 0.98)]
        if sheet.rng.random() < 0.15:
            line = line[: len(line) // 2]
        sheet.draw.text((x0, y), line, fill=sheet.ink, font=font)
        y += step


def draw_table(sheet: Sheet, box: BoxPx, rows: int, columns: int) -> None:
    """A table with a header row, words in the first column and amounts in the others; ruled, striped or framed."""
    x0, y0, x1, y1 = box
    weights = sheet.rng.uniform(0.6, 1.2, columns)
    weights[0] += 1.0
    xs, ys = x0 + (x1 - x0) * np.r_[0, np.cumsum(weights) / weights.sum()], np.linspace(y0, y1, rows + 1)
    size_units, style = min(1.6, (ys[1] - ys[0]) * 0.7 / sheet.unit), sheet.rng.integers(3)
    sheet.draw.rectangle((x0, ys[0], x1, ys[1]), fill=sheet.mix(sheet.rng.uniform(0.0, 0.4)))
    for row, (top, bottom) in enumerate(pairwise(ys)):
        if style == 1 and row % 2:
            sheet.draw.rectangle((x0, top, x1, bottom), fill=sheet.mix(0.1))
        for column in range(columns):
            text = make_amount(sheet.rng) if column else " ".join(make_words(sheet.rng, 2))
            text = text[: max(1, int((xs[column + 1] - xs[column]) / (0.62 * size_units * sheet.unit)))]
            draw_text(sheet, (xs[column] + 0.4 * sheet.unit, top + 0.1 * (bottom - top)), text, size_units, row == 0)
        if style != 1:
            sheet.draw.line((x0, bottom, x1, bottom), fill=sheet.mix(0.7), width=max(1, round(0.15 * sheet.unit)))
    if style == 2:
        for x in xs:
            sheet.draw.line((x, y0, x, y1), fill=sheet.mix(0.7), width=max(1, round(0.2 * sheet.unit)))


def draw_fields(sheet: Sheet, box: BoxPx, rows: int, columns: int) -> None:
    """Fields of a form: a box or a line with a small name above and, mostly, an entry."""
    x0, y0, x1, y1 = box
    xs, ys = np.linspace(x0, x1, columns + 1), np.linspace(y0, y1, rows + 1)
    framed, gap = sheet.rng.random() < 0.6, 0.5 * sheet.unit
    for top, bottom in pairwise(ys):
        for left, right in pairwise(xs):
            if framed:
                sheet.draw.rectangle((left, top, right - gap, bottom - gap), outline=sheet.mix(0.6))
            else:
                sheet.draw.line((left, bottom - gap, right - gap, bottom - gap), fill=sheet.mix(0.7))
            small = min(1.0, 0.25 * (bottom - top) / sheet.unit)
            draw_text(sheet, (left + gap, top + 0.2 * gap), make_words(sheet.rng, 1)[0], small)
            if sheet.rng.random() < 0.75:
                entry = make_date(sheet.rng) if sheet.rng.random() < 0.3 else make_code(sheet.rng)
                draw_text(sheet, (left + gap, top + 0.4 * (bottom - top)), entry, min(2.0, 1.9 * small), True)


def draw_picture(sheet: Sheet, box: BoxPx) -> None:
    """A picture block: coloured clouds with a few shapes in them."""
    x0, y0, x1, y1 = (round(value) for value in box)
    size = (max(2, x1 - x0), max(2, y1 - y0))
    small = sheet.rng.integers(0, 256, (*sheet.rng.integers(2, 9, 2), 3))
    # photos are rarely as colourful as noise: pull the channels together
    small = (small + (small.mean(axis=2, keepdims=True) - small) * sheet.rng.uniform(0.3, 1.0)).astype(np.uint8)
    picture = Image.fromarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC))
    pencil = ImageDraw.Draw(picture)
    for _ in range(int(sheet.rng.integers(0, 5))):
        corner, extent = sheet.rng.random(2) * size, sheet.rng.uniform(0.1, 0.5, 2) * size
        colour = tuple(int(value) for value in sheet.rng.integers(0, 256, 3))
        shape = pencil.ellipse if sheet.rng.random() < 0.6 else pencil.rectangle
        shape((*corner, *(corner + extent)), fill=colour)
    sheet.image.paste(picture, (x0, y0))


def draw_portrait(sheet: Sheet, box: BoxPx) -> None:
    """A passport photo: a head and shoulders before a plain ground."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    skin = (int(sheet.rng.integers(110, 230)), int(sheet.rng.integers(80, 180)), int(sheet.rng.integers(60, 150)))
    ground, coat = (tuple(int(value) for value in sheet.rng.integers(30, 230, 3)) for _ in range(2))
    sheet.draw.rectangle(box, fill=ground)
    sheet.draw.ellipse((x0 + 0.1 * width, y0 + 0.68 * height, x1 - 0.1 * width, y1 + 0.3 * height), fill=coat)
    sheet.draw.rectangle((x0, y1, x1, y1 + 0.31 * height), fill=sheet.paper)
    sheet.draw.ellipse((x0 + 0.28 * width, y0 + 0.15 * height, x1 - 0.28 * width, y0 + 0.75 * height), fill=skin)


def draw_stamp(
    sheet: Sheet, centre: tuple[float, float], radius: float, rng: np.random.Generator | None = None
) -> None:
    """A round or square stamp in the accent colour, with a date across it; `rng` in the place of the sheet's."""
    x, y = centre
    rng = rng or sheet.rng
    width = max(1, round(0.3 * sheet.unit))
    shape = sheet.draw.ellipse if rng.random() < 0.7 else sheet.draw.rectangle
    for share in (1.0, 0.72):
        shape(
            (x - share * radius, y - share * radius, x + share * radius, y + share * radius),
            outline=sheet.accent,
            width=width,
        )
    font = load_font("sans", max(4, round(0.25 * radius)), True)
    sheet.draw.text((x, y), make_date(rng), fill=sheet.accent, font=font, anchor="mm")


def draw_barcode(sheet: Sheet, box: BoxPx) -> None:
    """Vertical bars of random widths."""
    x0, y0, x1, y1 = box
    edges = x0 + np.cumsum(sheet.rng.integers(1, 4, 200)) * 0.25 * sheet.unit
    for left, right in zip(edges[::2], edges[1::2], strict=True):
        if right < x1:
            sheet.draw.rectangle((left, y0, right, y1), fill=sheet.ink)


def draw_handwriting(sheet: Sheet, box: BoxPx, units: float) -> None:
    """Lines of loops that look like handwriting, `units` high, in words of uneven length."""
    x0, y0, x1, y1 = box
    height, pen = units * sheet.unit, max(1, round(0.18 * sheet.unit))
    for baseline in np.arange(y0 + height, y1, 1.9 * height):
        x, end = x0, x0 + (x1 - x0) * sheet.rng.uniform(0.3, 1.0)
        while x < end:
            letters = int(sheet.rng.integers(2, 10))
            turns = np.linspace(0, 2 * np.pi * letters, 7 * letters)
            swing = np.repeat(sheet.rng.choice([0.35, 0.4, 0.45, 0.9], letters), 7) * height
            xs = x + turns * 0.075 * height + 0.25 * height * np.sin(turns)
            ys = baseline - swing * (1 + np.cos(turns + 0.5)) / 2
            sheet.draw.line([*zip(xs.tolist(), ys.tolist(), strict=True)], fill=sheet.ink, width=pen, joint="curve")
            x = float(xs[-1]) + 0.7 * height


def draw_diagram(sheet: Sheet, box: BoxPx) -> None:
    """Boxes and ovals joined by lines, as sketched on a notepad."""
    x0, y0, x1, y1 = box
    count, pen = int(sheet.rng.integers(3, 7)), max(1, round(0.25 * sheet.unit))
    centres = np.stack([sheet.rng.uniform(x0, x1, count), np.sort(sheet.rng.uniform(y0, y1, count))], axis=1)
    sheet.draw.line([*zip(*centres.T.tolist(), strict=True)], fill=sheet.ink, width=pen)
    for x, y in centres:
        half_w, half_h = sheet.rng.uniform(4, 9) * sheet.unit, sheet.rng.uniform(1.5, 3.5) * sheet.unit
        shape = sheet.draw.rectangle if sheet.rng.random() < 0.6 else sheet.draw.ellipse
        shape((x - half_w, y - half_h, x + half_w, y + half_h), fill=sheet.paper, outline=sheet.ink, width=pen)
        draw_handwriting(sheet, (x - 0.6 * half_w, y - 1.2 * half_h, x + 0.2 * half_w, y + half_h), 1.2)


def draw_rules(sheet: Sheet, spacing: float, squared: bool = False) -> None:
    """Rules the whole sheet with faint lines, `spacing` pixels apart; `squared` adds the vertical ones."""
    width, height = sheet.size_wh
    faint = sheet.mix(sheet.rng.uniform(0.15, 0.5))
    for y in np.arange(spacing, height, spacing):
        sheet.draw.line((0, y, width, y), fill=faint)
    for x in np.arange(spacing, width, spacing) if squared else ():
        sheet.draw.line((x, 0, x, height), fill=faint)


def draw_binding(sheet: Sheet, left: bool) -> None:
    """The spiral of a notebook along the top edge, or along the left one."""
    width, height = sheet.size_wh
    length, step = (height if left else width), 2.4 * sheet.unit
    for along in np.arange(step, length - step, step):
        ring = (0.0, along, 2.6 * sheet.unit, along + 0.45 * step)
        x0, y0, x1, y1 = ring if left else (ring[1], ring[0], ring[3], ring[2])
        sheet.draw.rectangle((x0, y0, x1, y1), fill=(45, 45, 50))
