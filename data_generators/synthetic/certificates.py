"""Draws vehicle registration certificates, form and values apart, and says where on the page each value stands."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from data_generators.synthetic import guilloches, ink
from data_generators.synthetic.fonts import load_font, tight_box
from data_generators.synthetic.registration_fields import NAMES, PLATES, TITLES, FieldKind, order_fields
from data_generators.synthetic.sheet import LONG_PX, BoxPx, Colour, Sheet, make_sheet
from data_generators.synthetic.words import make_by_pattern, make_title, make_words

ASPECTS = (210 / 297, 297 / 210, 2.0, 2.1, 1.0, 1.5)  # three panels side by side, a folded sheet, a booklet
_OTHER = (0.25, 0.25, 0.25, 0.5)  # widths of the many further numbered fields


@dataclass(frozen=True)
class Place:
    """Where a value goes: its kind, its box in pixels and the size and cut of its type."""

    kind: FieldKind
    box_px: BoxPx
    size_px: int


@dataclass(frozen=True)
class RegistrationForm:
    """A printed form: where its values go, and what they look like."""

    places: tuple[Place, ...]
    plates: tuple[str, ...]
    family: str
    bold: bool
    ink: Colour


def _make_cells(rng: np.random.Generator, panels: list[BoxPx], rows: int) -> list[tuple[FieldKind, BoxPx]]:
    """Fills the rows of all panels with fields, the named ones first, then others that are only numbered."""
    fields, number, cells = order_fields(rng), 0, []
    for x0, y0, x1, y1 in panels:
        for top, bottom in pairwise(np.linspace(y0, y1, rows + 1).tolist()):
            left = 0.0
            while left < 0.99:
                kind = fields[0] if fields else None
                if kind is None or left + kind.width > 1.01:
                    number += 1
                    width = min(1.0 - left, _OTHER[int(rng.integers(len(_OTHER)))])
                    kind = FieldKind(f"other_{number}", str(number), width, ("9", "999", "-", "9999", "99/99 A99"))
                else:
                    fields.pop(0)
                right = left + kind.width
                cells.append((kind, (x0 + left * (x1 - x0), top, x0 + right * (x1 - x0), bottom)))
                left = right
    return cells


def _draw_cell(sheet: Sheet, kind: FieldKind, box: BoxPx, style: int) -> None:
    """Frame or rule, code and label of one field."""
    x0, y0, x1, y1 = box
    gap, faint = 0.3 * sheet.unit, sheet.mix(0.55)
    if style == 0:
        sheet.draw.rectangle((x0, y0, x1, y1), outline=faint)
    elif style == 1:
        sheet.draw.line((x0, y1, x1 - gap, y1), fill=faint)
    elif style == 2:
        sheet.draw.rectangle((x0, y0 + 0.38 * (y1 - y0), x1 - gap, y1 - gap), fill=sheet.lighter())
    units = min(0.95, 0.3 * (y1 - y0) / sheet.unit)
    label = f"{kind.code} {' '.join(make_words(sheet.rng, 2))}"
    label = label[: max(len(kind.code), int((x1 - x0) / (0.6 * max(3.0, units * sheet.unit))))]
    sheet.draw.text((x0 + gap, y0 + 0.1 * gap), label, fill=sheet.accent, font=sheet.font(units))


def _value_size(sheet: Sheet, kind: FieldKind, box: BoxPx, emphasis: float) -> int:
    """Type size in pixels that fits the field whatever the value."""
    x0, y0, x1, y1 = box
    longest = max((len(pattern) + 7 * sum(map(pattern.count, "wWd")) for pattern in kind.patterns), default=9)
    wanted = min(0.56 * (y1 - y0), 1.9 * sheet.unit * emphasis)
    return max(5, int(min(wanted, (x1 - x0) / (0.66 * longest))))


def _pastel(rng: np.random.Generator) -> Colour:
    """A pale colour: RGB of one hue, near white."""
    hue = rng.random() + np.array([0, 1 / 3, 2 / 3])
    red, green, blue = (
        (255 * (1 - rng.uniform(0.03, 0.18) * (0.5 + 0.5 * np.cos(2 * np.pi * hue)))).astype(int).tolist()
    )
    return red, green, blue


def _choose_colours(sheet: Sheet) -> Colour:
    """Gives the sheet a pale paper and a dark accent, as official forms have; returns the paper."""
    accent = sheet.rng.integers(0, 150, 3)
    sheet.paper, dark = _pastel(sheet.rng), int(sheet.rng.integers(20, 90))
    sheet.accent, sheet.ink = (int(accent[0]), int(accent[1]), int(accent[2])), (dark, dark, dark)
    return sheet.paper


def print_form(sheet: Sheet) -> RegistrationForm:
    """Prints an empty form, ground and all, from the sheet's random numbers."""
    rng = sheet.rng
    first = _choose_colours(sheet)
    fine = sheet.tint(rng.uniform(0.2, 0.6))
    guilloches.tint_ground(sheet, [first, *(_pastel(rng) for _ in range(int(rng.integers(0, 3))))])
    if rng.random() < 0.8:
        guilloches.draw_waves(sheet, fine)
    width, height = sheet.size_wh
    for _ in range(int(rng.integers(0, 3))):
        centre = (rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.9) * height)
        guilloches.draw_rosette(sheet, centre, rng.uniform(8, 30) * sheet.unit, fine)
    cells = _print_panels(sheet)
    plates, emphasis = PLATES[int(rng.integers(len(PLATES)))], rng.uniform(1.0, 1.6)
    places = tuple(
        Place(kind, box, _value_size(sheet, kind, box, emphasis if kind.name == "registration_number" else 1.0))
        for kind, box in cells
    )
    dark = int(rng.integers(0, 60))
    ink_colour = (dark, dark, dark + int(rng.integers(0, 60)) * int(rng.random() < 0.3))
    return RegistrationForm(
        places, plates, ("mono", "sans", "mono")[int(rng.integers(3))], rng.random() < 0.4, ink_colour
    )


def _make_title(rng: np.random.Generator) -> str:
    """Mostly the name of the certificate in some language, else any title."""
    return TITLES[int(rng.integers(len(TITLES)))] if rng.random() < 0.7 else make_title(rng)


def _print_panels(sheet: Sheet) -> list[tuple[FieldKind, BoxPx]]:
    """Titles, arms, frames and labels of all panels; returns the fields with their boxes."""
    rng, (width, height) = sheet.rng, sheet.size_wh
    columns = 3 if width > 1.8 * height else int(rng.integers(1, 3)) + int(width > 1.1 * height)
    margin, top = rng.uniform(0.012, 0.05), rng.uniform(0.1, 0.2)
    style, framed = int(rng.integers(4)), rng.random() < 0.5
    edges = np.linspace(margin, 1 - margin, columns + 1)
    panels = []
    for x0, x1 in pairwise(edges.tolist()):
        head = sheet.box(x0 + 0.01, margin + 0.012, x1 - 0.01, top)
        first = ink.draw_heading(sheet, head, _make_title(rng), rng.uniform(1.8, 3.2), rng.random() < 0.3)
        ink.draw_paragraphs(sheet, (head[0], first, head[2], min(head[3], first + 3 * sheet.unit)), 1.0)
        if framed:
            sheet.draw.rectangle(sheet.box(x0 + 0.004, margin, x1 - 0.004, 1 - margin), outline=sheet.accent)
        panels.append(sheet.box(x0 + 0.012, top, x1 - 0.012, 1 - margin - 0.02))
    if rng.random() < 0.6:
        guilloches.draw_arms(sheet, sheet.box(edges[1] - 0.06, 0.09, 0, 0)[:2], 3.2 * sheet.unit, sheet.tint(0.7))
    if columns > 1 and rng.random() < 0.3:  # the last panel explains the others
        x0, y0, x1, y1 = panels.pop()
        ink.draw_paragraphs(sheet, (x0, y0, x1, y0 + rng.uniform(0.5, 1.0) * (y1 - y0)), rng.uniform(1.0, 1.4), True)
    rows = max(-(-15 // len(panels)), int(rng.integers(8, 16)))
    cells = _make_cells(rng, panels, rows)
    for kind, box in cells:
        _draw_cell(sheet, kind, box, style)
    return cells


def fill_form(sheet: Sheet, form: RegistrationForm, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Prints values into a form, a little off their places as printers are.

    Args:
        sheet: the page that the form is printed on.
        form: what `print_form` returned for this sheet.
        rng: the values follow from it.

    Returns:
        Of each field of `registration_fields.FIELDS`, the tight box xyxy around the printed characters: float32 (4,),
        fractions of the page's width and height.
    """
    off_px = rng.uniform(-0.2, 0.2, 2) * sheet.unit
    boxes = {}
    for place in form.places:
        other = place.kind.name not in NAMES
        patterns = place.kind.patterns or form.plates
        value = make_by_pattern(rng, patterns[int(rng.integers(len(patterns)))])
        if other and rng.random() < 0.4:
            continue
        box = _print_value(sheet, form, place, value, (off_px[0], off_px[1]))
        if not other:
            boxes[place.kind.name] = box
    if rng.random() < 0.6:
        centre = rng.uniform(0.2, 0.8) * sheet.size_wh[0], rng.uniform(0.6, 0.85) * sheet.size_wh[1]
        ink.draw_stamp(sheet, centre, rng.uniform(3, 6) * sheet.unit, rng)
    return boxes


def _print_value(
    sheet: Sheet, form: RegistrationForm, place: Place, value: str, off_px: tuple[float, float]
) -> np.ndarray:
    """Prints one value at the lower left of its place; returns its tight box as fractions of the page, float32 (4,)."""
    x0, _, x1, y1 = place.box_px
    font = load_font(form.family, place.size_px, form.bold)
    value = value[: max(1, int((x1 - x0 - 0.8 * sheet.unit) / font.getlength("0")))] if len(value) > 10 else value
    xy = round(x0 + 0.6 * sheet.unit + off_px[0]), round(y1 - 1.28 * place.size_px + off_px[1])
    sheet.draw.text(xy, value, fill=form.ink, font=font)
    return _as_fractions(sheet, xy, tight_box(font, value))


def _as_fractions(sheet: Sheet, xy: tuple[int, int], box_px: tuple[float, float, float, float]) -> np.ndarray:
    """A box around text that starts at `xy`, as fractions of the page: float32 (4,)."""
    size, origin = np.array([*sheet.size_wh, *sheet.size_wh]), np.array([*xy, *xy])
    return ((np.array(box_px) + origin) / size).astype(np.float32)


def draw_registration(sheet: Sheet) -> dict[str, np.ndarray]:
    """A registration certificate on a sheet; returns the boxes of its values as `fill_form` does."""
    return fill_form(sheet, print_form(sheet), sheet.rng)


def draw_registration_form(
    form_rng: np.random.Generator, value_rng: np.random.Generator | None, long_px: int = LONG_PX
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draws a certificate whose form and values come from two generators.

    The same `form_rng` with another `value_rng` is another vehicle's certificate on the same form.

    Args:
        form_rng: print, ground, panels and labels follow from it.
        value_rng: the values and the stamp; None leaves the form blank.
        long_px: the longer side in pixels.

    Returns:
        The page uint8 (H, W, 3), and the boxes of the values as `fill_form` gives them; for a blank form those of the
        places, as long as the longest value.
    """
    sheet = make_sheet(form_rng, ASPECTS, long_px)
    form = print_form(sheet)
    boxes = fill_form(sheet, form, value_rng) if value_rng else _blank_boxes(sheet, form)
    return np.asarray(sheet.image), boxes


def _blank_boxes(sheet: Sheet, form: RegistrationForm) -> dict[str, np.ndarray]:
    """Where values would stand, as long as the longest: float32 (4,) each, fractions of the page."""
    boxes = {}
    for place in form.places:
        if place.kind.name in NAMES:
            longest = max(place.kind.patterns or form.plates, key=len)
            font = load_font(form.family, place.size_px, form.bold)
            x0, _, x1, y1 = place.box_px
            for mark, stand_in in (("9", "0"), ("w", "Dolorem-Sit"), ("W", "DOLOREM-SIT"), ("d", "00.00.0000")):
                longest = longest.replace(mark, stand_in)
            left, top, right, bottom = tight_box(font, longest)
            xy = round(x0 + 0.6 * sheet.unit), round(y1 - 1.28 * place.size_px)
            boxes[place.kind.name] = _as_fractions(sheet, xy, (left, top, min(right, x1 - xy[0]), bottom))
    return boxes
