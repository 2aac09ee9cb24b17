"""Procedural surfaces, small flat pictures of wood, cloth, stone, tiles and the like; `backgrounds` lays them out."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

# hue in turns, saturation and value: least and most; what desks, floors, cloths and walls look like
PALETTES: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "wood": ((0.04, 0.11), (0.15, 0.65), (0.15, 0.85)),
    "grey": ((0.0, 1.0), (0.0, 0.12), (0.08, 0.9)),
    "light": ((0.0, 1.0), (0.0, 0.12), (0.55, 0.97)),
    "desk": ((0.03, 0.16), (0.03, 0.4), (0.35, 0.9)),
    "dark": ((0.0, 1.0), (0.0, 0.3), (0.02, 0.3)),
    "bold": ((0.0, 1.0), (0.45, 0.95), (0.1, 0.8)),
    "any": ((0.0, 1.0), (0.05, 0.8), (0.15, 0.9)),
}


def draw_colour(rng: np.random.Generator, palette: str) -> np.ndarray:
    """A colour of one of `PALETTES`, as float64 (3,) RGB in 0 to 255."""
    (h0, h1), (s0, s1), (v0, v1) = PALETTES[palette]
    hue, saturation, value = rng.uniform(h0, h1), rng.uniform(s0, s1), rng.uniform(v0, v1)
    pure = np.clip(np.abs((hue + np.array([0, 2 / 3, 1 / 3])) % 1 * 6 - 3) - 1, 0, 1)
    return 255 * value * (1 - saturation + saturation * pure)


def make_noise(rng: np.random.Generator, side: int, cells: tuple[int, int]) -> np.ndarray:
    """Smooth noise, float32 (side, side) in about 0 to 1, with `cells` (rows, columns) independent values."""
    small = rng.random(cells, dtype=np.float32)
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)


def make_clouds(rng: np.random.Generator, side: int, finest: int, falloff: float) -> np.ndarray:
    """Noise at all scales: octaves of 2, 4, ... `finest` cells, each `falloff` times weaker; float32 about 0 to 1."""
    total, weight, amplitude, cells = np.zeros((side, side), np.float32), 0.0, 1.0, 2
    while cells <= finest:
        total += amplitude * make_noise(rng, side, (cells, cells))
        weight, amplitude, cells = weight + amplitude, amplitude * falloff, cells * 2
    return total / weight


def _plain(rng: np.random.Generator, side: int) -> np.ndarray:
    return 0.5 + rng.uniform(0, 0.15) * (make_noise(rng, side, (5, 5)) - 0.5)


def _clouds(rng: np.random.Generator, side: int) -> np.ndarray:
    return make_clouds(rng, side, 128, rng.uniform(0.5, 0.95))


def _wood(rng: np.random.Generator, side: int) -> np.ndarray:
    """Rings bent by noise that is long along the grain, fine fibres, at times planks."""
    bend = make_noise(rng, side, (int(rng.integers(4, 12)), int(rng.integers(2, 4))))
    rings = np.sin(2 * np.pi * rng.uniform(1, 7) * bend)
    fibres = make_noise(rng, side, (side, int(rng.integers(3, 14))))
    wood = 0.5 + rng.uniform(0.02, 0.25) * rings + rng.uniform(0.05, 0.45) * (fibres - 0.5)
    if rng.random() < 0.4:
        planks = int(rng.integers(2, 8))
        rows = np.arange(side) * planks // side
        wood += (rng.uniform(-0.15, 0.15, planks).astype(np.float32))[rows, None]
        wood[np.flatnonzero(np.diff(rows)) + 1] -= 0.35
    return wood


def _cloth(rng: np.random.Generator, side: int) -> np.ndarray:
    """A weave of two gratings with uneven threads."""
    along = np.arange(side, dtype=np.float32)
    warp = np.sin(along * rng.uniform(0.4, 2.6)) * rng.uniform(0.5, 1, side).astype(np.float32)
    weft = np.sin(along * rng.uniform(0.4, 2.6)) * rng.uniform(0.5, 1, side).astype(np.float32)
    return 0.5 + rng.uniform(0.05, 0.3) * (warp + weft[:, None]) + 0.3 * (make_noise(rng, side, (6, 6)) - 0.5)


def _stripes(rng: np.random.Generator, side: int) -> np.ndarray:
    """Stripes or checks of two tones, hard or soft."""
    period, hard = rng.uniform(0.1, 1.0), rng.uniform(1, 20)
    across = np.clip(np.sin(np.arange(side, dtype=np.float32) * period) * hard, -1, 1)
    pattern = np.tile(across, (side, 1))
    if rng.random() < 0.5:
        pattern = (pattern + across[:, None]) / 2
    return 0.5 + rng.uniform(0.1, 0.5) * pattern + 0.1 * (make_noise(rng, side, (40, 40)) - 0.5)


def _speckles(rng: np.random.Generator, side: int) -> np.ndarray:
    """Granite, terrazzo, carpet: noise at one fine scale, soft or cut at a threshold."""
    cells = int(rng.integers(side // 6, side))
    grains = make_noise(rng, side, (cells, cells))
    if rng.random() < 0.5:
        grains = np.clip((grains - rng.uniform(0.3, 0.8)) * 8, 0, 1)
    return 0.3 + rng.uniform(0.1, 0.7) * grains + 0.2 * make_noise(rng, side, (4, 4))


def _tiles(rng: np.random.Generator, side: int) -> np.ndarray:
    """Tiles, bricks or floorboards with joints; each of its own brightness."""
    rows, columns = int(rng.integers(2, 14)), int(rng.integers(1, 10))
    tone = rng.uniform(0.45, 0.45 + rng.uniform(0.02, 0.3), (rows, columns)).astype(np.float32)
    tiles = cv2.resize(tone, (side, side), interpolation=cv2.INTER_NEAREST)
    joint, wide = rng.uniform(0.0, 0.9), int(rng.integers(1, 4))
    tiles[np.arange(side) * rows % side < wide * rows] = joint
    offset = int(rng.integers(0, 2)) * side // (2 * columns)
    for row in range(rows):
        band = slice(row * side // rows, (row + 1) * side // rows)
        xs = (np.arange(columns) * side // columns + offset * (row % 2)) % side
        tiles[band, (xs[:, None] + np.arange(wide)).ravel() % side] = joint
    return tiles + 0.15 * (make_clouds(rng, side, 64, 0.8) - 0.5)


def _dots(rng: np.random.Generator, side: int) -> np.ndarray:
    """A printed pattern of dots."""
    period = rng.uniform(0.15, 0.6)
    wave = np.sin(np.arange(side, dtype=np.float32) * period)
    dots = np.clip((wave * wave[:, None] - rng.uniform(0.2, 0.6)) * 6, 0, 1)
    return 0.3 + rng.uniform(0.2, 0.6) * dots


def _room(rng: np.random.Generator, side: int) -> np.ndarray:
    """What lies behind a desk, out of focus: overlapping blocks of light and dark."""
    room = np.full((side, side), rng.uniform(0.1, 0.7), np.float32)
    for _ in range(int(rng.integers(4, 14))):
        low = rng.integers(-side // 4, side, 2)
        high = low + rng.integers(side // 10, side, 2)
        cv2.rectangle(room, low.tolist(), high.tolist(), float(rng.random()), cv2.FILLED)
    return cv2.GaussianBlur(room, (0, 0), rng.uniform(0.3, 5.0))


# name -> what draws it, palettes that suit it, weight
SURFACES: dict[str, tuple[Callable[[np.random.Generator, int], np.ndarray], tuple[str, ...], float]] = {
    "plain": (_plain, ("desk", "desk", "grey", "light", "wood", "dark", "any"), 3),
    "wood": (_wood, ("wood", "wood", "desk", "desk", "grey", "dark"), 3),
    "clouds": (_clouds, ("grey", "light", "desk", "dark", "any"), 1.2),
    "cloth": (_cloth, ("grey", "light", "desk", "dark", "any"), 1.2),
    "stripes": (_stripes, ("any", "grey"), 0.7),
    "speckles": (_speckles, ("grey", "light", "desk", "dark", "any"), 1.2),
    "tiles": (_tiles, ("grey", "light", "wood", "any"), 1.2),
    "dots": (_dots, ("any", "light"), 0.5),
    "room": (_room, ("any", "grey", "dark"), 1),
}
_SURFACE_SHARES = np.cumsum([row[2] for row in SURFACES.values()]) / sum(row[2] for row in SURFACES.values())


def draw_surface(rng: np.random.Generator, side: int, name: str = "", colour: np.ndarray | None = None) -> np.ndarray:
    """Draws a surface.

    Args:
        rng: everything on it follows from it.
        side: width and height in pixels.
        name: key of `SURFACES`; drawn by weight when empty.
        colour: RGB in 0 to 255 of its middle tone; from one of its palettes when None.

    Returns:
        uint8 (side, side, 3) RGB.
    """
    name = name or list(SURFACES)[int(np.searchsorted(_SURFACE_SHARES, rng.random()))]
    draw, palettes, _ = SURFACES[name]
    tone = np.clip(draw(rng, side) * 255, 0, 255).astype(np.uint8)
    middle = draw_colour(rng, palettes[int(rng.integers(len(palettes)))]) if colour is None else colour
    contrast = rng.uniform(0.3, 1.0)
    other = draw_colour(rng, "any") if rng.random() < 0.15 else middle * rng.uniform(1.1, 1.8)
    ramp = np.linspace(-1, 1, 256)[:, None] * contrast
    table = middle * (1 + np.minimum(ramp, 0)) + (other - middle) * np.maximum(ramp, 0)
    table = np.clip(table, 0, 255).astype(np.uint8).reshape(1, 256, 3)
    surface = cv2.LUT(cv2.merge([tone, tone, tone]), table)
    grain = rng.integers(0, 1 + int(rng.integers(1, 14)), (side, side, 1), dtype=np.uint8)
    return cv2.add(surface, cv2.merge([grain] * 3))
