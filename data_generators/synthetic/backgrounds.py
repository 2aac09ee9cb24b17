"""What lies behind and under a page: surfaces in perspective, table edges, rooms, and crops of the user's photos."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from data_generators.geometry import apply_homography, pixel_homography, quad_signed_area
from data_generators.synthetic.compositing import cast_shadow, fill_polygon
from data_generators.synthetic.placement import Placement
from data_generators.synthetic.surfaces import draw_surface


def crop_photo(rng: np.random.Generator, photo: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    """A random part of a photo, at least a third of its sides, mirrored at times.

    Args:
        rng: random numbers.
        photo: uint8 (h, w, 3).
        size_hw: size of the result.

    Returns:
        uint8 (H, W, 3).
    """
    extent = np.maximum(2, (np.array(photo.shape[:2]) * rng.uniform(0.35, 1.0) * rng.uniform(0.8, 1.0, 2)).astype(int))
    top, left = (rng.random(2) * (np.array(photo.shape[:2]) - extent + 1)).astype(int)
    part = photo[top : top + extent[0], left : left + extent[1]]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    shrinks = extent[0] > size_hw[0] and extent[1] > size_hw[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(part), size_hw[::-1], interpolation=method)


def lay_surface(
    rng: np.random.Generator, surface: np.ndarray, placement: Placement, size_hw: tuple[int, int]
) -> np.ndarray:
    """Spreads a surface over the plane that the page lies in, and shows the frame's view of it.

    Args:
        rng: random numbers.
        surface: uint8 (side, side, 3); mirrored where the frame shows more of the plane.
        placement: gives the plane.
        size_hw: size of the frame.

    Returns:
        uint8 (H, W, 3).
    """
    turn = np.radians(rng.normal(0, 12) + 90 * rng.integers(0, 4) - placement.rotation_deg)
    # one pixel of the surface appears about as large as one of the frame, at the page
    page_side = max(0.1, abs(quad_signed_area(placement.quad)) ** 0.5)
    spread = rng.uniform(0.8, 1.3) * surface.shape[0] / max(size_hw) / page_side
    spin = spread * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    onto_plane = np.eye(3)
    onto_plane[:2, :2], onto_plane[:2, 2] = spin, -spin @ rng.uniform(0.3, 0.7, 2)
    matrix = pixel_homography(placement.plane @ onto_plane, surface.shape[:2], size_hw)
    return cv2.warpPerspective(surface, matrix, size_hw[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def table_outline(rng: np.random.Generator, placement: Placement) -> np.ndarray:
    """Corners (4, 2) of a table top in plane coordinates: some of its edges near the page, the others far off."""
    turn = np.radians(rng.normal(0, 12) - placement.rotation_deg)
    reach = np.where(rng.random(4) < 0.45, 0.62 + 0.9 * rng.random(4) ** 1.5, 8.0)  # left, top, right, bottom
    if np.all(reach > 2):
        reach[int(rng.integers(4))] = rng.uniform(0.6, 1.2)
    corners = np.array([[-reach[0], -reach[1]], [reach[2], -reach[1]], [reach[2], reach[3]], [-reach[0], reach[3]]])
    return corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])


def in_view(plane: np.ndarray, points: np.ndarray) -> bool:
    """Whether points (N, 2) of the plane lie before the camera, and so map to where they are seen."""
    return bool(np.all(points @ plane[2, :2] + plane[2, 2] > 0.15))


def _before_camera(plane: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """The outline with corners behind the camera drawn towards the origin until they lie before it."""
    outline = outline.copy()
    for _ in range(12):
        behind = outline @ plane[2, :2] + plane[2, 2] < 0.15
        if not behind.any():
            break
        outline[behind] *= 0.75
    return outline


def lay_table(
    rng: np.random.Generator, floor: np.ndarray, top: np.ndarray, placement: Placement, shadow: float
) -> np.ndarray:
    """Puts a table top with visible edges over the floor.

    Args:
        rng: random numbers.
        floor: uint8 (H, W, 3) what is seen beyond the table.
        top: uint8 (H, W, 3) the surface of the table.
        placement: gives the plane.
        shadow: strength of the shadow on the floor.

    Returns:
        uint8 (H, W, 3).
    """
    outline = apply_homography(placement.plane, _before_camera(placement.plane, table_outline(rng, placement)))
    if shadow > 0:
        floor = cast_shadow(
            floor, outline, (rng.normal(0, 0.03), rng.uniform(0, 0.06)), 0.02, shadow * rng.uniform(0.2, 0.7)
        )
    else:
        floor = floor.copy()
    drop, side = np.array([0, rng.uniform(0.0, 0.04)]), top.reshape(-1, 3).mean(axis=0) * rng.uniform(0.3, 0.9)
    fill_polygon(floor, outline + drop, side.tolist())
    cover = np.zeros(top.shape[:2], np.uint8)
    fill_polygon(cover, outline, 255)
    weight = cv2.LUT(cover, np.linspace(0, 1, 256, dtype=np.float32))
    return cv2.blendLinear(top, floor, weight, 1 - weight)


@dataclass(frozen=True, eq=False)
class Ground:
    """What is wanted behind a page.

    Args:
        colour: float (3,) RGB in 0 to 255 that the surface under the page shall have; any when None.
        photo: uint8 (h, w, 3) used instead of a procedural surface, at times as what lies beyond a table.
        shadow: strength of shadows, 0 to 1.
    """

    colour: np.ndarray | None = None
    photo: np.ndarray | None = None
    shadow: float = 1.0


def draw_background(
    rng: np.random.Generator, placement: Placement, size_hw: tuple[int, int], ground: Ground
) -> np.ndarray:
    """Draws what the page lies on: a photo, a surface in perspective, or a table with what is beyond it.

    Args:
        rng: random numbers.
        placement: the plane of the page.
        size_hw: size of the frame.
        ground: what is wanted.

    Returns:
        uint8 (H, W, 3) RGB.
    """
    side, photo = max(32, *size_hw), ground.photo
    if photo is not None and rng.random() < 0.7:
        return crop_photo(rng, photo, size_hw)
    if ground.colour is None and rng.random() < 0.1:  # a page held in the air
        return cv2.resize(draw_surface(rng, side, "room"), size_hw[::-1], interpolation=cv2.INTER_LINEAR)
    top = lay_surface(rng, draw_surface(rng, side, colour=ground.colour), placement, size_hw)
    if photo is None and rng.random() > 0.5:
        return top
    if photo is not None:
        floor = crop_photo(rng, photo, size_hw)
    else:
        floor = cv2.resize(draw_surface(rng, side), size_hw[::-1], interpolation=cv2.INTER_LINEAR)
        floor = cv2.convertScaleAbs(floor, alpha=rng.uniform(0.2, 1.0))  # farther from the lamp
    return lay_table(rng, floor, top, placement, ground.shadow)
