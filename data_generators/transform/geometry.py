"""Draws a change of view (turn, mirror, rotation, scale, shift, perspective) as one homography of a picture; `warp`
applies it together with the fit into the network's frame."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from data_generators.settings import PositiveRange, Settings, Share

Border = Literal["replicate", "reflect", "constant"]


class GeometrySettings(Settings):
    """How far the view may change. The defaults suit documents in phone photos."""

    probability: Share = 0.95
    """Share of the pictures whose view changes at all; the others are only fitted into the frame."""
    rotation_deg: float = Field(default=20.0, ge=0, le=180)
    """Rotation about the centre, uniform in plus or minus this many degrees, in the picture's own aspect."""
    scale: PositiveRange = (0.75, 1.25)
    """Range of the scale, drawn uniformly in its logarithm; below 1 the border shows."""
    aspect: float = Field(default=1.1, ge=1, le=3)
    """Width over height changes by a factor between 1 / aspect and aspect."""
    shift: float = Field(default=0.1, ge=0, le=1)
    """Shift in each direction, uniform in plus or minus this fraction of the frame."""
    perspective: float = Field(default=0.1, ge=0, le=0.5)
    """Perspective terms, uniform in plus or minus this: the scale at one edge differs by this fraction from that at
    the opposite edge."""
    turn90: Share = 0.15
    """Share of the pictures that are turned by 90, 180 or 270 degrees; the turned picture is fitted as a picture of
    that size, so `stretch` shows no border."""
    mirror: Share | None = None
    """Share of the pictures that are mirrored left to right; null is 0.5 where the corner order allows it and 0 for
    the order `object`, where a mirrored page has no meaning."""
    border: Border = "replicate"
    """What shows beyond the edge of the picture: the edge pixels drawn out (`replicate`), the picture mirrored
    (`reflect`: beware of doubled objects), or black (`constant`)."""
    min_visible: float = Field(default=0.3, ge=0, le=1)
    """An object of which less than this share of what was visible before is visible after is ignored; one that is out
    of the picture altogether is dropped."""

    def mirror_probability(self, corner_order: str) -> float:
        """The share of mirrored pictures under a corner order.

        Raises:
            ValueError: mirroring is asked for, and the corners are in object order.
        """
        if corner_order == "object" and self.mirror:
            raise ValueError(
                f"`geometry.mirror` must be 0 where the corner order is `object`. Received {self.mirror}. A mirrored "
                "page has no upper left corner: set geometry.mirror to 0, or use a head with the corner order `image`."
            )
        if self.mirror is None:
            return 0.0 if corner_order == "object" else 0.5
        return self.mirror


_DRAWS = 11  # random numbers a picture
_TURNS = {  # normalised picture -> normalised turned picture, clockwise on the screen
    0: np.eye(3),
    1: np.array([[0.0, -1, 1], [1, 0, 0], [0, 0, 1]]),
    2: np.array([[-1.0, 0, 1], [0, -1, 1], [0, 0, 1]]),
    3: np.array([[0.0, 1, 0], [-1, 0, 1], [0, 0, 1]]),
}
_MIRROR = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]])


def draw_homography(
    rng: np.random.Generator, settings: GeometrySettings, from_hw: tuple[int, int], corner_order: str = "none"
) -> tuple[np.ndarray, tuple[int, int]]:
    """Draws one change of view. Always takes the same count of random numbers, whatever the settings.

    Rotation keeps angles in the picture's own pixels: a photo 640 x 480 turned by 10 degrees is what the camera held
    askew would have taken, also when the frame squeezes it afterwards.

    Args:
        rng: where the numbers come from.
        settings: how far the view may change.
        from_hw: height and width of the picture in pixels.
        corner_order: of the source; object order is never mirrored.

    Returns:
        (3, 3) float64 homography from normalised coordinates of the picture to those of the changed picture, and the
        changed picture's height and width (swapped after a quarter turn).
    """
    u = rng.random(_DRAWS)
    mirror = settings.mirror_probability(corner_order)
    if u[0] >= settings.probability:
        return np.eye(3), from_hw
    turns = 1 + int(3 * u[2]) if u[1] < settings.turn90 else 0
    turned_hw = (from_hw[1], from_hw[0]) if turns % 2 else from_hw
    matrix = _TURNS[turns]
    if u[3] < mirror:
        matrix = _MIRROR @ matrix
    return _jitter(settings, u[4:], turned_hw[1] / turned_hw[0]) @ matrix, turned_hw


def _jitter(settings: GeometrySettings, u: np.ndarray, width_per_height: float) -> np.ndarray:
    """Rotation, scale, aspect, perspective and shift about the centre from seven numbers in [0, 1), as (3, 3)."""
    angle = np.deg2rad(settings.rotation_deg) * (2 * u[0] - 1)
    low, high = np.log(settings.scale)
    scale = np.exp(low + (high - low) * u[1])
    stretch = settings.aspect ** (u[2] - 0.5)  # x by this, y by its inverse: the ratio changes by its square
    tilt_x, tilt_y = settings.perspective * (2 * u[3:5] - 1)
    shift_x, shift_y = settings.shift * (2 * u[5:7] - 1)
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    a = width_per_height
    centre = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    linear = np.array(
        [[cos * stretch, -sin * stretch / a, 0], [sin / stretch * a, cos / stretch, 0], [tilt_x, tilt_y, 1]]
    )
    back = np.array([[1, 0, 0.5 + shift_x], [0, 1, 0.5 + shift_y], [0, 0, 1]])
    return back @ linear @ centre
