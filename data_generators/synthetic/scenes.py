"""Draws one scene: ground, what lies about, the page with its shape and shadow, what lies over it, the light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from data_generators.geometry import quad_signed_area, to_pixels
from data_generators.synthetic import clutter
from data_generators.synthetic.backgrounds import Ground, draw_background
from data_generators.synthetic.clutter import BLOCKS, OBJECTS, Light
from data_generators.synthetic.compositing import cast_shadow, multiply, paste, shrink_to, size_in_frame
from data_generators.synthetic.document_settings import DocumentSettings
from data_generators.synthetic.lighting import draw_lamp, fold_map, light_scene
from data_generators.synthetic.occluders import (
    OCCLUDERS,
    Limb,
    choose_grip,
    draw_fingers,
    draw_occluder,
    draw_person,
    draw_thumb,
    lay_limb,
)
from data_generators.synthetic.paper_shape import (
    PageView,
    draw_heights,
    lay_heights,
    page_outline,
    see_page,
    shade_shape,
)
from data_generators.synthetic.placement import Placement, place_page
from data_generators.synthetic.solids import drop_shadow, lay_cup

HELD_NEGATIVES = 0.25  # share of the scenes without a document that show a room and no desk


@dataclass(frozen=True, eq=False)
class _Sheet:
    """A page in space: where it is seen, its points in space and its heights, None where it is flat."""

    placement: Placement
    view: PageView
    positions: np.ndarray | None
    heights: np.ndarray | None


def draw_negative(rng: np.random.Generator, settings: DocumentSettings, photo: np.ndarray | None) -> np.ndarray:
    """A scene without a document.

    Args:
        rng: random numbers.
        settings: what is wanted.
        photo: uint8 (h, w, 3) of the user's, to lie behind, or to be all there is; None for a drawn ground.

    Returns:
        uint8 (H, W, 3).
    """
    placement = place_page(rng, rng.uniform(0.6, 1.6), settings.placement)
    light = Light(draw_lamp(rng), settings.lighting.shadows)
    alone = photo is not None and rng.random() < settings.photo_negative_share
    held = rng.random() < HELD_NEGATIVES
    ground = Ground(None, photo, light.shadows, settings.surfaces, held=held, alone=alone)
    image = draw_background(rng, placement, settings.size_hw, ground)
    if not alone:
        if held and rng.random() < settings.person_share:
            _lay_person(rng, image, light)
        count = int(rng.poisson(1.6 * settings.clutter)) if not held else 0
        kinds = tuple(kind for kind in settings.objects or OBJECTS if not (kind in BLOCKS and BLOCKS[kind].is_paper))
        image = clutter.lay_objects(rng, image, placement, light, count, kinds)
        if rng.random() < 1.5 * settings.occluder_share:
            image = _lay_over(rng, image, placement, placement.quad, light, settings)
    return light_scene(rng, image, settings.lighting)


def draw_document(
    rng: np.random.Generator, levels: list[np.ndarray], settings: DocumentSettings, photo: np.ndarray | None
) -> tuple[np.ndarray, PageView]:
    """A scene with a document.

    Args:
        rng: random numbers.
        levels: picture of the page, see `shrink_levels`.
        settings: what is wanted.
        photo: uint8 (h, w, 3) of the user's, to lie behind; None for a drawn ground.

    Returns:
        uint8 (H, W, 3), and where the page is seen in it.
    """
    paper = np.median(levels[-1].reshape(-1, 3), axis=0)
    ageing = _draw_ageing(rng, paper, settings)
    if ageing is not None:
        paper = ageing[0, paper.astype(int), np.arange(3)].astype(np.float64)
    placement = place_page(rng, levels[0].shape[1] / levels[0].shape[0], settings.placement)
    light = Light(draw_lamp(rng), settings.lighting.shadows)
    sheet = _shape_sheet(rng, placement, settings)
    held = rng.random() < settings.held_share
    low_contrast = not held and rng.random() < settings.low_contrast_share
    colour = paper * rng.uniform(0.8, 1.05) + rng.normal(0, 4, 3) if low_contrast else None
    ground = Ground(colour, None if low_contrast else photo, light.shadows, settings.surfaces, held=held)
    image = draw_background(rng, placement, settings.size_hw, ground)
    hand: list[Limb] = []
    if held:
        if rng.random() < settings.person_share:
            _lay_person(rng, image, light)
        hand = (draw_thumb if rng.random() < 0.8 else draw_fingers)(rng, choose_grip(rng, sheet.view.quad))
        for limb in hand[:-3]:
            lay_limb(image, limb, light.towards, 0.0)
    else:
        image = _lay_beneath(rng, image, placement, paper, light, settings)
        image = _shade_page(rng, image, sheet, light, low_contrast)
    picture = shrink_to(levels, size_in_frame(to_pixels(sheet.view.quad, settings.size_hw)))
    _paste_page(rng, image, picture if ageing is None else cv2.LUT(picture, ageing), sheet, light, settings)
    for limb in hand[-3:]:
        lay_limb(image, limb, light.towards, 0.4 * light.shadows)
    if rng.random() < settings.occluder_share:
        image = _lay_over(rng, image, placement, sheet.view.quad, light, settings)
    return light_scene(rng, image, settings.lighting), sheet.view


def _draw_ageing(rng: np.random.Generator, paper: np.ndarray, settings: DocumentSettings) -> np.ndarray | None:
    """A look-up table uint8 (1, 256, 3) that darkens the paper or fades the print; None for a page as it was drawn."""
    dim, faded = rng.random(2) < (settings.dim_share, settings.fade_share)
    if not (dim or faded):
        return None
    gain = rng.uniform(0.4, 0.85) * (1 + rng.normal(0, 0.04, 3)) if dim else np.ones(3)
    fade = rng.uniform(0.1, 0.67) if faded else 0.0
    table = (np.arange(256)[:, None] * (1 - fade) + paper * fade) * gain
    return np.clip(table, 0, 255).astype(np.uint8).reshape(1, 256, 3)


def _lay_person(rng: np.random.Generator, image: np.ndarray, light: Light) -> None:
    """Puts a person, or a part of one, into the background, in place."""
    for limb in draw_person(rng):
        lay_limb(image, limb, light.towards, 0.0)


def _shape_sheet(rng: np.random.Generator, placement: Placement, settings: DocumentSettings) -> _Sheet:
    heights = draw_heights(rng, placement.aspect, settings.paper)
    positions = None if heights is None else lay_heights(heights, placement.aspect)
    view = see_page(placement, positions)
    return (
        _Sheet(placement, view, positions, heights) if view.offsets is not None else _Sheet(placement, view, None, None)
    )


def _lay_beneath(
    rng: np.random.Generator,
    image: np.ndarray,
    placement: Placement,
    paper: np.ndarray,
    light: Light,
    settings: DocumentSettings,
) -> np.ndarray:
    """Other objects, a second sheet, a leaf beside, the pad: all that lies lower than the page."""
    count, kinds = int(rng.poisson(0.6 * settings.clutter)), settings.objects or OBJECTS
    image = clutter.lay_objects(rng, image, placement, light, count, kinds)
    if rng.random() < settings.sheet_share:
        image = clutter.lay_sheet_beneath(rng, image, placement, light)
    roll = rng.random()
    if roll < settings.stack_share:
        lay = clutter.lay_stack if rng.random() < 0.7 else clutter.lay_loose_sheets
        image = lay(rng, image, placement, paper, light)
    if rng.random() < settings.leaf_share:
        image = clutter.lay_leaf(rng, image, placement, light)
    return image


def _shade_page(rng: np.random.Generator, image: np.ndarray, sheet: _Sheet, light: Light, always: bool) -> np.ndarray:
    """The page's shadow on what lies below it; a flat page in diffuse light has hardly any, a bent one a wide one."""
    strength = light.shadows * rng.uniform(0.1, 0.7)
    if strength == 0 or (rng.random() < 0.25 and not always):
        return image
    size = abs(quad_signed_area(sheet.view.quad)) ** 0.5
    softness = size * float(np.exp(rng.uniform(np.log(0.004), np.log(0.03))))
    if sheet.positions is None:
        offset = -light.towards[:2] * abs(rng.normal(0, 0.015)) * size
        return cast_shadow(image, sheet.view.quad, (offset[0], offset[1]), softness, strength)
    border = page_outline(sheet.positions)
    outline = sheet.placement.project(drop_shadow(border, light.towards))
    return cast_shadow(image, outline, (0.0, 0.0), softness + 0.02 * size, strength)


def _paste_page(
    rng: np.random.Generator,
    image: np.ndarray,
    picture: np.ndarray,
    sheet: _Sheet,
    light: Light,
    settings: DocumentSettings,
) -> None:
    """Lays the page itself, shaded by its shape, its folds and its thin edge, in place."""
    view = sheet.view
    gain = fold_map(rng, settings.lighting.folds)
    if sheet.heights is not None:
        shade = shade_shape(sheet.heights, sheet.placement.aspect, light.towards)
        gain = gain * cv2.resize(shade, gain.shape[::-1], interpolation=cv2.INTER_LINEAR)
    picture = multiply(picture, gain)
    if rng.random() < settings.rim_share:
        _draw_rim(rng, picture)
    paste(image, picture, view.quad, view.offsets)


def _draw_rim(rng: np.random.Generator, picture: np.ndarray) -> None:
    """The thickness of the paper, one pixel wide along two sides, bright towards the lamp and dark away from it."""
    tone, first = rng.choice([0.6, 0.8, 1.12, 1.25]), int(rng.integers(4))
    for side in (first, (first + 1) % 4):
        line = ((0, slice(None)), (slice(None), -1), (-1, slice(None)), (slice(None), 0))[side]
        picture[line] = np.clip(picture[line] * tone, 0, 255)


def _lay_over(
    rng: np.random.Generator,
    image: np.ndarray,
    placement: Placement,
    quad: np.ndarray,
    light: Light,
    settings: DocumentSettings,
) -> np.ndarray:
    """Puts something over the outline of the page."""
    kinds = settings.occluders or (*OCCLUDERS, "cup")
    limbs_of = tuple(kind for kind in kinds if kind != "cup")
    if "cup" in kinds and (not limbs_of or rng.random() < 0.08):
        along, side = rng.uniform(-0.45, 0.45), int(rng.integers(4))
        half = np.array([placement.aspect**0.5, placement.aspect**-0.5]) / 2
        edge = np.array([(along * 2, -1), (1, along * 2), (along * 2, 1), (-1, along * 2)][side]) * half
        return lay_cup(rng, image, placement, edge * rng.uniform(0.9, 1.25), light.towards)
    for limb in draw_occluder(rng, quad, limbs_of):
        lay_limb(image, limb, light.towards, light.shadows * 0.4)
    return image
