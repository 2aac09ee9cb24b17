"""corners.csv of a folder that is being labelled: rows of some pictures change, everything else in it stays."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.files import file_stamp
from data_generators.real.corner_csv import COLUMNS, CORNER_COLUMNS, read_rows
from detector.runs import atomic_path

Cells = dict[str, str]


class CornerTable:
    """The rows of a corner CSV, by picture.

    Args:
        path: the file; it need not be there.

    Raises:
        DataError: the file is no corner CSV.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._stamp = path, (-1, 0)
        self._rows: dict[str, list[Cells]] = {}
        self.rows()

    def rows(self) -> dict[str, list[Cells]]:
        """Picture -> the cells of its rows, in the order of the file as it is now.

        Raises:
            DataError: the file is no corner CSV.
        """
        stamp = file_stamp(self._path)
        if stamp != self._stamp:
            rows: dict[str, list[Cells]] = {}
            for row in read_rows(self._path) if stamp[0] >= 0 else []:
                rows.setdefault(row.image, []).append(row.cells)
            self._rows, self._stamp = rows, stamp
        return self._rows

    def write(self, rows: Mapping[str, list[Cells]]) -> None:
        """Writes all rows, or deletes the file where there is none.

        Raises:
            WriteError: the disk is full, or the folder cannot be written; the file stays as it was.
        """
        cells_of_rows = [cells for of_picture in rows.values() for cells in of_picture]
        if not cells_of_rows:
            self._path.unlink(missing_ok=True)
            return
        columns = list(dict.fromkeys([*COLUMNS, *(column for cells in cells_of_rows for column in cells)]))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(cells_of_rows)
        with atomic_path(self._path) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8")


def make_rows(
    name: str, quads: Sequence[np.ndarray], document: Mapping[str, Any], before: Sequence[Cells]
) -> list[Cells]:
    """The rows of a picture; split, group and columns of other programs are those that it has had.

    Args:
        name: the picture.
        quads: float32 (4, 2) each, normalised; none says that the picture holds no document.
        document: its LabelMe file, whose `group` counts where the table has none.
        before: its rows so far.
    """
    had = before[0] if before else {}
    size = {"width": f"{document['imageWidth']:.9g}", "height": f"{document['imageHeight']:.9g}"}
    group = had.get("group") or str(document.get("group") or "")
    texts = [[f"{value:.9g}" for value in quad.flat] for quad in quads] or [[""] * len(CORNER_COLUMNS)]
    return [  # 9 digits hold a float32 exactly
        {**had, "image": name, **size, "group": group, **dict(zip(CORNER_COLUMNS, values, strict=True))}
        for values in texts
    ]
