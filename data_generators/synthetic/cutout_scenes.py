"""Draws one scene of cut-outs: background, objects from far to near, shadows, what lies before them, the light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from data_generators.geometry import from_pixels
from data_generators.sample import MASK_IGNORE
from data_generators.synthetic.clutter import BLOCKS
from data_generators.synthetic.compositing import paste, shrink_levels, shrink_to, size_in_frame
from data_generators.synthetic.cutout_backgrounds import Background, Inhabitant
from data_generators.synthetic.cutout_matching import blur_to, cast_on_ground, match_light, recolour, sharpness
from data_generators.synthetic.cutout_objects import SOLID
from data_generators.synthetic.cutout_placement import Pasting
from data_generators.synthetic.cutout_settings import CutoutSettings
from data_generators.synthetic.lighting import light_scene

SOFT = 26, 230  # alpha between which the mask leaves open whose a pixel is
DISTRACTORS = tuple(kind for kind in BLOCKS.values() if not kind.is_paper)


@dataclass(frozen=True, eq=False)
class CutoutScene:
    """A drawn scene.

    Args:
        image: uint8 (H, W, 3).
        owners: int32 (H, W), number of the object seen at each pixel, counted from 1; 0 for none.
        soft: bool (H, W), where the edge of an object is neither it nor what lies behind.
        class_names: class of each object, that of a background first.
        areas_px: pixels that each object covers as a whole, also hidden or beyond the border.
    """

    image: np.ndarray
    owners: np.ndarray
    soft: np.ndarray
    class_names: list[str]
    areas_px: list[float]

    def boxes(self) -> tuple[np.ndarray, np.ndarray]:
        """Extents of what is seen of each object, float32 (N, 4) normalised, 0 where nothing is; and the share of it
        that is seen, float64 (N,)."""
        count = len(self.class_names)
        boxes, visible = np.zeros((count, 4), np.float32), np.zeros(count)
        size_hw = self.owners.shape
        for number in range(count):
            own = (self.owners == number + 1).view(np.uint8)
            x, y, width, height = cv2.boundingRect(own)
            boxes[number] = np.array([x, y, x + width, y + height]) / (*size_hw[::-1], *size_hw[::-1])
            visible[number] = cv2.countNonZero(own) / max(1.0, self.areas_px[number])
        return boxes, visible

    def mask(self, class_names: tuple[str, ...]) -> np.ndarray:
        """uint8 (H, W): 0 for no object, index into `class_names` + 1, 255 along soft edges."""
        codes = np.array([0, *(class_names.index(name) + 1 for name in self.class_names)], np.uint8)
        return np.where(self.soft, np.uint8(MASK_IGNORE), codes[self.owners])


class _Canvas:
    """The picture while it grows, and what is seen where."""

    def __init__(self, image: np.ndarray) -> None:
        self.image = np.ascontiguousarray(image)
        self.owners = np.zeros(image.shape[:2], np.int32)
        self.soft = np.zeros(image.shape[:2], bool)

    def lay(self, rgb: np.ndarray, alpha: np.ndarray, number: int, corner: tuple[int, int]) -> None:
        """Puts colours (h, w, 3) with an alpha (h, w) over all that is there, its upper left at (column, row)."""
        left, top = corner
        rows = slice(max(0, top), max(0, min(self.image.shape[0], top + alpha.shape[0])))
        columns = slice(max(0, left), max(0, min(self.image.shape[1], left + alpha.shape[1])))
        inner = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
        frame, rgb, alpha = (rows, columns), np.ascontiguousarray(rgb[inner]), np.ascontiguousarray(alpha[inner])
        if not alpha.size:
            return
        cover = alpha.astype(np.float32) / 255
        self.image[frame] = cv2.blendLinear(rgb, np.ascontiguousarray(self.image[frame]), cover, 1 - cover)
        self.owners[frame][alpha >= SOLID] = number
        self.soft[frame] = (self.soft[frame] & (alpha <= SOFT[0])) | ((alpha > SOFT[0]) & (alpha < SOFT[1]))


def draw_scene(
    rng: np.random.Generator, background: Background, pastings: list[Pasting], settings: CutoutSettings
) -> CutoutScene:
    """Draws a scene; nearer is what ends lower in the picture.

    Args:
        rng: random numbers.
        background: what lies behind; the object in it takes its place in the order.
        pastings: objects and where they lie.
        settings: what is wanted.
    """
    canvas = _Canvas(background.image)
    things: list[Pasting | Inhabitant] = [*([background.inhabitant] if background.inhabitant else []), *pastings]
    for number in np.argsort([thing.box_px[3] for thing in things], kind="stable"):
        thing = things[number]
        if isinstance(thing, Pasting):
            _paste(rng, canvas, thing, int(number) + 1, settings)
        else:
            canvas.lay(thing.rgb, thing.alpha, int(number) + 1, (0, 0))
    image = light_scene(rng, canvas.image, settings.lighting)
    return CutoutScene(
        image,
        canvas.owners,
        canvas.soft,
        class_names=[thing.class_name for thing in things],
        areas_px=[thing.area_px for thing in things],
    )


def _paste(rng: np.random.Generator, canvas: _Canvas, pasting: Pasting, number: int, settings: CutoutSettings) -> None:
    """Puts one object into the picture with its shadow and, at times, something before it."""
    rgb, alpha, corner = _turn(pasting)
    if rng.random() < settings.recolour_share:
        rgb = recolour(rng, rgb)
    around = _surroundings(canvas.image, pasting.box_px)
    if around.size:
        share = rng.uniform(*settings.light_matching)
        mean = np.array(cv2.mean(around)[:3])
        rgb = match_light(rgb, pasting.cutout.surroundings, mean, share)
        if rng.random() < settings.blur_matching:
            wanted = 1.1 * sharpness(cv2.cvtColor(around, cv2.COLOR_RGB2GRAY)) + 0.1
            rgb, alpha = blur_to(rgb, alpha, wanted)
    if rng.random() < settings.shadow_share and not any(pasting.cutout.cut):
        cast_on_ground(canvas.image, alpha, corner, rng.normal(0, 0.4), rng.uniform(0.3, 0.8))
    canvas.lay(rgb, alpha, number, corner)
    if rng.random() < settings.distractor_share:
        _lay_distractor(rng, canvas, pasting.box_px)


def _turn(pasting: Pasting) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Colours and alpha of an object as large as it appears, a margin around it, and the frame's column and row at
    which they begin."""
    cutout, margin = pasting.cutout, 3
    rgb, alpha, scale = cutout.rgb, cutout.alpha, pasting.scale
    if scale < 0.8:
        size_wh = max(2, round(alpha.shape[1] * scale)), max(2, round(alpha.shape[0] * scale))
        rgb = cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(alpha, size_wh, interpolation=cv2.INTER_AREA)
        scale = scale * cutout.alpha.shape[1] / size_wh[0]
    angle, flip = np.radians(pasting.angle_deg), -1 if pasting.mirror else 1
    spin = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([flip, 1])
    corner = np.floor(pasting.box_px[:2]).astype(int) - margin
    size = np.ceil(pasting.box_px[2:]).astype(int) + margin - corner
    middle = (pasting.box_px[:2] + pasting.box_px[2:]) / 2 - corner - 0.5
    start = middle - spin @ ((np.array(alpha.shape[::-1]) - 1) / 2)
    matrix, size_wh = np.column_stack([spin, start]), (int(size[0]), int(size[1]))
    rgb = cv2.warpAffine(rgb, matrix, size_wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return rgb, cv2.warpAffine(alpha, matrix, size_wh, flags=cv2.INTER_LINEAR), (int(corner[0]), int(corner[1]))


def _surroundings(image: np.ndarray, box_px: np.ndarray) -> np.ndarray:
    """What lies in and around a box, a view of the picture."""
    margin = 0.15 * (box_px[2:] - box_px[:2])
    low = np.floor(box_px[:2] - margin).astype(int).clip(0)
    high = np.ceil(box_px[2:] + margin).astype(int).clip(0)
    return image[low[1] : high[1], low[0] : high[0]]


def _lay_distractor(rng: np.random.Generator, canvas: _Canvas, box_px: np.ndarray) -> None:
    """Puts a flat thing over an edge of a box; what it covers is nobody's."""
    sides = box_px[2:] - box_px[:2]
    picture = DISTRACTORS[int(rng.integers(len(DISTRACTORS)))].draw(rng)
    aspect, side = picture.shape[1] / picture.shape[0], float(np.prod(sides)) ** 0.5 * rng.uniform(0.25, 0.7)
    half = 0.5 * side * np.array([aspect**0.5, aspect**-0.5])
    middle = (box_px[:2] + box_px[2:]) / 2 + sides * [(-0.5, 0), (0.5, 0), (0, 0.5), (0, -0.5)][
        int(rng.choice(4, p=(0.25, 0.25, 0.4, 0.1)))
    ]
    turn = np.radians(rng.normal(0, 15))
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    quad_px = middle + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ spin
    shrunk = shrink_to(shrink_levels(picture), size_in_frame(quad_px))
    paste(canvas.image, shrunk, from_pixels(quad_px, canvas.image.shape[:2]))
    cover = np.zeros(canvas.owners.shape, np.uint8)
    cv2.fillConvexPoly(cover, np.round(quad_px * 16).astype(np.int32), 1, cv2.LINE_8, 4)
    canvas.owners[cover > 0], canvas.soft[cover > 0] = 0, False
