"""Security print: tinted grounds, interlaced waves and rosettes, borders, coats of arms; printed before the text."""

from __future__ import annotations

import cv2
import numpy as np

from data_generators.synthetic.sheet import Colour, Sheet


def tint_ground(sheet: Sheet, colours: list[Colour]) -> None:
    """Washes the sheet with colours that run into each other from left to right, or from top to bottom.

    Args:
        sheet: its paper gives way; call it before anything else is printed.
        colours: RGB, one or more.
    """
    ramp = np.array([colours], np.float32)  # (1, K, 3)
    ramp = ramp if sheet.rng.random() < 0.5 else ramp.transpose(1, 0, 2)
    sheet.set_ground(cv2.resize(ramp, sheet.size_wh, interpolation=cv2.INTER_LINEAR).astype(np.uint8))


def draw_waves(sheet: Sheet, colour: Colour) -> None:
    """Covers the sheet with a family of interlaced sine waves."""
    rng, (width, height) = sheet.rng, sheet.size_wh
    xs = np.linspace(0, width, 60)
    spacing, swing = rng.uniform(0.8, 1.8) * sheet.unit, rng.uniform(1, 5) * sheet.unit
    turns, drift = rng.uniform(2, 7), rng.uniform(-0.15, 0.15)
    lines = []
    for number, y in enumerate(np.arange(-swing, height + swing, spacing)):
        phase = drift * number + (np.pi if number % 2 else 0.0)
        ys = y + swing * np.sin(2 * np.pi * turns * xs / width + phase) * np.cos(np.pi * xs / width + 0.3)
        lines.append(np.stack([xs, ys], axis=1))
    sheet.stroke(lines, colour)


def draw_rosette(sheet: Sheet, centre: tuple[float, float], radius: float, colour: Colour) -> None:
    """A guilloche rosette: curves around a centre whose radius swings, each a little turned against the last."""
    rng = sheet.rng
    petals, rings = int(rng.integers(5, 15)), int(rng.integers(6, 14))
    depth, inner = rng.uniform(0.1, 0.35), rng.uniform(0.25, 0.7)
    angles = np.linspace(0, 2 * np.pi, 10 * petals + 1)
    lines = []
    for ring in range(rings):
        swing = 1 + depth * np.sin(petals * angles + 2 * np.pi * ring / rings)
        radii = radius * (inner + (1 - inner) * ring / rings) * swing / (1 + depth)
        lines.append(np.stack([centre[0] + radii * np.cos(angles), centre[1] + radii * np.sin(angles)], axis=1))
    sheet.stroke(lines, colour)


def draw_border(sheet: Sheet, inset: float, depth: float, colour: Colour) -> None:
    """A frame of interlaced waves, as around a banknote or a diploma.

    Args:
        sheet: what to print on.
        inset: distance of the frame's middle from the edge in pixels.
        depth: how far the waves swing to each side in pixels.
        colour: RGB of the lines.
    """
    width, height = sheet.size_wh
    count, lines = int(sheet.rng.integers(3, 6)), []
    for length, across, horizontal in ((width, height, True), (height, width, False)):
        along = np.linspace(inset, length - inset, max(8, round(1.2 * length / sheet.unit)))
        for number in range(count):
            swing = depth * np.sin(along / (1.2 * depth) + 2 * np.pi * number / count)
            for middle in (inset, across - inset):
                pair = [along, middle + swing] if horizontal else [middle + swing, along]
                lines.append(np.stack(pair, axis=1))
    sheet.stroke(lines, colour)


def draw_arms(sheet: Sheet, centre: tuple[float, float], radius: float, colour: Colour) -> None:
    """A coat of arms: a shield, quartered or striped, at times with a wreath of dots or a crown."""
    rng, (x, y), draw = sheet.rng, centre, sheet.draw
    half, pen = 0.62 * radius, max(1, round(radius / 12))
    shield = [(x - half, y - 0.7 * radius), (x + half, y - 0.7 * radius), (x + half, y + 0.1 * radius)]
    shield += [(x + 0.6 * half, y + 0.6 * radius), (x, y + radius), (x - 0.6 * half, y + 0.6 * radius)]
    draw.polygon([*shield, (x - half, y + 0.1 * radius)], outline=colour, width=pen)
    if rng.random() < 0.5:
        draw.rectangle((x - half, y - 0.7 * radius, x, y), fill=colour)
        draw.rectangle((x, y, x + 0.55 * half, y + 0.6 * radius), fill=colour)
    else:
        for share in (-0.45, -0.05, 0.35):
            draw.line(
                (x - 0.8 * half, y + share * radius, x + 0.8 * half, y + share * radius), fill=colour, width=2 * pen
            )
    if rng.random() < 0.6:
        for angle in np.linspace(0.2 * np.pi, 0.8 * np.pi, 7) * np.sign(rng.random() - 0.3):
            dot_x, dot_y = x + 1.25 * radius * np.cos(angle), y + 1.15 * radius * np.sin(angle)
            draw.ellipse((dot_x - pen, dot_y - pen, dot_x + pen, dot_y + pen), fill=colour)
