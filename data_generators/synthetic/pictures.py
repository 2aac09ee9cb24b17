"""Pictures on a page: photos, portraits, logos, charts, maps, line drawings, music; the layouts place them."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw

from data_generators.synthetic.sheet import BoxPx, Colour, Sheet, as_colour, mix_colours


def random_colour(rng: np.random.Generator, low: int = 20, high: int = 235) -> Colour:
    """Any RGB colour between two levels."""
    return as_colour(rng.integers(low, high, 3))


def make_photo(rng: np.random.Generator, size_wh: tuple[int, int], grey: bool = False) -> np.ndarray:
    """Something like a printed photo: soft areas of light, a horizon, a few shapes and grain.

    Args:
        rng: the picture follows from it.
        size_wh: in pixels, at least 2 each.
        grey: whether it is black and white.

    Returns:
        uint8 (H, W, 3) RGB.
    """
    full_wh, longest = size_wh, max(size_wh)
    size_wh = max(2, size_wh[0] * 300 // max(300, longest)), max(2, size_wh[1] * 300 // max(300, longest))
    light = np.zeros(size_wh[::-1], np.float32)
    for cells, strength in ((3, 90), (9, 45), (30, 18)):
        grid = rng.normal(0, strength * rng.uniform(0.2, 1), (cells, cells)).astype(np.float32)
        light += cv2.resize(grid, size_wh, interpolation=cv2.INTER_CUBIC)
    # photos are hardly as colourful as noise: the light varies a lot, the hue a little
    hues = rng.uniform(60, 190) + rng.normal(0, rng.uniform(3, 35), (3, 3, 3))
    picture = light[..., None] + cv2.resize(hues.astype(np.float32), size_wh, interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        horizon = int(size_wh[1] * rng.uniform(0.3, 0.8))
        picture[horizon:] = 0.4 * picture[horizon:] + 0.6 * rng.integers(20, 200, 3)
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    pencil = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(0, 6))):
        corner, extent = rng.uniform(-0.1, 0.9, 2) * size_wh, rng.uniform(0.08, 0.5, 2) * size_wh
        shape = pencil.ellipse if rng.random() < 0.6 else pencil.rectangle
        muted = mix_colours(
            random_colour(rng, 0, 256), as_colour(np.full(3, rng.integers(0, 256))), rng.uniform(0.2, 1)
        )
        shape((*corner, *(corner + extent)), fill=muted)
    soft = cv2.resize(np.asarray(image), full_wh, interpolation=cv2.INTER_LINEAR)
    return cv2.cvtColor(cv2.cvtColor(soft, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB) if grey else soft


def draw_picture(sheet: Sheet, box: BoxPx, grey: bool = False) -> None:
    """A photo in a box, at times with a thin frame."""
    x0, y0, x1, y1 = (round(value) for value in box)
    picture = make_photo(sheet.rng, (max(2, x1 - x0), max(2, y1 - y0)), grey)
    sheet.image.paste(Image.fromarray(picture), (x0, y0))
    if sheet.rng.random() < 0.2:
        sheet.draw.rectangle((x0, y0, x1, y1), outline=sheet.ink)


def draw_portrait(sheet: Sheet, box: BoxPx) -> None:
    """A passport photo: a head and shoulders before a plain ground."""
    size_wh = max(4, round(box[2] - box[0])), max(4, round(box[3] - box[1]))
    width, height, rng = *size_wh, sheet.rng
    skin = as_colour(np.array([235, 190, 160]) * rng.uniform(0.35, 1.0))
    hair = as_colour(np.array([150, 110, 70]) * rng.uniform(0.1, 1.2))
    coat = mix_colours(random_colour(rng, 20, 200), (70, 70, 75), rng.uniform(0.2, 1))
    photo = Image.new("RGB", size_wh, as_colour(np.full(3, rng.integers(150, 240)) + rng.integers(-15, 15, 3)))
    draw = ImageDraw.Draw(photo)
    draw.ellipse((0.05 * width, 0.72 * height, 0.95 * width, 1.4 * height), fill=coat)
    draw.ellipse((0.25 * width, 0.12 * height, 0.75 * width, rng.uniform(0.5, 0.8) * height), fill=hair)
    draw.rectangle((0.4 * width, 0.6 * height, 0.6 * width, 0.78 * height), fill=mix_colours(skin, (0, 0, 0), 0.2))
    draw.ellipse((0.28 * width, 0.2 * height, 0.72 * width, 0.72 * height), fill=skin)
    for x in (0.4, 0.6):
        draw.ellipse(((x - 0.04) * width, 0.42 * height, (x + 0.04) * width, 0.46 * height), fill=hair)
    draw.line((0.43 * width, 0.61 * height, 0.57 * width, 0.61 * height), fill=mix_colours(skin, (120, 20, 20), 0.6))
    grey = rng.random() < 0.35
    sheet.image.paste(photo.convert("L").convert("RGB") if grey else photo, (round(box[0]), round(box[1])))


def draw_logo(sheet: Sheet, box: BoxPx) -> None:
    """A few plain shapes in one or two colours."""
    rng, (x0, y0, x1, y1) = sheet.rng, box
    side, colours = min(x1 - x0, y1 - y0), (sheet.accent, random_colour(rng, 0, 200))
    for number in range(int(rng.integers(1, 4))):
        share, shift = rng.uniform(0.4, 1.0), rng.uniform(0, 0.5)
        corner = (x0 + shift * side, y0 + (1 - share) * side)
        shape = (sheet.draw.ellipse, sheet.draw.rectangle, sheet.draw.pieslice)[int(rng.integers(3))]
        extra = {"start": 30, "end": 250} if shape == sheet.draw.pieslice else {}
        shape((*corner, corner[0] + share * side, corner[1] + share * side), fill=colours[number % 2], **extra)


def draw_chart(sheet: Sheet, box: BoxPx) -> None:
    """Bars, lines or a pie, with axes."""
    rng, (x0, y0, x1, y1), kind = sheet.rng, box, sheet.rng.integers(3)
    colours = [sheet.accent, random_colour(rng), random_colour(rng)]
    if kind == 2:
        side, start = min(x1 - x0, y1 - y0), 0.0
        for number, share in enumerate(rng.dirichlet(np.ones(5))):
            end = start + 360 * share
            sheet.draw.pieslice((x0, y0, x0 + side, y0 + side), start, end, colours[number % 3], sheet.paper)
            start = end
        return
    values, xs = rng.uniform(0.1, 0.95, 9), np.linspace(x0, x1, 10)
    for number, value in enumerate(values if kind == 0 else ()):
        bar = (xs[number] + 0.1 * (xs[1] - x0), y1 - value * (y1 - y0), xs[number + 1], y1)
        sheet.draw.rectangle(bar, fill=colours[number % 2])
    for colour in colours if kind == 1 else ():
        curve = np.cumsum(rng.normal(0, 0.12, 10)) + 0.5
        sheet.stroke([np.stack([xs, y1 - np.clip(curve, 0, 1) * (y1 - y0)], axis=1)], colour, sheet.pen(0.35))
    sheet.draw.line((x0, y0, x0, y1, x1, y1), fill=sheet.ink, width=sheet.pen(0.15))


def draw_map(sheet: Sheet, box: BoxPx) -> None:
    """A map: land and water, streets, contour lines, names as dots."""
    rng, (x0, y0, x1, y1) = sheet.rng, box
    size_wh = max(8, round(x1 - x0)), max(8, round(y1 - y0))
    heights = cv2.resize(rng.random((5, 6)).astype(np.float32), size_wh, interpolation=cv2.INTER_CUBIC)
    levels = np.clip(heights * 5, 0, 4).astype(np.uint8)
    legend = np.array([(170, 205, 230), (225, 232, 205), (238, 234, 220), (205, 222, 180), (240, 240, 235)])
    legend = (legend * rng.uniform(0.88, 1.05, (5, 3))).clip(0, 255).astype(np.uint8)
    sheet.image.paste(Image.fromarray(legend[levels]), (round(x0), round(y0)))
    extent = np.array([x1 - x0, y1 - y0])
    for width, count in ((0.3, 14), (0.8, 5)):
        starts, ends = rng.random((count, 1, 2)), rng.random((count, 1, 2))
        steps = np.linspace(0, 1, 8)[:, None]
        lines = (starts + (ends - starts) * steps + rng.normal(0, 0.02, (count, 8, 2))).clip(0, 1) * extent + (x0, y0)
        sheet.stroke(list(lines), random_colour(rng, 90, 256), sheet.pen(width))
    for x, y in rng.random((25, 2)) * extent * 0.95 + (x0, y0):
        sheet.draw.rectangle((x, y, x + rng.uniform(1, 5) * sheet.unit, y + 0.7 * sheet.unit), fill=sheet.ink)


def draw_plan(sheet: Sheet, box: BoxPx) -> None:
    """A floor plan: thick walls, doors as arcs, measures along the edges."""
    rng, (x0, y0, x1, y1) = sheet.rng, box
    rooms = [box]
    for _ in range(int(rng.integers(3, 8))):
        left, top, right, bottom = rooms.pop(int(rng.integers(len(rooms))))
        if (right - left) > (bottom - top):
            x = left + rng.uniform(0.3, 0.7) * (right - left)
            rooms += [(left, top, x, bottom), (x, top, right, bottom)]
        else:
            y = top + rng.uniform(0.3, 0.7) * (bottom - top)
            rooms += [(left, top, right, y), (left, y, right, bottom)]
    for room in rooms:
        sheet.draw.rectangle(room, outline=sheet.ink, width=sheet.pen(0.5))
        door = 0.25 * min(room[2] - room[0], room[3] - room[1])
        sheet.draw.arc((room[0] - door, room[1] - door, room[0] + door, room[1] + door), 0, 90, fill=sheet.ink)
    for y in (y0 - 1.5 * sheet.unit, y1 + 1.5 * sheet.unit):
        sheet.draw.line((x0, y, x1, y), fill=sheet.mix(0.7))


def draw_staves(sheet: Sheet, box: BoxPx) -> None:
    """Systems of five lines with bars, heads, stems and beams."""
    rng, (x0, y0, x1, y1) = sheet.rng, box
    gap = rng.uniform(0.7, 1.1) * sheet.unit
    for top in np.arange(y0, y1 - 4 * gap, rng.uniform(8.5, 12) * gap):
        for line in range(5):
            sheet.draw.line((x0, top + line * gap, x1, top + line * gap), fill=sheet.mix(0.8))
        for x in np.linspace(x0, x1, int(rng.integers(4, 7))):
            sheet.draw.line((x, top, x, top + 4 * gap), fill=sheet.ink)
        xs = np.arange(x0 + 5 * gap, x1 - gap, rng.uniform(1.8, 3.5) * gap)
        ys = top + gap * np.clip(2 + np.cumsum(rng.normal(0, 0.7, len(xs))), -1, 5)
        for x, y in zip(xs, ys, strict=True):
            up = -3 if y > top + 2 * gap else 3
            sheet.draw.ellipse((x - 0.65 * gap, y - 0.45 * gap, x + 0.65 * gap, y + 0.45 * gap), fill=sheet.ink)
            sheet.draw.line((x - 0.6 * gap * np.sign(up), y, x - 0.6 * gap * np.sign(up), y + up * gap), fill=sheet.ink)
        sheet.draw.arc((x0 + gap, top - 0.5 * gap, x0 + 3 * gap, top + 4.5 * gap), 0, 320, fill=sheet.ink, width=2)


def draw_line_art(sheet: Sheet, box: BoxPx) -> None:
    """A technical drawing or a comic figure: outlines without filling."""
    rng, (x0, y0, x1, y1) = sheet.rng, box
    extent = np.array([x1 - x0, y1 - y0])
    for _ in range(int(rng.integers(4, 12))):
        corner, size = rng.uniform(0, 0.7, 2) * extent + (x0, y0), rng.uniform(0.08, 0.35, 2) * extent
        shape = (sheet.draw.ellipse, sheet.draw.rectangle)[int(rng.integers(2))]
        fill = sheet.mix(rng.uniform(0.0, 0.5)) if rng.random() < 0.5 else None
        shape((*corner, *(corner + size)), outline=sheet.ink, fill=fill, width=sheet.pen(0.2))
