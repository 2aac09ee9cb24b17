"""Flat pictures of things that lie about: keyboards, screens, books, mats, frames, and things made of paper."""

from __future__ import annotations

import cv2
import numpy as np

from data_generators.synthetic.surfaces import draw_colour, draw_surface


def _flat(shape_hw: tuple[int, int], colour: np.ndarray) -> np.ndarray:
    return np.full((*shape_hw, 3), np.clip(colour, 0, 255), np.uint8)


def draw_keyboard(rng: np.random.Generator) -> np.ndarray:
    """A keyboard, uint8 (48, W, 3), with or without a block of numbers."""
    columns = int(rng.integers(12, 19))
    body = draw_colour(rng, "dark" if rng.random() < 0.6 else "light")
    board, key = _flat((48, 9 * columns + 6), body), np.clip(body + rng.choice([-40, 30, 50]), 0, 255).tolist()
    legend = [255.0 - value for value in key]
    for row in range(5):
        for column in range(columns):
            x, y = 4 + 9 * column + row % 3, 4 + 8 * row
            cv2.rectangle(board, (x, y), (x + 6, y + 5), key, cv2.FILLED)
            board[y + 2, x + 2 : x + 4] = legend
    return board


def draw_screen(rng: np.random.Generator) -> np.ndarray:
    """A phone, tablet or monitor, dark or lit, uint8 (H, W, 3)."""
    height, width = (96, 48) if rng.random() < 0.5 else (72, 110)
    screen = _flat((height, width), draw_colour(rng, "dark" if rng.random() < 0.8 else "grey"))
    if rng.random() < 0.5:
        lit = draw_surface(rng, 64, ("room", "clutter"))
        for row in range(int(rng.integers(0, 4))):  # windows and symbols
            low = rng.integers(0, 50, 2)
            cv2.rectangle(
                lit, low.tolist(), (low + rng.integers(4, 30, 2)).tolist(), rng.integers(0, 256, 3).tolist(), -1
            )
            lit[4 + 3 * row, 4:30] = 255 - lit[4 + 3 * row, 4:30]
    else:
        lit = draw_surface(rng, 64, ("plain",), draw_colour(rng, "dark"))
    edge = int(rng.integers(2, 7))
    screen[edge:-edge, edge:-edge] = cv2.resize(lit, (width - 2 * edge, height - 2 * edge))
    return screen


def draw_book(rng: np.random.Generator) -> np.ndarray:
    """The cover of a book or a box: a strong colour, a spine, bands of text, at times a picture, uint8 (96, 72, 3)."""
    colour = draw_colour(rng, "bold" if rng.random() < 0.7 else "dark")
    plain = rng.random() < 0.5
    cover = _flat((96, 72), colour) if plain else cv2.resize(draw_surface(rng, 64, colour=colour), (72, 96))
    cover[:, :5] = np.clip(colour * 0.55, 0, 255)
    cover[:, 5:7] = np.clip(colour * 1.25 + 10, 0, 255)
    for _ in range(int(rng.integers(0, 4))):
        top, tone = int(rng.integers(5, 85)), draw_colour(rng, "any").tolist()
        right, bottom = int(rng.integers(30, 66)), top + int(rng.integers(2, 20))
        cv2.rectangle(cover, (12, top), (right, bottom), tone, cv2.FILLED)
    return cover


def draw_mat(rng: np.random.Generator) -> np.ndarray:
    """A place mat, a mouse pad or a cloth, patterned so that it does not pass for paper, uint8 (96, 96, 3)."""
    patterned = ("wood", "cloth", "stripes", "speckles", "tiles", "dots", "leather")
    return draw_surface(rng, 96, patterned, draw_colour(rng, "bold" if rng.random() < 0.6 else "dark"))


def draw_frame(rng: np.random.Generator) -> np.ndarray:
    """A framed picture, a tray or a window, uint8 (96, 80, 3)."""
    frame = _flat((96, 80), draw_colour(rng, ("wood", "dark", "light", "grey")[int(rng.integers(4))]))
    wide = int(rng.integers(4, 12))
    inner = draw_surface(rng, 64, ("clutter", "room", "leaves", "clouds", "leather"))
    frame[wide:-wide, wide:-wide] = cv2.resize(inner, (80 - 2 * wide, 96 - 2 * wide))
    frame[wide : wide + 2, wide:-wide] = frame[0, 0] * 0.5
    return frame


def draw_sheet(rng: np.random.Generator) -> np.ndarray:
    """A sheet of paper with grey lines for print, columns, a picture, a coloured heading, uint8 (120, 86, 3)."""
    paper = np.full(3, rng.integers(190, 256)) - rng.integers(0, 35, 3)
    sheet, ink = _flat((120, 86), paper), np.clip(paper * rng.uniform(0.3, 0.75), 0, 255).tolist()
    if rng.random() < 0.75:
        columns, gap = int(rng.integers(1, 4)), int(rng.integers(3, 8))
        for y in range(int(rng.integers(8, 40)), 112, gap):
            for column in range(columns):
                left, wide = 8 + column * 72 // columns, 66 // columns
                cv2.line(sheet, (left, y), (left + int(wide * rng.uniform(0.5, 1.0)), y), ink, 1)
    if rng.random() < 0.35:
        low = rng.integers(4, 60, 2)
        low_hi = (low + rng.integers(8, 50, 2)).tolist()
        cv2.rectangle(sheet, low.tolist(), low_hi, draw_colour(rng, "any").tolist(), cv2.FILLED)
    return sheet


def draw_envelope(rng: np.random.Generator) -> np.ndarray:
    """An envelope from its front with window and stamp, or from behind with its flap, uint8 (60, 120, 3)."""
    paper = draw_colour(rng, "light" if rng.random() < 0.7 else "desk")
    envelope, dark = _flat((60, 120), paper), (paper * 0.8).tolist()
    if rng.random() < 0.5:
        cv2.line(envelope, (0, 0), (60, 34), dark, 1, cv2.LINE_AA)
        cv2.line(envelope, (119, 0), (60, 34), dark, 1, cv2.LINE_AA)
    else:
        cv2.rectangle(envelope, (12, 26), (60, 46), np.clip(paper * 1.1, 0, 255).tolist(), cv2.FILLED)
        cv2.rectangle(envelope, (102, 5), (114, 19), draw_colour(rng, "any").tolist(), cv2.FILLED)
        for y in range(30, 44, 5):
            cv2.line(envelope, (15, y), (15 + int(rng.integers(15, 40)), y), (paper * 0.4).tolist(), 1)
    return envelope


def draw_open_book(rng: np.random.Generator) -> np.ndarray:
    """An open book or magazine: two printed pages that darken towards the spine, uint8 (86, 140, 3)."""
    leaf = draw_sheet(rng)
    pages = np.concatenate([cv2.resize(leaf, (70, 86)), cv2.resize(draw_sheet(rng), (70, 86))], axis=1)
    shade = 1 - 0.45 * np.exp(-np.abs(np.arange(140) - 69.5) / rng.uniform(4, 14))
    return np.clip(pages * shade[None, :, None], 0, 255).astype(np.uint8)
