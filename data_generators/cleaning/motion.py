"""Where a mask will be in the next frame: by the optical flow of the pictures, or by its own last movement."""

from __future__ import annotations

import cv2
import numpy as np

FLOW_PX = 960  # the longer side of the pictures between which flow is measured, at most


def measure_flow(image: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Where the pixels of a frame were in the frame before, by dense inverse search (Kroeger et al. 2016).

    Args:
        image: uint8 (H, W, 1), grey.
        before: the frame before, of the same shape.

    Returns:
        float32 (H, W, 2), to be added to the x and y of each pixel, in pixels.
    """
    height, width = image.shape[:2]
    scale = min(1.0, FLOW_PX / max(height, width))
    size_wh = (max(16, round(width * scale)), max(16, round(height * scale)))
    now, then = (cv2.resize(each[..., 0], size_wh, interpolation=cv2.INTER_AREA) for each in (image, before))
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = search.calc(now, then, np.zeros((*now.shape, 2), np.float32))
    flow = cv2.resize(found, (width, height))
    return np.asarray(flow * np.array([width / size_wh[0], height / size_wh[1]]), np.float32)


def follow_flow(mask: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The mask moved along with the pictures.

    Args:
        mask: bool (H, W), of the frame before.
        flow: of `measure_flow`.
    """
    rows, columns = np.indices(mask.shape, np.float32)
    moved = cv2.remap(mask.astype(np.float32), columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR)
    return np.asarray(moved > 0.5)


def shift_mask(mask: np.ndarray, step_px: np.ndarray) -> np.ndarray:
    """The mask bool (H, W) moved by whole pixels x and y; what leaves the picture is gone."""
    (height, width), (right, down) = mask.shape, (int(step) for step in np.rint(step_px))
    if abs(right) >= width or abs(down) >= height:
        return np.zeros_like(mask)
    moved = np.zeros_like(mask)
    source = mask[max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
    top, left = max(0, down), max(0, right)
    moved[top : top + source.shape[0], left : left + source.shape[1]] = source
    return moved


def centroid(mask: np.ndarray) -> np.ndarray:
    """Mean x and y of the pixels of a mask bool (H, W) that has some, in pixels."""
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean(), rows.mean()])
