"""The committed page corners are a source beside photos of their size, and nowhere else."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from data_generators.images import write_image
from data_generators.real.corner_csv import CornerCsvSource
from tests.conftest import REPOSITORY


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Grey pictures with the names and sizes of the labelled photos."""
    with (REPOSITORY / "benchmarks/real_pages/corners.csv").open() as file:
        for row in csv.DictReader(file):
            size_hw = (int(row["height"]), int(row["width"]))
            write_image(tmp_path / "corners_sudoku_pages/images" / row["image"], np.zeros((*size_hw, 3), np.uint8))
    return tmp_path


def test_labels_and_photos_become_a_source(photos: Path, tmp_path: Path) -> None:
    from real_pages import assemble

    assemble(photos, tmp_path / "pages")
    source = CornerCsvSource(assemble(photos, tmp_path / "pages"))  # a second time: brought up to date
    assert len(source) >= 40
    quads = np.array([source.sample(index).keypoints[0] for index in range(len(source))])  # (N, 4, 2)
    assert quads.min() > -0.08 and quads.max() < 1.08


def test_missing_photos_say_where_they_were_sought(tmp_path: Path) -> None:
    from real_pages import assemble

    with pytest.raises(
        SystemExit, match=r"corners_sudoku_pages.images, which is no folder. Name the folder of .* --data"
    ):
        assemble(tmp_path, tmp_path / "pages")
