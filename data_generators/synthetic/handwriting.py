"""What a hand puts on a page: cursive and block letters, formulas, crossings-out, diagrams, doodles, signatures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from data_generators.synthetic.sheet import BoxPx, Colour, Sheet

# strokes of letters as knots x y, the baseline at 0, small letters 1 high; each joins the next at its last knot
_CURSIVE = (
    "0 .1 .5 .9 .2 1 0 .5 .3 .05 .6 .5 .65 1 .65 .3 .9 .1",  # a
    "0 .1 .35 1.6 .2 2.1 .05 1.5 .1 .1 .4 .3 .4 .8 .7 .8",  # b
    "0 .1 .5 .9 .2 1 0 .5 .3 0 .7 .2",  # c
    "0 .1 .5 .9 .2 1 0 .5 .3 .05 .6 .6 .7 2 .65 .3 .9 .1",  # d
    "0 .1 .5 .6 .3 1 .05 .5 .35 0 .75 .2",  # e
    "0 .1 .4 1.7 .3 2.1 .15 1 .1 -.9 .35 -.6 .3 .1 .7 .3",  # f
    "0 .1 .5 .9 .2 1 0 .5 .3 .05 .6 .9 .55 -.8 .2 -.9 .4 -.2 .9 .2",  # g
    "0 .1 .35 1.7 .2 2.1 .1 0 .35 .9 .6 .8 .6 .1 .9 .1",  # h
    "0 .1 .25 1 .25 .2 .5 .1",  # i
    "0 .1 .35 1.7 .2 2.1 .1 .3 .4 .05 .6 .2",  # l
    "0 .1 .2 1 .2 0 .45 1 .5 0 .75 1 .85 .2 1.1 .1",  # m
    "0 .1 .2 1 .2 0 .5 1 .6 .2 .85 .1",  # n
    "0 .1 .4 1 .05 .6 .3 0 .6 .5 .4 1 .8 .8",  # o
    "0 .1 .25 1 .15 -.9 .2 .8 .55 1 .6 .2 .2 .1 .8 .2",  # p
    "0 .1 .3 1.1 .35 .8 .55 .85 .5 .2 .75 .1",  # r
    "0 .1 .35 1 .5 .4 .2 0 .65 .15",  # s
    "0 .1 .3 1.8 .25 .3 .5 .05 .35 1.2 .7 .3",  # t
    "0 .1 .15 1 .2 .1 .5 .2 .55 1 .6 .2 .9 .1",  # u
    "0 .9 .2 .2 .35 0 .55 .9 .85 .8",  # v
    "0 .1 .4 1 .1 .8 .5 0 .15 -.9 .1 -.5 .8 .2",  # z
)
_BLOCK = (
    "0 0 .4 1.6 .8 0;.15 .6 .65 .6",
    "0 0 0 1.6 .6 1.4 .1 .9 .7 .5 0 0",
    "0 0 0 1.6;0 1.6 .7 1.6;0 .85 .5 .85;0 0 .7 0",
    "0 0 0 1.6;.7 0 .7 1.6;0 .8 .7 .8",
    "0 1.6 0 0 .6 0",
    "0 0 0 1.6 .4 .7 .8 1.6 .8 0",
    "0 0 0 1.6 .7 0 .7 1.6",
    ".4 0 0 .8 .4 1.6 .8 .8 .4 0",
    "0 0 0 1.6 .6 1.3 .05 .8",
    ".7 1.4 .3 1.6 .1 1.2 .6 .5 .4 0 0 .2",
    "0 1.6 .8 1.6;.4 1.6 .4 0",
    "0 1.6 .1 .2 .4 0 .7 .3 .7 1.6",
    "0 0 .7 1.6;0 1.6 .7 0",
    "0 1.3 .4 1.6 .5 1.1 0 0 .7 0",
    "0 1.5 .6 1.5 .25 .9 .6 .4 0 .1",
    ".2 1.6 0 .6 .7 .6;.5 1 .5 0",
    "0 .8 .6 .8",
    "0 .6 .6 .6;0 1 .6 1",
    "0 .8 .6 .8;.3 .5 .3 1.1",
)
_INKS: tuple[Colour, ...] = ((25, 35, 120), (30, 60, 160), (25, 25, 30), (45, 45, 50), (170, 35, 40), (30, 110, 60))
_INK_SHARES = (0.3, 0.15, 0.28, 0.12, 0.1, 0.05)
_BASIS = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2  # Catmull and Rom, 1974


def smooth(knots: np.ndarray, samples: int = 4) -> np.ndarray:
    """A smooth line through knots (N, 2), `samples` points between each two (Catmull-Rom spline)."""
    padded = np.concatenate([knots[:1], knots, knots[-1:]])
    t = np.arange(samples) / samples
    powers = np.stack([np.ones_like(t), t, t**2, t**3], axis=1) @ _BASIS  # (samples, 4)
    windows = np.stack([padded[i : len(padded) - 3 + i] for i in range(4)])  # (4, N - 1, 2)
    return np.concatenate([np.einsum("sk,knc->nsc", powers, windows).reshape(-1, 2), knots[-1:]])


def _read_letters(letters: tuple[str, ...]) -> list[list[np.ndarray]]:
    """Strokes of each letter, smoothed once for all."""
    knots = [[np.array(s.split(), float).reshape(-1, 2) for s in letter.split(";")] for letter in letters]
    return [[smooth(stroke) if len(stroke) > 5 else stroke for stroke in strokes] for strokes in knots]


CURSIVE, BLOCK = _read_letters(_CURSIVE), _read_letters(_BLOCK)


@dataclass(frozen=True)
class Hand:
    """Somebody's writing: ink, pen, size in pixels of a small letter, slant, and whether letters are joined."""

    colour: Colour
    pen: int
    size_px: float
    slant: float
    joined: bool
    opacity: float


def choose_hand(sheet: Sheet, units: float) -> Hand:
    """A hand for one page: ball pen, fine liner, felt pen or pencil; small letters `units` of `Sheet.unit` high."""
    rng = sheet.rng
    colour = _INKS[int(rng.choice(len(_INKS), p=_INK_SHARES))]
    pencil = rng.random() < 0.15
    width = 0.18 * float(rng.choice([0.8, 1.0, 1.5, 2.4], p=[0.3, 0.4, 0.2, 0.1]))
    if pencil:
        colour = (80, 80, 84)
    if sum(sheet.paper) < 330:
        colour = (235, 235, 230)
    opacity = rng.uniform(0.45, 0.8) if pencil else rng.uniform(0.8, 1.0)
    size_px = units * sheet.unit
    pen = min(sheet.pen(width), max(1, round(size_px / 6)))
    return Hand(colour, pen, size_px, rng.uniform(-0.1, 0.45), rng.random() < 0.65, opacity)


def _set_letters(sheet: Sheet, hand: Hand, words: list[int], gaps: np.ndarray) -> tuple[list[np.ndarray], float]:
    """Random letters in a row that starts at (0, 0), in pixels.

    Args:
        sheet: gives the random numbers.
        hand: whose letters.
        words: number of letters in each word.
        gaps: (len(words),) width of the space after each word, in small letters.

    Returns:
        The lines, one a word where letters are joined, else one a stroke; and the width of the row.
    """
    rng, alphabet, count = sheet.rng, CURSIVE if hand.joined else BLOCK, sum(words)
    letters = [alphabet[pick] for pick in rng.integers(0, len(alphabet), count)]
    wobble = rng.normal(0, 0.07, (count, 2))
    advance = np.array([strokes[0][-1, 0] for strokes in letters]) if hand.joined else np.ones(count)
    advance = advance * 1.25 * (1 + wobble[:, 0])
    ends = np.cumsum(words)
    advance[ends - 1] += gaps
    starts = np.cumsum(advance) - advance
    strokes = [stroke for letter in letters for stroke in letter]
    owner = np.repeat(np.arange(count), [sum(map(len, letter)) for letter in letters])
    points = np.concatenate(strokes)
    x = points[:, 0] * 1.25 * (1 + wobble[owner, 0]) + starts[owner]
    y = points[:, 1] * (1 + wobble[owner, 1]) + wobble[owner, 1]
    placed = np.stack([x + hand.slant * y, -y], axis=1) * hand.size_px
    lengths = np.cumsum([len(stroke) for stroke in strokes])
    cuts = np.searchsorted(owner, ends) if hand.joined else lengths
    return np.split(placed, cuts[:-1]), float(advance.sum() - gaps[-1]) * hand.size_px


def write_line(sheet: Sheet, hand: Hand, box: BoxPx) -> None:
    """Writes words from the box's left edge to its right; its lower edge is the baseline."""
    rng, (x0, _, x1, baseline) = sheet.rng, box
    room = (x1 - x0) / hand.size_px / (1.0 if hand.joined else 1.3)  # in letters
    if room < 1:
        return
    words, gaps = [], []
    while room >= 1:
        words.append(min(int(rng.integers(1, 10)), int(room)))
        gaps.append(rng.uniform(0.5, 1.1))
        room -= words[-1] + gaps[-1]
    lines, width = _set_letters(sheet, hand, words, np.array(gaps))
    if rng.random() < 0.04:  # a word is crossed out
        start, span = rng.uniform(0, 0.8) * width, np.linspace(0, rng.uniform(0.08, 0.2) * width, 9)
        lines.append(np.stack([start + span, hand.size_px * (np.tile([-0.3, 0.3], 5)[:9] - 0.5)], axis=1))
    rise = rng.normal(0, 0.01)
    tilted = [line @ np.array([[1, rise], [0, 1]]) + (x0, baseline) for line in lines]
    sheet.stroke(tilted, hand.colour, hand.pen, hand.opacity)


def draw_handwriting(
    sheet: Sheet, box: BoxPx, hand: Hand, spacing_px: float | None = None, full: float | None = None
) -> None:
    """Fills a box with written lines.

    Args:
        sheet: what to write on.
        box: in pixels.
        hand: whose writing.
        spacing_px: from baseline to baseline; by default as the hand's size wants it.
        full: how far the lines reach at least, as a share of the width; drawn by default.
    """
    rng, (x0, y0, x1, y1) = sheet.rng, box
    spacing = spacing_px or hand.size_px * rng.uniform(2.5, 3.8)
    least = rng.uniform(0.2, 0.9) if full is None else full
    for baseline in np.arange(y0 + 1.5 * hand.size_px, y1, spacing):
        write_line(
            sheet, hand, (x0 + rng.normal(0, 0.3) * hand.size_px, y0, x0 + (x1 - x0) * rng.uniform(least, 1), baseline)
        )
        if rng.random() < 0.05:
            ends = np.array(
                [[x0, baseline + 0.5 * hand.size_px], [x0 + 0.4 * (x1 - x0), baseline + 0.4 * hand.size_px]]
            )
            sheet.stroke([ends], hand.colour, hand.pen, hand.opacity)


def _outline(sheet: Sheet, centre: np.ndarray, half_wh: np.ndarray, oval: bool) -> np.ndarray:
    """A box or an oval as a hand draws it: not quite closed, not quite straight; float (N, 2)."""
    rng = sheet.rng
    if oval:
        angles = np.linspace(0.3, 2 * np.pi + 0.6, 24)
        return centre + half_wh * np.stack([np.cos(angles), np.sin(angles)], axis=1) * rng.uniform(0.95, 1.05, (24, 1))
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1.05]]) * (1 + rng.normal(0, 0.03, (5, 2)))
    return centre + half_wh * corners


def draw_diagram(sheet: Sheet, box: BoxPx, hand: Hand) -> None:
    """Boxes and ovals with a word in each, joined by arrows, as sketched on a notepad."""
    rng, (x0, y0, x1, y1) = sheet.rng, box
    count = int(rng.integers(3, 8))
    centres = np.stack([rng.uniform(x0, x1, count), np.sort(rng.uniform(y0, y1, count))], axis=1)
    lines = []
    for here, there in pairwise(centres):
        start, end = here + 0.25 * (there - here), there - 0.25 * (there - here)
        back = (start - end) / (np.linalg.norm(start - end) + 1e-6) * hand.size_px
        barbs = [end + back + 0.5 * back[::-1] * (1, -1), end, end + back - 0.5 * back[::-1] * (1, -1)]
        lines += [np.array([start, end]), np.array(barbs)]
    sheet.stroke(lines, hand.colour, hand.pen, hand.opacity)
    for centre in centres:
        half_wh = rng.uniform((2.6, 1.3), (6.5, 2.8)) * hand.size_px
        sheet.stroke([_outline(sheet, centre, half_wh, rng.random() < 0.4)], hand.colour, hand.pen, hand.opacity)
        x, y = centre
        write_line(
            sheet, hand, (x - 0.8 * half_wh[0], y, x + 0.8 * half_wh[0] + 2 * hand.size_px, y + 0.4 * hand.size_px)
        )


def draw_doodle(sheet: Sheet, centre: tuple[float, float], reach: float, hand: Hand) -> None:
    """A scribble within `reach` pixels: a coil, a star, a curve or axes with a graph."""
    rng, kind = sheet.rng, int(sheet.rng.integers(4))
    t = np.linspace(0, 1, 60)
    if kind == 0:
        turns = 2 * np.pi * rng.uniform(3, 9) * t
        line = np.stack([t * 2 - 1 + 0.4 * np.cos(turns), 0.4 * np.sin(turns)], axis=1)
    elif kind == 1:
        angles = np.arange(6) * 4 * np.pi / 5 - np.pi / 2
        line = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    elif kind == 2:
        line = smooth(rng.uniform(-1, 1, (int(rng.integers(5, 12)), 2)), 8)
    else:
        graph = np.stack([t * 2 - 1, 0.7 - 1.4 * np.abs(np.sin(rng.uniform(1, 5) * t + rng.random()))], axis=1)
        line = np.concatenate([[[-1, -1], [-1, 0.8], [1, 0.8], [-1, 0.8]], graph])
    sheet.stroke([line * reach + centre], hand.colour, hand.pen, hand.opacity)


def sign(sheet: Sheet, box: BoxPx, hand: Hand) -> None:
    """A signature: a few letters that run into a long curve."""
    x0, _, x1, y1 = box
    size = (x1 - x0) / 9
    large = Hand(hand.colour, hand.pen, size, 0.4, True, hand.opacity)
    letters, width = _set_letters(sheet, large, [int(sheet.rng.integers(3, 7))], np.zeros(1))
    lines, end = [line + np.array((x0, y1)) for line in letters], x0 + width
    tail = smooth(np.array([[end, y1], [end + size, y1 - size], [x0 + size, y1 + 0.4 * size], [end + 2 * size, y1]]), 8)
    sheet.stroke([*lines, tail], hand.colour, hand.pen, hand.opacity)
