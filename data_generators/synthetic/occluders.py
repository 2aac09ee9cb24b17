"""What lies over an edge of the page: fingers, thumbs, whole hands with a sleeve, pens, cups, clips."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from data_generators.geometry import to_pixels
from data_generators.synthetic.compositing import frame_window
from data_generators.synthetic.solids import hull
from data_generators.synthetic.surfaces import draw_colour

SKINS = np.array(
    [[246, 214, 193], [232, 186, 157], [208, 155, 120], [165, 112, 78], [110, 72, 50], [68, 45, 35]], float
)
_CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 15)[:-1]), np.sin(np.linspace(0, 2 * np.pi, 15)[:-1])], axis=1)


@dataclass(frozen=True, eq=False)
class Limb:
    """A finger, a pen, a part of a hand: the hull of two discs.

    Args:
        ends: (2, 2) normalised middles of the discs.
        widths: (2,) their diameters in frame sides.
        colour: (3,) RGB.
        lift: how high it is above the page, in its own widths; the farther the shadow.
    """

    ends: np.ndarray
    widths: np.ndarray
    colour: np.ndarray
    lift: float = 0.1


def lay_limb(image: np.ndarray, limb: Limb, light: np.ndarray, shadow: float) -> None:
    """Draws a round limb with its shadow, in place.

    Args:
        image: uint8 (H, W, 3), written to.
        limb: what to draw.
        light: (3,) towards the lamp; its first two elements shift the shadow.
        shadow: strength, 0 for none.
    """
    side = max(image.shape[:2])
    middles, radii_px = to_pixels(limb.ends, image.shape[:2]), np.maximum(limb.widths * side / 2, 0.6)
    outline = hull(np.concatenate([middles[k] + radii_px[k] * _CIRCLE for k in (0, 1)]))
    fall_px = -light[:2] * limb.lift * radii_px.max() * 2
    blur_px = max(0.5, 0.25 * radii_px.max())
    around = np.concatenate([outline, outline + fall_px])
    rows, columns = frame_window(around, image.shape[:2], 2 + int(3 * blur_px))
    window = image[rows, columns]
    if not window.size:
        return
    corner = np.array([columns.start, rows.start])
    cover = _cover(window.shape[:2], outline - corner)
    if shadow > 0:
        shade = cv2.GaussianBlur(_cover(window.shape[:2], outline - corner + fall_px), (0, 0), blur_px)
        gain = cv2.LUT(shade, np.linspace(1, 1 - shadow, 256, dtype=np.float32))
        window = cv2.multiply(window, cv2.merge([gain] * 3), dtype=cv2.CV_8U)
    # the blurred cover is high along the middle and falls off at the sides, as the light on something round
    height = cv2.GaussianBlur(cover, (0, 0), max(0.5, 0.4 * float(radii_px.min())))
    tone = (0.6 + 0.46 * np.linspace(0, 1, 256)[:, None]) * limb.colour
    skin = cv2.LUT(cv2.merge([height] * 3), np.clip(tone, 0, 255).astype(np.uint8).reshape(1, 256, 3))
    alpha = cv2.LUT(cover, np.linspace(0, 1, 256, dtype=np.float32))
    image[rows, columns] = cv2.blendLinear(skin, np.ascontiguousarray(window), alpha, 1 - alpha)


def _cover(size_hw: tuple[int, ...], outline_px: np.ndarray) -> np.ndarray:
    cover = np.zeros(size_hw, np.uint8)
    fixed = np.round(np.clip(outline_px, -8000, 8000) * 16).astype(np.int32)
    cv2.fillConvexPoly(cover, fixed, 255, cv2.LINE_AA, 4)
    return cover


def draw_skin(rng: np.random.Generator) -> np.ndarray:
    """A colour of skin, (3,) RGB, of all that people have."""
    tone = rng.uniform(0, len(SKINS) - 1)
    low = int(tone)
    skin = SKINS[low] + (tone - low) * (SKINS[low + 1] - SKINS[low])
    return np.clip(skin * rng.uniform(0.75, 1.05) + rng.normal(0, 4, 3), 0, 255)


@dataclass(frozen=True, eq=False)
class Grip:
    """Where something takes hold of a page.

    Args:
        edge: (2,) normalised point of its outline.
        inwards: (2,) unit vector towards its middle.
        size: of the page, in frame sides.
    """

    edge: np.ndarray
    inwards: np.ndarray
    size: float

    def at(self, inwards: float, along: float = 0.0) -> np.ndarray:
        """A point (2,) so many frame sides inwards, and along the edge."""
        return self.edge + self.inwards * inwards + np.array([-self.inwards[1], self.inwards[0]]) * along


def choose_grip(rng: np.random.Generator, quad: np.ndarray, near_corner: bool = False) -> Grip:
    """A point of the outline of a (4, 2) quad that lies in the frame if any does, turned a little."""
    for _ in range(6):
        side = int(rng.integers(4))
        along = rng.uniform(0.03, 0.15) if near_corner else rng.uniform(0.15, 0.85)
        along = along if rng.random() < 0.5 else 1 - along
        edge = quad[side] * (1 - along) + quad[(side + 1) % 4] * along
        if np.all((edge > 0) & (edge < 1)):
            break
    towards = quad[(side + 1) % 4] - quad[side]
    inwards = np.array([-towards[1], towards[0]]) / max(1e-6, float(np.linalg.norm(towards)))
    turn = rng.normal(0, 0.4)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return Grip(edge, spin @ inwards, float(np.ptp(quad, axis=0).mean()))


def _forearm(rng: np.random.Generator, grip: Grip, start: float, width: float, skin: np.ndarray) -> list[Limb]:
    """The wrist, and a sleeve that leaves the frame; from behind the hand outwards."""
    far, drift = start - 2.0, rng.normal(0, 0.4)
    sleeve = draw_colour(rng, ("dark", "grey", "any", "bold")[int(rng.integers(4))])
    cuff = start - width * rng.uniform(0.3, 3.0)
    wrist = Limb(np.stack([grip.at(far, drift), grip.at(start)]), np.array([1.2, 0.85]) * width, skin)
    share = (cuff - start) / (far - start)
    cuffed = grip.at(start) + share * (grip.at(far, drift) - grip.at(start))
    clothed = Limb(np.stack([grip.at(far, drift), cuffed]), np.array([1.7, 1.25]) * width, sleeve)
    return [wrist, clothed] if rng.random() < 0.7 else [wrist]


def _finger(
    grip: Grip, tip: float, root: float, along: tuple[float, float], width: float, skin: np.ndarray
) -> list[Limb]:
    """Two bones and a nail, from the root outside the page to the tip over it."""
    knuckle = 0.5 * (tip + root)
    middle = 0.5 * (along[0] + along[1])
    far = Limb(np.stack([grip.at(root, along[1]), grip.at(knuckle, middle)]), np.array([1.1, 1.0]) * width, skin * 0.97)
    near = Limb(np.stack([grip.at(knuckle, middle), grip.at(tip, along[0])]), np.array([1.0, 0.8]) * width, skin)
    nail_ends = np.stack([grip.at(tip - 0.35 * width, along[0]), grip.at(tip + 0.05 * width, along[0])])
    nail = Limb(nail_ends, np.array([0.5, 0.45]) * width, np.clip(skin * 1.1 + (14, 8, 10), 0, 255), 0.0)
    return [far, near, nail]


def _finger_width(rng: np.random.Generator, grip: Grip) -> float:
    """Width of a finger in frame sides: a fifteenth of a sheet, a fifth of a card."""
    return grip.size * float(np.exp(rng.uniform(np.log(0.055), np.log(0.17))))


def draw_fingers(rng: np.random.Generator, grip: Grip) -> list[Limb]:
    """Two to four fingers, side by side, that press a page down or hold it from behind, and the hand."""
    skin, width, count = draw_skin(rng), _finger_width(rng, grip), int(rng.integers(2, 5))
    reach, spread = rng.uniform(0.4, 3.0) * width, rng.uniform(0.95, 1.3)
    limbs = _forearm(rng, grip, -5.5 * width, 3.2 * width, skin)
    limbs.append(
        Limb(np.stack([grip.at(-6 * width), grip.at(-3 * width)]), np.array([3.0, 1.05 * count]) * width, skin)
    )
    for place in np.arange(count) - (count - 1) / 2:
        tip = reach + width * (0.6 - 0.35 * place**2 + rng.normal(0, 0.15))
        limbs += _finger(grip, tip, -3 * width, (place * spread * width, place * width), width, skin)
    return limbs


def draw_thumb(rng: np.random.Generator, grip: Grip) -> list[Limb]:
    """A thumb over the edge, and the hand beside the page that it belongs to."""
    skin, width = draw_skin(rng), 1.2 * _finger_width(rng, grip)
    tip, lean = rng.uniform(0.5, 2.2) * width, rng.normal(0, 0.8) * width
    limbs = _forearm(rng, grip, -5 * width, 2.8 * width, skin)
    palm = np.stack([grip.at(-5 * width), grip.at(-2.2 * width, lean)])
    limbs.append(Limb(palm, np.array([2.8, 2.4]) * width, skin * 0.95))
    return limbs + _finger(grip, tip, -2.5 * width, (lean * 0.3, lean), width, skin)


def draw_single(rng: np.random.Generator, grip: Grip) -> list[Limb]:
    """One finger that points at the page or holds it down."""
    skin, width = draw_skin(rng), _finger_width(rng, grip)
    tip, lean = rng.uniform(0.3, 3.0) * width, rng.normal(0, 1.0) * width
    limbs = _forearm(rng, grip, -6 * width, 3 * width, skin) if rng.random() < 0.6 else []
    return limbs + _finger(grip, tip, -6 * width, (0.0, lean), width, skin)


def draw_pen(rng: np.random.Generator, grip: Grip) -> list[Limb]:
    """A pen or a pencil across the edge, with a grip of another colour and a tip."""
    length, width = grip.size * rng.uniform(0.3, 0.7), grip.size * rng.uniform(0.018, 0.04)
    angle = rng.uniform(0, np.pi)
    along = np.array([np.cos(angle), np.sin(angle)]) * length
    start, colour = (
        grip.at(rng.normal(0, 0.1) * grip.size) - along / 2,
        draw_colour(rng, ("any", "dark", "light", "bold")[int(rng.integers(4))]),
    )
    body = Limb(np.stack([start, start + along]), np.array([width, width]), colour, 0.4)
    end = Limb(np.stack([start + along, start + 1.08 * along]), np.array([0.7, 0.15]) * width, colour * 0.4, 0.3)
    cap = Limb(np.stack([start, start + 0.2 * along]), np.array([1, 1.1]) * width, draw_colour(rng, "any"), 0.3)
    return [body, end, cap] if rng.random() < 0.6 else [body, end]


def draw_clip(rng: np.random.Generator, grip: Grip) -> list[Limb]:
    """A paper clip, a bulldog clip, a magnet or a strip of tape on the edge."""
    width, along = grip.size * rng.uniform(0.02, 0.07), grip.size * rng.uniform(0.02, 0.07)
    colour = draw_colour(rng, ("dark", "dark", "grey", "bold", "light")[int(rng.integers(5))])
    if rng.random() < 0.4:  # of wire
        wire = grip.size * 0.012
        lines = [(-0.3, 0.0), (-0.2, 0.35), (-0.25, 0.7)]
        wires = [np.stack([grip.at(low * along, x * width), grip.at(1.6 * along, x * width)]) for low, x in lines]
        return [Limb(ends, np.full(2, wire), colour) for ends in wires]
    jaw = np.stack([grip.at(0.3 * width, -along), grip.at(0.3 * width, along)])
    wings = np.stack([grip.at(-width), grip.at(1.2 * width)])
    return [Limb(jaw, np.full(2, width), colour), Limb(wings, np.full(2, width * 0.5), colour * 1.2 + 20)]


def draw_person(rng: np.random.Generator) -> list[Limb]:
    """Someone in the background: legs or arms, a body in clothes, a head with hair, at any distance."""
    skin, size = draw_skin(rng), float(np.exp(rng.uniform(np.log(0.1), np.log(0.6))))
    neck, lean = rng.uniform((0.0, -0.2), (1.0, 0.7)), rng.normal(0, 0.3, 2)
    clothes, hair = draw_colour(rng, "any"), draw_colour(rng, "wood" if rng.random() < 0.5 else "dark")

    def at(x: float, y: float) -> np.ndarray:
        return np.asarray(neck + size * (np.array([x, y]) + lean * y * (1, 0)))

    body = Limb(np.stack([at(0, 0.55), at(0, 1.8)]), np.array([1.1, 0.9]) * size, clothes)
    arms = [
        Limb(
            np.stack([at(side * 0.5, 0.4), at(side * rng.uniform(0.4, 1.0), 1.6)]), np.array([0.4, 0.3]) * size, clothes
        )
        for side in (-1, 1)
    ]
    trousers = Limb(np.stack([at(0, 1.9), at(0, 3.5)]), np.array([0.9, 0.7]) * size, draw_colour(rng, "dark"))
    head = Limb(np.stack([at(0, -0.45), at(0, -0.2)]), np.array([0.6, 0.5]) * size, skin)
    return [trousers, body, *arms, Limb(head.ends - size * np.array([0, 0.1]), 1.12 * head.widths, hair), head]


# name -> what draws it, how often compared with the others, whether it takes hold near a corner
OCCLUDERS: dict[str, tuple[Callable[[np.random.Generator, Grip], list[Limb]], float, bool]] = {
    "fingers": (draw_fingers, 1.5, False),
    "thumb": (draw_thumb, 2.0, False),
    "corner_thumb": (draw_thumb, 0.6, True),
    "finger": (draw_single, 1.0, False),
    "pen": (draw_pen, 1.5, False),
    "clip": (draw_clip, 0.6, False),
}


def draw_occluder(rng: np.random.Generator, quad: np.ndarray, kinds: tuple[str, ...]) -> list[Limb]:
    """Limbs over the outline of a page, the lowest first.

    Args:
        rng: random numbers.
        quad: (4, 2) corners of the page in the frame.
        kinds: keys of `OCCLUDERS` to choose from.
    """
    weights = np.array([OCCLUDERS[kind][1] for kind in kinds])
    draw, _, near_corner = OCCLUDERS[kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]]
    return draw(rng, choose_grip(rng, quad, near_corner))
