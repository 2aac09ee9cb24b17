"""The sheet that a page is drawn on: its colours, its units and the ways to put ink on it."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data_generators.synthetic.fonts import FAMILIES, load_font

A4, LETTER, LONG_PX = 210 / 297, 8.5 / 11, 900
Colour = tuple[int, int, int]
BoxPx = tuple[float, float, float, float]  # x0 y0 x1 y1 in pixels of the sheet
_SHIFT = 4  # fractional bits of cv2's coordinates


def as_colour(values: np.ndarray) -> Colour:
    """RGB of three numbers, rounded and clipped to [0, 255]."""
    red, green, blue = np.clip(np.round(values), 0, 255).astype(int).tolist()
    return red, green, blue


def mix_colours(first: Colour, second: Colour, share: float) -> Colour:
    """RGB between two colours: `share` 0 is the first, 1 the second."""
    return as_colour(np.array(first) + share * (np.array(second) - np.array(first)))


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

    def pen(self, units: float) -> int:
        """Width of a line in whole pixels, at least 1."""
        return max(1, round(units * self.unit))

    def font(self, units: float, bold: bool = False) -> ImageFont.FreeTypeFont:
        """The sheet's font, `units` of `Sheet.unit` high."""
        return load_font(self.family, max(3, round(units * self.unit)), bold)

    def mix(self, share: float) -> Colour:
        """A colour between paper (0) and ink (1)."""
        return mix_colours(self.paper, self.ink, share)

    def tint(self, share: float) -> Colour:
        """A colour between paper (0) and accent (1)."""
        return mix_colours(self.paper, self.accent, share)

    def lighter(self) -> Colour:
        """The paper, halfway to white."""
        return mix_colours(self.paper, (255, 255, 255), 0.5)

    def set_ground(self, image: np.ndarray) -> None:
        """Puts uint8 (H, W, 3) RGB in the place of all that was drawn so far."""
        self.image = Image.fromarray(image)
        self.draw = ImageDraw.Draw(self.image)

    def part(self, box: BoxPx) -> Sheet:
        """An empty sheet of the same paper as large as a box, to be drawn on and laid down with `lay`."""
        x0, y0, x1, y1 = (round(value) for value in box)
        size_wh = max(8, x1 - x0), max(8, y1 - y0)
        return Sheet(self.rng, size_wh, self.paper, self.ink, self.accent, self.family)

    def lay(self, part: Sheet, box: BoxPx) -> None:
        """Lays what was drawn on a part where it belongs."""
        self.image.paste(part.image, (round(box[0]), round(box[1])))

    def stroke(self, lines_px: list[np.ndarray], colour: Colour, width: int = 1, opacity: float = 1.0) -> None:
        """Draws smooth lines.

        Args:
            lines_px: each float (N, 2), xy in pixels of the sheet; what leaves the sheet is cut off.
            colour: RGB.
            width: in pixels.
            opacity: 1 covers what is below, 0 leaves it as it is.
        """
        points = np.concatenate(lines_px) if lines_px else np.zeros((0, 2))
        if not len(points):
            return
        limit = np.array(self.size_wh)
        low = np.clip(np.floor(points.min(axis=0)) - width - 1, 0, limit).astype(int)
        high = np.clip(np.ceil(points.max(axis=0)) + width + 2, 0, limit).astype(int)
        if (high <= low).any():
            return
        mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
        fixed = [np.round((line - low) * (1 << _SHIFT)).astype(np.int32) for line in lines_px]
        cv2.polylines(mask, fixed, False, round(255 * opacity), width, cv2.LINE_AA, _SHIFT)
        self.image.paste(colour, (int(low[0]), int(low[1])), Image.fromarray(mask))

    def multiply(self, factors: np.ndarray, corner: tuple[int, int] = (0, 0)) -> None:
        """Darkens or tints a part of the sheet, as transparent ink does.

        Args:
            factors: float (h, w, 1 or 3), 1 leaves the sheet as it is; must lie within the sheet.
            corner: xy of its upper left pixel.
        """
        x, y = corner
        height, width = factors.shape[:2]
        region = np.asarray(self.image.crop((x, y, x + width, y + height)))
        shaded = np.clip(region * np.asarray(factors, np.float32), 0, 255).astype(np.uint8)
        self.image.paste(Image.fromarray(shaded), (x, y))

    def shade_fold(self, strength: float, reach: float) -> None:
        """Darkens an open double page towards its middle: by `strength` there, `reach` widths to each side."""
        width, height = self.size_wh
        half = min(width // 2, round(4 * reach * width) + 1)
        distance = np.abs(np.arange(2 * half) + 0.5 - half) / width
        shade = 1 - strength * np.exp(-distance / reach)
        self.multiply(np.broadcast_to(shade[None, :, None], (height, 2 * half, 1)), (width // 2 - half, 0))


def choose_colours(rng: np.random.Generator) -> tuple[Colour, Colour, Colour]:
    """RGB of paper, ink and accent: mostly white paper and dark ink, some tinted paper, at times light on dark."""
    roll, white = rng.random(), rng.integers(232, 256)
    paper: np.ndarray = np.full(3, white) - rng.integers(0, 8, 3)
    if 0.60 < roll <= 0.72:  # cream and yellowed
        paper = white * np.array([1, 0.97, 0.9]) ** rng.uniform(0.3, 2.2)
    elif 0.72 < roll <= 0.79:  # recycled grey
        paper = rng.integers(185, 230) + rng.integers(-4, 5, 3)
    elif 0.79 < roll <= 0.90:  # pink, green, blue and yellow form paper
        paper = white * (1 - rng.uniform(0.04, 0.2) * np.roll([0, 0.4, 1], rng.integers(3))[:: rng.choice([-1, 1])])
    elif 0.90 < roll <= 0.93:  # kraft and manila
        paper = np.array([205, 172, 128]) * rng.uniform(0.75, 1.15)
    elif roll > 0.965:
        paper = rng.integers(15, 130, 3)
    light = paper.mean() > 130
    contrast = rng.uniform(0.35, 1.0) if rng.random() < 0.2 else 1.0  # faded print
    ink = rng.integers(0, 60) + np.r_[0, 0, rng.integers(0, 70)] if light else rng.integers(180, 256, 3)
    accent = rng.integers(0, 190, 3) if light else rng.integers(150, 256, 3)
    return as_colour(paper), as_colour(paper + contrast * (ink - paper)), as_colour(accent)


def make_sheet(rng: np.random.Generator, aspects: tuple[float, ...], long_px: int) -> Sheet:
    """An empty sheet of about one of some width to height ratios, `long_px` on its longer side."""
    aspect = aspects[int(rng.integers(len(aspects)))] * rng.uniform(0.95, 1.05)
    size_wh = (round(long_px * min(1.0, aspect)), round(long_px * min(1.0, 1 / aspect)))
    return Sheet(rng, size_wh, *choose_colours(rng))
