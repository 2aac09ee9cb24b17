"""Other things in a scene: blocks and round things on the plane, sheets beneath the page, the pad it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from data_generators.geometry import quad_signed_area, to_pixels
from data_generators.synthetic.compositing import paste, shrink_levels, shrink_to, size_in_frame
from data_generators.synthetic.objects import (
    draw_book,
    draw_envelope,
    draw_frame,
    draw_keyboard,
    draw_mat,
    draw_open_book,
    draw_screen,
    draw_sheet,
)
from data_generators.synthetic.placement import Placement, page_rectangle
from data_generators.synthetic.solids import (
    Block,
    Stage,
    draw_sides,
    in_view,
    lay_cup,
    lay_mouse,
    lay_plate,
    raise_to,
    shade_block,
)
from data_generators.synthetic.surfaces import draw_colour


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of object with flat faces.

    Args:
        draw: its upper face.
        area: compared with the page's, least and most.
        height: above the plane, in sides of the page, least and most.
        weight: how often it comes.
        is_paper: whether a person might call it a document, so that scenes without one do without it.
    """

    draw: Callable[[np.random.Generator], np.ndarray]
    area: tuple[float, float]
    height: tuple[float, float]
    weight: float
    is_paper: bool = False


BLOCKS: dict[str, Kind] = {
    "book": Kind(draw_book, (0.2, 1.0), (0.02, 0.14), 1.5),
    "keyboard": Kind(draw_keyboard, (0.3, 1.0), (0.02, 0.06), 1.2),
    "laptop": Kind(draw_keyboard, (0.8, 1.8), (0.02, 0.05), 0.7),
    "screen": Kind(draw_screen, (0.1, 1.0), (0.01, 0.04), 1.2),
    "mat": Kind(draw_mat, (0.2, 1.5), (0.0, 0.01), 0.8),
    "frame": Kind(draw_frame, (0.2, 0.9), (0.02, 0.06), 0.4),
    "sheet": Kind(draw_sheet, (0.15, 0.6), (0.0, 0.003), 1.2, is_paper=True),
    "envelope": Kind(draw_envelope, (0.1, 0.5), (0.0, 0.01), 0.5, is_paper=True),
    "open_book": Kind(draw_open_book, (0.2, 0.5), (0.02, 0.06), 0.5, is_paper=True),
}
ROUNDS = {"cup": (lay_cup, 0.8), "plate": (lay_plate, 0.6), "mouse": (lay_mouse, 0.7)}
OBJECTS = (*BLOCKS, *ROUNDS)


def _weight(kind: str) -> float:
    return BLOCKS[kind].weight if kind in BLOCKS else ROUNDS[kind][1]


def _rectangle(aspect: float, area: float, centre: np.ndarray, turn_deg: float) -> np.ndarray:
    turn = np.radians(turn_deg)
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return page_rectangle(aspect) * area**0.5 @ spin + centre


def lay_block(
    rng: np.random.Generator, image: np.ndarray, stage: Stage, block: Block, picture: np.ndarray
) -> np.ndarray:
    """Puts a block with a picture on top onto the plane; the image as it is where it would not be seen.

    Args:
        rng: random numbers.
        image: uint8 (H, W, 3).
        stage: camera and lamp.
        block: its rectangle has the picture's top left first.
        picture: uint8 (h, w, 3).

    Returns:
        uint8 (H, W, 3).
    """
    if not in_view(stage.placement, block.rectangle):
        return image
    image = shade_block(image, stage, block, rng.uniform(0.2, 0.7))
    if block.high > 0.008:
        side = draw_colour(rng, "light") if rng.random() < 0.5 else picture[-1].mean(axis=0) * 0.7
        draw_sides(rng, image, stage, block, side)
    quad = stage.placement.project(raise_to(block.rectangle, block.high))
    paste(image, shrink_to(shrink_levels(picture), size_in_frame(to_pixels(quad, image.shape[:2]))), quad)
    return image


def _lay_lid(rng: np.random.Generator, image: np.ndarray, placement: Placement, rectangle: np.ndarray) -> None:
    """Puts up the screen of a laptop along the far edge of its keyboard, in place."""
    back, angle = rectangle[:2], np.radians(rng.uniform(95, 125))
    depth = rectangle[3] - rectangle[0]
    top = back - depth * -np.cos(angle)
    height = float(np.linalg.norm(depth)) * np.sin(angle)
    quad = placement.project(np.concatenate([raise_to(top, height), raise_to(back[::-1], 0.03)]))
    if np.abs(quad).max() > 4 or quad_signed_area(quad) < 1e-4:
        return
    screen = cv2.resize(draw_screen(rng), (110, 72))
    paste(image, shrink_to(shrink_levels(screen), size_in_frame(to_pixels(quad, image.shape[:2]))), quad)


def lay_objects(
    rng: np.random.Generator,
    image: np.ndarray,
    stage: Stage,
    count: int,
    kinds: tuple[str, ...] = OBJECTS,
) -> np.ndarray:
    """Lays `count` other objects onto the plane, around the page and partly beneath it.

    Args:
        rng: random numbers.
        image: uint8 (H, W, 3).
        stage: camera, lamp, and the page, which is laid on top later.
        count: how many.
        kinds: names of `OBJECTS` to choose from.

    Returns:
        uint8 (H, W, 3).
    """
    weights = np.cumsum([_weight(kind) for kind in kinds])
    for _ in range(count if kinds else 0):
        kind = kinds[int(np.searchsorted(weights / weights[-1], rng.random()))]
        direction = rng.uniform(0, 2 * np.pi)
        centre = rng.uniform(0.55, 1.3) * np.array([np.cos(direction), np.sin(direction)])
        if kind in ROUNDS:
            image = ROUNDS[kind][0](rng, image, stage, centre)
            continue
        block, turn_deg = BLOCKS[kind], rng.normal(0, 15) - stage.placement.rotation_deg
        turn_deg += 0 if kind == "laptop" else 90 * rng.integers(0, 4)
        picture = block.draw(rng)
        aspect = 1.5 if kind == "laptop" else picture.shape[1] / picture.shape[0]
        rectangle = _rectangle(aspect, rng.uniform(*block.area), centre, turn_deg)
        image = lay_block(rng, image, stage, Block(rectangle, 0.0, rng.uniform(*block.height)), picture)
        if kind == "laptop" and in_view(stage.placement, rectangle):
            _lay_lid(rng, image, stage.placement, rectangle)
    return image


def lay_sheet_beneath(rng: np.random.Generator, image: np.ndarray, stage: Stage) -> np.ndarray:
    """Lays a second sheet of the page's size or smaller, of which the page will cover a good part."""
    centre = (
        rng.uniform(0.1, 0.45)
        * np.sign(rng.normal(size=2))
        * (stage.placement.aspect**0.5, stage.placement.aspect**-0.5)
    )
    centre[int(rng.integers(2))] *= rng.random()
    rectangle = _rectangle(stage.placement.aspect, rng.uniform(0.4, 1.0), centre, rng.normal(0, 12))
    return lay_block(rng, image, stage, Block(rectangle, 0.0, 0.002), draw_sheet(rng))


def lay_leaf(rng: np.random.Generator, image: np.ndarray, stage: Stage) -> np.ndarray:
    """Lays a leaf of another colour that joins the page along one edge: the other side of a magazine, a cover folded
    back, the head of a tear-off pad."""
    half = np.abs(page_rectangle(stage.placement.aspect)[0])
    axis, side = int(rng.integers(2)), float(rng.choice([-1.0, 1.0]))
    reach = rng.uniform(0.06, 0.25) if rng.random() < 0.5 else rng.uniform(0.6, 1.0)
    size, centre = 2 * half * rng.normal(1.0, 0.01, 2), np.zeros(2)
    size[axis] *= reach
    centre[axis] = side * (half[axis] + size[axis] / 2 - 0.01)
    rectangle = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2 * size + centre
    # a leaf as large as the page is of a strong colour: two white ones would be one document
    if reach > 0.3 or rng.random() < 0.5:
        picture = draw_book(rng)
    else:
        picture = cv2.convertScaleAbs(draw_sheet(rng), alpha=rng.uniform(0.5, 0.8))
    return lay_block(rng, image, stage, Block(rectangle, 0.0, 0.0), picture)


def lay_stack(rng: np.random.Generator, image: np.ndarray, stage: Stage, paper: np.ndarray) -> np.ndarray:
    """Puts the pad, notebook or pile beneath a page whose upmost sheet it is: its sides go down from the page.

    Args:
        rng: random numbers.
        image: uint8 (H, W, 3).
        stage: camera, lamp, and the page, which is laid on top later.
        paper: (3,) RGB of the page.

    Returns:
        uint8 (H, W, 3).
    """
    depth = float(np.exp(rng.uniform(np.log(0.006), np.log(0.12))))
    rectangle = page_rectangle(stage.placement.aspect)
    camera = stage.placement.camera.copy()
    camera[:, 3] -= depth * camera[:, 2]  # the plane of the desk
    desk = replace(stage, placement=replace(stage.placement, camera=camera))
    image = shade_block(image, desk, Block(rectangle, 0.0, depth), rng.uniform(0.3, 0.8))
    cover = draw_colour(rng, ("dark", "bold", "grey", "light")[int(rng.integers(4))])
    if rng.random() < 0.5:  # the cardboard or the cover at the bottom, a little larger
        draw_sides(rng, image, desk, Block(rectangle * rng.uniform(1.0, 1.03), -0.006, 0.004), cover)
    tone = paper * rng.uniform(0.7, 1.0) if rng.random() < 0.8 else cover
    draw_sides(rng, image, desk, Block(rectangle, 0.0, depth), tone)
    return image


def lay_loose_sheets(rng: np.random.Generator, image: np.ndarray, stage: Stage, paper: np.ndarray) -> np.ndarray:
    """Lays a few sheets of the page's size beneath it, each a little turned; arguments as for `lay_stack`."""
    drift, turn_deg = rng.normal(0, 0.012, 2), rng.normal(0, 0.6)
    for layer in range(int(rng.integers(1, 4)), 0, -1):
        rectangle = _rectangle(stage.placement.aspect, 1.0, drift * layer, turn_deg * layer)
        tone = np.clip(paper * rng.uniform(0.75, 1.02), 0, 255)
        image = lay_block(rng, image, stage, Block(rectangle, 0.0, 0.001), np.full((40, 30, 3), tone, np.uint8))
    return image
