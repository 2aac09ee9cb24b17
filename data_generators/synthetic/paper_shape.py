"""Paper that is not flat: a page bent, curled, folded or crumpled as a height field, seen by the scene's camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
from pydantic import Field

from data_generators.geometry import UNIT_QUAD, apply_homography, homography_between, quad_signed_area
from data_generators.settings import Settings, Share
from data_generators.synthetic.placement import Placement

GRID = 49  # points a side at which a shape is known; 48 cells hold folds in halves, thirds and quarters
MOST_STRETCH = 0.6  # greatest change of a page's offsets along it; below 1 `paste` can invert them
STEEPEST = 0.75  # greatest slope of the paper: beyond, parts of it would hide others


class PaperSettings(Settings):
    """How often paper is not flat; a page may be folded and curled at once."""

    bend_share: Share = 0.18
    """Share of the documents bent about one axis: sagging in a hand, rolled before, the page of a book."""
    curl_share: Share = 0.2
    """Share of the documents with a corner or an edge that lifts off."""
    fold_share: Share = 0.15
    """Share of the documents folded in halves, thirds or quarters, and opened again."""
    crumple_share: Share = 0.08
    """Share of the documents that were crumpled or wavy from damp."""
    strength: Annotated[float, Field(ge=0, le=2)] = 1.0
    """Factor of all heights; 0 leaves paper flat, and its shading to `lighting.folds`."""


@dataclass(frozen=True, eq=False)
class PageView:
    """Where the points of a page are seen.

    Args:
        quad: (4, 2) float64 corners of the page in the frame, normalised, from its own top left clockwise.
        offsets: float32 (GRID, GRID, 2), how far a point of the page lies from where a flat page with the same corners
            would show it, in page coordinates; 0 at the corners. None for a flat page.
        positions: float32 (GRID, GRID, 3), the points of the page in space, see `lay_heights`. None for a flat page.
    """

    quad: np.ndarray
    offsets: np.ndarray | None = None
    positions: np.ndarray | None = None

    def locate(self, points: np.ndarray) -> np.ndarray:
        """Where points of the page are seen.

        Args:
            points: (N, 2) page coordinates, x / width and y / height of the page, in [0, 1].

        Returns:
            (N, 2) float64, normalised frame coordinates.
        """
        points = np.asarray(points, np.float64)
        if self.offsets is not None:
            points = points + _at_points(self.offsets, points)
        return apply_homography(homography_between(UNIT_QUAD, self.quad), points)


def _at_points(grid: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Values (N, 2) of a grid (GRID, GRID, 2) over the page at points (N, 2), bilinear."""
    xs, ys = np.ascontiguousarray(points.reshape(-1, 1, 2).astype(np.float32) * (GRID - 1)).transpose(2, 0, 1)
    return cv2.remap(grid, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).reshape(points.shape)


def page_grid(aspect: float) -> tuple[np.ndarray, np.ndarray]:
    """x and y float32 (GRID, GRID) of a page of area 1 around the origin, in plane units."""
    along = np.linspace(-0.5, 0.5, GRID, dtype=np.float32)
    xs, ys = np.meshgrid(along * aspect**0.5, along * aspect**-0.5)
    return xs, ys


def bend(rng: np.random.Generator, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Heights of a page bent about one axis: a bow up or down, or steeper towards one side."""
    across = _direction(rng, xs, ys, 8)
    if rng.random() < 0.3:  # towards a spine
        return rng.uniform(0.04, 0.16) * np.exp((across - across.max()) / rng.uniform(0.08, 0.25))
    return rng.normal(0, 0.3) * (across + rng.normal(0, 0.15)) ** 2


def curl(rng: np.random.Generator, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Heights of a page with one or two corners, or an edge, that lift off."""
    heights = np.zeros_like(xs)
    for _ in range(int(rng.choice([1, 1, 2]))):
        outwards = _direction(rng, xs, ys, 6) if rng.random() < 0.35 else _towards_corner(rng, xs, ys)
        depth = rng.uniform(0.12, 0.5)
        heights += rng.uniform(0.02, 0.14) * np.maximum(0, 1 + (outwards - outwards.max()) / depth) ** 2
    return heights


def fold(rng: np.random.Generator, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Heights of a page folded once, twice or crosswise, and opened: planes that meet at slight angles."""
    creases = {0: (0.0,), 1: (-1 / 6, 1 / 6), 2: (-1 / 4, 0.0, 1 / 4)}[int(rng.choice([0, 0, 1, 1, 2]))]
    heights, upwards = np.zeros_like(xs), rng.random() < 0.5
    axes = [xs, ys] if rng.random() < 0.3 else [(xs, ys)[int(rng.random() < 0.7)]]
    for axis in axes:
        side = float(np.ptp(axis))
        for crease in creases:
            angle = rng.uniform(0.04, 0.32) * (-1 if upwards else 1) / len(axes)
            heights += angle * np.abs(axis - crease * side)
            upwards = not upwards if rng.random() < 0.7 else upwards
    return heights


def crumple(rng: np.random.Generator, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Heights of paper that was crumpled, many small facets, or of paper wavy from damp."""
    if rng.random() < 0.3:
        waves = rng.normal(0, 1, rng.integers(3, 8, 2)).astype(np.float32)
        return rng.uniform(0.006, 0.02) * cv2.resize(waves, (GRID, GRID), interpolation=cv2.INTER_CUBIC)
    angles, count = rng.uniform(0, np.pi, (24, 1, 1)), int(rng.integers(8, 25))
    angles = angles[:count].astype(np.float32)
    centres = rng.uniform(-0.6, 0.6, (2, count, 1, 1)).astype(np.float32)
    across = (xs - centres[0]) * np.cos(angles) + (ys - centres[1]) * np.sin(angles)
    along = (ys - centres[1]) * np.cos(angles) - (xs - centres[0]) * np.sin(angles)
    reach = rng.uniform(0.15, 0.6, (count, 1, 1)).astype(np.float32)
    slopes = rng.normal(0, rng.uniform(0.03, 0.14), (count, 1, 1)).astype(np.float32)
    ridges = slopes * np.maximum(0, reach - np.abs(across)) * np.exp(-((along / reach) ** 2))
    return np.asarray(ridges.sum(axis=0), np.float32)


def _direction(rng: np.random.Generator, xs: np.ndarray, ys: np.ndarray, spread_deg: float) -> np.ndarray:
    """Distance along a direction, nearly one of the page's four."""
    angle = np.pi / 2 * rng.integers(4) + np.radians(rng.normal(0, spread_deg))
    return np.asarray(xs * np.cos(angle) + ys * np.sin(angle), np.float32)


def _towards_corner(rng: np.random.Generator, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Distance along a direction towards a corner."""
    angle = np.pi / 2 * rng.integers(4) + np.pi / 4 + rng.normal(0, 0.2)
    return np.asarray(xs * np.cos(angle) + ys * np.sin(angle), np.float32)


def draw_heights(rng: np.random.Generator, aspect: float, settings: PaperSettings) -> np.ndarray | None:
    """How high each point of a page lies above the plane.

    Args:
        rng: random numbers.
        aspect: width to height of the page.
        settings: what is wanted.

    Returns:
        float32 (GRID, GRID) in sides of a page of area 1, the lowest point at 0; None for a flat page.
    """
    shares = settings.bend_share, settings.curl_share, settings.fold_share, settings.crumple_share
    chosen = np.flatnonzero(rng.random(4) < shares)
    if not len(chosen) or settings.strength == 0:
        return None
    xs, ys = page_grid(aspect)
    heights = np.zeros_like(xs)
    for kind in chosen:
        heights += settings.strength * (bend, curl, fold, crumple)[kind](rng, xs, ys)
    steepest = max(float(np.abs(slope).max()) for slope in _slopes(heights, aspect))
    heights = heights * min(1.0, STEEPEST / max(steepest, 1e-6))
    return np.asarray(heights - heights.min(), np.float32)


def _slopes(heights: np.ndarray, aspect: float) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of the cells along x (GRID, GRID - 1) and along y (GRID - 1, GRID)."""
    step_x, step_y = aspect**0.5 / (GRID - 1), aspect**-0.5 / (GRID - 1)
    return np.diff(heights, axis=1) / step_x, np.diff(heights, axis=0) / step_y


def lay_heights(heights: np.ndarray, aspect: float) -> np.ndarray:
    """Points in space of a page that keeps its lengths: where it is steep it covers less of the plane.

    Args:
        heights: float32 (GRID, GRID).
        aspect: width to height of the page.

    Returns:
        float32 (GRID, GRID, 3): x and y in the plane and the height above it, around the origin.
    """
    slope_x, slope_y = _slopes(heights, aspect)
    xs, ys = np.zeros_like(heights), np.zeros_like(heights)
    step_x, step_y = aspect**0.5 / (GRID - 1), aspect**-0.5 / (GRID - 1)
    np.cumsum(np.sqrt(np.maximum(1 - slope_x**2, 0.1)) * step_x, axis=1, out=xs[:, 1:])
    np.cumsum(np.sqrt(np.maximum(1 - slope_y**2, 0.1)) * step_y, axis=0, out=ys[1:])
    middle = GRID // 2
    return np.stack([xs - xs[:, middle : middle + 1], ys - ys[middle : middle + 1], heights], axis=-1)


def page_outline(grid: np.ndarray) -> np.ndarray:
    """The border of a grid (GRID, GRID, D) over the page, clockwise, (N, D)."""
    return np.concatenate([grid[0, ::4], grid[::4, -1], grid[-1, ::-4], grid[::-4, 0]])


def see_page(placement: Placement, positions: np.ndarray | None) -> PageView:
    """Where a page is seen; one that would hide parts of itself is laid flatter, at last flat.

    Args:
        placement: camera and plane.
        positions: of `lay_heights`, or None for a flat page.
    """
    for flatten in (1.0, 0.4, 0.15) if positions is not None else ():
        flatter = np.asarray(positions) * np.array([1, 1, flatten], np.float32)
        seen = placement.project(flatter)
        quad = seen[[0, 0, -1, -1], [0, -1, -1, 0]]
        if _faces_camera(seen) and _is_convex(quad):
            flat = apply_homography(homography_between(quad, UNIT_QUAD), seen)
            offsets = flat - np.stack(np.meshgrid(*[np.linspace(0, 1, GRID)] * 2), axis=-1)
            if max(float(np.abs(np.diff(offsets, axis=axis)).max()) for axis in (0, 1)) < MOST_STRETCH / (GRID - 1):
                return PageView(quad, offsets.astype(np.float32), flatter)
    return PageView(placement.quad)


def _faces_camera(seen: np.ndarray) -> bool:
    """Whether every cell of a grid (GRID, GRID, 2) of points in the frame runs clockwise."""
    right, down = np.diff(seen, axis=1)[:-1], np.diff(seen, axis=0)[:, :-1]
    return bool(np.all(right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0] > 0))


def _is_convex(quad: np.ndarray) -> bool:
    """Whether a (4, 2) quad is strictly convex and clockwise: the triangle at each corner has a part of its area."""
    before, after = np.roll(quad, 1, axis=0) - quad, np.roll(quad, -1, axis=0) - quad
    turns = after[:, 0] * before[:, 1] - after[:, 1] * before[:, 0]
    return bool(np.all(turns > 0.2 * abs(quad_signed_area(quad))))


def shade_shape(heights: np.ndarray, aspect: float, light: np.ndarray) -> np.ndarray:
    """Lambert's cosine law over the page, with a third of the light from everywhere.

    Args:
        heights: float32 (GRID, GRID).
        aspect: width to height of the page.
        light: (3,) unit vector towards the lamp in plane coordinates, its last element the height.

    Returns:
        float32 (GRID - 1, GRID - 1) gain, 1 where the paper lies flat.
    """
    slope_x, slope_y = _slopes(heights, aspect)
    slope_x, slope_y = slope_x[1:], slope_y[:, 1:]
    cosine = (light[2] - slope_x * light[0] - slope_y * light[1]) / np.sqrt(1 + slope_x**2 + slope_y**2)
    return np.asarray(0.33 + 0.67 * np.clip(cosine / light[2], 0.1, 1.6), np.float32)
