"""Writes masks as index pictures: PNG with a palette, so that a viewer shows the classes in colours."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from data_generators.drawing import class_colour
from data_generators.files import write_atomically
from data_generators.sample import MASK_IGNORE

IGNORE_COLOUR = (224, 224, 192)  # as Pascal VOC paints it


def write_index_picture(path: str | Path, mask: np.ndarray) -> None:
    """Writes a mask as PNG, which `index_picture` reads again; the file appears complete or not at all.

    Args:
        path: the file; missing folders are made.
        mask: uint8 (H, W); 0 is shown black, label + 1 in the colour of the class, 255 (ignore) pale.
    """
    colours = [(0, 0, 0), *(class_colour(label) for label in range(MASK_IGNORE - 1)), IGNORE_COLOUR]
    picture = Image.fromarray(np.ascontiguousarray(mask))
    picture.putpalette([channel for colour in colours for channel in colour])
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    write_atomically(path, stream.getvalue())
