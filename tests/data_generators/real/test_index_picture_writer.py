"""Masks on disk: the numbers come back, and a viewer shows the colours of the classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from data_generators.drawing import class_colour
from data_generators.real.index_picture import read_index_picture
from data_generators.real.index_picture_writer import write_index_picture


def test_a_mask_comes_back_and_shows_its_colours(tmp_path: Path) -> None:
    mask = np.arange(256, dtype=np.uint8).reshape(8, 32)
    write_index_picture(tmp_path / "new/mask.png", mask)
    np.testing.assert_array_equal(read_index_picture(tmp_path / "new/mask.png"), mask)
    shown = np.asarray(Image.open(tmp_path / "new/mask.png").convert("RGB"))
    assert shown[0, 0].tolist() == [0, 0, 0]
    assert tuple(shown[0, 2]) == class_colour(1)
    assert shown[7, 31].min() > 180
