"""Small and official papers: cards, diplomas, receipts, tickets, envelopes."""

from __future__ import annotations

import numpy as np

from data_generators.synthetic import guilloches, handwriting, ink, pictures
from data_generators.synthetic.sheet import Sheet, as_colour, mix_colours
from data_generators.synthetic.words import make_amount, make_by_pattern, make_code, make_date, make_title, make_word


def draw_diploma(sheet: Sheet) -> None:
    """A certificate to hang up: a border, centred lines, a seal and signatures, at times a tinted ground."""
    rng = sheet.rng
    if rng.random() < 0.4:
        guilloches.tint_ground(sheet, [sheet.paper, sheet.tint(rng.uniform(0.05, 0.2))])
        guilloches.draw_waves(sheet, sheet.tint(rng.uniform(0.1, 0.3)))
    inset, style = rng.uniform(0.02, 0.05), rng.random()
    if style < 0.4:
        side = inset * min(sheet.size_wh)
        guilloches.draw_border(sheet, 1.6 * side, 0.8 * side, sheet.tint(0.8))
    for share, width in ((1.0, rng.uniform(0.3, 2.0)), (1.7, 0.25)) if style < 0.85 else ():
        box = sheet.box(share * inset, share * inset, 1 - share * inset, 1 - share * inset)
        sheet.draw.rectangle(box, outline=sheet.accent, width=sheet.pen(width))
    y = ink.draw_heading(sheet, sheet.box(0.12, 0.12, 0.88, 0.3), make_title(rng), rng.uniform(5, 8), True)
    for units in (2.2, rng.uniform(3, 5), 2.0, 2.0):
        line = " ".join(make_word(rng) for _ in range(3)).title()
        box = (0.15 * sheet.size_wh[0], y + 1.5 * sheet.unit, 0.85 * sheet.size_wh[0], y)
        y = ink.draw_heading(sheet, box, line, units, True, sheet.ink)
    if rng.random() < 0.5:
        guilloches.draw_arms(sheet, sheet.box(0.5, 0.075, 0, 0)[:2], 3 * sheet.unit, sheet.accent)
    draw_seal(sheet, sheet.box(rng.choice([0.25, 0.5, 0.75]), 0.8, 0, 0)[:2], rng.uniform(5, 8) * sheet.unit)
    hand = handwriting.choose_hand(sheet, 1.3)
    for left in (0.12, 0.62):
        sheet.draw.line(sheet.box(left, 0.88, left + 0.26, 0.88), fill=sheet.ink)
        handwriting.sign(sheet, sheet.box(left + 0.02, 0.8, left + 0.2, 0.865), hand)


def draw_seal(sheet: Sheet, centre: tuple[float, float], radius: float) -> None:
    """A stamp, or an embossed seal in gold, silver or red with a jagged edge."""
    rng, (x, y) = sheet.rng, centre
    if rng.random() < 0.5:
        ink.draw_stamp(sheet, centre, radius)
        return
    angles = np.linspace(0, 2 * np.pi, 73)
    radii = radius * (1 + 0.06 * (np.arange(73) % 2))
    colour = as_colour(np.array([(200, 165, 70), (175, 178, 185), (170, 30, 40)])[int(rng.integers(3))])
    sheet.draw.polygon(
        [*zip((x + radii * np.cos(angles)).tolist(), (y + radii * np.sin(angles)).tolist(), strict=True)], fill=colour
    )
    for share in (0.85, 0.6):
        reach = share * radius
        box = (x - reach, y - reach, x + reach, y + reach)
        sheet.draw.ellipse(box, outline=mix_colours(colour, (0, 0, 0), 0.3), width=sheet.pen(0.3))


def draw_receipt(sheet: Sheet) -> None:
    """A narrow strip: shop, items with amounts, total, bar code; often pale."""
    rng = sheet.rng
    sheet.family = "mono" if rng.random() < 0.7 else sheet.family
    y = ink.draw_heading(sheet, sheet.box(0.1, 0.03, 0.9, 0.1), make_word(rng).upper(), 7, True, sheet.ink)
    ink.draw_paragraphs(sheet, (0.15 * sheet.size_wh[0], y, 0.85 * sheet.size_wh[0], y + 9 * sheet.unit), 2.4)
    y += 10 * sheet.unit
    size, last = rng.uniform(1.9, 2.8), rng.uniform(0.5, 0.8) * sheet.size_wh[1]
    while y < last:
        ink.draw_text(sheet, (0.07 * sheet.size_wh[0], y), f"{rng.integers(1, 9)} {make_word(rng)[:12]}", size)
        ink.draw_text(sheet, (0.93 * sheet.size_wh[0], y), make_amount(rng), size, anchor="ra")
        y += 1.35 * size * sheet.unit
    sheet.draw.line((0.07 * sheet.size_wh[0], y, 0.93 * sheet.size_wh[0], y), fill=sheet.ink)
    ink.draw_text(sheet, (0.93 * sheet.size_wh[0], y + sheet.unit), make_amount(rng), 4, True, anchor="ra")
    if rng.random() < 0.6:
        ink.draw_barcode(sheet, sheet.box(0.15, 0.87, 0.85, 0.95))


def _card_ground(sheet: Sheet) -> None:
    """The tinted ground of a card, with waves or a rosette or plain."""
    rng = sheet.rng
    colours = [sheet.tint(rng.uniform(0.05, 0.5)), mix_colours(sheet.paper, pictures.random_colour(rng), 0.3)]
    guilloches.tint_ground(sheet, colours)
    if rng.random() < 0.6:
        guilloches.draw_waves(sheet, sheet.tint(rng.uniform(0.3, 0.7)))
    if rng.random() < 0.4:
        guilloches.draw_rosette(
            sheet, sheet.box(rng.uniform(0.3, 0.9), 0.5, 0, 0)[:2], 25 * sheet.unit, sheet.tint(0.5)
        )


def draw_card(sheet: Sheet) -> None:
    """An identity card or driving licence: a portrait and fields on a tinted ground, at times a coloured band."""
    rng, left = sheet.rng, sheet.rng.random() < 0.75
    _card_ground(sheet)
    heading, title = sheet.box(0.05, 0.04, 0.7, 0.14), f"{make_title(rng)} {make_word(rng).upper()}"
    if rng.random() < 0.4:
        sheet.draw.rectangle(sheet.box(0, 0, 1, 0.17), fill=sheet.accent)
        ink.draw_heading(sheet, heading, title, 5.5, colour=sheet.paper)
    else:
        ink.draw_heading(sheet, heading, title, 5.5)
    x0, x1, text = (0.05, 0.32, 0.37) if left else (0.68, 0.95, 0.05)
    pictures.draw_portrait(sheet, sheet.box(x0, 0.24, x1, 0.8))
    for y in np.linspace(0.2, 0.78, int(rng.integers(5, 9))):
        ink.draw_text(sheet, sheet.box(text, y, 0, 0)[:2], make_word(rng), 2.0, colour=sheet.accent)
        value = make_date(rng) if rng.random() < 0.4 else make_word(rng).upper()
        ink.draw_text(sheet, sheet.box(text, y + 0.032, 0, 0)[:2], value, 3.6, True, sheet.mix(0.95))
    if rng.random() < 0.4:
        chip = sheet.box(0.75, 0.3, 0.9, 0.5) if left else sheet.box(0.45, 0.3, 0.6, 0.5)
        sheet.draw.rounded_rectangle(chip, sheet.unit, fill=(205, 175, 95), outline=(140, 115, 50))
    if rng.random() < 0.4:
        sheet.draw.rectangle(sheet.box(0, 0.84, 1, 1), fill=sheet.lighter())
        for y in (0.86, 0.93):
            ink.draw_text(sheet, sheet.box(0.04, y, 0, 0)[:2], make_by_pattern(rng, "AA<AAAAAAAA<<AAAAAA<<<<<<<<<9"), 4)


def draw_bank_card(sheet: Sheet) -> None:
    """A bank or customer card: strong colours or a picture, chip, number, name, emblem; or its back with the stripe."""
    rng, dark = sheet.rng, sheet.rng.random() < 0.7
    sheet.paper = pictures.random_colour(rng, 0, 140) if dark else pictures.random_colour(rng, 120, 256)
    sheet.ink = (235, 235, 230) if sum(sheet.paper) < 380 else (35, 35, 40)
    guilloches.tint_ground(sheet, [sheet.paper, mix_colours(sheet.paper, pictures.random_colour(rng), 0.5)])
    if rng.random() < 0.2:
        pictures.draw_picture(sheet, sheet.box(0, 0, 1, 1))
    if rng.random() < 0.25:
        sheet.draw.rectangle(sheet.box(0, 0.1, 1, 0.32), fill=(25, 23, 24))
        sheet.draw.rectangle(sheet.box(0.06, 0.42, 0.7, 0.56), fill=(235, 232, 225))
        handwriting.sign(sheet, sheet.box(0.1, 0.4, 0.45, 0.53), handwriting.choose_hand(sheet, 2))
        ink.draw_paragraphs(sheet, sheet.box(0.06, 0.65, 0.94, 0.95), 2.6)
        return
    ink.draw_heading(sheet, sheet.box(0.07, 0.08, 0.6, 0.2), make_word(rng).upper(), 7, colour=sheet.ink)
    sheet.draw.rounded_rectangle(sheet.box(0.09, 0.36, 0.22, 0.54), sheet.unit, fill=(210, 185, 110))
    ink.draw_text(sheet, sheet.box(0.08, 0.6, 0, 0)[:2], make_by_pattern(rng, "9999 9999 9999 9999"), 8.5)
    ink.draw_text(sheet, sheet.box(0.08, 0.84, 0, 0)[:2], make_by_pattern(rng, "W W"), 5)
    for x, colour in ((0.78, (225, 60, 45)), (0.85, (240, 160, 40))):
        reach = 7 * sheet.unit
        px, py = sheet.box(x, 0.82, 0, 0)[:2]
        sheet.draw.ellipse((px - reach, py - reach, px + reach, py + reach), fill=as_colour(np.array(colour)))


def draw_business_card(sheet: Sheet) -> None:
    """A logo, a name, a few lines."""
    rng = sheet.rng
    if rng.random() < 0.3:
        sheet.draw.rectangle(sheet.box(0, 0, rng.uniform(0.2, 0.5), 1), fill=sheet.accent)
    pictures.draw_logo(sheet, sheet.box(0.06, 0.1, 0.3, 0.45))
    left = rng.uniform(0.06, 0.5)
    name = " ".join((make_word(rng), make_word(rng))).title()
    ink.draw_heading(sheet, sheet.box(left, 0.5, 0.96, 0.6), name, 6, colour=sheet.ink)
    ink.draw_paragraphs(sheet, sheet.box(left, 0.66, 0.94, 0.95), 3.4)


def draw_ticket(sheet: Sheet) -> None:
    """A ticket or boarding pass: a band, fields, a code, a stub behind a dashed line."""
    rng = sheet.rng
    if rng.random() < 0.5:
        _card_ground(sheet)
    sheet.draw.rectangle(sheet.box(0, 0, 1, 0.18), fill=sheet.accent)
    ink.draw_heading(sheet, sheet.box(0.04, 0.04, 0.6, 0.1), make_title(rng), 5, colour=sheet.paper)
    ink.draw_fields(sheet, sheet.box(0.04, 0.25, 0.68, 0.92), int(rng.integers(2, 4)), int(rng.integers(2, 4)))
    for y in np.arange(0, 1, 0.06):
        sheet.draw.line(sheet.box(0.72, y, 0.72, y + 0.03), fill=sheet.ink, width=sheet.pen(0.3))
    if rng.random() < 0.5:
        side = 0.5 * sheet.size_wh[1]
        x, y = sheet.box(0.76, 0.3, 0, 0)[:2]
        ink.draw_square_code(sheet, (x, y, x + side, y + side))
    else:
        ink.draw_barcode(sheet, sheet.box(0.76, 0.25, 0.96, 0.8))
    ink.draw_text(sheet, sheet.box(0.76, 0.88, 0, 0)[:2], make_code(rng), 3)


def draw_envelope(sheet: Sheet) -> None:
    """The front of an envelope: address or window, stamp and postmark; or its back with the flap."""
    rng, (width, height) = sheet.rng, sheet.size_wh
    if rng.random() < 0.25:
        flap = sheet.box(0.5, rng.uniform(0.4, 0.65), 0, 0)[:2]
        sheet.stroke([np.array([(0, 0), flap, (width, 0)], float)], sheet.mix(0.35), sheet.pen(0.3))
        for corner in ((0, height), (width, height)):
            sheet.stroke([np.array([corner, (0.5 * width, 0.45 * height)])], sheet.mix(0.15), sheet.pen(0.2))
        return
    place = sheet.box(0.1, 0.45, 0.5, 0.78) if rng.random() < 0.6 else sheet.box(0.45, 0.5, 0.85, 0.85)
    if rng.random() < 0.5:
        sheet.draw.rounded_rectangle(place, 1.5 * sheet.unit, fill=sheet.lighter(), outline=sheet.mix(0.3))
        x0, y0, x1, y1 = place
        ink.draw_paragraphs(sheet, (x0 + 2 * sheet.unit, y0 + 2 * sheet.unit, x1 - 4 * sheet.unit, y1), 2.4)
    else:
        handwriting.draw_handwriting(sheet, place, handwriting.choose_hand(sheet, 1.8))
    ink.draw_paragraphs(sheet, sheet.box(0.04, 0.06, 0.3, 0.2), 1.8)
    if rng.random() < 0.8:
        stamp = sheet.box(0.84, 0.06, 0.95, 0.3)
        pictures.draw_picture(sheet, stamp)
        sheet.draw.rectangle(stamp, outline=(250, 250, 248), width=sheet.pen(0.6))
        ink.draw_stamp(sheet, (stamp[0], stamp[3]), 6 * sheet.unit)
