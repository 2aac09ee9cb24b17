"""Subsets of photos are nested, complete, and share no photo with what is measured on."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_generators.formats import open_source


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
