"""Where a cut-out comes to lie in the frame: its size, its place among the others, what the border cuts off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_generators.synthetic.cutout_objects import SOLID, Cutout
from data_generators.synthetic.cutout_settings import CutoutSettings

TRIES = 8  # places that are tried before an object is left out
CONSISTENT = 0.3  # standard deviation of the logarithm of the sizes of objects in one scene


@dataclass(frozen=True, eq=False)
class Pasting:
    """An object and where it lies.

    Args:
        cutout: what is pasted.
        scale: pixels of the frame a pixel of the cut-out.
        mirror: whether left and right are swapped.
        angle_deg: its turn, positive clockwise on the screen.
        box_px: (4,) extents in the frame: x0, y0, x1, y1 in pixels, also outside.
    """

    cutout: Cutout
    scale: float
    mirror: bool
    angle_deg: float
    box_px: np.ndarray

    @property
    def class_name(self) -> str:
        """What the object is."""
        return self.cutout.class_name

    @property
    def area_px(self) -> float:
        """Pixels that the object covers as a whole, also hidden or beyond the border."""
        return float((self.cutout.alpha >= SOLID).sum()) * self.scale**2


def draw_size(rng: np.random.Generator, settings: CutoutSettings) -> float:
    """The side that objects of a scene have about, as a share of the frame's."""
    return float(np.exp(rng.uniform(*np.log(settings.size))))


def place_cutout(
    rng: np.random.Generator, cutout: Cutout, size: float, others_px: list[np.ndarray], settings: CutoutSettings
) -> Pasting | None:
    """A place for an object.

    A side at which its own photo cut it off lies on the border of the frame, or beyond it. Of the others, few are cut
    off; the lower part of the frame is more crowded than the upper.

    Args:
        rng: random numbers.
        cutout: the object.
        size: that objects of the scene have about, see `draw_size`.
        others_px: boxes (4,) that are taken.
        settings: what is wanted.

    Returns:
        Where it lies, None where `TRIES` places were too much covered.
    """
    mirror = bool(settings.mirror and rng.random() < 0.5)
    cut = cutout.cut if not mirror else (cutout.cut[2], cutout.cut[1], cutout.cut[0], cutout.cut[3])
    angle_deg = 0.0 if any(cut) else float(np.clip(rng.normal(0, settings.rotation_deg), -45, 45))
    cut_off = rng.random() < settings.cut_off_share
    turned_wh = _turned(cutout, angle_deg)
    for _ in range(TRIES):
        share = float(np.clip(size * np.exp(rng.normal(0, CONSISTENT)), *settings.size))
        scale = _scale(turned_wh, share, cut_off, settings)
        low = _corner(rng, turned_wh * scale, cut, cut_off, settings)
        box_px = np.concatenate([low, low + turned_wh * scale])
        if all(_covered(box_px, other) <= settings.overlap for other in others_px):
            return Pasting(cutout, scale, mirror, angle_deg, box_px)
    return None


def _turned(cutout: Cutout, angle_deg: float) -> np.ndarray:
    """Width and height of the turned object, float64 (2,)."""
    height, width = cutout.alpha.shape
    sine, cosine = abs(np.sin(np.radians(angle_deg))), np.cos(np.radians(angle_deg))
    return np.array([width * cosine + height * sine, height * cosine + width * sine])


def _scale(size_wh: np.ndarray, share: float, cut_off: bool, settings: CutoutSettings) -> float:
    """The scale at which an object has a size; it fits into the frame unless it is to be cut off."""
    frame_wh = np.array(settings.size_hw[::-1])
    scale = min(share * float(np.prod(frame_wh) / np.prod(size_wh)) ** 0.5, settings.largest_zoom)
    return scale if cut_off else min(scale, float((frame_wh / size_wh).min()))


def _corner(
    rng: np.random.Generator, size_wh: np.ndarray, cut: tuple[bool, ...], cut_off: bool, settings: CutoutSettings
) -> np.ndarray:
    """The upper left corner of an object in pixels, (2,)."""
    room = np.array(settings.size_hw[::-1]) - size_wh
    low = room * (rng.random(), rng.beta(1.6, 1.0))
    sides = list(cut)
    if cut_off:
        sides[int(rng.choice(4, p=(0.3, 0.1, 0.3, 0.3)))] = True
    for axis in (0, 1):
        beyond = size_wh[axis] * (rng.uniform(0.05, 0.4) if cut_off else 0) + 1.5
        if sides[axis]:
            low[axis] = -beyond
        elif sides[axis + 2]:
            low[axis] = room[axis] + beyond
    return np.asarray(low)


def _covered(first_px: np.ndarray, second_px: np.ndarray) -> float:
    """Share of the smaller of two boxes that lies in the other."""
    sides = np.minimum(first_px[2:], second_px[2:]) - np.maximum(first_px[:2], second_px[:2])
    smaller = min(float(np.prod(box[2:] - box[:2])) for box in (first_px, second_px))
    return float(np.prod(sides.clip(0))) / max(smaller, 1e-6)
