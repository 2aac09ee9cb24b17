"""Other things in a scene: books, screens, keyboards, sheets beneath the page, and fingers and pens over its edge."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from data_generators.geometry import apply_homography, to_pixels
from data_generators.synthetic.backgrounds import in_view
from data_generators.synthetic.compositing import (
    cast_shadow,
    fill_polygon,
    paste,
    shrink_levels,
    shrink_to,
    size_in_frame,
)
from data_generators.synthetic.placement import Placement, page_rectangle
from data_generators.synthetic.surfaces import draw_colour, draw_surface


def _flat(shape_hw: tuple[int, int], colour: np.ndarray) -> np.ndarray:
    return np.full((*shape_hw, 3), np.clip(colour, 0, 255), np.uint8)


def draw_keyboard(rng: np.random.Generator) -> np.ndarray:
    """A keyboard, uint8 (48, 140, 3)."""
    body = draw_colour(rng, "dark" if rng.random() < 0.6 else "light")
    board, key = _flat((48, 140), body), np.clip(body + rng.choice([-40, 30, 50]), 0, 255).tolist()
    legend = [255.0 - value for value in key]
    for row in range(5):
        for column in range(15):
            x, y = 4 + 9 * column + row % 3, 4 + 8 * row
            cv2.rectangle(board, (x, y), (x + 6, y + 5), key, cv2.FILLED)
            board[y + 2, x + 2 : x + 4] = legend
    return board


def draw_screen(rng: np.random.Generator) -> np.ndarray:
    """A phone, tablet or monitor, dark or lit, uint8 (H, W, 3)."""
    height, width = (96, 48) if rng.random() < 0.5 else (72, 110)
    screen = _flat((height, width), draw_colour(rng, "dark"))
    lit = (
        draw_surface(rng, 64, "room")
        if rng.random() < 0.5
        else draw_surface(rng, 64, "plain", draw_colour(rng, "dark"))
    )
    edge = int(rng.integers(2, 7))
    screen[edge:-edge, edge:-edge] = cv2.resize(lit, (width - 2 * edge, height - 2 * edge))
    return screen


def draw_book(rng: np.random.Generator) -> np.ndarray:
    """The cover of a book or a box: one strong colour, bands, at times a pattern, uint8 (96, 72, 3)."""
    colour = draw_colour(rng, "bold")
    plain = rng.random() < 0.6
    cover = _flat((96, 72), colour) if plain else cv2.resize(draw_surface(rng, 64, colour=colour), (72, 96))
    cover[:, :5] = np.clip(colour * 0.6, 0, 255)
    for _ in range(int(rng.integers(0, 4))):
        top = int(rng.integers(5, 85))
        cv2.rectangle(
            cover,
            (12, top),
            (int(rng.integers(30, 66)), top + int(rng.integers(2, 20))),
            draw_colour(rng, "any").tolist(),
            cv2.FILLED,
        )
    return cover


def draw_mat(rng: np.random.Generator) -> np.ndarray:
    """A place mat, a mouse pad or a cloth, patterned so that it does not pass for paper, uint8 (96, 96, 3)."""
    patterned = ("wood", "cloth", "stripes", "speckles", "tiles", "dots")
    return draw_surface(rng, 96, patterned[int(rng.integers(len(patterned)))], draw_colour(rng, "bold"))


def draw_sheet(rng: np.random.Generator) -> np.ndarray:
    """A plain sheet with grey lines for print, uint8 (120, 86, 3)."""
    sheet = _flat((120, 86), np.full(3, rng.integers(200, 256)) - rng.integers(0, 25, 3))
    if rng.random() < 0.7:
        for y in range(int(rng.integers(8, 30)), 110, int(rng.integers(4, 8))):
            cv2.line(sheet, (9, y), (int(rng.integers(25, 78)), y), (120, 120, 125), 1)
    return sheet


# name -> what draws it, area of it compared with the page's
OBJECTS: dict[str, tuple[Callable[[np.random.Generator], np.ndarray], tuple[float, float]]] = {
    "book": (draw_book, (0.2, 1.0)),
    "keyboard": (draw_keyboard, (0.3, 1.0)),
    "screen": (draw_screen, (0.1, 1.0)),
    "mat": (draw_mat, (0.2, 1.5)),
}


def _seen_quad(placement: Placement, rectangle: np.ndarray) -> np.ndarray | None:
    """The corners (4, 2) in the frame of a rectangle of the plane; None where it is out of view or far outside."""
    if not in_view(placement.plane, rectangle):
        return None
    quad = apply_homography(placement.plane, rectangle)
    return quad if np.abs(quad).max() <= 4 else None


def _lay_picture(
    rng: np.random.Generator, image: np.ndarray, picture: np.ndarray, quad: np.ndarray | None, shadow: float
) -> np.ndarray:
    """Lays a picture at `quad` with its shadow; the image as it is where `quad` is None."""
    if quad is None:
        return image
    if shadow > 0:
        offset = rng.normal(0, 0.01), rng.normal(0.005, 0.01)
        image = cast_shadow(image, quad, offset, rng.uniform(0.004, 0.02), shadow * rng.uniform(0.2, 0.6))
    else:
        image = image.copy()
    paste(image, shrink_to(shrink_levels(picture), size_in_frame(to_pixels(quad, image.shape[:2]))), quad)
    return image


def _rectangle(aspect: float, area: float, centre: np.ndarray, turn_deg: float) -> np.ndarray:
    turn = np.radians(turn_deg)
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return page_rectangle(aspect) * area**0.5 @ spin + centre


def lay_objects(
    rng: np.random.Generator, image: np.ndarray, placement: Placement, count: int, shadow: float
) -> np.ndarray:
    """Lays `count` other objects onto the plane, around the page and partly beneath it.

    Args:
        rng: random numbers.
        image: uint8 (H, W, 3).
        placement: the page, which is laid on top later.
        count: how many.
        shadow: strength of their shadows, 0 to 1.

    Returns:
        uint8 (H, W, 3).
    """
    for _ in range(count):
        draw, areas = OBJECTS[list(OBJECTS)[int(rng.integers(len(OBJECTS)))]]
        picture, direction = draw(rng), rng.uniform(0, 2 * np.pi)
        centre = rng.uniform(0.55, 1.3) * np.array([np.cos(direction), np.sin(direction)])
        turn_deg = rng.normal(0, 15) + 90 * rng.integers(0, 4) - placement.rotation_deg
        aspect = picture.shape[1] / picture.shape[0]
        rectangle = _rectangle(aspect, rng.uniform(*areas), centre, turn_deg)
        image = _lay_picture(rng, image, picture, _seen_quad(placement, rectangle), shadow)
    return image


def lay_sheet_beneath(rng: np.random.Generator, image: np.ndarray, placement: Placement, shadow: float) -> np.ndarray:
    """Lays a second sheet of the page's size or smaller, of which the page will cover a good part."""
    centre = rng.uniform(0.1, 0.45) * np.sign(rng.normal(size=2)) * (placement.aspect**0.5, placement.aspect**-0.5)
    centre[int(rng.integers(2))] *= rng.random()
    rectangle = _rectangle(placement.aspect, rng.uniform(0.4, 1.0), centre, rng.normal(0, 12))
    return _lay_picture(rng, image, draw_sheet(rng), _seen_quad(placement, rectangle), shadow)


def lay_stack(rng: np.random.Generator, image: np.ndarray, placement: Placement, paper: np.ndarray) -> None:
    """Draws the edges of the sheets beneath a page on a pad, a notebook or a pile, in place.

    Args:
        rng: random numbers.
        image: uint8 (H, W, 3), written to.
        placement: the page, which is laid on top later.
        paper: (3,) mean RGB of the page.
    """
    drift, turn_deg = rng.normal(0, 0.012, 2), rng.normal(0, 0.5)
    dark = 0.35 if rng.random() < 0.25 else 1.0  # the cardboard or the cover at the bottom
    for layer in range(int(rng.integers(1, 5)), 0, -1):
        outline = _rectangle(placement.aspect, 1.0, drift * layer, turn_deg * layer)
        tone = paper * rng.uniform(0.55, 0.95) * (dark if layer > 1 else 1.0)
        fill_polygon(image, apply_homography(placement.plane, outline), np.clip(tone, 0, 255).tolist())


def _thick_line(image: np.ndarray, start: np.ndarray, end: np.ndarray, width: float, colour: np.ndarray) -> None:
    """A line with round ends between normalised points, `width` in frame sides, in place."""
    points = np.round(to_pixels(np.stack([start, end]), image.shape[:2]) * 16).astype(int).tolist()
    width_px = max(1, round(width * max(image.shape[:2])))
    cv2.line(image, points[0], points[1], np.clip(colour, 0, 255).tolist(), width_px, cv2.LINE_AA, 4)


def lay_finger(rng: np.random.Generator, image: np.ndarray, edge: np.ndarray, inwards: np.ndarray, size: float) -> None:
    """Puts a thumb or finger over the point `edge` (2,), reaching in the direction `inwards` (2,), in place.

    Args:
        rng: random numbers.
        image: uint8 (H, W, 3), written to.
        edge: normalised point that it covers.
        inwards: unit vector in the frame.
        size: size of the page in frame sides.
    """
    skin = np.array([225, 175, 145]) * rng.uniform(0.35, 1.05) + rng.normal(0, 8, 3)
    width, across = size * rng.uniform(0.08, 0.2), np.array([-inwards[1], inwards[0]])
    tip, root = edge + inwards * size * rng.uniform(0.02, 0.1), edge - inwards * 1.5 + across * rng.normal(0, 0.3)
    _thick_line(image, root, tip, width * 1.12, skin * 0.7)
    _thick_line(image, root, tip, width, skin)
    _thick_line(image, tip - inwards * width * 0.15, tip + inwards * width * 0.15, width * 0.55, skin * 1.12 + 8)


def lay_pen(rng: np.random.Generator, image: np.ndarray, middle: np.ndarray, size: float) -> None:
    """Puts a pen, pencil or cable across the point `middle` (2,), in place; arguments as for `lay_finger`."""
    angle, length = rng.uniform(0, 2 * np.pi), size * rng.uniform(0.25, 0.6)
    along = np.array([np.cos(angle), np.sin(angle)])
    width, colour = size * rng.uniform(0.012, 0.035), draw_colour(rng, ("any", "dark", "light")[int(rng.integers(3))])
    start, end = middle - along * length / 2, middle + along * length / 2
    _thick_line(image, start + 0.01, end + 0.01, width, np.array([40, 38, 36]))
    _thick_line(image, start, end, width, colour)
    _thick_line(image, end, end + along * 0.05 * size, width * 0.4, colour * 0.4)


def lay_occluder(rng: np.random.Generator, image: np.ndarray, quad: np.ndarray) -> None:
    """Puts a finger or a pen over a point of the page's outline, away from the corners, in place."""
    side, along = int(rng.integers(4)), rng.uniform(0.2, 0.8)
    edge = quad[side] * (1 - along) + quad[(side + 1) % 4] * along
    inwards, size = quad.mean(axis=0) - edge, float(np.ptp(quad, axis=0).mean())
    inwards = inwards / max(1e-6, float(np.linalg.norm(inwards)))
    lay_finger(rng, image, edge, inwards, size) if rng.random() < 0.6 else lay_pen(rng, image, edge, size)
