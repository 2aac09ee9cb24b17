"""Subsets of photos are nested, complete, and share no photo with what is measured on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_generators.formats import open_source
from data_generators.images import write_image


def test_smaller_subsets_lie_in_greater_ones_and_hold_all_pictures_of_a_group(boards: Path, tmp_path: Path) -> None:
    from trials.photos import read_rows, shuffled_groups, write_nested_subsets

    pool = shuffled_groups(read_rows(boards), seed=3)
    folders = write_nested_subsets(boards, tmp_path / "subsets", [1, 4], pool, "boards-3")
    small, large = (open_source(f"corners:{folders[size]}") for size in (1, 4))
    assert len(small) == 2 and len(large) == 8
    assert set(small.groups()) == {pool[0]} and set(large.groups()) == set(pool[:4])
    assert small.sample(0).size_hw == (30, 40)


def test_a_picture_without_an_object_stays_one(boards: Path, tmp_path: Path) -> None:
    from trials.photos import write_subset

    folder = write_subset(boards, tmp_path / "last", {"board5"})
    source = open_source(f"corners:{folder}")
    assert [len(source.sample(index).keypoints) for index in range(2)] == [1, 0]


def test_pictures_beside_the_table_without_splits_and_groups_serve_too(tmp_path: Path) -> None:
    """What `detector label` and a spreadsheet leave: no folder `images`, a mark before the header, quoted names."""
    from exchange_rate import divide
    from trials.photos import write_subset

    folder, corners = tmp_path / "photos", ("tl_x", "tl_y", "tr_x", "tr_y", "br_x", "br_y", "bl_x", "bl_y")
    lines = [",".join(("image", *corners))]
    for name in ("a.png", "b, desk.png", "c.png"):
        write_image(folder / name, np.zeros((30, 40, 3), np.uint8))
        lines.append(f'"{name}",0.1,0.2,0.8,0.15,0.85,0.9,0.12,0.8')
    (folder / "corners.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    test, pool = divide(folder, tmp_path / "subsets")
    assert sorted([*open_source(test).groups(), *pool]) == ["a.png", "b, desk.png", "c.png"]
    rest = open_source(f"corners:{write_subset(folder, tmp_path / 'rest', set(pool))}")
    assert [rest.sample(index).size_hw for index in range(2)] == [(30, 40)] * 2


def test_another_seed_chooses_other_photos(boards: Path) -> None:
    from trials.photos import read_rows, shuffled_groups

    orders = [shuffled_groups(read_rows(boards), seed) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert set(orders[0]) == set(orders[2])


def test_too_many_photos_or_none_are_an_error(boards: Path, tmp_path: Path) -> None:
    from trials.photos import read_rows, shuffled_groups, write_nested_subsets, write_subset

    pool = shuffled_groups(read_rows(boards), seed=1)
    with pytest.raises(ValueError, match=r"has 6 photos to train on. Asked for: 7"):
        write_nested_subsets(boards, tmp_path / "subsets", [7], pool, "boards")
    with pytest.raises(ValueError, match=r"No row of .*corners.csv belongs to none"):
        write_subset(boards, tmp_path / "none", set())
