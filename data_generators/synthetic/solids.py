"""Things that stand on the plane of a page: blocks with visible sides, cups, plates; seen by the scene's camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from data_generators.geometry import quad_signed_area, to_pixels
from data_generators.synthetic.compositing import cast_shadow, fill_polygon, paste
from data_generators.synthetic.placement import Placement
from data_generators.synthetic.surfaces import draw_colour

_CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 28)[:-1]), np.sin(np.linspace(0, 2 * np.pi, 28)[:-1])], axis=1)


@dataclass(frozen=True, eq=False)
class Stage:
    """The plane of the page, seen and lit.

    Args:
        placement: camera and page.
        lamp: (3,) unit vector towards the light in plane coordinates, its last element upwards.
        shadows: strength of shadows, 0 to 1.
    """

    placement: Placement
    lamp: np.ndarray
    shadows: float


@dataclass(frozen=True, eq=False)
class Block:
    """A block on the plane: a (4, 2) rectangle of it, clockwise from above, and the heights of its lower and upper
    face."""

    rectangle: np.ndarray
    low: float
    high: float


def in_view(placement: Placement, points: np.ndarray) -> bool:
    """Whether points (N, 2) of the plane lie before the camera, and are seen in the frame or not far outside."""
    if np.any(points @ placement.plane[2, :2] + placement.plane[2, 2] <= 0.15):
        return False
    return bool(np.abs(placement.project(raise_to(points, 0.0))).max() <= 4)


def raise_to(points: np.ndarray, height: float) -> np.ndarray:
    """Points (N, 2) of the plane at a height above it, (N, 3)."""
    return np.concatenate([points, np.full((len(points), 1), height)], axis=1)


def drop_shadow(positions: np.ndarray, light: np.ndarray, height: float = 0.0) -> np.ndarray:
    """Where points (..., 3) in space throw their shadow on the plane at a height, (..., 3)."""
    fall = (positions[..., 2:] - height) * np.minimum(light[:2] / light[2], 3) * -1
    return np.concatenate([positions[..., :2] + fall, np.full_like(positions[..., 2:], height)], axis=-1)


def hull(points: np.ndarray) -> np.ndarray:
    """Convex hull (M, 2) of points (N, 2)."""
    return cv2.convexHull(points.astype(np.float32)).reshape(-1, 2)


def shade_block(image: np.ndarray, stage: Stage, block: Block, strength: float) -> np.ndarray:
    """The image with the shadow that a block throws on the plane, and its contact shadow.

    Args:
        image: uint8 (H, W, 3).
        stage: camera and lamp.
        block: what throws the shadow.
        strength: 0 to 1, times that of the stage.

    Returns:
        uint8 (H, W, 3).
    """
    if strength * stage.shadows <= 0:
        return image.copy()
    place, ground = stage.placement, raise_to(block.rectangle, 0.0)
    top = drop_shadow(raise_to(block.rectangle, block.high + 0.004), stage.lamp)
    outline = hull(place.project(np.concatenate([top, ground])))
    size = abs(quad_signed_area(place.project(ground))) ** 0.5
    return cast_shadow(image, outline, (0.0, 0.0), size * (0.01 + 0.25 * block.high), strength * stage.shadows)


def draw_sides(rng: np.random.Generator, image: np.ndarray, stage: Stage, block: Block, colour: np.ndarray) -> None:
    """Draws the visible sides of a block, lined as the edges of many sheets, in place.

    Args:
        rng: random numbers.
        image: uint8 (H, W, 3), written to.
        stage: the camera.
        block: what has the sides.
        colour: (3,) RGB of the sheets.
    """
    low, high = (stage.placement.project(raise_to(block.rectangle, height)) for height in (block.low, block.high))
    lines = rng.uniform(0.7, 1.0, (6, 1, 1)) * np.ones((6, 12, 3)) * colour
    for side in range(4):
        face = np.stack([high[(side + 1) % 4], high[side], low[side], low[(side + 1) % 4]])
        if quad_signed_area(face) > 1e-6:
            paste(image, np.clip(lines * rng.uniform(0.45, 0.95), 0, 255).astype(np.uint8), face)


def _disc(placement: Placement, centre: np.ndarray, radius: float, height: float) -> np.ndarray:
    """A circle above the plane as seen in the frame, (27, 2)."""
    return placement.project(raise_to(centre + radius * _CIRCLE, height))


def lay_cup(rng: np.random.Generator, image: np.ndarray, stage: Stage, centre: np.ndarray) -> np.ndarray:
    """Puts a cup or a glass with something in it on the plane.

    Args:
        rng: random numbers.
        image: uint8 (H, W, 3).
        stage: camera and lamp.
        centre: (2,) of the plane.

    Returns:
        uint8 (H, W, 3).
    """
    radius, height = rng.uniform(0.1, 0.22), rng.uniform(0.05, 0.3)
    foot = radius * rng.uniform(0.6, 1.0)
    if not in_view(stage.placement, centre + 2 * radius * _CIRCLE):
        return image
    colour = draw_colour(rng, ("light", "light", "bold", "dark", "any")[int(rng.integers(5))])
    rim, base = _disc(stage.placement, centre, radius, height), _disc(stage.placement, centre, foot, 0.0)
    fallen = stage.placement.project(drop_shadow(raise_to(centre + radius * _CIRCLE, height), stage.lamp))
    image = cast_shadow(
        image, hull(np.concatenate([fallen, base])), (0.0, 0.0), 0.012, stage.shadows * rng.uniform(0.2, 0.6)
    )
    angle = rng.uniform(0, 2 * np.pi)
    away = np.array([np.cos(angle), np.sin(angle)])
    loop = centre + away * radius * (0.95 + 0.6 * np.sin(np.linspace(0, np.pi, 9)))[:, None]
    handle = stage.placement.project(np.c_[loop, height * np.linspace(0.85, 0.25, 9)])
    size = float(np.ptp(rim, axis=0).max())
    _draw_line(image, handle, 0.13 * size, colour * 0.8)
    fill_polygon(image, hull(np.concatenate([rim, base])), (colour * rng.uniform(0.5, 0.85)).tolist())
    fill_polygon(image, rim, np.clip(colour * 1.08 + 6, 0, 255).tolist())
    fill_polygon(image, _disc(stage.placement, centre, 0.9 * radius, height), (colour * 0.6).tolist())
    drink = np.array([[52.0, 30, 18], [110, 60, 25], [200, 180, 160], [235, 235, 230]])[int(rng.integers(4))]
    fill_polygon(image, _disc(stage.placement, centre, 0.84 * radius, 0.9 * height), drink.tolist())
    return image


def lay_plate(rng: np.random.Generator, image: np.ndarray, stage: Stage, centre: np.ndarray) -> np.ndarray:
    """Puts a plate, a bowl or a coaster on the plane; arguments as for `lay_cup`."""
    radius, height = rng.uniform(0.2, 0.5), rng.uniform(0.005, 0.05)
    if not in_view(stage.placement, centre + radius * _CIRCLE):
        return image
    colour = draw_colour(rng, ("light", "light", "light", "any")[int(rng.integers(4))])
    rim = _disc(stage.placement, centre, radius, height)
    fallen = stage.placement.project(drop_shadow(raise_to(centre + radius * _CIRCLE, height), stage.lamp))
    image = cast_shadow(image, hull(fallen), (0.0, 0.0), 0.01, stage.shadows * rng.uniform(0.2, 0.5))
    fill_polygon(image, rim, colour.tolist())
    fill_polygon(
        image, _disc(stage.placement, centre, 0.68 * radius, 0.6 * height), (colour * rng.uniform(0.85, 0.95)).tolist()
    )
    fill_polygon(
        image, _disc(stage.placement, centre, 0.64 * radius, 0.2 * height), (colour * rng.uniform(0.9, 1.0)).tolist()
    )
    for _ in range(int(rng.integers(0, 5))):  # what is left on it
        crumb = centre + rng.uniform(-0.35, 0.35, 2) * radius
        food = draw_colour(rng, "any" if rng.random() < 0.5 else "wood")
        fill_polygon(image, _disc(stage.placement, crumb, radius * rng.uniform(0.05, 0.3), height), food.tolist())
    return image


def lay_mouse(rng: np.random.Generator, image: np.ndarray, stage: Stage, centre: np.ndarray) -> np.ndarray:
    """Puts a computer mouse, an eraser or a remote control on the plane; arguments as for `lay_cup`."""
    turn, half = rng.uniform(0, 2 * np.pi), np.array([rng.uniform(0.04, 0.09), rng.uniform(0.08, 0.22)])
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    rounded = np.sign(_CIRCLE) * np.abs(_CIRCLE) ** rng.uniform(0.35, 0.9)
    outline, height = centre + (rounded * half) @ spin, rng.uniform(0.01, 0.07)
    if not in_view(stage.placement, outline):
        return image
    colour = draw_colour(rng, ("light", "dark", "dark", "bold")[int(rng.integers(4))])
    base, top = stage.placement.project(raise_to(outline, 0.0)), stage.placement.project(raise_to(outline, height))
    fallen = stage.placement.project(drop_shadow(raise_to(outline, height), stage.lamp))
    image = cast_shadow(
        image, hull(np.concatenate([fallen, base])), (0.0, 0.0), 0.008, stage.shadows * rng.uniform(0.2, 0.6)
    )
    fill_polygon(image, hull(np.concatenate([base, top])), (colour * 0.7).tolist())
    fill_polygon(image, top, colour.tolist())
    inner = stage.placement.project(raise_to(centre + (rounded * half * 0.6) @ spin, height))
    fill_polygon(image, inner, np.clip(colour * 1.15 + 8, 0, 255).tolist())
    return image


def _draw_line(image: np.ndarray, points: np.ndarray, width: float, colour: np.ndarray) -> None:
    """A line through normalised points (N, 2), `width` in frame sides, in place."""
    fixed = np.round(np.clip(to_pixels(points, image.shape[:2]), -8000, 8000) * 16).astype(np.int32)
    width_px = max(1, round(width * max(image.shape[:2])))
    cv2.polylines(image, [fixed], False, np.clip(colour, 0, 255).tolist(), width_px, cv2.LINE_AA, 4)
