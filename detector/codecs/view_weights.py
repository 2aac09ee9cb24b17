"""How much each view of a picture counts at each place of a raster, where rasters of several views are blended."""

from __future__ import annotations

import numpy as np

ROUNDING = 1e-6  # of the picture's side: a centre on the edge of a window lies in it
LEAST = 1e-3  # at the very edge of a tile


def even_weights(window: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    """1 in the cells whose centres a view shows, else 0.

    Args:
        window: (4,) what it shows of the picture, x0 y0 x1 y1 in [0, 1].
        size_hw: cells along y and x of a raster over the picture.

    Returns:
        float32 (H, W, 1).
    """
    down, across = _places(window, size_hw)
    return (_is_inside(down)[:, None] & _is_inside(across)).astype(np.float32)[..., None]


def falling_weights(window: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    """A raised cosine (Hann's window) over a tile, 0 outside; it does not fall towards the edges of the picture.

    Near the edge of its tile a network sees little of what is around a place; and neighbours that count the less the
    nearer their edge is leave no seam. See `even_weights`.
    """
    (x0, y0, x1, y1), (down, across) = window, _places(window, size_hw)
    weights = _hann(down, y0 <= 0, y1 >= 1)[:, None] * _hann(across, x0 <= 0, x1 >= 1)
    return weights.astype(np.float32)[..., None]


def _places(window: np.ndarray, size_hw: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The cells' centres along y (H,) and x (W,): 0 at the window's first edge, 1 at its last."""
    (x0, y0, x1, y1), (height, width) = window, size_hw
    centres_y, centres_x = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
    return (centres_y - y0) / (y1 - y0), (centres_x - x0) / (x1 - x0)


def _is_inside(places: np.ndarray) -> np.ndarray:
    return (places >= -ROUNDING) & (places <= 1 + ROUNDING)


def _hann(places: np.ndarray, flat_before: bool, flat_after: bool) -> np.ndarray:
    """A raised cosine of places from 0 to 1, flat on a side that is the picture's own."""
    inside = _is_inside(places)
    places = np.where((places < 0.5) & flat_before | (places > 0.5) & flat_after, 0.5, places)
    return inside * np.maximum(np.sin(np.pi * places) ** 2, LEAST)
