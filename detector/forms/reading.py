"""Reads a form in a photo: from the corners of the page to the quadrilateral and box of each field."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np

from data_generators.forms import Form
from detector.forms.alignment import Aligner

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class FormReading:
    """Where a form and its fields lie in a photo.

    Args:
        keypoints: (4, 2) normalised corners of the form, from its own top left clockwise: the network's,
            or the print's where those were wrong.
        orientation_deg: 0, 90, 180 or 270: how far the page is turned clockwise on the screen.
        score: of the print with the scan's, -1 to 1.
        margin: score of this way up less that of the best other, -2 to 2; near 0 and unrefined it was a guess.
        refined: whether the print said where the fields lie, and not the network's corners alone.
        fields: name -> (4, 2) normalised corners of the field in the photo, clockwise from its own top left.
    """

    keypoints: np.ndarray
    orientation_deg: int
    score: float
    margin: float
    refined: bool
    fields: dict[str, np.ndarray]

    def to_json(self, size_hw: tuple[int, int]) -> dict[str, Any]:
        """Plain data; each field with its corners and box, normalised and in pixels from the picture's outer edge.

        Args:
            size_hw: height and width of the photo in pixels.
        """
        scale = np.array([size_hw[1], size_hw[0]])
        return {
            "orientation_deg": self.orientation_deg,
            "score": round(self.score, 4),
            "margin": round(self.margin, 4),
            "refined": self.refined,
            "keypoints": np.round(self.keypoints, 6).tolist(),
            "fields": {name: _field_json(quad, scale) for name, quad in self.fields.items()},
        }


def _field_json(quad: np.ndarray, scale: np.ndarray) -> dict[str, Any]:
    box = np.concatenate([quad.min(axis=0), quad.max(axis=0)])
    return {
        "keypoints": np.round(quad, 6).tolist(),
        "keypoints_px": np.round(quad * scale, 2).tolist(),
        "box": np.round(box, 6).tolist(),
        "box_px": np.round(box * np.tile(scale, 2), 2).tolist(),
    }


class FormReader:
    """Reads one form in many photos.

    Args:
        form: what to read.
        refine: whether the print, and not the network's corners alone, says where a field lies.
    """

    def __init__(self, form: Form, *, refine: bool = True) -> None:
        self.form, self._aligner = form, Aligner(form.scan, form.fields.values(), refine=refine)
        if self._aligner.is_blind:
            logger.warning(
                "%s: %s shows no print outside the fields. Which way up a page lies is a guess, and the fields lie "
                "where the network's corners say. Give a scan of the printed form, cut to its edges; draw fields "
                "smaller.",
                form.path,
                form.scan_path.name,
            )

    def read(self, image: np.ndarray, corners: np.ndarray) -> FormReading:
        """Where the fields lie.

        Args:
            image: uint8 (H, W, C), the photo.
            corners: (4, 2) normalised corners of the page, clockwise on the screen from any of them.

        Raises:
            ValueError: three of the corners lie on a line.
        """
        found = self._aligner.align(image, corners)
        fields = {name: found.locate(self.form.field_quad(name)) for name in self.form.fields}
        turned = 90 * round(_turn_deg(found.quad, image.shape[:2]) / 90) % 360
        return FormReading(found.quad, turned, found.score, found.margin, bool(found.offsets.any()), fields)


def _turn_deg(quad: np.ndarray, size_hw: tuple[int, int]) -> float:
    """How far a page is turned clockwise on the screen: the mean direction of its upper and lower edge."""
    x, y = ((quad[1] - quad[0]) + (quad[2] - quad[3])) * [size_hw[1], size_hw[0]]
    return float(np.degrees(np.arctan2(y, x)))
