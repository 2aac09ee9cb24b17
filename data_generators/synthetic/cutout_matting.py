"""Cuts an object out of a photo by its mask: how far a pixel belongs to it, and its colour without what lay behind."""

from __future__ import annotations

import cv2
import numpy as np

from data_generators.sample import MASK_IGNORE

REACH = 4.0  # standard deviation in pixels over which the colours of object and background are carried into the border
CONTRAST = 40.0  # difference of these colours, of 255, at which a pixel's own colour counts as much as its place
WIDEST = 6.0  # pixels beyond the sure part of an object at which what the mask leaves open begins to fade out


def cut_out(image: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The colours of an object and its alpha.

    Within the border that the mask leaves open, alpha is the distance to the background against that to the object,
    moved towards where the pixel's colour lies between those of the two sides, the more the two differ. A mask without
    such a border gets one of two pixels along its edge. A simple relative of Bayesian matting (Chuang et al., A
    Bayesian Approach to Digital Matting, CVPR 2001), with one colour a side.

    Args:
        image: uint8 (H, W, 3).
        mask: uint8 (H, W), 1 the object, 0 what lies behind, 255 open.

    Returns:
        uint8 (H, W, 3) with the object's own colours wherever alpha is above 0, and float32 (H, W) alpha in 0 to 1.
    """
    sure, behind = _sides(mask)
    to_sure = cv2.distanceTransform(1 - sure, cv2.DIST_L2, 3)
    to_behind = cv2.distanceTransform(1 - behind, cv2.DIST_L2, 3)
    place = to_behind / np.maximum(to_behind + to_sure, 1e-6)
    colours = image.astype(np.float32)
    inside, outside = _carry(colours, sure), _carry(colours, behind)
    across = inside - outside
    length = (across * across).sum(axis=-1)
    by_colour = np.clip(((colours - outside) * across).sum(axis=-1) / np.maximum(length, 1), 0, 1)
    alpha = place + length / (length + CONTRAST**2) * (by_colour - place)
    alpha = np.where(sure > 0, 1, np.where(behind > 0, 0, alpha * np.clip(2 - to_sure / WIDEST, 0, 1)))
    alpha = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), 0.7)
    alpha = _connected(np.clip((alpha - 0.15) / 0.7, 0, 1) * (1 - 0.8 * behind))
    cover = alpha[..., None]
    own = np.clip((colours - (1 - cover) * outside) / np.maximum(cover, 0.05), 0, 255)
    clean = np.where(cover < 0.98, own * cover + inside * (1 - cover), colours)
    return np.clip(clean, 0, 255).astype(np.uint8), alpha.astype(np.float32)


def carry_colours(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """The colours of an object, with those of its inside where nothing of it is seen.

    Args:
        rgb: uint8 (H, W, 3).
        alpha: float32 (H, W) in 0 to 1.

    Returns:
        uint8 (H, W, 3), so that the picture can be resized without what was transparent bleeding in.
    """
    seen = alpha[..., None] > 0.02
    return np.where(seen, rgb, _carry(rgb.astype(np.float32), alpha).astype(np.uint8))


def _sides(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What surely is the object and what surely is not, uint8 (H, W) of 0 and 1."""
    sure, behind = (mask == 1).astype(np.uint8), (mask == 0).astype(np.uint8)
    if not (mask == MASK_IGNORE).any():
        kernel = np.ones((3, 3), np.uint8)
        sure, behind = cv2.erode(sure, kernel), cv2.erode(behind, kernel)
    return sure, behind


def _carry(colours: np.ndarray, side: np.ndarray) -> np.ndarray:
    """The mean colour of the pixels of a side near each pixel, float32 (H, W, 3)."""
    weight = side.astype(np.float32)[..., None]
    near = cv2.GaussianBlur(np.concatenate([colours * weight, weight], axis=-1), (0, 0), REACH)
    far = (colours * weight).sum(axis=(0, 1)) / max(1.0, float(weight.sum()))
    return np.asarray((near[..., :3] + 1e-3 * far) / (near[..., 3:] + 1e-3))


def _connected(alpha: np.ndarray) -> np.ndarray:
    """Alpha without the islands: parts above one half, and what is soft around them, that are small against the
    largest."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats((alpha > 0.4).astype(np.uint8), connectivity=4)
    if count <= 2:
        return alpha
    areas = stats[1:, cv2.CC_STAT_AREA]
    islands = np.flatnonzero(areas < 0.05 * areas.max()) + 1
    near = cv2.dilate(np.isin(parts, islands).astype(np.uint8), np.ones((5, 5), np.uint8))
    main = np.isin(parts, np.setdiff1d(np.arange(1, count), islands))
    return np.where((near > 0) & ~main, 0, alpha)
