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
    try:
        with Image.open(io.BytesIO(read_bytes(path))) as picture:
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            pixels = np.array(upright)
            mode = upright.mode
    except Image.UnidentifiedImageError as error:
        raise DataError(path, "the file is not a picture that can be read.", "Save it as PNG.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        problem = f"the picture cannot be decoded, it may be truncated ({error})."
        raise DataError(path, problem, "Copy or export it again.") from error
    if mode in GREY_MODES:
        return pixels.astype(np.int32)
    colours = pixels[..., : 1 if mode == "LA" else 3]
    if mode in ("LA", "RGB", "RGBA") and (colours == colours[..., :1]).all():
        return colours[..., 0].astype(np.int32)
    problem = f"expected an index picture, one number a pixel, got colours ({mode})."
    raise DataError(path, problem, "Export it as a grey or palette PNG of class numbers.")
