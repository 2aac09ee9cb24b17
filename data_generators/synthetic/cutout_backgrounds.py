"""What cut-outs are pasted onto: parts of photos without an object, photos with one in place, folders, drawn rooms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from data_generators.synthetic.cutout_library import ObjectLibrary
from data_generators.synthetic.cutout_objects import SOLID, ObjectPhoto, ObjectPicture
from data_generators.synthetic.cutout_settings import CutoutSettings
from data_generators.synthetic.document_settings import DocumentSettings
from data_generators.synthetic.lighting import LightingSettings
from data_generators.synthetic.scenes import draw_negative

LARGEST_ZOOM = 2.6  # how far a part of a photo may be enlarged
LONGEST = 1.5  # how far its aspect may differ from that of the frame, which squeezes it
TRIES = 6
UNLIT = LightingSettings(unevenness=0.4, exposure=0, outside_shadow_share=0.1, glare_share=0, flash_share=0)

DrawPhoto = Callable[[np.random.Generator], np.ndarray]


@dataclass(frozen=True, eq=False)
class Inhabitant:
    """The object in the photo that serves as background.

    Args:
        rgb: uint8 (H, W, 3), its own colours wherever alpha is above 0.
        alpha: uint8 (H, W).
        class_name: what it is.
        area_px: pixels that it covers as a whole, also beyond the border.
        box_px: (4,) extents in the frame: x0, y0, x1, y1 in pixels.
    """

    rgb: np.ndarray
    alpha: np.ndarray
    class_name: str
    area_px: float
    box_px: np.ndarray


@dataclass(frozen=True, eq=False)
class Background:
    """What lies behind, uint8 (H, W, 3), and the object that is in it already, if any."""

    image: np.ndarray
    inhabitant: Inhabitant | None = None


def draw_cutout_background(
    rng: np.random.Generator,
    settings: CutoutSettings,
    library: ObjectLibrary,
    draw_photo: DrawPhoto | None,
    inhabited: bool,
) -> Background:
    """A background of one of the kinds, by their weights.

    Args:
        rng: random numbers.
        settings: what is wanted.
        library: photos of objects.
        draw_photo: gives a photo of the folders `backgrounds`, uint8 (h, w, 3); None where there are none.
        inhabited: whether an object may be in it.
    """
    kinds = settings.background_kinds
    weights = np.array([kinds.inhabited * inhabited, kinds.part, kinds.photo * (draw_photo is not None), kinds.drawn])
    kind = int(rng.choice(4, p=weights / weights.sum())) if weights.sum() > 0 else 3
    if kind == 2 and draw_photo is not None:
        photo = draw_photo(rng)
        return Background(_vary(rng, _show(photo, _window(rng, photo.shape[:2], settings.size_hw), settings.size_hw)))
    for _ in range(TRIES if kind < 2 else 0):
        owner = library.draw_picture(rng)
        if owner is None or owner.photo is None:
            continue
        if kind == 0:
            return _whole(rng, owner, owner.photo, settings.size_hw)
        part = _part(rng, owner.photo, settings.size_hw)
        if part is not None:
            return Background(part)
    return Background(draw_negative(rng, DocumentSettings(size_hw=settings.size_hw, lighting=UNLIT), None))


def _whole(rng: np.random.Generator, owner: ObjectPicture, photo: ObjectPhoto, size_hw: tuple[int, int]) -> Background:
    """A photo with its object, cropped a little."""
    window, mirror = _window(rng, photo.image.shape, size_hw, least=0.75), rng.random() < 0.5
    (left, top), cutout = photo.corner_px, owner.cutout
    inside = slice(top, top + cutout.alpha.shape[0]), slice(left, left + cutout.alpha.shape[1])
    rgb, alpha = photo.image.copy(), np.zeros(photo.image.shape[:2], np.uint8)
    rgb[inside], alpha[inside] = cutout.rgb, cutout.alpha
    zoom = size_hw[0] * size_hw[1] / ((window[0].stop - window[0].start) * (window[1].stop - window[1].start))
    shown = _show(alpha, window, size_hw, mirror)
    x, y, width, height = cv2.boundingRect((shown >= SOLID).astype(np.uint8))
    inhabitant = Inhabitant(
        rgb=_show(rgb, window, size_hw, mirror),
        alpha=shown,
        class_name=cutout.class_name,
        area_px=float((cutout.alpha >= SOLID).sum()) * zoom,
        box_px=np.array([x, y, x + width, y + height], np.float64),
    )
    return Background(_show(photo.image, window, size_hw, mirror), inhabitant)


def _part(rng: np.random.Generator, photo: ObjectPhoto, size_hw: tuple[int, int]) -> np.ndarray | None:
    """What a photo shows beside its object, uint8 (H, W, 3); None where that is too little."""
    empty = photo.image[photo.empty]
    if min(empty.shape[0] / size_hw[0], empty.shape[1] / size_hw[1]) < 1 / LARGEST_ZOOM:
        return None
    return _vary(rng, _show(empty, _window(rng, empty.shape, size_hw, least=0.7), size_hw, rng.random() < 0.5))


def _window(
    rng: np.random.Generator, photo_hw: tuple[int, ...], size_hw: tuple[int, int], least: float = 0.4
) -> tuple[slice, slice]:
    """Rows and columns of a part of a photo with about the aspect of the frame, at least a share of what fits."""
    height, width = photo_hw[:2]
    stretch = float(np.clip(width / height * size_hw[0] / size_hw[1], 1 / LONGEST, LONGEST))
    aspect = size_hw[1] / size_hw[0] * stretch ** rng.uniform(0, 1)
    zoom = max(rng.uniform(least, 1), 1 / LARGEST_ZOOM * max(size_hw) / min(height, width))
    high = min(height, width / aspect) * min(1.0, zoom)
    rows, columns = max(2, round(high)), max(2, min(width, round(high * aspect)))
    top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
    return slice(top, top + rows), slice(left, left + columns)


def _show(
    picture: np.ndarray, window: tuple[slice, slice], size_hw: tuple[int, int], mirror: bool = False
) -> np.ndarray:
    part = picture[window]
    part = np.ascontiguousarray(part[:, ::-1] if mirror else part)
    shrinks = part.shape[0] > size_hw[0] and part.shape[1] > size_hw[1]
    return cv2.resize(part, size_hw[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _vary(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Another brightness and tint, so that a few photos serve many scenes."""
    gain = rng.uniform(0.7, 1.2) * (1 + rng.normal(0, 0.05, 3))
    return cv2.LUT(image, np.clip(np.arange(256)[:, None] * gain, 0, 255).astype(np.uint8).reshape(1, 256, 3))
