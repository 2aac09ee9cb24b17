"""The labels of a folder of pictures: a LabelMe file a picture is the master, corners.csv follows from all of them."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.errors import DataError
from data_generators.files import checked_folder, file_stamp
from data_generators.images import check_labelled_size, list_images
from data_generators.real.corner_csv import CSV_NAME, CornerRow, parse_quad, pictures_folder, read_generator
from data_generators.real.labelme_file import labelled_size_hw, make_document, make_shape, read_labelme_json
from data_generators.real.quads import QuadOrder, check_corner_order, checked_quad
from detector.labelling.corner_table import Cells, CornerTable, make_rows
from detector.labelling.label_file import CLASS_NAME, NOTHING, Label, label_of, quads_of, with_label
from detector.runs import atomic_path

logger = logging.getLogger(__name__)

Stamp = tuple[int, int]


class LabelConflictError(DataError):
    """A label that changed on disk after it was read."""


@dataclass(frozen=True)
class Entry:
    """What the disk says of a picture.

    Args:
        label: None where nobody has labelled the picture.
        stamp: of the LabelMe file, see `file_stamp`; what is based on another one is not written.
    """

    label: Label | None
    stamp: Stamp


class LabelStore:
    """Reads and writes the labels of the pictures in a folder.

    Pictures lie in `images/` or, where there is no such folder, in the folder itself. New LabelMe files are put into
    the folder itself, so that `labelme:FOLDER` and `corners:FOLDER` read the same. What is on disk is kept: other
    shapes and attributes of a LabelMe file, other rows and columns of corners.csv.

    Args:
        directory: the folder.
        order: meaning of the corners' order; None takes what generator.json says, else `image`.

    Attributes:
        names: file names of the pictures, sorted.
        order: the corner order.

    Raises:
        DataError: there is no such folder, no picture in it, a picture whose name corners.csv cannot hold, or its
            corners.csv cannot be read.
    """

    def __init__(self, directory: str | Path, order: QuadOrder | None = None) -> None:
        self.root = Path(os.path.abspath(checked_folder(directory, "pictures")))
        self.order: QuadOrder = order or read_generator(self.root).get("corner_order", "image")
        check_corner_order(self.order)
        self.folder = pictures_folder(self.root)
        self.names = [_checked_name(path) for path in list_images(self.folder)]
        self._table = CornerTable(self.root / CSV_NAME)
        self._paths = self._find_label_files()
        self._cache: dict[Path, tuple[Stamp, dict[str, Any]]] = {}
        self._lock = threading.RLock()

    def read(self, name: str) -> Entry:
        """The label of a picture.

        Raises:
            DataError: its LabelMe file or its rows in corners.csv cannot be used.
        """
        with self._lock:
            path = self._paths[name]
            stamp = file_stamp(path)
            if stamp[0] >= 0:
                return Entry(label_of(path, self._read_document(path, stamp)), stamp)
            quads = self._quads_of_rows(name)
            return Entry(None if quads is None else Label(quads[0] if len(quads) else NOTHING, done=True), stamp)

    def document(self, name: str, size_hw: tuple[int, int]) -> dict[str, Any]:
        """The content of the LabelMe file of a picture, or what it would be, made of the rows in corners.csv.

        Args:
            name: the picture.
            size_hw: height and width in pixels of the picture, upright.

        Raises:
            DataError: what was labelled is a picture of another shape, or the labels cannot be used.
        """
        path = self._paths[name]
        document = read_labelme_json(path) if file_stamp(path)[0] >= 0 else self._new_document(name, size_hw)
        check_labelled_size(str(path), size_hw, labelled_size_hw(path, document))
        return document | {"imagePath": Path(os.path.relpath(self.folder / name, path.parent)).as_posix()}

    def write(self, name: str, label: Label | None, size_hw: tuple[int, int], stamp: Stamp) -> Entry:
        """Writes the label of a picture, and corners.csv.

        Args:
            name: the picture.
            label: the new label; None takes the label away.
            size_hw: height and width in pixels of the picture, upright.
            stamp: that of the entry which was changed.

        Raises:
            LabelConflictError: the file has changed since, to something else.
            DataError: the label is none that can be learned from; nothing is written.
            WriteError: the disk is full, or the folder cannot be written.
        """
        with self._lock:
            path, entry = self._paths[name], self.read(name)
            if stamp != entry.stamp and not (label.equals(entry.label) if label else entry.label is None):
                raise LabelConflictError(path, "the file has changed on disk since it was read.", "Reload the page.")
            if label is not None and len(label.corners):
                checked_quad(label.corners, self.order, name, "Swap the left and right corners.")
            changed = with_label(path, self.document(name, size_hw), label)
            _write_document(path, changed, keep=label is not None)
            self._write_table(removed=name if label is None else "")
            return self.read(name)

    def _write_table(self, removed: str) -> None:
        """Rows of LabelMe files replace those of their pictures; all others stay, less those of the removed label."""
        rows = self._table.rows()
        changed: dict[str, list[Cells]] = {removed: []} if removed else {}
        for name in self.names:
            path = self._paths[name]
            stamp = file_stamp(path)
            if stamp[0] < 0:
                continue
            try:
                document = self._read_document(path, stamp)
                if label_of(path, document) is None:
                    continue
                quads = [_checked_as_it_begins(quad, self.order, path) for quad in quads_of(path, document)]
            except DataError as error:  # left so by another program; the page tells of it at the picture
                logger.warning("not in %s: %s", CSV_NAME, error)
                continue
            changed[name] = make_rows(name, quads, document, rows.get(name, []))
        self._table.write(rows | changed)

    def _read_document(self, path: Path, stamp: Stamp) -> dict[str, Any]:
        if self._cache.get(path, (None,))[0] != stamp:
            self._cache[path] = (stamp, read_labelme_json(path) | {"imageData": None})  # a picture in it is not kept
        return self._cache[path][1]

    def _quads_of_rows(self, name: str) -> np.ndarray | None:
        """Corners (N, 4, 2) of the rows that a picture has in corners.csv; None where it has none."""
        rows = self._table.rows().get(name)
        if rows is None:
            return None
        where = f"{self.root / CSV_NAME} {name}"
        quads = [quad for cells in rows for quad in parse_quad(CornerRow(where, cells), self.order)]
        return np.array(quads, np.float64).reshape(-1, 4, 2)

    def _new_document(self, name: str, size_hw: tuple[int, int]) -> dict[str, Any]:
        document, quads = make_document(name, size_hw), self._quads_of_rows(name)
        if quads is None:
            return document
        group = self._table.rows()[name][0].get("group")
        shapes = [make_shape(CLASS_NAME, quad, size_hw, {}) for quad in quads]
        return document | ({"group": group} if group else {}) | {"shapes": shapes}

    def _find_label_files(self) -> dict[str, Path]:
        """Picture -> its LabelMe file: the one that names it, or the one to be made, called as LabelMe does."""
        found: dict[str, Path] = {}
        # of two files the one in the root counts, where the readers look
        for path in [*sorted(self.root.glob("*.json")), *sorted(self.folder.glob("*.json"))]:
            try:
                image = str(read_labelme_json(path)["imagePath"]).replace("\\", "/")
            except DataError:  # not LabelMe's; or broken, which `read` tells of where it is called as a picture is
                continue
            target = Path(os.path.normpath(path.parent / image))
            if target.parent == self.folder and not path.name.startswith("."):
                found.setdefault(target.name, path)
        stems = Counter(Path(name).stem for name in self.names)
        taken = set(found.values())
        for name in self.names:
            path = self.root / f"{Path(name).stem}.json"
            unique = stems[path.stem] == 1 and path not in taken
            found.setdefault(name, path if unique else self.root / f"{name}.json")
        return found


def _checked_as_it_begins(quad: np.ndarray, order: QuadOrder, path: Path) -> np.ndarray:
    """The checked corners (4, 2), from the one that was labelled first: a folder labelled in object order, and opened
    in image order later, keeps its tops; readers of image order do not care where a quadrilateral begins."""
    checked = checked_quad(quad, order, str(path))
    first = int(np.argmin(np.abs(checked - quad[0]).sum(axis=1)))
    return np.roll(checked, -first, axis=0)


def _checked_name(path: Path) -> str:
    """The name of a picture; one that would not come back from corners.csv, which strips cells, raises DataError."""
    name = path.name
    if name != name.strip() or name.encode(errors="replace").decode() != name:
        problem = f"the picture {name!a} has a name that {CSV_NAME} cannot hold: a space at an end, or no UTF-8."
        raise DataError(path.parent, problem, "Rename it.")
    return name


def _write_document(path: Path, document: dict[str, Any], keep: bool) -> None:
    """Writes a LabelMe file; one that says nothing any more, and is not to be kept, is deleted."""
    if not keep and not document["shapes"]:
        path.unlink(missing_ok=True)
        return
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(document, indent=2), encoding="utf-8")
