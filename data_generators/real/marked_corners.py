"""Reads pictures rendered elsewhere whose corners are painted in four colours: finds them, and paints them over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from data_generators.errors import DataError, OnError
from data_generators.files import files_content
from data_generators.geometry import from_pixels
from data_generators.images import list_images, read_image
from data_generators.real.quads import checked_quad
from data_generators.real.version import reader_version
from data_generators.sample import Sample, sample_with_corners
from data_generators.sources import Source

CORNER_NAMES = ("upper left", "upper right", "lower right", "lower left")
MARK_COLOURS = ((255, 0, 255), (0, 255, 255), (110, 0, 255), (0, 255, 0))
CURE_MIRRORED = "Give `colours` in the order upper left, upper right, lower right, lower left; or leave it out."
HALO_PX = 3  # how far anti-aliasing and JPEG carry a mark's colour
LEAST_AREA = 2.0  # pixels of the exact colour; less is noise
RIVAL_AREA = 0.5  # a second blob of this part of the biggest one's area makes the corner ambiguous


class MarkedCornersSource(Source):
    """Pictures in which the object's own corners are small discs, each in its colour.

    A corner is the centroid of its mark, to a part of a pixel. A mark that the frame cuts off gives the centroid of
    what is seen. Afterwards the marks are filled from what surrounds them.

    Args:
        directory: the folder with the pictures.
        colours: RGB, 0 to 255, of the upper left, upper right, lower right and lower left corner.
        tolerance: greatest difference of a channel, 0 to 255, at which a pixel still has the colour of a mark.
        class_name: the class of the object.
        on_error: what a consumer does with a picture in which a mark is not found.

    Raises:
        DataError: there is no such folder, or no picture in it.
    """

    def __init__(
        self,
        directory: str | Path,
        colours: Sequence[tuple[int, int, int]] = MARK_COLOURS,
        tolerance: int = 60,
        class_name: str = "document",
        on_error: OnError = "raise",
    ) -> None:
        if len(set(colours)) != 4:
            raise ValueError(f"`colours` must be four different RGB colours. Received {colours}.")
        self._root = Path(directory).expanduser()
        self._paths = list_images(self._root)
        self._colours, self._tolerance = np.array(colours, np.int16), tolerance
        self.class_names, self.labelled_classes = (class_name,), frozenset({class_name})
        self.corner_order, self.on_error = "object", on_error

    def __len__(self) -> int:
        return len(self._paths)

    def sample(self, index: int) -> Sample:
        path = self._paths[index]
        image, corners_px = find_marks(read_image(path), self._colours, self._tolerance, str(path))
        quad = checked_quad(from_pixels(corners_px, image.shape[:2]), "object", str(path), CURE_MIRRORED)
        return sample_with_corners(image, quad[None], group=path.name, origin=str(path))

    def groups(self) -> list[str]:
        return [path.name for path in self._paths]

    def content(self) -> Any:
        settings = [self._colours.tolist(), self._tolerance, self.class_names]
        return ["marked_corners", reader_version(), settings, files_content(self._root, self._paths)]


def find_marks(image: np.ndarray, colours: np.ndarray, tolerance: int, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Finds the four marks of a picture and paints them over.

    Args:
        image: uint8 (H, W, 3) RGB.
        colours: int (4, 3) RGB.
        tolerance: see `MarkedCornersSource`.
        where: the file, for messages.

    Returns:
        uint8 (H, W, 3) without the marks, and float64 (4, 2) corners as pixel-centre coordinates.

    Raises:
        DataError: a mark is missing, or there are two of its colour.
    """
    difference = np.stack([_difference(image, colour) for colour in colours])  # (4, H, W)
    nearest = difference.argmin(axis=0)
    purity = np.clip(
        1 - difference.min(axis=0) / np.float32(tolerance + 1), 0, 1
    )  # (H, W), 1 where the colour is exact
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * HALO_PX + 1, 2 * HALO_PX + 1))
    halos = []
    for index, colour in enumerate(colours):
        mark = f"{CORNER_NAMES[index]} mark of colour {tuple(int(value) for value in colour)}"
        blob = _biggest_blob(purity * (nearest == index), where, mark)
        halos.append(cv2.dilate(blob.astype(np.uint8), kernel))
    cleaned = cv2.inpaint(image, np.maximum.reduce(halos), HALO_PX, cv2.INPAINT_TELEA)
    corners_px = [_centroid(image, cleaned, halo, colour) for halo, colour in zip(halos, colours, strict=True)]
    return cleaned, np.array(corners_px)


def _difference(image: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Greatest difference of a channel from the colour, uint8 (H, W)."""
    planes = [
        cv2.absdiff(plane, np.full_like(plane, value)) for plane, value in zip(cv2.split(image), colour, strict=True)
    ]
    return np.maximum.reduce(planes)


def _biggest_blob(purity: np.ndarray, where: str, mark: str) -> np.ndarray:
    """The pixels (H, W) of the biggest blob; fragments a pixel apart, as JPEG leaves them, count as one.

    Pixels count by their purity, so that a pale cloth of a similar hue does not outweigh a mark.
    """
    mask = purity > 0
    joined = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    labels = cv2.connectedComponents(joined)[1]
    areas = np.bincount(labels[mask], purity[mask], minlength=2)
    order = np.argsort(areas)[::-1]
    if areas[order[0]] < LEAST_AREA:
        cure = "Render the picture again with all four corners in view, or give its colours or a greater tolerance."
        raise DataError(where, f"there is no {mark}.", cure)
    if areas[order[1]] >= RIVAL_AREA * areas[order[0]]:
        places = [tuple(int(value) for value in np.argwhere(mask & (labels == label))[0][::-1]) for label in order[:2]]
        problem = f"there are two blobs for the {mark}, near (x, y) = {places[0]} and {places[1]} pixels."
        raise DataError(where, problem, "Paint marks in colours that occur nowhere else in the picture.")
    return mask & (labels == order[0])


def _centroid(image: np.ndarray, cleaned: np.ndarray, halo: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """The centre (2,) of a mark as pixel-centre coordinates, each pixel weighted by how far the mark covers it.

    An anti-aliased pixel is c * colour + (1 - c) * background. The background is known from the cleaned picture, so the
    coverage c is the projection on the line between the two.
    """
    left, top, width, height = cv2.boundingRect(halo)
    window = np.s_[top : top + height, left : left + width]
    background = cleaned[window].astype(np.float64)
    line = colour - background
    coverage = ((image[window] - background) * line).sum(axis=-1) / np.maximum((line**2).sum(axis=-1), 1.0)
    weights = np.clip(coverage, 0, 1) * halo[window]
    rows, columns = np.indices(weights.shape)
    return np.array([left + (weights * columns).sum() / weights.sum(), top + (weights * rows).sum() / weights.sum()])
