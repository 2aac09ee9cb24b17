"""Nested subsets of a corner CSV folder, as folders of their own: n photos of those that may be trained on."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np

from data_generators.files import write_atomically
from data_generators.real.corner_csv import CSV_NAME, IMAGES_NAME, pictures_folder
from data_generators.real.corner_csv import read_rows as read_csv_rows

Row = dict[str, str]


def read_rows(directory: Path) -> list[Row]:
    """The rows of a corner CSV folder, column name -> text; `split` is there in all of them."""
    return [row.cells for row in read_csv_rows(directory / CSV_NAME)]


def group_of(row: Row) -> str:
    """The photo that a row shows: its group, or where it has none the picture itself."""
    return row.get("group") or row["image"]


def shuffled_groups(rows: Iterable[Row], seed: int) -> list[str]:
    """The groups of some rows, in an order that depends on the seed alone; its first n are a subset of its first m."""
    groups = sorted({group_of(row) for row in rows})
    return [groups[index] for index in np.random.default_rng(seed).permutation(len(groups))]


def write_subset(source: Path, directory: Path, groups: Collection[str]) -> Path:
    """Copies the rows of some groups, and their pictures, into a folder of their own; one that is there stays.

    Args:
        source: a corner CSV folder.
        directory: the folder to write.
        groups: names, see `group_of`.

    Returns:
        `directory`.

    Raises:
        ValueError: no row is of these groups.
    """
    if (directory / CSV_NAME).exists():
        return directory
    rows = [row for row in read_rows(source) if group_of(row) in groups]
    if not rows:
        raise ValueError(f"No row of {source / CSV_NAME} belongs to {directory.name}. Check its splits and groups.")
    (directory / IMAGES_NAME).mkdir(parents=True, exist_ok=True)
    for name in {row["image"] for row in rows}:
        shutil.copy2(pictures_folder(source) / name, directory / IMAGES_NAME / name)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(column for row in rows for column in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(directory / CSV_NAME, text.getvalue().encode())  # last: it says that the rest is there
    return directory


def write_nested_subsets(source: Path, root: Path, sizes: Iterable[int], pool: list[str], name: str) -> dict[int, Path]:
    """Folders with the first n groups of a shuffled pool.

    Args:
        source: a corner CSV folder.
        root: where the folders go.
        sizes: wanted numbers of groups n >= 1.
        pool: groups in the order of `shuffled_groups`.
        name: prefix of the folders' names.

    Raises:
        ValueError: see `check_pool`.
    """
    sizes = list(sizes)
    check_pool(source, sizes, pool)
    return {size: write_subset(source, root / f"{name}-{size}", set(pool[:size])) for size in sizes}


def check_pool(source: Path, sizes: Iterable[int], pool: list[str]) -> None:
    """Refuses subsets that are larger than what may be trained on.

    Raises:
        ValueError: a size is greater than the pool.
    """
    most = max(sizes)
    if most > len(pool):
        raise ValueError(f"{source} has {len(pool)} photos to train on. Asked for: {most}. Take fewer.")
