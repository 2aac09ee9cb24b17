"""The maths of points, quadrilaterals and homographies in normalised coordinates; everything else asks here.

Normalised xy: x / W and y / H with the origin at the outer edge of the first pixel, so pixel i has its centre at
(i + 0.5) / W. "Clockwise" is as seen on the screen, where y points down.
"""

from __future__ import annotations

import cv2
import numpy as np
from shapely import make_valid
from shapely.geometry import Polygon

UNIT_QUAD = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)


def to_pixels(points: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    """Normalised xy (..., 2) to pixel-centre coordinates, in which (0, 0) is the centre of the first pixel."""
    return np.asarray(points) * np.array([size_hw[1], size_hw[0]]) - 0.5


def from_pixels(points_px: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    """Pixel-centre coordinates (..., 2) to normalised xy; the inverse of `to_pixels`."""
    return (np.asarray(points_px) + 0.5) / np.array([size_hw[1], size_hw[0]])


def apply_homography(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Maps points (..., 2) by a (3, 3) homography; NaN stays NaN."""
    points = np.asarray(points, np.float64)
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    return mapped[..., :2] / mapped[..., 2:]


def homography_between(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The (3, 3) float64 homography that takes four points (4, 2) onto four others.

    Raises:
        ValueError: three of the points lie on a line.
    """
    matrix = cv2.getPerspectiveTransform(np.asarray(source, np.float32), np.asarray(target, np.float32))
    if not np.all(np.isfinite(matrix)) or abs(np.linalg.det(matrix)) < 1e-12:
        raise ValueError("No homography: three of the four points lie on a line. Give the corners of a quadrilateral.")
    return matrix


def pixel_homography(matrix: np.ndarray, from_hw: tuple[int, int], to_hw: tuple[int, int]) -> np.ndarray:
    """A homography of normalised coordinates as one of pixel centres, as `cv2.warpPerspective` wants it."""
    normalise = np.array([[1 / from_hw[1], 0, 0.5 / from_hw[1]], [0, 1 / from_hw[0], 0.5 / from_hw[0]], [0, 0, 1]])
    to_px = np.array([[to_hw[1], 0, -0.5], [0, to_hw[0], -0.5], [0, 0, 1]])
    return to_px @ matrix @ normalise


def quad_signed_area(quad: np.ndarray) -> float:
    """Area of a (4, 2) polygon, half the cross product of its diagonals: positive when its corners run clockwise on
    the screen."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = np.asarray(quad, np.float64).tolist()
    return 0.5 * ((cx - ax) * (dy - by) - (cy - ay) * (dx - bx))


def quad_problem(quad: np.ndarray) -> str:
    """What is wrong with a (4, 2) quadrilateral, as a sentence, or an empty string."""
    if not np.all(np.isfinite(quad)):
        return "the corners are not all numbers."
    polygon = Polygon(np.asarray(quad, np.float64))
    if not polygon.is_valid:
        return "the quadrilateral crosses itself."
    if polygon.area < 1e-6:
        return "the quadrilateral has no area."
    return ""


def order_corners_image(quad: np.ndarray) -> np.ndarray:
    """Image order: the cyclic order that runs clockwise on the screen, from the corner with the least x + y.

    Args:
        quad: (4, 2) corners in cyclic order, either sense.

    Returns:
        The same four corners, reordered.
    """
    quad = np.asarray(quad)
    if quad_signed_area(quad) < 0:
        quad = quad[::-1]
    first = int(np.argmin(quad[:, 0] + quad[:, 1]))
    return quad[[first, (first + 1) % 4, (first + 2) % 4, (first + 3) % 4]]


def cyclic_shifts(quad: np.ndarray) -> np.ndarray:
    """The P cyclic orders of (P, 2) points, as (P, P, 2)."""
    return np.stack([np.roll(quad, -shift, axis=0) for shift in range(len(quad))])


def align_cyclic(quad: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The cyclic order of `quad` (P, 2) whose corners lie nearest to those of `reference` (P, 2) that are known."""
    shifts = cyclic_shifts(np.asarray(quad))
    distance = np.nansum(np.linalg.norm(shifts - reference, axis=-1), axis=-1)
    return shifts[int(np.argmin(distance))]


def quad_iou(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union (Jaccard index) of two quadrilaterals (4, 2), in [0, 1].

    The value does not change when both are stretched, so normalised coordinates serve. A quadrilateral that crosses
    itself counts with the area it encloses (`shapely.make_valid`); one with a corner that is not a number has IoU 0.
    """
    if not (np.all(np.isfinite(first)) and np.all(np.isfinite(second))):
        return 0.0
    one, two = (make_valid(Polygon(np.asarray(quad, np.float64))) for quad in (first, second))
    union = one.union(two).area
    return float(one.intersection(two).area / union) if union > 0 else 0.0


def quad_shows(quad: np.ndarray) -> bool:
    """Whether any of a normalised quadrilateral (4, 2) lies in the picture, the unit square."""
    return bool(make_valid(Polygon(np.asarray(quad, np.float64))).intersection(Polygon(UNIT_QUAD)).area > 0)


def box_area(boxes: np.ndarray) -> np.ndarray:
    """Area (N,) of boxes (N, 4), x0 y0 x1 y1; 0 where sides have changed places."""
    return np.prod((boxes[:, 2:] - boxes[:, :2]).clip(0), axis=1)


def overlap_area(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Area that boxes (N, 4) and (M, 4) have in common, every pair: (N, M)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.prod((high - low).clip(0), axis=-1)


def box_iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes (N, 4) and (M, 4), every pair: (N, M); 0 for boxes without area.

    It does not change when both are stretched, so normalised coordinates serve.
    """
    shared = overlap_area(boxes, others)
    union = box_area(boxes)[:, None] + box_area(others) - shared
    return np.divide(shared, union, out=np.zeros(shared.shape), where=union > 0)


def free_rectangles(occupied: np.ndarray, cells: int, least_px: float = 1) -> np.ndarray:
    """All rectangles of a picture that hold nothing, on the lines of a grid.

    Args:
        occupied: bool or uint8 (H, W), not 0 where there is something.
        cells: of the grid, in a row and in a column; fewer where the picture has fewer pixels.
        least_px: least side of a rectangle in pixels.

    Returns:
        int64 (N, 4), x0 y0 x1 y1 in pixels, by rows and then by columns.
    """
    ys, xs = (np.unique(np.arange(cells + 1) * side // cells) for side in occupied.shape)
    top, bottom = _spans(ys, least_px)
    left, right = _spans(xs, least_px)
    counts = cv2.integral((occupied != 0).astype(np.uint8))[np.ix_(ys, xs)]  # of what lies above and left of a crossing
    rows = counts[bottom] - counts[top]
    vertical, horizontal = np.nonzero(rows[:, left] == rows[:, right])
    sides = xs[left][horizontal], ys[top][vertical], xs[right][horizontal], ys[bottom][vertical]
    return np.stack(sides, axis=-1)


def _spans(lines_px: np.ndarray, least_px: float) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the first and the last of every two lines that are far enough from each other."""
    first, last = np.triu_indices(len(lines_px), 1)
    apart = lines_px[last] - lines_px[first] >= least_px
    return first[apart], last[apart]
