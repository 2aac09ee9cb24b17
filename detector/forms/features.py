"""Finds a form in a photo by its print alone: the second opinion where the network's corners lead nowhere."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from data_generators.geometry import UNIT_QUAD, apply_homography, from_pixels, quad_problem
from data_generators.transform.input_spec import match_channels
from data_generators.transform.warp import warp_image
from detector.forms.print_map import outside_fields

SCAN_PX = 800  # longer side of the scan whose features are kept
MOST_PX = 1280  # longer side of photos; larger ones are shrunk
MOST_FEATURES = 4000
CONTRAST = 0.02  # below OpenCV's 0.04, for pale print
RATIO = 0.85  # of the distances to the best and the second best feature of the scan
TOLERANCE_PX = 4.0
LEAST_INLIERS = 8


class ScanFeatures:
    """The features of a form's scan.

    SIFT (Lowe 2004) with square roots of the histograms (Arandjelovic and Zisserman: Three things everyone should know
    to improve object retrieval, CVPR 2012).

    Args:
        scan: uint8 (H, W, C), the page and nothing else.
        boxes: (N, 4) normalised boxes of the fields, whose contents differ from page to page.
    """

    def __init__(self, scan: np.ndarray, boxes: Iterable[np.ndarray]) -> None:
        size_hw = _size_within(scan.shape[:2], SCAN_PX)
        mask = (255 * outside_fields(size_hw, boxes)).astype(np.uint8)
        self._points, self._descriptors = _detect(warp_image(scan, np.eye(3), size_hw, "replicate"), mask)

    def find(self, image: np.ndarray) -> np.ndarray | None:
        """Corners (4, 2) of the form, normalised, from its own top left; None where it was not found.

        Args:
            image: uint8 (H, W, C), the photo.
        """
        size_hw = _size_within(image.shape[:2], MOST_PX)
        if size_hw != image.shape[:2]:
            image = cv2.resize(image, size_hw[::-1], interpolation=cv2.INTER_AREA).reshape(*size_hw, -1)
        points, descriptors = _detect(image, None)
        if min(len(points), len(self._points)) < LEAST_INLIERS:
            return None
        pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(descriptors, self._descriptors, k=2)
        kept = np.array([(a.queryIdx, a.trainIdx) for a, b in pairs if a.distance < RATIO * b.distance], int)
        return None if len(kept) < LEAST_INLIERS else _page_quad(self._points[kept[:, 1]], points[kept[:, 0]], size_hw)


def _page_quad(scan: np.ndarray, photo: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray | None:
    """Corners (4, 2) of the unit square under the homography on which most pairs (N, 2), (N, 2) agree."""
    scale = np.array([size_hw[1], size_hw[0]])
    matrix, agrees = cv2.findHomography(scan, photo * scale, cv2.USAC_MAGSAC, TOLERANCE_PX, None, 5000, 0.999)
    if matrix is None or agrees.sum() < LEAST_INLIERS:
        return None
    quad = apply_homography(matrix, UNIT_QUAD) / scale
    return None if quad_problem(quad) else quad


def _detect(image: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Normalised places float64 (N, 2) and descriptors float32 (N, 128) of what stands out."""
    grey = np.ascontiguousarray(match_channels(image, 1)[..., 0])
    found, descriptors = cv2.SIFT.create(MOST_FEATURES, contrastThreshold=CONTRAST).detectAndCompute(grey, mask)
    if not found:
        return np.zeros((0, 2)), np.zeros((0, 128), np.float32)
    points = from_pixels(np.array([point.pt for point in found]), grey.shape)
    return points, np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-9))


def _size_within(size_hw: tuple[int, int], long_px: int) -> tuple[int, int]:
    scale = min(1.0, long_px / max(size_hw))
    return max(8, round(scale * size_hw[0])), max(8, round(scale * size_hw[1]))
