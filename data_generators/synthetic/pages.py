"""Draws the pages of synthetic documents: the table of layouts, one of which is drawn on an empty sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data_generators.synthetic import certificates, wear
from data_generators.synthetic import layouts_cards as cards
from data_generators.synthetic import layouts_notebooks as notebooks
from data_generators.synthetic import layouts_office as office
from data_generators.synthetic import layouts_press as press
from data_generators.synthetic.sheet import A4, LETTER, LONG_PX, Sheet, make_sheet

CARD, LONG_ENVELOPE = 85.6 / 54, 220 / 110


@dataclass(frozen=True)
class Layout:
    """A kind of page.

    Args:
        draw: draws it; may return the boxes of named fields.
        aspects: its width to height ratios.
        weight: how often it comes.
        worn: whether markers, holes, staples and stains may come upon it.
    """

    draw: Callable[[Sheet], dict[str, np.ndarray] | None]
    aspects: tuple[float, ...]
    weight: float
    worn: bool = True


LAYOUTS: dict[str, Layout] = {
    "letter": Layout(office.draw_letter, (A4, LETTER), 2),
    "article": Layout(office.draw_article, (A4, LETTER, 0.65, 1 / A4), 3),
    "invoice": Layout(office.draw_invoice, (A4, LETTER), 2),
    "form": Layout(office.draw_form, (A4, LETTER, 1 / A4), 2),
    "spreadsheet": Layout(office.draw_spreadsheet, (A4, 1 / A4, 1 / LETTER), 1),
    "worksheet": Layout(office.draw_worksheet, (A4, LETTER, 0.62, 1 / A4), 2.5),
    "calendar": Layout(office.draw_calendar, (A4, 1 / A4, 1.0), 0.5),
    "exam": Layout(office.draw_exam, (A4, LETTER), 1),
    "music": Layout(office.draw_music, (A4, 0.78), 0.5),
    "plan": Layout(office.draw_plan, (A4, 1 / A4, 1.0), 0.7),
    "registration": Layout(certificates.draw_registration, certificates.ASPECTS, 2.5, False),
    "certificate": Layout(cards.draw_diploma, (A4, 1 / A4, 1 / LETTER), 1.5, False),
    "receipt": Layout(cards.draw_receipt, (0.3, 0.38, 0.5), 1.2),
    "card": Layout(cards.draw_card, (CARD, 105 / 74), 1.2, False),
    "bank_card": Layout(cards.draw_bank_card, (CARD,), 0.7, False),
    "business_card": Layout(cards.draw_business_card, (CARD, 1.75), 0.5, False),
    "ticket": Layout(cards.draw_ticket, (2.4, 1.8, 1.4), 0.6),
    "envelope": Layout(cards.draw_envelope, (LONG_ENVELOPE, 229 / 162), 0.8),
    "newspaper": Layout(press.draw_newspaper, (A4, 0.66, 0.75), 1.2),
    "magazine": Layout(press.draw_magazine, (A4, 0.76), 1.5),
    "spread": Layout(press.draw_spread, (2 * A4, 1.3), 1),
    "brochure": Layout(press.draw_brochure, (0.5, A4, 1 / A4), 1),
    "poster": Layout(press.draw_poster, (A4, 1 / A4, 0.6, 1.0), 1),
    "photo": Layout(press.draw_photo, (1.5, 4 / 3, 3 / 4, 1.0), 0.7, False),
    "puzzle": Layout(press.draw_puzzle, (A4, 0.8, 0.62, 1 / LETTER), 1.2),
    "notes": Layout(notebooks.draw_notes, (A4, 1 / A4, 0.8, 1.0), 4),
    "notebook": Layout(notebooks.draw_notebook, (2 * A4, 1.3, 1.55), 1.2),
    "manuscript": Layout(notebooks.draw_manuscript, (A4, LETTER), 1),
    "ruled": Layout(notebooks.draw_ruled, (A4, 1 / A4, 0.8), 1),
    "sticky": Layout(notebooks.draw_sticky, (1.0, 1.5), 0.7, False),
    "blank": Layout(notebooks.draw_blank, (A4, 1 / A4, LETTER, 1.0, 0.5), 3),
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
        and height. Only `registration` has named values, those of `registration_fields.FIELDS`.
    """
    kind = LAYOUTS[layout or choose_layout(rng, tuple(LAYOUTS))]
    sheet = make_sheet(rng, kind.aspects, long_px)
    boxes = kind.draw(sheet)
    if kind.worn:
        wear.wear_page(sheet)
    return np.asarray(sheet.image), boxes or {}


def draw_page(rng: np.random.Generator, layout: str = "", long_px: int = LONG_PX) -> np.ndarray:
    """Draws one page, upright: uint8 (H, W, 3) RGB; the arguments are those of `draw_page_with_fields`."""
    return draw_page_with_fields(rng, layout, long_px)[0]
