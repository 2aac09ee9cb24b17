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
    "any": ((0.0, 1.0), (0.05, 0.7), (0.15, 0.9)),
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
    coarse = max(cells) * 4 <= side  # only there does a kink between two values show
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC if coarse else cv2.INTER_LINEAR)


def make_clouds(rng: np.random.Generator, side: int, finest: int, falloff: float) -> np.ndarray:
    """Noise at all scales: octaves of 2, 4, ... `finest` cells, each `falloff` times weaker; float32 about 0 to 1."""
    total: np.ndarray = np.zeros((2, 2), np.float32)
    weight, amplitude, cells = 0.0, 1.0, 2
    while cells <= finest:  # from coarse to fine, so that the large scales cost little
        total = cv2.resize(total, (cells, cells), interpolation=cv2.INTER_CUBIC)
        total = total + amplitude * rng.random((cells, cells), dtype=np.float32)
        weight, amplitude, cells = weight + amplitude, amplitude * falloff, cells * 2
    return cv2.resize(total / weight, (side, side), interpolation=cv2.INTER_CUBIC)


def _plain(rng: np.random.Generator, side: int) -> np.ndarray:
    return 0.5 + rng.uniform(0, 0.15) * (make_noise(rng, side, (5, 5)) - 0.5)


def _clouds(rng: np.random.Generator, side: int) -> np.ndarray:
    return make_clouds(rng, side, 128, rng.uniform(0.5, 0.95))


def _wood(rng: np.random.Generator, side: int) -> np.ndarray:
    """Rings bent by noise that is long along the grain, fine fibres, pores, at times planks; often hardly to be seen,
    as on veneer."""
    bend = make_noise(rng, side, (int(rng.integers(4, 12)), int(rng.integers(2, 4))))
    rings = np.sin(2 * np.pi * rng.uniform(1, 7) * bend)
    fibres = make_noise(rng, side, (side // int(rng.integers(1, 4)), int(rng.integers(3, 14))))
    figure = rng.random() ** 2
    wood = 0.5 + figure * rng.uniform(0.05, 0.25) * rings + (0.1 + figure) * rng.uniform(0.05, 0.3) * (fibres - 0.5)
    if rng.random() < 0.4:
        wood -= rng.uniform(0.05, 0.3) * np.maximum(0, make_noise(rng, side, (side // 2, side // 12)) - 0.75)
    if rng.random() < 0.3:
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


def _bedding(rng: np.random.Generator, side: int) -> np.ndarray:
    """Crumpled linen, a sofa, a jacket: soft creases lit from one side."""
    height = make_clouds(rng, side, int(rng.choice([8, 16, 32])), rng.uniform(0.45, 0.7))
    height = np.abs(height - 0.5) if rng.random() < 0.5 else height  # sharp creases between soft bulges
    slope = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=side / 8) + rng.uniform(-1, 1) * cv2.Sobel(
        height, cv2.CV_32F, 0, 1, scale=side / 8
    )
    return 0.5 + np.clip(rng.uniform(0.05, 0.35) * slope, -0.45, 0.45) + 0.2 * (make_noise(rng, side, (3, 3)) - 0.5)


def _marble(rng: np.random.Generator, side: int) -> np.ndarray:
    """Polished stone with veins where bent noise crosses its middle."""
    clouds, bent = make_clouds(rng, side, 64, 0.6), make_clouds(rng, side, 32, 0.55)
    veins = np.exp(-np.abs(bent - 0.5) * rng.uniform(20, 90))
    return 0.55 + rng.uniform(0.05, 0.4) * (clouds - 0.5) + rng.uniform(-0.5, 0.3) * veins


def _concrete(rng: np.random.Generator, side: int) -> np.ndarray:
    """Concrete, plaster, asphalt: stains, fine grain, pores, at times a crack."""
    grain = make_noise(rng, side, (side, side))
    concrete = (
        0.5 + rng.uniform(0.1, 0.4) * (make_clouds(rng, side, 32, 0.7) - 0.5) + rng.uniform(0.02, 0.4) * (grain - 0.5)
    )
    concrete -= 0.25 * (make_noise(rng, side, (side // 2, side // 2)) > rng.uniform(0.92, 1.1))
    if rng.random() < 0.3:
        bent = make_clouds(rng, side, 64, 0.6)
        concrete -= 0.5 * np.exp(-np.abs(bent - 0.5) * rng.uniform(120, 300))
    return concrete


def _metal(rng: np.random.Generator, side: int) -> np.ndarray:
    """Brushed metal or a worn worktop: fine lines along, broad gleams across."""
    lines = make_noise(rng, side, (side, int(rng.integers(1, 4))))
    gleam = make_noise(rng, side, (1, int(rng.integers(3, 6))))
    return 0.35 + rng.uniform(0.05, 0.25) * (lines - 0.5) + rng.uniform(0.1, 0.5) * gleam


def _leather(rng: np.random.Generator, side: int) -> np.ndarray:
    """Leather, cork or pressboard: cells of uneven size with dark or light borders."""
    cells = int(rng.integers(side // 8, side // 2))
    noise = make_noise(rng, side, (cells, cells))
    creased = np.abs(noise - 0.5) if rng.random() < 0.6 else noise
    return (
        0.5 + rng.uniform(0.15, 0.9) * (creased - float(creased.mean())) + 0.2 * (make_noise(rng, side, (4, 4)) - 0.5)
    )


def _leaves(rng: np.random.Generator, side: int) -> np.ndarray:
    """Leaves, gravel or grass: many overlapping ellipses, the later the lighter."""
    ground, count = np.full((side, side), 0.15, np.float32), int(rng.integers(60, 220))
    middles, axes = rng.integers(0, side, (count, 2)), rng.uniform(0.02, 0.09, (count, 2)) * side
    axes *= (rng.uniform(0.3, 1.0), rng.uniform(1.0, 2.5))
    angles, tones = rng.integers(0, 180, count), rng.uniform(0.2, 0.9, count)
    for middle, axis, angle, tone in zip(middles, axes.astype(int) + 1, angles, tones, strict=True):
        cv2.ellipse(ground, middle.tolist(), axis.tolist(), int(angle), 0, 360, float(tone), cv2.FILLED)
    return ground + 0.25 * (make_noise(rng, side, (side // 3, side // 3)) - 0.5)


def _clutter(rng: np.random.Generator, side: int) -> np.ndarray:
    """A crowded shelf or a room: blocks, discs and lines with an edge light, in or out of focus."""
    room = 0.3 + 0.5 * make_noise(rng, side, (4, 4))
    for _ in range(int(rng.integers(10, 40))):
        low = rng.integers(-side // 8, side, 2)
        extent = (side * np.exp(rng.uniform(np.log(0.03), np.log(0.5), 2))).astype(int) + 1
        tone, kind = float(rng.random()), rng.random()
        if kind < 0.6:
            cv2.rectangle(room, low.tolist(), (low + extent).tolist(), tone, cv2.FILLED)
            cv2.line(room, low.tolist(), (low + extent * (0, 1)).tolist(), min(1.0, tone + 0.25), 1)
        elif kind < 0.8:
            cv2.ellipse(room, low.tolist(), (extent // 2 + 1).tolist(), 0, 0, 360, tone, cv2.FILLED)
        else:
            cv2.line(room, low.tolist(), (low + extent * (1, -1)).tolist(), tone, int(rng.integers(1, 4)))
    return cv2.GaussianBlur(room, (0, 0), rng.uniform(0.4, 4.0)) if rng.random() < 0.7 else room


# name -> what draws it, palettes that suit it, weight
SURFACES: dict[str, tuple[Callable[[np.random.Generator, int], np.ndarray], tuple[str, ...], float]] = {
    "plain": (_plain, ("desk", "desk", "grey", "grey", "grey", "light", "light", "wood", "dark", "any"), 3.5),
    "wood": (_wood, ("wood", "wood", "desk", "desk", "grey", "dark"), 3),
    "clouds": (_clouds, ("grey", "light", "desk", "dark", "any"), 1.2),
    "cloth": (_cloth, ("grey", "light", "desk", "dark", "any"), 1.2),
    "stripes": (_stripes, ("any", "grey"), 0.5),
    "speckles": (_speckles, ("grey", "light", "desk", "dark", "any"), 1.2),
    "tiles": (_tiles, ("grey", "light", "wood", "any"), 1.2),
    "dots": (_dots, ("any", "light"), 0.3),
    "room": (_room, ("any", "grey", "dark"), 0.7),
    "bedding": (_bedding, ("light", "grey", "desk", "dark", "any"), 1.2),
    "marble": (_marble, ("light", "light", "grey", "dark", "desk"), 1),
    "concrete": (_concrete, ("grey", "grey", "light", "desk", "dark"), 1.2),
    "metal": (_metal, ("grey", "dark", "light"), 0.6),
    "leather": (_leather, ("dark", "wood", "desk", "grey", "bold"), 1),
    "leaves": (_leaves, ("any", "wood", "desk", "grey"), 0.4),
    "clutter": (_clutter, ("any", "grey", "dark", "desk"), 0.8),
}

COLOURFUL = (_clutter, _room, _leaves)


def draw_surface(
    rng: np.random.Generator, side: int, kinds: tuple[str, ...] = (), colour: np.ndarray | None = None
) -> np.ndarray:
    """Draws a surface.

    Args:
        rng: everything on it follows from it.
        side: width and height in pixels.
        kinds: keys of `SURFACES`, of which one is drawn by weight; all when empty.
        colour: RGB in 0 to 255 of its middle tone; from one of its palettes when None.

    Returns:
        uint8 (side, side, 3) RGB.
    """
    kinds = kinds or tuple(SURFACES)
    shares = np.cumsum([SURFACES[kind][2] for kind in kinds])
    draw, palettes, _ = SURFACES[kinds[int(np.searchsorted(shares / shares[-1], rng.random()))]]
    tone = np.clip(draw(rng, side) * 255, 0, 255).astype(np.uint8)
    middle = draw_colour(rng, palettes[int(rng.integers(len(palettes)))]) if colour is None else colour
    contrast = rng.uniform(0.3, 1.0)
    other = draw_colour(rng, "any") if rng.random() < 0.1 else middle * rng.uniform(1.1, 1.6)
    ramp = np.linspace(-1, 1, 256)[:, None] * contrast
    table = middle * (1 + np.minimum(ramp, 0)) + (other - middle) * np.maximum(ramp, 0)
    table = np.clip(table, 0, 255).astype(np.uint8).reshape(1, 256, 3)
    surface = cv2.LUT(cv2.merge([tone, tone, tone]), table)
    if draw in COLOURFUL:  # things of many colours, not shades of one
        cells = int(rng.integers(2, 9)), int(rng.integers(2, 9))
        tints = (rng.normal(1, 0.12, (*cells, 1)) + rng.normal(0, 0.05, (*cells, 3))).astype(np.float32)
        surface = cv2.multiply(surface, cv2.resize(tints, (side, side), interpolation=cv2.INTER_CUBIC), dtype=cv2.CV_8U)
    grain = rng.integers(0, 1 + int(rng.integers(1, 14)), (side, side, 1), dtype=np.uint8)
    return cv2.add(surface, cv2.merge([grain] * 3))
