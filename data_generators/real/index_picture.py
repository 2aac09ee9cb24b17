"""Reads index pictures, whose pixels are numbers and no colours: the masks and trimaps that painting tools write."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from data_generators.errors import DataError
from data_generators.files import read_bytes

GREY_MODES = ("1", "L", "P", "I;16", "I")


def read_index_picture(path: Path) -> np.ndarray:
    """The numbers in an index picture: the indices of a palette, greys of 8 or 16 bits, or a grey saved as RGB.

    Args:
        path: the file.

    Returns:
        int32 (H, W); a picture of 1 bit gives 0 and 1.

    Raises:
        DataError: the file cannot be read, or its pixels are colours.
    """
    return read_indices(path)[0]


def read_indices(
    path: Path, cure: str = "Export it as a grey or palette PNG of class numbers."
) -> tuple[np.ndarray, bool]:
    """`read_index_picture`, and whether the numbers are those of a palette.

    Args:
        path: the file.
        cure: what to do about a picture of colours.
    """
    picture = _read_upright(path)
    mode, pixels = picture.mode, np.array(picture)
    if mode in GREY_MODES:
        return pixels.astype(np.int32), mode == "P"
    colours = pixels[..., : 1 if mode == "LA" else 3]
    if mode in ("LA", "RGB", "RGBA") and (colours == colours[..., :1]).all():
        return colours[..., 0].astype(np.int32), False
    raise DataError(path, f"expected an index picture, one number a pixel, got colours ({mode}).", cure)


def read_colours(path: Path) -> np.ndarray:
    """The colours of a picture, also those that a palette stands for, without its transparency; uint8 (H, W, 3).

    Raises:
        DataError: the file cannot be read.
    """
    return np.array(_read_upright(path).convert("RGB"))


def _read_upright(path: Path) -> Image.Image:
    try:
        with Image.open(io.BytesIO(read_bytes(path))) as picture:
            picture.load()
            return ImageOps.exif_transpose(picture)
    except Image.UnidentifiedImageError as error:
        raise DataError(path, "the file is not a picture that can be read.", "Save it as PNG.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        problem = f"the picture cannot be decoded, it may be truncated ({error})."
        raise DataError(path, problem, "Copy or export it again.") from error
