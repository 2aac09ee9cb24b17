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
    """Area of the whole page as a share of the frame's, drawn on a log scale, large ones a little more often; pages
    above 1 are cut off."""
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
        camera: (3, 4) float64 projection of points (x, y, height, 1) to homogeneous, normalised frame coordinates. In
            the plane the page has area 1 and its centre at the origin, x to the right of the page and y down it; the
            height is above the plane, towards the camera.
        aspect: width to height of the page.
        rotation_deg: turn of the page in its plane; the camera's horizontal is at minus this angle in the
            plane.
    """

    camera: np.ndarray
    aspect: float
    rotation_deg: float

    @property
    def plane(self) -> np.ndarray:
        """(3, 3) float64 homography from the plane to normalised frame coordinates."""
        return self.camera[:, [0, 1, 3]]

    def project(self, positions: np.ndarray) -> np.ndarray:
        """Points (..., 3) in space, in plane units, to normalised frame coordinates (..., 2) float64."""
        seen = np.asarray(positions, np.float64) @ self.camera[:, :3].T + self.camera[:, 3]
        return seen[..., :2] / seen[..., 2:]

    @property
    def quad(self) -> np.ndarray:
        """(4, 2) float64 corners of the page in the frame, normalised, from its own top left clockwise."""
        return apply_homography(self.plane, page_rectangle(self.aspect))


def page_rectangle(aspect: float) -> np.ndarray:
    """(4, 2) corners of a page of area 1 around the origin, from the top left clockwise."""
    half_w, half_h = aspect**0.5 / 2, aspect**-0.5 / 2
    return np.array([[-half_w, -half_h], [half_w, -half_h], [half_w, half_h], [-half_w, half_h]])


def tilted_camera(rotation_deg: float, tilt_deg: float, axis_deg: float, distance: float) -> np.ndarray:
    """Projection of a plane turned in itself, then tilted, and of the space above it, by a pinhole camera.

    The columns of the rotation and the translation (Hartley and Zisserman, Multiple View Geometry, section 8.1.1).

    Args:
        rotation_deg: turn in the plane, clockwise on the screen.
        tilt_deg: angle between the camera's axis and the plane's normal.
        axis_deg: direction of the axis that the plane is tilted about, on the screen; 0 is the horizontal, about which
            the upper part moves away.
        distance: of the origin from the camera, in plane units.

    Returns:
        (3, 4) float64, (x, y, height, 1) to image coordinates around the principal point; near the origin the scale is
        about 1.
    """
    turn, tilt, axis = np.radians([rotation_deg, tilt_deg, axis_deg])
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    along, across = np.array([np.cos(axis), np.sin(axis)]), np.array([-np.sin(axis), np.cos(axis)])
    foreshorten = np.outer(along, along) + np.cos(tilt) * np.outer(across, across)
    depth = -np.sin(tilt) * across
    turned = np.concatenate([foreshorten @ spin, [depth @ spin]])  # (3, 2), the plane's axes before the camera
    camera = np.zeros((3, 4))
    camera[:, :2], camera[:, 2], camera[2, 3] = turned, _cross(*turned.T.tolist()), distance
    return camera / np.array([[1], [1], [distance]])


def _cross(first: list[float], second: list[float]) -> tuple[float, float, float]:
    """The cross product of `second` with `first`, towards the camera for the axes of a plane."""
    (a, b, c), (d, e, f) = second, first
    return b * f - c * e, c * d - a * f, a * e - b * d


def place_page(rng: np.random.Generator, aspect: float, settings: PlacementSettings) -> Placement:
    """Places a page of the given width to height in the frame, whole or cut off as the settings say."""
    free = rng.random() < settings.any_rotation_share
    rotation_deg = rng.uniform(-180, 180) if free else rng.uniform(*settings.rotation_deg)
    low, high = settings.tilt_deg
    tilt_deg = low + (high - low) * rng.random() ** 1.5
    axis_deg = rng.normal(0, 25) if rng.random() < 0.7 else rng.uniform(-180, 180)
    smallest, largest = np.log(settings.area)
    area = float(np.exp(smallest + (largest - smallest) * rng.random() ** 0.8))
    # the farther a page, the weaker its perspective; closer than 1.1 of its side it would leave the camera's view
    distance = max(1.1, rng.uniform(*settings.focal_length) / area**0.5)
    camera = tilted_camera(rotation_deg, tilt_deg, axis_deg, distance)
    stretch = np.exp(0.5 * rng.uniform(*np.log(settings.photo_aspect)))
    camera = np.diag([1 / stretch, stretch, 1.0]) @ camera
    cut_off = rng.random() < settings.cut_off_share
    quad = apply_homography(camera[:, [0, 1, 3]], page_rectangle(aspect))
    scale = _fitting_scale(quad, area, 1 + settings.overhang if cut_off else 1 - 2 * MARGIN)
    shift = _cut_off_shift(rng, scale * quad, settings.overhang) if cut_off else _inner_shift(rng, scale * quad)
    return Placement(np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]]) @ camera, aspect, rotation_deg)


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
