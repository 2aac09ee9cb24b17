"""The clean pictures that a camera's frames are compared with: those of a source, or drawn documents."""

from __future__ import annotations

import numpy as np

from data_generators.camera_matching.frames import LEAST_FRAMES, Frames, spread
from data_generators.errors import DataError
from data_generators.formats import open_source

_LEAST_STD = 2.0  # grey levels


def read_clean(source: str | None, count: int, frames: Frames) -> list[np.ndarray]:
    """Clean pictures, spread evenly over a source; constant ones are left out.

    Args:
        source: `FORMAT:PATH[#SPLIT]`; None draws documents at the size of the frames.
        count: how many.
        frames: of the camera, for their size.

    Returns:
        uint8 (H, W, 1 or 3) each.

    Raises:
        DataError: the source holds fewer than 3 pictures that show something.
    """
    if source is None:
        size_hw = frames.images[0].shape[:2]
        opened = open_source("documents:", count=count, size_hw=size_hw, pages=count)
    else:
        opened = open_source(source)
    images = [opened.sample(index).image for index in spread(len(opened), count)]
    images = [image for image in images if image.std() >= _LEAST_STD]
    if len(images) < LEAST_FRAMES:
        problem = f"expected at least {LEAST_FRAMES} clean pictures, better 40, got {len(images)}."
        raise DataError(source or "documents:", problem, "Name a source with more pictures in --clean.")
    return images
