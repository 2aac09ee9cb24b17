"""Shadows that fall on a scene from outside: the photographer, a phone in two hands, window bars, blinds, leaves."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from data_generators.synthetic.compositing import fill_polygon


def _axes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A direction and the one across it, unit vectors (2,)."""
    angle = rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])


def _limb(rng: np.random.Generator, shade: np.ndarray) -> None:
    """An arm, a wall, the side of a window: a tapered strip that comes from outside."""
    along, across = _axes(rng)
    root, width = 0.5 + across * rng.uniform(-0.6, 0.6), rng.uniform(0.1, 0.9)
    taper, reach = rng.uniform(0.4, 1.4), rng.uniform(-0.3, 0.7)
    tip, tail = root + along * reach, root - along * 2
    shoulders = [tip - across * width * taper / 2, tip + across * width * taper / 2]
    fill_polygon(shade, np.array([*shoulders, tail + across * width / 2, tail - across * width / 2]), 255)


def _photographer(rng: np.random.Generator, shade: np.ndarray) -> None:
    """Shoulders and head, or a phone that two hands hold, reaching in from a side."""
    along, across = _axes(rng)
    root, size = 0.5 + across * rng.uniform(-0.5, 0.5) - along * rng.uniform(0.1, 0.6), rng.uniform(0.25, 0.7)
    if rng.random() < 0.5:
        head = root + along * 0.6 * size
        fill_polygon(shade, _ellipse(head, along * 0.36 * size, across * 0.28 * size), 255)
        fill_polygon(shade, _ellipse(root - along * 0.5 * size, along * 0.8 * size, across * 0.85 * size), 255)
        return
    high, wide = 0.3 * size * np.array([1.0, rng.uniform(1.3, 2.1)])
    box = [(-high, -wide), (high, -wide), (high, wide), (-high, wide)]
    fill_polygon(shade, np.array([root + along * a + across * b for a, b in box]), 255)
    for side in (-1, 1):
        hand = root + across * side * wide
        fill_polygon(shade, _ellipse(hand, along * 0.24 * size, across * 0.22 * size), 255)
        arm = np.array([hand - across * 0.15 * size, hand + across * 0.15 * size])
        away = -along * 2 + across * side * rng.uniform(0, 1)
        fill_polygon(shade, np.array([arm[0], arm[1], arm[1] + away, arm[0] + away]), 255)


def _ellipse(middle: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    turns = np.linspace(0, 2 * np.pi, 25)[:-1, None]
    return np.asarray(middle + np.cos(turns) * first + np.sin(turns) * second)


def _bars(rng: np.random.Generator, shade: np.ndarray) -> None:
    """The bars of a window or the slats of a blind."""
    along, across = _axes(rng)
    pitch = rng.uniform(0.06, 0.6)
    wide, start = pitch * rng.uniform(0.15, 0.6), rng.uniform(0, pitch)
    for place in np.arange(-1 + start, 1.6, pitch):
        middle = 0.5 + across * place
        ends = (middle - along * 2, middle + along * 2)
        strip = [ends[0] - across * wide / 2, ends[1] - across * wide / 2]
        strip += [ends[1] + across * wide / 2, ends[0] + across * wide / 2]
        fill_polygon(shade, np.array(strip), 255)


def _dapple(rng: np.random.Generator, shade: np.ndarray) -> None:
    """The light that falls through leaves."""
    cells = int(rng.integers(4, 16))
    noise = cv2.resize(rng.random((cells, cells), dtype=np.float32), shade.shape[::-1], interpolation=cv2.INTER_CUBIC)
    shade[noise > rng.uniform(0.35, 0.65)] = 255


# name -> what draws it, how often compared with the others
SHADOWS: dict[str, tuple[Callable[[np.random.Generator, np.ndarray], None], float]] = {
    "limb": (_limb, 3.0),
    "photographer": (_photographer, 2.0),
    "bars": (_bars, 0.8),
    "dapple": (_dapple, 0.5),
}


def outside_shadow(
    rng: np.random.Generator, size_hw: tuple[int, int], strength: float, kinds: tuple[str, ...] = tuple(SHADOWS)
) -> np.ndarray:
    """The shadow of something out of view over the frame.

    Args:
        rng: random numbers.
        size_hw: size of the map.
        strength: 0 to 1.
        kinds: keys of `SHADOWS` to choose from.

    Returns:
        float32 size_hw gain, 1 outside the shadow.
    """
    shade, weights = np.zeros(size_hw, np.uint8), np.array([SHADOWS[kind][1] for kind in kinds])
    SHADOWS[kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]][0](rng, shade)
    softness = max(size_hw) * float(np.exp(rng.uniform(np.log(0.004), np.log(0.09))))
    soft = cv2.GaussianBlur(shade, (0, 0), max(0.3, softness))
    dark = strength * rng.uniform(0.12, 0.6)
    return cv2.LUT(soft, np.linspace(1, 1 - dark, 256, dtype=np.float32))
