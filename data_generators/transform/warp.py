"""Applies one homography to a sample: picture, boxes, keypoints and mask, straight into the network's frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from data_generators.geometry import apply_homography, order_corners_image, pixel_homography
from data_generators.sample import MASK_IGNORE, Sample
from data_generators.transform.geometry import Border
from data_generators.transform.input_spec import InputSpec, content_box, fit_homography, match_channels

_BORDERS = {
    "replicate": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "constant": cv2.BORDER_CONSTANT,
}
_SHRINK_BELOW = 0.58  # bilinear sampling in steps of up to 1.7 pixels aliases little, and area averaging is slow


_WHOLE = np.array([0.0, 0, 1, 1])  # the box of the whole picture


@dataclass(frozen=True)
class WarpRules:
    """What `warp_sample` does with what the homography alone does not settle; the fields are those of
    `GeometrySettings`, and `corner_order` that of the source."""

    border: Border = "replicate"
    min_visible: float = 0.3
    corner_order: str = "none"


def warp_sample(
    sample: Sample, homography: np.ndarray, spec: InputSpec, changed_hw: tuple[int, int], rules: WarpRules
) -> Sample:
    """The sample under a change of view, fitted into the frame; every pixel is interpolated once.

    The changed picture is fitted as any other: letterbox bars are black. Boxes are the hull of their mapped corners
    (of the mapped keypoints, where a box is the hull of its four keypoints), clipped to the picture. Keypoints are
    not clipped. The mask is 255 (ignore) beyond the edge of the original picture.

    Args:
        sample: any.
        homography: (3, 3) normalised picture to normalised changed picture, from `draw_homography`.
        spec: the frame.
        changed_hw: height and width of the changed picture, from `draw_homography`.
        rules: border, visibility, corner order.
    """
    matrix = fit_homography(spec, changed_hw) @ homography
    window = content_box(spec, changed_hw)
    image = warp_image(match_channels(sample.image, spec.channels), matrix, spec.size_hw, rules.border)
    mask = _warp_mask(sample.mask, matrix, spec.size_hw)
    if (window[2], window[3]) != spec.size_hw:
        image = _keep_window(image, window, 0)
        mask = _keep_window(mask, window, MASK_IGNORE) if mask.size else mask
    objects = warp_objects(sample, matrix, _normalised(window, spec.size_hw), rules) if len(sample.boxes) else {}
    return sample.replace(image=image, mask=mask, **objects)


def warp_image(image: np.ndarray, matrix: np.ndarray, to_hw: tuple[int, int], border: Border) -> np.ndarray:
    """Warps a picture with pixel centres exact; one that shrinks is averaged by area first, so that nothing aliases.

    Args:
        image: uint8 or float32 (h, w, C).
        matrix: (3, 3) normalised picture to normalised frame.
        to_hw: height and width of the frame in pixels.
        border: see `GeometrySettings.border`.

    Returns:
        (H, W, C), of the same dtype.
    """
    channels = image.shape[2]
    image = _shrink_first(image, matrix, to_hw)
    matrix_px = pixel_homography(matrix, (image.shape[0], image.shape[1]), to_hw)
    size = (to_hw[1], to_hw[0])
    warped = cv2.warpPerspective(image, matrix_px, size, flags=cv2.INTER_LINEAR, borderMode=_BORDERS[border])
    return warped.reshape(*to_hw, channels)


def _shrink_first(image: np.ndarray, matrix: np.ndarray, to_hw: tuple[int, int]) -> np.ndarray:
    """Shrinks each axis of the picture to about the scale that the homography has where the picture lies."""
    height, width = image.shape[:2]
    across, down = _scales_at_centre(pixel_homography(matrix, (height, width), to_hw), (height, width))
    new_w = max(1, round(width * across)) if across < _SHRINK_BELOW else width
    new_h = max(1, round(height * down)) if down < _SHRINK_BELOW else height
    if (new_h, new_w) == (height, width):
        return image
    return cv2.resize(image, (new_w, new_h), interpolation=cv2.INTER_AREA).reshape(new_h, new_w, image.shape[2])


def _scales_at_centre(matrix_px: np.ndarray, from_hw: tuple[int, int]) -> tuple[float, float]:
    """Frame pixels a picture pixel, along the picture's x and y axis, at its centre (lengths of the Jacobian's
    columns)."""
    centre = np.array([from_hw[1] / 2, from_hw[0] / 2, 1.0])
    x, y, w = matrix_px @ centre
    jacobian = (matrix_px[:2, :2] * w - np.outer([x, y], matrix_px[2, :2])) / w**2
    across, down = np.linalg.norm(jacobian, axis=0)
    return float(across), float(down)


def _warp_mask(mask: np.ndarray, matrix: np.ndarray, to_hw: tuple[int, int]) -> np.ndarray:
    if not mask.size:
        return mask
    matrix_px = pixel_homography(matrix, (mask.shape[0], mask.shape[1]), to_hw)
    size = (to_hw[1], to_hw[0])
    return cv2.warpPerspective(
        mask, matrix_px, size, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=MASK_IGNORE
    )


def _keep_window(image: np.ndarray, window: tuple[int, int, int, int], outside: int) -> np.ndarray:
    top, left, height, width = window
    frame = np.full_like(image, outside)
    frame[top : top + height, left : left + width] = image[top : top + height, left : left + width]
    return frame


def _normalised(window: tuple[int, int, int, int], size_hw: tuple[int, int]) -> np.ndarray:
    """A window top, left, height, width in pixels as a normalised box x0 y0 x1 y1."""
    top, left, height, width = window
    return np.array([left, top, left + width, top + height]) / np.array([size_hw[1], size_hw[0]] * 2)


def warp_objects(sample: Sample, matrix: np.ndarray, window: np.ndarray, rules: WarpRules) -> dict[str, np.ndarray]:
    """Fields of the mapped objects; what has left the window is dropped, what is hardly in it ignored."""
    keypoints = _map_points(matrix, sample.keypoints) if sample.keypoints.size else sample.keypoints
    if _are_whole_quads(sample) and _all_inside(keypoints, window):
        return _whole_objects(keypoints, rules)  # the usual case, in a third of the time
    outlines = [_outline(box, points) for box, points in zip(sample.boxes, sample.keypoints, strict=True)]
    places = [_place(matrix, outline, window) for outline in outlines]
    if rules.corner_order == "image" and keypoints.shape[1]:
        keypoints = np.stack([_order_again(quad) for quad in keypoints])
    shares = np.array([share for _, share in places])
    keep = shares > 0
    return {
        "boxes": np.array([box for box, _ in places], np.float32)[keep],
        "labels": sample.labels[keep],
        "ignore": (sample.ignore | (shares < rules.min_visible - 1e-6))[keep],
        "keypoints": keypoints[keep].astype(np.float32),
    }


def _are_whole_quads(sample: Sample) -> bool:
    """Whether all objects are quadrilaterals wholly in the picture, with their hulls as boxes."""
    quads = sample.keypoints
    if quads.shape[1] != 4 or not _all_inside(quads, _WHOLE):
        return False
    return bool(np.abs(_hulls(quads) - sample.boxes).max() < 1e-3)


def _hulls(quads: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) around (N, 4, 2) points."""
    return np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)


def _whole_objects(keypoints: np.ndarray, rules: WarpRules) -> dict[str, np.ndarray]:
    """Fields of mapped quadrilaterals that were, and still are, wholly in the picture."""
    if rules.corner_order == "image":
        keypoints = np.stack([order_corners_image(quad) for quad in keypoints])
    return {"boxes": _hulls(keypoints).astype(np.float32), "keypoints": keypoints.astype(np.float32)}


def _map_points(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Maps (..., 2) points; one at or behind the horizon of the new view becomes NaN."""
    depth = np.asarray(points, np.float64) @ matrix[2, :2] + matrix[2, 2]
    ahead = np.where((depth > 1e-6)[..., None], points, np.nan)
    return apply_homography(matrix, ahead)


def _outline(box: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The four points (4, 2) that stand for an object: its quadrilateral where the box is its hull, else the corners
    of the box."""
    if len(points) == 4 and np.all(np.isfinite(points)):
        hull = np.concatenate([points.min(axis=0), points.max(axis=0)])
        if min(np.abs(hull - box).max(), np.abs(hull.clip(0, 1) - box).max()) < 1e-3:
            return np.asarray(points, np.float64)
    x0, y0, x1, y1 = (float(value) for value in box)
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _place(matrix: np.ndarray, outline: np.ndarray, window: np.ndarray) -> tuple[np.ndarray, float]:
    """Where an object comes to lie, and how much of it.

    Args:
        matrix: (3, 3) normalised picture to normalised frame.
        outline: (4, 2) normalised picture coordinates.
        window: x0 y0 x1 y1, the part of the frame that shows the picture.

    Returns:
        The hull clipped to the window, x0 y0 x1 y1; and the area in the window over the area of what the original
        picture showed, both in the new view, in [0, 1]. An outline without area (a point, an object without a box)
        counts as visible where its centre is.
    """
    mapped = _map_points(matrix, outline)
    low, high = mapped.min(axis=0), mapped.max(axis=0)
    if outline.min() >= 0 and outline.max() <= 1 and (low >= window[:2]).all() and (high <= window[2:]).all():
        return np.concatenate([low, high]), 1.0  # the usual case, without clipping
    shown = _map_points(matrix, _clip_polygon(outline, np.array([0.0, 0, 1, 1])))
    if not len(shown) or not np.all(np.isfinite(shown)):
        return np.zeros(4), 0.0
    if not np.all(np.isfinite(mapped)):  # part of it lies behind the horizon: keep to what the picture showed
        low, high = shown.min(axis=0), shown.max(axis=0)
    box = np.concatenate([low.clip(window[:2], window[2:]), high.clip(window[:2], window[2:])])
    area = cv2.contourArea(shown.astype(np.float32))
    if area < 1e-9:
        return box, float(_all_inside(shown.mean(axis=0), window))
    inside = _clip_polygon(shown, window)
    return box, min(1.0, cv2.contourArea(inside.astype(np.float32)) / area) if len(inside) else 0.0


def _all_inside(points: np.ndarray, window: np.ndarray) -> bool:
    return bool(((points >= window[:2]) & (points <= window[2:])).all())


def _clip_polygon(polygon: np.ndarray, window: np.ndarray) -> np.ndarray:
    """The part (M, 2) of a polygon inside a box x0 y0 x1 y1 (Sutherland and Hodgman 1974)."""
    for axis, limit, sign in ((0, window[0], 1), (1, window[1], 1), (0, window[2], -1), (1, window[3], -1)):
        if not len(polygon):
            break
        polygon = _clip_half_plane(polygon, axis, limit, sign)
    return polygon


def _clip_half_plane(polygon: np.ndarray, axis: int, limit: float, sign: int) -> np.ndarray:
    distance = sign * (polygon[:, axis] - limit)
    if np.all(distance >= 0):
        return polygon
    kept: list[np.ndarray] = []
    for index in range(len(polygon)):
        before, here = distance[index - 1], distance[index]
        if (before >= 0) != (here >= 0):
            kept.append(polygon[index - 1] + (polygon[index] - polygon[index - 1]) * (before / (before - here)))
        if here >= 0:
            kept.append(polygon[index])
    return np.array(kept).reshape(-1, 2)


def _order_again(quad: np.ndarray) -> np.ndarray:
    """Image order in the new view; where a corner is unknown the order is too, and all corners become NaN."""
    return order_corners_image(quad) if np.all(np.isfinite(quad)) else np.full_like(quad, np.nan)
