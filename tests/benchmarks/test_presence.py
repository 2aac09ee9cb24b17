"""Presence is measured on the pictures that are named, less those that hold paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_generators.images import write_image


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A positive, a pet that holds paper and one that does not, four cats and dogs, and two textures."""
    for folder, names in {
        "corners_paper_sheets/images": ["sheet.jpg"],
        "masks_oxford_pets/images": ["Abyssinian_201.jpg", "Abyssinian_202.jpg"],
        "boxes_dogcat/images/val": ["cat.1.jpg", "cat.2.jpg", "dog.1.jpg", "dog.2.jpg"],
        "textures": ["banded_1.jpg", "banded_2.jpg"],
    }.items():
        for name in names:
            write_image(tmp_path / folder / name, np.full((30, 40, 3), 90, np.uint8))
    header = "image,tl_x,tl_y,tr_x,tr_y,br_x,br_y,bl_x,bl_y"
    (tmp_path / "corners_paper_sheets/corners.csv").write_text(f"{header}\nsheet.jpg,0,0,1,0,1,1,0,1\n")
    return tmp_path


def test_pictures_with_paper_and_every_second_of_cats_and_dogs_are_left_out(data: Path) -> None:
    from presence import negative_pictures

    names = {name: [path.name for path in paths] for name, paths in negative_pictures(data).items()}
    assert names == {
        "masks_oxford_pets": ["Abyssinian_202.jpg"],
        "boxes_dogcat": ["cat.1.jpg", "dog.1.jpg"],
        "textures": ["banded_1.jpg", "banded_2.jpg"],
    }


def test_a_missing_set_is_named(tmp_path: Path) -> None:
    from presence import negative_pictures

    with pytest.raises(SystemExit, match=r"masks_oxford_pets.images, found none. Name the data folder with --data"):
        negative_pictures(tmp_path)


def test_scores_are_there_for_each_set_and_for_all(data: Path) -> None:
    from presence import measure

    figures = measure("documents", data)
    assert {name: row["negatives"] for name, row in figures["scores"].items()} == {
        "masks_oxford_pets": 1,
        "boxes_dogcat": 2,
        "textures": 2,
        "all": 5,
    }
    assert figures["scores"]["all"]["presence_roc_auc"] == 0.5  # all pictures are the same grey
    assert figures["most_alarming"][0][0].startswith("masks_oxford_pets/images/")
