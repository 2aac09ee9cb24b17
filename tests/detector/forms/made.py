"""A form, and photos of it in which the place of every point is known."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw

from data_generators.geometry import UNIT_QUAD, homography_between, pixel_homography
from data_generators.synthetic.fonts import load_font
from data_generators.synthetic.words import make_word

FIELDS = {"number": np.array([0.12, 0.3, 0.5, 0.38]), "holder": np.array([0.1, 0.7, 0.8, 0.78])}
QUAD = np.array([[0.2, 0.1], [0.85, 0.2], [0.8, 0.9], [0.1, 0.8]])
PHOTO_HW = (360, 480)


def draw_form(value: str = "SPECIMEN", printed: bool = True) -> np.ndarray:
    """uint8 (420, 600, 3): labels all over the page, and `value` in the fields."""
    rng = np.random.default_rng(5)
    image = Image.new("RGB", (600, 420), (240, 235, 225))
    draw = ImageDraw.Draw(image)
    for y in range(20, 400, 42):
        for x in range(20, 560, 135):
            draw.text((x + int(rng.integers(30)), y), make_word(rng), fill=(40, 60, 90), font=load_font("sans", 13))
    for box in FIELDS.values():
        x0, y0, x1, y1 = box * [600, 420, 600, 420]
        draw.rectangle((x0, y0, x1, y1), fill=(240, 235, 225))
        draw.text((x0 + 4, y0 + 2), value, fill=(10, 10, 10), font=load_font("mono", 24))
    return np.asarray(image) if printed else np.full((420, 600, 3), 235, np.uint8)


def photograph(page: np.ndarray, quad: np.ndarray, size_hw: tuple[int, int] = PHOTO_HW) -> np.ndarray:
    """A photo uint8 (H, W, 3) of a page, lit from the left, on a dark desk."""
    matrix = pixel_homography(homography_between(UNIT_QUAD, quad), page.shape[:2], size_hw)
    photo = cv2.warpPerspective(page, matrix, size_hw[::-1], flags=cv2.INTER_AREA, borderValue=(50, 45, 40))
    light = np.linspace(1.0, 0.55, size_hw[1])[None, :, None]
    return (cv2.GaussianBlur(photo, (0, 0), 0.7) * light).astype(np.uint8)


def bend(page: np.ndarray, depth: float) -> np.ndarray:
    """The page with its middle shifted down by `depth` of its height, its edges in place."""
    height, width = page.shape[:2]
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    lift = depth * height * np.sin(np.pi * (xs + 0.5) / width) * np.sin(np.pi * (ys + 0.5) / height)
    return cv2.remap(page, xs, ys - lift.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
