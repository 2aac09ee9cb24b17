"""The scripts of `benchmarks/` import each other as they do when they are run."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from data_generators.images import write_image
from data_generators.real.corner_csv import COLUMNS
from tests.conftest import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "benchmarks"))


@pytest.fixture
def boards(tmp_path: Path) -> Path:
    """A corner CSV folder of six groups of two pictures, 30 x 40 pixels, without splits; the last has no object."""
    folder = tmp_path / "boards"
    corners = "0.1,0.2,0.8,0.15,0.85,0.9,0.12,0.8"
    lines = [",".join(COLUMNS)]
    for number in range(12):
        name, group = f"picture{number}.png", f"board{number // 2}"
        write_image(folder / "images" / name, np.full((30, 40, 3), 20 * number, np.uint8))
        lines.append(f"{name},,{group},40,30,{corners if number < 11 else ',' * 7}")
    (folder / "corners.csv").write_text("\n".join(lines) + "\n")
    return folder
