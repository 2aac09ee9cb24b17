"""Where a page lies in the frame: a rectangle in a plane, tilted in 3D and seen by a pinhole camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field

from data_generators.geometry import apply_homography, quad_signed_area
from data_generators.settings import PositiveRange, Range, Settings, Share, ordered

MARGIN = 0.005  # a page that is not cut off keeps this distance to the frame's border
TRIES = 20

Tilt = Annotated[float, Field(ge=0, lt=75)]


class PlacementSettings(Settings):
    """How pages lie before the camera."""

    area: PositiveRange = (0.08, 1.2)
    """Area of the whole page as a share of the frame's, drawn evenly on a log scale; pages above 1 are cut off."""
    rotation_deg: Range = (-30.0, 30.0)
    """Turn of the page in its plane; positive is clockwise on the screen."""
    any_rotation_share: Share = 0.1
    """Share of the scenes with a page turned by any angle instead."""
    tilt_deg: Annotated[tuple[Tilt, Tilt], AfterValidator(ordered)] = (0.0, 55.0)
    """Angle between the camera's axis and the page's normal, below 75; small angles come more often."""
    cut_off_share: Share = 0.15
    """Share of the scenes with at least one corner outside the frame."""
    overhang: Annotated[float, Field(ge=0.01, le=1)] = 0.2
    """How far outside the frame a cut-off corner may lie, in frame sides; two corners stay inside where that can be."""
    photo_aspect: PositiveRange = (0.6, 1.6)
    """Width to height of the imagined photo, which is then squeezed to the frame, as `fit: stretch` does."""
    focal_length: PositiveRange = (0.75, 1.4)
    """Focal length of the camera in frame sides: 0.75 is a wide phone lens, 1.4 a portrait lens."""


@dataclass(frozen=True, eq=False)
class Placement:
    """A plane before the camera, and the page in it.

    Args:
        plane: (3, 3) float64 homography from the plane, in which the page has area 1 and its centre at the origin, x to
            the right of the page and y down it, to normalised frame coordinates.
        aspect: width to height of the page.
        rotation_deg: turn of the page in its plane; the camera's horizontal is at minus this angle in the
            plane.
    """

    plane: np.ndarray
    aspect: float
    rotation_deg: float

    @property
    def quad(self) -> np.ndarray:
        """(4, 2) float64 corners of the page in the frame, normalised, from its own top left clockwise."""
        return apply_homography(self.plane, page_rectangle(self.aspect))


def page_rectangle(aspect: float) -> np.ndarray:
    """(4, 2) corners of a page of area 1 around the origin, from the top left clockwise."""
    half_w, half_h = aspect**0.5 / 2, aspect**-0.5 / 2
    return np.array([[-half_w, -half_h], [half_w, -half_h], [half_w, half_h], [-half_w, half_h]])


def tilted_plane(rotation_deg: float, tilt_deg: float, axis_deg: float, distance: float) -> np.ndarray:
    """Homography of a plane turned in itself, then tilted, seen by a pinhole camera.

    For a plane z = 0 it is the first two columns of the rotation and the translation (Hartley and Zisserman, Multiple
    View Geometry, section 8.1.1).

    Args:
        rotation_deg: turn in the plane, clockwise on the screen.
        tilt_deg: angle between the camera's axis and the plane's normal.
        axis_deg: direction of the axis that the plane is tilted about, on the screen; 0 is the horizontal, about which
            the upper part moves away.
        distance: of the origin from the camera, in plane units.

    Returns:
        (3, 3) float64, plane to image coordinates around the principal point; near the origin the scale is about 1.
    """
    turn, tilt, axis = np.radians([rotation_deg, tilt_deg, axis_deg])
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    along, across = np.array([np.cos(axis), np.sin(axis)]), np.array([-np.sin(axis), np.cos(axis)])
    foreshorten = np.outer(along, along) + np.cos(tilt) * np.outer(across, across)
    depth = -np.sin(tilt) * across
    matrix = np.eye(3)
    matrix[:2, :2] = foreshorten @ spin * distance
    matrix[2, :2], matrix[2, 2] = depth @ spin, distance
    return matrix / distance


def place_page(rng: np.random.Generator, aspect: float, settings: PlacementSettings) -> Placement:
    """Places a page of the given width to height in the frame, whole or cut off as the settings say."""
    free = rng.random() < settings.any_rotation_share
    rotation_deg = rng.uniform(-180, 180) if free else rng.uniform(*settings.rotation_deg)
    low, high = settings.tilt_deg
    tilt_deg = low + (high - low) * rng.random() ** 1.5
    axis_deg = rng.normal(0, 25) if rng.random() < 0.7 else rng.uniform(-180, 180)
    area = float(np.exp(rng.uniform(*np.log(settings.area))))
    # the farther a page, the weaker its perspective; closer than 1.1 of its side it would leave the camera's view
    distance = max(1.1, rng.uniform(*settings.focal_length) / area**0.5)
    plane = tilted_plane(rotation_deg, tilt_deg, axis_deg, distance)
    stretch = np.exp(0.5 * rng.uniform(*np.log(settings.photo_aspect)))
    plane = np.diag([1 / stretch, stretch, 1.0]) @ plane
    cut_off = rng.random() < settings.cut_off_share
    quad = apply_homography(plane, page_rectangle(aspect))
    scale = _fitting_scale(quad, area, 1 + settings.overhang if cut_off else 1 - 2 * MARGIN)
    shift = _cut_off_shift(rng, scale * quad, settings.overhang) if cut_off else _inner_shift(rng, scale * quad)
    return Placement(np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]]) @ plane, aspect, rotation_deg)


def _fitting_scale(quad: np.ndarray, area: float, extent: float) -> float:
    """The scale that gives a (4, 2) quad the wanted area, or less where it would be wider or higher than `extent`."""
    return min((area / abs(quad_signed_area(quad))) ** 0.5, extent / float(np.ptp(quad, axis=0).max()))


def _inner_shift(rng: np.random.Generator, quad: np.ndarray) -> np.ndarray:
    """A shift (2,) that puts the whole quad into the frame, near the middle more often than near the border."""
    free = 1 - 2 * MARGIN - np.ptp(quad, axis=0)
    return MARGIN - quad.min(axis=0) + np.maximum(free, 0) * rng.random((2, 2)).mean(axis=0)


def _cut_off_shift(rng: np.random.Generator, quad: np.ndarray, overhang: float) -> np.ndarray:
    """A shift (2,) that leaves a corner or two out of the frame, the others in it, none beyond `overhang`."""
    least, free = -overhang - quad.min(axis=0), 1 + 2 * overhang - np.ptp(quad, axis=0)
    for _ in range(TRIES):
        shift = least + np.maximum(free, 0) * rng.random(2)
        inside = np.all((quad + shift > 0) & (quad + shift < 1), axis=1)
        if 2 <= inside.sum() < 4:
            return shift
    return least
