"""Reads corner CSV folders: `corners.csv` with four normalised corners a row, and the pictures in `images/` or beside.

Columns: image, tl_x, tl_y, tr_x, tr_y, br_x, br_y, bl_x, bl_y, and optionally split, group, width, height.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.errors import DataError, ErrorPolicy, OnError
from data_generators.files import checked_folder, files_content, read_bytes
from data_generators.images import check_labelled_size, read_image
from data_generators.real.quads import QuadOrder, check_corner_order, checked_quad
from data_generators.real.version import reader_version
from data_generators.sample import Sample, sample_with_corners
from data_generators.sources import Source

CSV_NAME, IMAGES_NAME, GENERATOR_NAME = "corners.csv", "images", "generator.json"
CORNER_COLUMNS = ("tl_x", "tl_y", "tr_x", "tr_y", "br_x", "br_y", "bl_x", "bl_y")
COLUMNS = ("image", "split", "group", "width", "height", *CORNER_COLUMNS)


@dataclass(frozen=True)
class LabelledPicture:
    """What the rows of one picture say.

    Args:
        image: file name, relative to `pictures_folder`.
        where: file and line of its first row.
        group: see `Sample`.
        quads: float32 (N, 4, 2), normalised.
        size_hw: height and width in pixels of the picture that was labelled; (0, 0) where the file does not say.
    """

    image: str
    where: str
    group: str
    quads: np.ndarray
    size_hw: tuple[float, float]


class CornerCsvSource(Source):
    """The pictures of a corner CSV folder.

    Rows with the same image are several objects of one picture. A row whose eight coordinates are empty says that
    the picture is known to hold no object. A picture without a group is its own group.

    Args:
        directory: the folder.
        split: the rows to take, by their column `split`; None takes all.
        corner_order: `object` keeps the order of the columns, `image` makes the image order; None takes what the
            folder's generator.json says, and `image` where there is none.
        class_name: the class of all objects; None takes what generator.json says, and `document` where there is none.
        on_error: whether a row or picture that cannot be used stops the work or is left out.

    Raises:
        DataError: file, line and cure of what cannot be used, or an unknown split. A group in two splits is an error
            whatever `on_error` says, and whichever split is taken.
    """

    def __init__(
        self,
        directory: str | Path,
        split: str | None = None,
        corner_order: QuadOrder | None = None,
        class_name: str | None = None,
        on_error: OnError = "raise",
    ) -> None:
        self._root = checked_folder(directory, f"{CSV_NAME} and {IMAGES_NAME}/")
        made = read_generator(self._root)
        order: QuadOrder = corner_order or made.get("corner_order", "image")
        check_corner_order(order)
        name = class_name or made.get("class_name", "document")
        self.class_names, self.labelled_classes = (name,), frozenset({name})
        self.corner_order, self.on_error, self._split = order, on_error, split
        rows = _rows_of_split(self._root / CSV_NAME, split)
        self._pictures = _read_pictures(self._root, rows, order, ErrorPolicy(on_error))

    def __len__(self) -> int:
        return len(self._pictures)

    def sample(self, index: int) -> Sample:
        picture = self._pictures[index]
        path = pictures_folder(self._root) / picture.image
        image = read_image(path)
        if all(picture.size_hw):
            check_labelled_size(picture.where, image.shape[:2], picture.size_hw)
        return sample_with_corners(image, picture.quads, group=picture.group, origin=str(path))

    def groups(self) -> list[str]:
        return [picture.group for picture in self._pictures]

    def content(self) -> Any:
        folder = pictures_folder(self._root)
        paths = [self._root / CSV_NAME, *(folder / picture.image for picture in self._pictures)]
        settings = [self._split, self.corner_order, self.class_names]
        return ["corner_csv", reader_version(), settings, files_content(self._root, paths)]


def pictures_folder(root: Path) -> Path:
    """Where the pictures of a corner CSV folder lie: in `images/`, or beside corners.csv where there is none."""
    folder = root / IMAGES_NAME
    return folder if folder.is_dir() else root


def read_generator(root: Path) -> dict[str, Any]:
    """The generator.json of a generated folder, or an empty dict where there is none."""
    path = root / GENERATOR_NAME
    if not path.exists():
        return {}
    cure = "Delete it to read the folder as one made by hand, or generate the folder again."
    try:
        made = json.loads(read_bytes(path))
    except ValueError as error:
        raise DataError(path, f"the file is not JSON ({error}).", cure) from error
    if not isinstance(made, dict):
        raise DataError(path, f"expected a JSON object, got {type(made).__name__}.", cure)
    return made


@dataclass(frozen=True)
class CornerRow:
    """A line of a corner CSV.

    Args:
        where: file and line.
        cells: column -> text without spaces around it; a short line lacks some.
    """

    where: str
    cells: dict[str, str]

    @property
    def image(self) -> str:
        return self.cells["image"]


def _rows_of_split(path: Path, split: str | None) -> list[CornerRow]:
    """The rows of a split.

    Raises:
        DataError: the file cannot be read, lacks a column, has a group in two splits, or no row of the split.
    """
    rows = read_rows(path)
    if not rows:
        raise DataError(path, "there are no rows below the header.", "Label at least one picture.")
    _check_groups(rows)
    if split is None:
        return rows
    splits = sorted({row.cells.get("split", "") for row in rows} - {""})
    if split not in splits:
        known = f"Splits there are: {', '.join(splits)}." if splits else "The file names no splits: take all rows."
        raise DataError(path, f"there is no split {split!r}.", known)
    return [row for row in rows if row.cells["split"] == split]


def _check_groups(rows: list[CornerRow]) -> None:
    """Raises DataError where a group has rows of two splits: what is learned from would be measured on."""
    first_of: dict[str, CornerRow] = {}
    for row in rows:
        group, split = row.cells.get("group") or row.image, row.cells["split"]
        if not group or not split:
            continue
        first = first_of.setdefault(group, row)
        if first.cells["split"] != split:
            problem = f"group {group!r} is in split {split!r} here, but in {first.cells['split']!r} in {first.where}."
            cure = (
                "Give all rows of a group the same split, or other groups where they show other objects. Scenes drawn "
                "with one scan for all splits go to a folder for each split."
            )
            raise DataError(row.where, problem, cure)


def read_rows(path: Path) -> list[CornerRow]:
    """The lines of a corner CSV below its header.

    Raises:
        DataError: the file cannot be read, is no CSV, or lacks a column.
    """
    try:
        text = read_bytes(path, "A corner CSV folder holds corners.csv and images/.").decode("utf-8-sig")
        lines = csv.reader(io.StringIO(text, newline=""))
        header = [name.strip() for name in next(lines, [])]
        _check_header(path, header)
        rows = [_make_row(f"{path}:{lines.line_num}", header, values) for values in lines if values]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(path, f"the file is not a CSV in UTF-8 ({error}).", "Save it as CSV, UTF-8.") from error
    return rows


def _check_header(path: Path, header: list[str]) -> None:
    missing = [name for name in ("image", *CORNER_COLUMNS) if name not in header]
    if not missing:
        return
    if len(header) == 1 and ";" in header[0]:
        raise DataError(f"{path}:1", "the columns are separated by semicolons.", "Save it with commas.")
    cure = f"Name the columns {', '.join(COLUMNS)} (split, group, width and height may be left out)."
    came = ", ".join(name for name in header if name) or "an empty line"
    raise DataError(f"{path}:1", f"missing columns: {', '.join(missing)}. The header has {came}.", cure)


def _make_row(where: str, header: list[str], values: list[str]) -> CornerRow:
    """A row whose cells are stripped; those that a short row lacks are left out, and noticed by `_parse_row`."""
    return CornerRow(where, {"image": "", "split": "", **dict(zip(header, map(str.strip, values), strict=False))})


def _read_pictures(root: Path, rows: list[CornerRow], order: QuadOrder, policy: ErrorPolicy) -> list[LabelledPicture]:
    """Gathers the rows of each picture; one bad row puts the whole picture aside, for its labels are incomplete."""
    by_image: dict[str, list[CornerRow]] = {}
    for row in rows:
        by_image.setdefault(row.image, []).append(row)
    pictures = []
    for rows_of_picture in by_image.values():
        try:
            pictures.append(_make_picture(root, rows_of_picture, order))
        except DataError as error:
            policy.handle(error)
    policy.summarise(str(root / CSV_NAME), len(by_image))
    if not pictures:
        raise DataError(root / CSV_NAME, "no row can be used.", "Mend the rows named above.")
    return pictures


def _make_picture(root: Path, rows: list[CornerRow], order: QuadOrder) -> LabelledPicture:
    first = rows[0]
    for row in rows[1:]:
        _check_agreement(first, row)
    if not first.image:
        raise DataError(first.where, "the row names no image.", "Fill in the column image, or delete the row.")
    path = pictures_folder(root) / first.image
    if not path.is_file():
        cure = "Put the picture there, or delete the row."
        raise DataError(first.where, f"there is no picture {path}.", cure)
    quads = [quad for row in rows for quad in parse_quad(row, order)]
    if len(rows) > 1 and len(quads) < len(rows):
        problem = f"one row of {first.image} says that it holds no object, another gives an object."
        raise DataError(first.where, problem, "Delete the one or the other.")
    size_hw = (_number(first, "height", "0"), _number(first, "width", "0"))
    group = first.cells.get("group") or first.image
    return LabelledPicture(first.image, first.where, group, np.array(quads, np.float32).reshape(-1, 4, 2), size_hw)


def _check_agreement(first: CornerRow, row: CornerRow) -> None:
    for name in ("split", "group"):
        one, other = first.cells.get(name, ""), row.cells.get(name, "")
        if one != other:
            problem = f"{name} of {row.image} is {other!r} here, but {one!r} in {first.where}."
            raise DataError(row.where, problem, f"Give all rows of a picture the same {name}.")


def parse_quad(row: CornerRow, order: QuadOrder) -> list[np.ndarray]:
    """The quadrilateral of a row as a list of one, or an empty list where the row says that there is none."""
    missing = [name for name in CORNER_COLUMNS if name not in row.cells]
    if missing:
        cure = "Complete the row, or delete it."
        raise DataError(row.where, f"the row is cut off: no {', '.join(missing)}.", cure)
    if not any(row.cells[name] for name in CORNER_COLUMNS):
        return []
    numbers = [_number(row, name) for name in CORNER_COLUMNS]
    return [checked_quad(np.array(numbers).reshape(4, 2), order, row.where)]


def _number(row: CornerRow, name: str, default: str = "") -> float:
    text = row.cells.get(name) or default
    try:
        return float(text)
    except ValueError:
        cure = "Write it with a decimal point, or leave all eight coordinates empty where there is no object."
        raise DataError(row.where, f"{name} must be a number. Received {text!r}.", cure) from None
