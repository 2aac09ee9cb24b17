"""Lays flat pictures, polygons and shadows into a scene, anti-aliased and exact to a fraction of a pixel."""

from __future__ import annotations

import math

import cv2
import numpy as np

from data_generators.geometry import UNIT_QUAD, homography_between, to_pixels

FRACTION_BITS = 4  # OpenCV draws polygons at 1/16 of a pixel
INVERSE_CELLS = 73  # points a side at which a warp is inverted
SHARPNESS = 1.2  # pixels of a shrunk picture a pixel of the frame: 1 blurs twice, 2 aliases


def shrink_levels(picture: np.ndarray) -> list[np.ndarray]:
    """A picture (H, W, 3) uint8 and its halves down to 32 pixels, each averaged over areas."""
    levels = [np.ascontiguousarray(picture)]
    while min(levels[-1].shape[:2]) >= 64:
        height, width = levels[-1].shape[:2]
        levels.append(cv2.resize(levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA))
    return levels


def shrink_to(levels: list[np.ndarray], size_wh: tuple[int, int]) -> np.ndarray:
    """The picture of `shrink_levels` at a size, averaged over areas where it is smaller than the first level."""
    width, height = size_wh
    fitting = [level for level in levels if level.shape[0] >= height and level.shape[1] >= width]
    source = fitting[-1] if fitting else levels[0]
    if source.shape[0] < height or source.shape[1] < width:
        return source
    return cv2.resize(source, (width, height), interpolation=cv2.INTER_AREA)


def size_in_frame(quad_px: np.ndarray) -> tuple[int, int]:
    """Width and height in pixels that a picture needs for a (4, 2) quad: mean opposite sides times `SHARPNESS`."""
    sides = np.linalg.norm(np.roll(quad_px, -1, axis=0) - quad_px, axis=1)
    width, height = (sides[:2] + sides[2:]) / 2 * SHARPNESS
    return max(2, round(width)), max(2, round(height))


def frame_window(points_px: np.ndarray, size_hw: tuple[int, int], margin: int = 2) -> tuple[slice, slice]:
    """Rows and columns of the frame that hold the points (N, 2), with a margin; empty where they lie outside."""
    low = np.clip(np.floor(points_px.min(axis=0)).astype(int) - margin, 0, size_hw[::-1])
    high = np.clip(np.ceil(points_px.max(axis=0)).astype(int) + margin + 1, 0, size_hw[::-1])
    return slice(low[1], max(low[1], high[1])), slice(low[0], max(low[0], high[0]))


def paste(image: np.ndarray, picture: np.ndarray, quad: np.ndarray, offsets: np.ndarray | None = None) -> None:
    """Lays a flat picture onto the frame, in place; its outer edges run exactly along the quad's.

    The alpha of the picture falls from 1 to 0 between the last pixel's centre and one pixel further, so that it is 1/2
    at the picture's outer edge.

    Args:
        image: uint8 (H, W, 3), written to.
        picture: uint8 (h, w, 3), about as large as it appears in the frame (`shrink_to`), or aliasing shows.
        quad: (4, 2) normalised corners in the frame, the picture's top left first.
        offsets: of a `PageView` whose page is not flat.
    """
    quad_px = to_pixels(quad, image.shape[:2])
    bulge = 2 if offsets is None else 2 + math.ceil(float(np.abs(offsets).max()) * 1.5 * np.ptp(quad_px, axis=0).max())
    rows, columns = frame_window(quad_px, image.shape[:2], bulge)
    window = image[rows, columns]
    if not window.size:
        return
    height, width = picture.shape[:2]
    padded = cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    alpha = np.zeros((height + 2, width + 2), np.float32)
    alpha[1:-1, 1:-1] = 1
    place_px, size_wh = quad_px - (columns.start, rows.start), (window.shape[1], window.shape[0])
    if offsets is None:
        corners = UNIT_QUAD * (width, height) + 0.5  # pixel centres of the padded picture
        matrix = homography_between(corners, place_px)
        colour = cv2.warpPerspective(padded, matrix, size_wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cover = cv2.warpPerspective(alpha, matrix, size_wh, flags=cv2.INTER_LINEAR)
    else:
        xs, ys = cv2.split(_page_coordinates(offsets, place_px, size_wh))
        xs, ys = xs * width + 0.5, ys * height + 0.5
        colour = cv2.remap(padded, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        cover = cv2.remap(alpha, xs, ys, cv2.INTER_LINEAR)
    image[rows, columns] = cv2.blendLinear(colour, np.ascontiguousarray(window), cover, 1 - cover)


def _page_coordinates(offsets: np.ndarray, quad_px: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """The point of a page seen at each pixel of a window, float32 (h, w, 2), outside [0, 1] beside the page.

    A point u of the page is seen where a flat one would show u + offset(u); the inverse is found by iterating
    u = q - offset(u), a contraction as long as offsets change slowly (`MOST_STRETCH` in `paper_shape`).
    """
    cells, reach = INVERSE_CELLS, 0.25  # the page may bulge beyond the quad of its corners
    last = offsets.shape[0] - 1
    along = np.linspace(-reach, 1 + reach, cells, dtype=np.float32)
    flat = np.stack(np.meshgrid(along, along), axis=-1)
    page = flat
    for _ in range(6):
        xs, ys = cv2.split(page * last)
        page = flat - cv2.remap(offsets, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    corners = (UNIT_QUAD + reach) / (1 + 2 * reach) * (cells - 1)
    matrix = homography_between(corners, quad_px)
    return cv2.warpPerspective(page, matrix, size_wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def fill_polygon(image: np.ndarray, points: np.ndarray, colour: tuple[int, ...] | float) -> None:
    """Fills a polygon (N, 2), normalised, with an anti-aliased edge, in place."""
    points_px = np.clip(to_pixels(points, image.shape[:2]), -8000, 8000)
    fixed = np.round(points_px * 2**FRACTION_BITS).astype(np.int32)
    cv2.fillPoly(image, [fixed], colour, cv2.LINE_AA, FRACTION_BITS)


def multiply(image: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """The image times a gain map of any size, stretched over the frame.

    Args:
        image: uint8 (H, W, 3).
        gain: float32 (h, w) or (h, w, 3); 1 leaves a pixel as it is.

    Returns:
        uint8 (H, W, 3), saturated.
    """
    if gain.shape[:2] != image.shape[:2]:
        gain = cv2.resize(gain, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    if gain.ndim == 2:
        gain = cv2.merge([gain, gain, gain])
    return cv2.multiply(image, gain, dtype=cv2.CV_8U)


def cast_shadow(
    image: np.ndarray, outline: np.ndarray, offset: tuple[float, float], softness: float, strength: float
) -> np.ndarray:
    """Darkens the frame where the shadow of a flat object falls.

    Args:
        image: uint8 (H, W, 3).
        outline: (N, 2) normalised outline of the object.
        offset: xy by which the shadow is shifted, normalised.
        softness: standard deviation of the shadow's edge, in frame sides.
        strength: share of the light that is taken away in the core, 0 to 1.

    Returns:
        uint8 (H, W, 3).
    """
    shade = np.zeros(tuple(max(8, side // 2) for side in image.shape[:2]), np.uint8)
    fill_polygon(shade, outline + offset, 255)
    shade = cv2.GaussianBlur(shade, (0, 0), max(0.3, softness * max(shade.shape)), borderType=cv2.BORDER_REPLICATE)
    return multiply(image, cv2.LUT(shade, np.linspace(1, 1 - strength, 256, dtype=np.float32)))
