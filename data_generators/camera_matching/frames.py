"""Reads about twenty frames of a camera from a folder or a video: the first step of matching a camera."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from data_generators.camera_matching.jpeg_quality import quality_of_tables
from data_generators.errors import DataError
from data_generators.files import read_bytes
from data_generators.images import decode_image, list_images
from data_generators.real.video import VIDEO_EXTENSIONS, read_frames

logger = logging.getLogger(__name__)

LEAST_FRAMES, ENOUGH_FRAMES = 3, 10
_LEAST_SIDE_PX = 48
_CROP_PX = 768  # pixel statistics need no more; a multiple of 8, which keeps the grid of JPEG
_CONSTANT_STD = 2.0  # grey levels


@dataclass(frozen=True)
class Frames:
    """Frames of one camera.

    Args:
        images: uint8 (H, W, 1 or 3) each, all with the same channels; sizes may differ.
        side_px: the longer side of the whole frame, the median of all.
        qualities: JPEG quality as the tables in the files say, one a file that has them.
    """

    images: tuple[np.ndarray, ...]
    side_px: int
    qualities: tuple[int, ...] = ()


def read_camera_frames(path: str | Path, count: int = 20, side_px: int | None = None) -> Frames:
    """Frames of a camera, spread evenly over a folder or a video.

    Constant frames are left out with a warning. Of large frames the middle is kept.

    Args:
        path: a folder of pictures, searched with its sub-folders, or a video file.
        count: how many to take.
        side_px: shrinks the frames to this longer side first, the side of the network's frame; tables of JPEG then say
            nothing any more.

    Raises:
        DataError: the path holds fewer than 3 usable frames, or frames of less than 48 pixels.
    """
    path = Path(path).expanduser()
    is_video = path.is_file() and path.suffix.lower() in VIDEO_EXTENSIONS
    read = [(image, None) for image in _video_frames(path, count)] if is_video else list(_pictures(path, count))
    usable = [(image, quality) for image, quality in read if image.std() >= _CONSTANT_STD]
    if len(usable) < len(read):
        logger.warning("%s: %d constant frames left out, they say nothing.", path, len(read) - len(usable))
    _check_count(path, len(usable))
    qualities = () if side_px else tuple(quality for _, quality in usable if quality is not None)
    return make_frames([image for image, _ in usable], path, qualities, side_px)


def make_frames(
    images: Sequence[np.ndarray], where: str | Path, qualities: tuple[int, ...] = (), side_px: int | None = None
) -> Frames:
    """Frames from pictures in memory; see `read_camera_frames`.

    Args:
        images: uint8 (H, W, 1 or 3) each.
        where: what they are, for messages.
        qualities: JPEG quality of those that came with tables.
        side_px: shrinks them to this longer side first.

    Raises:
        DataError: a picture has less than 48 pixels on a side.
    """
    images = [_shrink(image, side_px) for image in images]
    least = min(min(image.shape[:2]) for image in images)
    if least < _LEAST_SIDE_PX:
        problem = f"expected frames of at least {_LEAST_SIDE_PX} pixels a side, got {least}."
        raise DataError(where, problem, "Give frames as the camera takes them, or a larger --side.")
    if all(_is_grey(image) for image in images):
        images = [image[..., :1] for image in images]
    else:
        images = [image if image.shape[2] == 3 else np.repeat(image, 3, axis=2) for image in images]
    longer = int(np.median([max(image.shape[:2]) for image in images]))
    return Frames(tuple(_middle(image) for image in images), longer, qualities)


def spread(total: int, count: int) -> list[int]:
    """Up to `count` indices below `total`, evenly spaced."""
    return sorted({int((i + 0.5) * total / count) for i in range(count)}) if total > count else list(range(total))


def _pictures(folder: Path, count: int) -> Iterator[tuple[np.ndarray, int | None]]:
    paths = list_images(folder, recursive=True)
    for index in spread(len(paths), count):
        data = read_bytes(paths[index])
        image = decode_image(data, paths[index])
        with Image.open(io.BytesIO(data)) as header:
            tables = getattr(header, "quantization", None)
        yield image, quality_of_tables(tables[0]) if tables else None


def _video_frames(path: Path, count: int) -> list[np.ndarray]:
    """Evenly spaced frames of a video whose length need not be known: when too many are held, every other is let go."""
    kept: list[np.ndarray] = []
    stride = 1
    for index, _, image in read_frames(path):
        if index % stride == 0:
            kept.append(image)
        if len(kept) > 2 * count:
            kept, stride = kept[::2], 2 * stride
    return [kept[index] for index in spread(len(kept), count)]


def _check_count(path: Path, count: int) -> None:
    if count < LEAST_FRAMES:
        problem = f"expected at least {LEAST_FRAMES} usable frames, better {2 * ENOUGH_FRAMES}, got {count}."
        raise DataError(path, problem, "Take more pictures of different things with the camera.")
    if count < ENOUGH_FRAMES:
        logger.warning(
            "%s: only %d frames; estimates of colour and tone from fewer than %d are rough.", path, count, ENOUGH_FRAMES
        )


def _is_grey(image: np.ndarray) -> bool:
    return image.shape[2] == 1 or bool((image == image[..., :1]).all())


def _shrink(image: np.ndarray, side_px: int | None) -> np.ndarray:
    longer = max(image.shape[:2])
    if side_px is None or longer <= side_px:
        return image
    size = (max(1, round(image.shape[1] * side_px / longer)), max(1, round(image.shape[0] * side_px / longer)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).reshape(size[1], size[0], image.shape[2])


def _middle(image: np.ndarray) -> np.ndarray:
    """The middle of a large picture, cut on the 8 x 8 grid of JPEG."""
    top, left = (max(0, (side - _CROP_PX) // 2) // 8 * 8 for side in image.shape[:2])
    return np.ascontiguousarray(image[top : top + _CROP_PX, left : left + _CROP_PX])
