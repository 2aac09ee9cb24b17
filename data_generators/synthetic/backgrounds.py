"""What lies behind and under a page: surfaces in perspective, table edges, rooms, and crops of the user's photos."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from data_generators.geometry import apply_homography, pixel_homography, quad_signed_area
from data_generators.synthetic.compositing import cast_shadow, fill_polygon
from data_generators.synthetic.placement import Placement
from data_generators.synthetic.surfaces import SURFACES, draw_surface


def crop_photo(rng: np.random.Generator, photo: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    """A random part of a photo, at least a third of its sides, mirrored or turned at times.

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
    if rng.random() < 0.15:
        part = part.transpose(1, 0, 2)
    shrinks = part.shape[0] > size_hw[0] and part.shape[1] > size_hw[1]
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
        photo: uint8 (h, w, 3) used instead of a procedural surface.
        shadow: strength of shadows, 0 to 1.
        surfaces: keys of `SURFACES` to choose from; all when empty.
        held: whether the page is held in the air, so that what lies behind is far off and upright.
        alone: whether nothing but the photo shall be seen.
    """

    colour: np.ndarray | None = None
    photo: np.ndarray | None = None
    shadow: float = 1.0
    surfaces: tuple[str, ...] = ()
    held: bool = False
    alone: bool = False


def draw_background(
    rng: np.random.Generator, placement: Placement, size_hw: tuple[int, int], ground: Ground
) -> np.ndarray:
    """Draws what the page lies on or is held before: a photo, a surface in perspective, a table with what is beyond it.

    Args:
        rng: random numbers.
        placement: the plane of the page.
        size_hw: size of the frame.
        ground: what is wanted.

    Returns:
        uint8 (H, W, 3) RGB.
    """
    side, photo = max(32, *size_hw), ground.photo
    if ground.held or ground.alone:
        return _draw_backdrop(rng, size_hw, ground)
    roll = rng.random()
    if photo is not None and roll < 0.4:
        return _jitter(rng, crop_photo(rng, photo, size_hw))
    as_desk = photo is not None and roll < 0.75
    texture = _jitter(rng, crop_photo(rng, photo, (side, side))) if photo is not None and as_desk else None
    if texture is None:
        texture = draw_surface(rng, side, ground.surfaces, ground.colour)
    top = lay_surface(rng, texture, placement, size_hw)
    if rng.random() > (0.8 if photo is not None and not as_desk else 0.5):
        return top
    if photo is not None and not as_desk:
        floor = crop_photo(rng, photo, size_hw)
    else:
        floor = cv2.resize(draw_surface(rng, side, ground.surfaces), size_hw[::-1], interpolation=cv2.INTER_LINEAR)
        floor = cv2.convertScaleAbs(floor, alpha=rng.uniform(0.2, 1.0))  # farther from the lamp
        floor = _defocus(rng, floor)
    return lay_table(rng, floor, top, placement, ground.shadow)


def _draw_backdrop(rng: np.random.Generator, size_hw: tuple[int, int], ground: Ground) -> np.ndarray:
    """A room behind a page that is held in the air: a photo, or a wall with things before it; often out of focus."""
    if ground.photo is not None:
        backdrop = _jitter(rng, crop_photo(rng, ground.photo, size_hw))
        return backdrop if ground.alone else _defocus(rng, backdrop)
    side = max(32, *size_hw)
    kinds = tuple(kind for kind in ("clutter", "room", "plain", "concrete") if kind in (ground.surfaces or SURFACES))
    wall = cv2.resize(draw_surface(rng, side, kinds or ground.surfaces), size_hw[::-1], interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.5:  # a floor below the wall
        floor = cv2.resize(draw_surface(rng, side, ground.surfaces), size_hw[::-1], interpolation=cv2.INTER_LINEAR)
        horizon, lean = rng.uniform(0.3, 0.9), rng.normal(0, 0.06)
        corners = np.array([[-0.1, horizon - lean], [1.1, horizon + lean], [1.1, 1.1], [-0.1, 1.1]])
        cover = np.zeros(size_hw, np.uint8)
        fill_polygon(cover, corners, 255)
        weight = cv2.LUT(cover, np.linspace(0, 1, 256, dtype=np.float32))
        wall = cv2.blendLinear(floor, wall, weight, 1 - weight)
    return _defocus(rng, wall)


def _defocus(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The image blurred at times, as what lies beyond the focus."""
    if rng.random() < 0.4:
        return image
    return cv2.GaussianBlur(
        image, (0, 0), max(image.shape[:2]) * float(np.exp(rng.uniform(np.log(0.003), np.log(0.03))))
    )


def _jitter(rng: np.random.Generator, photo: np.ndarray) -> np.ndarray:
    """A photo with another brightness, contrast and tint, at times grey, so that a few photos serve many scenes."""
    if rng.random() < 0.2:
        photo = cv2.merge([cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)] * 3)
    gain = rng.uniform(0.6, 1.2) * (1 + rng.normal(0, 0.06, 3))
    ramp = np.arange(256)[:, None] * gain + rng.normal(0, 15)
    return cv2.LUT(photo, np.clip(ramp, 0, 255).astype(np.uint8).reshape(1, 256, 3))
