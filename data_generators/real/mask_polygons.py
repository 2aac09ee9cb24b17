"""The regions of a mask as polygons that a person can correct in another tool; for writers of label files."""

from __future__ import annotations

import cv2
import numpy as np

FINER = 2  # outlines run along the edges of pixels to 1 / (2 * FINER)
TOLERANCE_PX = 0.75  # how far a polygon may lie from the outline of its region


def mask_polygons(region: np.ndarray) -> list[np.ndarray]:
    """A polygon around each connected region, its holes joined to the outside by a cut of no width.

    Args:
        region: bool (H, W).

    Returns:
        (P, 2) each, normalised x y; regions of a pixel or two are left out.
    """
    height, width = region.shape
    large = cv2.resize(region.astype(np.uint8), (width * FINER, height * FINER), interpolation=cv2.INTER_NEAREST_EXACT)
    outlines, tree = cv2.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    simple = [cv2.approxPolyDP(outline, TOLERANCE_PX * FINER, True).reshape(-1, 2) for outline in outlines]
    polygons = []
    for index, polygon in enumerate(simple):
        if tree[0, index, 3] >= 0 or len(polygon) < 3:  # a hole, or what is too small
            continue
        for hole in (simple[number] for number in np.flatnonzero(tree[0, :, 3] == index) if len(simple[number]) >= 3):
            polygon = _with_hole(polygon, hole)
        polygons.append((polygon + 0.5) / [width * FINER, height * FINER])
    return polygons


def _with_hole(polygon: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """One polygon of an outline (P, 2) and a hole (Q, 2) in it: there and back again where they lie nearest."""
    distance = np.linalg.norm(polygon[:, None].astype(float) - hole, axis=-1)
    at, hole_at = np.unravel_index(np.argmin(distance), distance.shape)
    around = np.roll(hole, -int(hole_at), axis=0)
    return np.concatenate([polygon[: at + 1], around, around[:1], polygon[at:]])
