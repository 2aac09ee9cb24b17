"""Draws one scene: ground, what lies about, the page with its shape and shadow, what lies over it, the light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from data_generators.geometry import quad_signed_area, to_pixels
from data_generators.synthetic import clutter
from data_generators.synthetic.backgrounds import Ground, draw_background
from data_generators.synthetic.clutter import BLOCKS, OBJECTS
from data_generators.synthetic.compositing import cast_shadow, multiply, paste, shrink_to, size_in_frame
from data_generators.synthetic.document_settings import DocumentSettings
from data_generators.synthetic.lighting import draw_lamp, fold_map, light_scene
from data_generators.synthetic.occluders import (
    OCCLUDERS,
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
from data_generators.synthetic.placement import page_rectangle, place_page
from data_generators.synthetic.solids import Stage, drop_shadow, lay_cup

CUPS = 0.08  # share of them among what lies over a page
HELD_NEGATIVES = 0.25  # share of the scenes without a document that show a room and no desk


@dataclass(frozen=True, eq=False)
class _Scene:
    """What is drawn: settings, the user's photo or None, camera and lamp, the page, whether it is held in the air."""

    settings: DocumentSettings
    photo: np.ndarray | None
    stage: Stage
    view: PageView
    held: bool


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
    stage = Stage(placement, draw_lamp(rng), settings.lighting.shadows)
    alone = photo is not None and rng.random() < settings.photo_negative_share
    scene = _Scene(settings, photo, stage, PageView(placement.quad), rng.random() < HELD_NEGATIVES)
    image = _draw_ground(rng, scene, None, alone)
    if not alone:
        if scene.held:
            _lay_person(rng, image, scene)
        count = int(rng.poisson(1.6 * settings.clutter)) if not scene.held else 0
        kinds = tuple(kind for kind in settings.objects or OBJECTS if not (kind in BLOCKS and BLOCKS[kind].is_paper))
        image = clutter.lay_objects(rng, image, stage, count, kinds)
        if rng.random() < 1.5 * settings.occluder_share:
            image = _lay_over(rng, image, scene)
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
    scene = _set_scene(rng, levels[0].shape[1] / levels[0].shape[0], settings, photo)
    picture = shrink_to(levels, size_in_frame(to_pixels(scene.view.quad, settings.size_hw)))
    picture = picture if ageing is None else cv2.LUT(picture, ageing)
    image = _draw_held(rng, picture, scene) if scene.held else _draw_lying(rng, picture, paper, scene)
    if rng.random() < settings.occluder_share:
        image = _lay_over(rng, image, scene)
    return light_scene(rng, image, settings.lighting), scene.view


def _set_scene(rng: np.random.Generator, aspect: float, settings: DocumentSettings, photo: np.ndarray | None) -> _Scene:
    """Camera, lamp, and a page of an aspect with its shape."""
    placement = place_page(rng, aspect, settings.placement)
    stage = Stage(placement, draw_lamp(rng), settings.lighting.shadows)
    heights = draw_heights(rng, aspect, settings.paper)
    view = see_page(placement, None if heights is None else lay_heights(heights, aspect))
    return _Scene(settings, photo, stage, view, rng.random() < settings.held_share)


def _draw_ground(rng: np.random.Generator, scene: _Scene, colour: np.ndarray | None, alone: bool = False) -> np.ndarray:
    """What lies behind the page; in a colour, it is drawn, and no photo."""
    settings, photo = scene.settings, scene.photo if colour is None else None
    ground = Ground(colour, photo, scene.stage.shadows, settings.surfaces, held=scene.held, alone=alone)
    return draw_background(rng, scene.stage.placement, settings.size_hw, ground)


def _draw_held(rng: np.random.Generator, picture: np.ndarray, scene: _Scene) -> np.ndarray:
    """A page that a hand holds before a room: a part of the hand is behind it, the last finger before it."""
    image = _draw_ground(rng, scene, None)
    _lay_person(rng, image, scene)
    hand = (draw_thumb if rng.random() < 0.8 else draw_fingers)(rng, choose_grip(rng, scene.view.quad))
    for limb in hand[:-3]:
        lay_limb(image, limb, scene.stage.lamp, 0.0)
    _paste_page(rng, image, picture, scene)
    for limb in hand[-3:]:
        lay_limb(image, limb, scene.stage.lamp, 0.4 * scene.stage.shadows)
    return image


def _draw_lying(rng: np.random.Generator, picture: np.ndarray, paper: np.ndarray, scene: _Scene) -> np.ndarray:
    """A page that lies on something, other things about it and beneath it."""
    low_contrast = rng.random() < scene.settings.low_contrast_share
    colour = paper * rng.uniform(0.8, 1.05) + rng.normal(0, 4, 3) if low_contrast else None
    image = _draw_ground(rng, scene, colour)
    image = _lay_beneath(rng, image, scene, paper)
    image = _shade_page(rng, image, scene, low_contrast)
    _paste_page(rng, image, picture, scene)
    return image


def _draw_ageing(rng: np.random.Generator, paper: np.ndarray, settings: DocumentSettings) -> np.ndarray | None:
    """A look-up table uint8 (1, 256, 3) that darkens the paper or fades the print; None for a page as it was drawn."""
    dim, faded = rng.random(2) < (settings.dim_share, settings.fade_share)
    if not (dim or faded):
        return None
    gain = rng.uniform(0.4, 0.85) * (1 + rng.normal(0, 0.04, 3)) if dim else np.ones(3)
    fade = rng.uniform(0.1, 0.67) if faded else 0.0
    table = (np.arange(256)[:, None] * (1 - fade) + paper * fade) * gain
    return np.clip(table, 0, 255).astype(np.uint8).reshape(1, 256, 3)


def _lay_person(rng: np.random.Generator, image: np.ndarray, scene: _Scene) -> None:
    """Puts a person, or a part of one, into the background at times, in place."""
    if rng.random() < scene.settings.person_share:
        for limb in draw_person(rng):
            lay_limb(image, limb, scene.stage.lamp, 0.0)


def _lay_beneath(rng: np.random.Generator, image: np.ndarray, scene: _Scene, paper: np.ndarray) -> np.ndarray:
    """Other objects, a second sheet, the pad, a leaf beside: all that lies lower than the page."""
    settings, stage = scene.settings, scene.stage
    count, kinds = int(rng.poisson(0.6 * settings.clutter)), settings.objects or OBJECTS
    image = clutter.lay_objects(rng, image, stage, count, kinds)
    if rng.random() < settings.sheet_share:
        image = clutter.lay_sheet_beneath(rng, image, stage)
    if rng.random() < settings.stack_share:
        lay = clutter.lay_stack if rng.random() < 0.7 else clutter.lay_loose_sheets
        image = lay(rng, image, stage, paper)
    if rng.random() < settings.leaf_share:
        image = clutter.lay_leaf(rng, image, stage)
    return image


def _shade_page(rng: np.random.Generator, image: np.ndarray, scene: _Scene, always: bool) -> np.ndarray:
    """The page's shadow on what lies below it; a flat page in diffuse light has hardly any, a bent one a wide one."""
    stage, view = scene.stage, scene.view
    strength = stage.shadows * rng.uniform(0.1, 0.7)
    if strength == 0 or (rng.random() < 0.25 and not always):
        return image
    size = abs(quad_signed_area(view.quad)) ** 0.5
    softness = size * float(np.exp(rng.uniform(np.log(0.004), np.log(0.03))))
    if view.positions is None:
        offset = -stage.lamp[:2] * abs(rng.normal(0, 0.015)) * size
        return cast_shadow(image, view.quad, (offset[0], offset[1]), softness, strength)
    outline = stage.placement.project(drop_shadow(page_outline(view.positions), stage.lamp))
    return cast_shadow(image, outline, (0.0, 0.0), softness + 0.02 * size, strength)


def _paste_page(rng: np.random.Generator, image: np.ndarray, picture: np.ndarray, scene: _Scene) -> None:
    """Lays the page itself, shaded by its shape, its folds and its thin edge, in place."""
    view, gain = scene.view, fold_map(rng, scene.settings.lighting.folds)
    if view.positions is not None:
        shade = shade_shape(view.positions[..., 2], scene.stage.placement.aspect, scene.stage.lamp)
        gain = gain * cv2.resize(shade, gain.shape[::-1], interpolation=cv2.INTER_LINEAR)
    picture = multiply(picture, gain)
    if rng.random() < scene.settings.rim_share:
        _draw_rim(rng, picture)
    paste(image, picture, view.quad, view.offsets)


def _draw_rim(rng: np.random.Generator, picture: np.ndarray) -> None:
    """The thickness of the paper, one pixel wide along two sides, bright towards the lamp and dark away from it."""
    tone, first = rng.choice([0.6, 0.8, 1.12, 1.25]), int(rng.integers(4))
    for side in (first, (first + 1) % 4):
        line = ((0, slice(None)), (slice(None), -1), (-1, slice(None)), (slice(None), 0))[side]
        picture[line] = np.clip(picture[line] * tone, 0, 255)


def _lay_over(rng: np.random.Generator, image: np.ndarray, scene: _Scene) -> np.ndarray:
    """Puts something over the outline of the page."""
    stage, kinds = scene.stage, scene.settings.occluders or (*OCCLUDERS, "cup")
    of_limbs = tuple(kind for kind in kinds if kind != "cup")
    if "cup" in kinds and (not of_limbs or rng.random() < CUPS):
        along, side = rng.uniform(-0.9, 0.9), int(rng.integers(4))
        half = np.abs(page_rectangle(stage.placement.aspect)[0])
        edge = np.array([(along, -1), (1, along), (along, 1), (-1, along)][side]) * half
        return lay_cup(rng, image, stage, edge * rng.uniform(0.9, 1.25))
    for limb in draw_occluder(rng, scene.view.quad, of_limbs):
        lay_limb(image, limb, stage.lamp, stage.shadows * 0.4)
    return image
