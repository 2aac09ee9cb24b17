"""Writes corner CSV folders sample by sample, so that a generated set can be interrupted and taken up again."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from data_generators.errors import DataError, ErrorPolicy
from data_generators.files import write_atomically
from data_generators.images import write_image
from data_generators.real.corner_csv import COLUMNS, CSV_NAME, GENERATOR_NAME, IMAGES_NAME, read_generator
from data_generators.real.quads import QuadOrder, checked_quad
from data_generators.sample import Sample
from data_generators.sources import Source

HEADER = ",".join(COLUMNS) + "\n"


class CornerCsvWriter:
    """Appends samples to a corner CSV folder; opening the folder again finds out what is already there.

    The rows of a sample are written in one go, after its picture is on disk, so that a kill loses at most the running
    sample. A last line that was cut off is taken away.

    Args:
        directory: the folder; made where it is not there.
        split: goes into the column `split` and, as a prefix, into the names of the pictures.
        quality: of JPEG pictures, 1 to 100; None writes PNG, which loses nothing.
        corner_order: order of the samples' keypoints.

    Attributes:
        done: indices of the samples that are already in the folder.

    Raises:
        DataError: the folder holds a corners.csv of other columns.
    """

    def __init__(
        self,
        directory: str | Path,
        split: str = "",
        quality: int | None = None,
        corner_order: QuadOrder = "image",
    ) -> None:
        if not re.fullmatch(r"[\w.-]*", split):
            raise ValueError(f"`split` must be of letters, digits, `_`, `-` and `.`. Received {split!r}.")
        self._root, self._split, self._quality = Path(directory).expanduser(), split, quality
        self._order = corner_order
        self._prefix = f"{split}_" if split else ""
        self._extension = ".png" if quality is None else ".jpg"
        self._csv = self._root / CSV_NAME
        if not self._csv.exists():
            write_atomically(self._csv, HEADER.encode())
        _repair(self._csv)
        self.done = self._indices_done()

    def append(self, index: int, sample: Sample) -> None:
        """Writes one sample.

        Args:
            index: of the sample in its source, >= 0; it names the picture.
            sample: with keypoints (N, 4, 2) that are all known; N = 0 writes a row without coordinates.

        Raises:
            DataError: the sample has labels that the format cannot hold.
        """
        name = f"{self._prefix}{index:06d}{self._extension}"
        rows = self._rows(name, sample)
        write_image(self._root / IMAGES_NAME / name, sample.image, self._quality or 95)
        with self._csv.open("ab", buffering=0) as file:
            if file.write(rows) != len(rows):
                raise OSError(f"{self._csv}: the disk is full. Make room, then run the same command again.")
        self.done.add(index)

    def _rows(self, name: str, sample: Sample) -> bytes:
        _check_writable(sample)
        height, width = sample.size_hw
        start = [name, self._split, sample.group, width, height]
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        for quad in sample.keypoints:
            quad = checked_quad(quad, self._order, sample.origin)
            rows.writerow([*start, *(f"{value:.9g}" for value in quad.flat)])  # 9 digits hold a float32 exactly
        if not len(sample.keypoints):
            rows.writerow([*start, *[""] * 8])
        return text.getvalue().encode()

    def _indices_done(self) -> set[int]:
        pattern = re.compile(re.escape(self._prefix) + r"(\d{6,})\.(png|jpg)")
        with self._csv.open(newline="", encoding="utf-8") as file:
            names = {row[0] for row in csv.reader(file) if row}
        return {int(match.group(1)) for name in names if (match := pattern.fullmatch(name))}


def _check_writable(sample: Sample) -> None:
    if "keypoints" not in sample.has or (len(sample.keypoints) and sample.keypoints.shape[1] != 4):
        problem = f"a corner CSV holds four corners an object. Received keypoints {sample.keypoints.shape}."
        raise DataError(sample.origin, problem, "Write this source in another format.")
    if sample.ignore.any():
        problem = "a corner CSV has no place for an object that is to be ignored."
        raise DataError(sample.origin, problem, "Write this source as LabelMe.")


def _repair(path: Path) -> None:
    """Takes away a last line that was cut off, with the other rows of its picture.

    Raises:
        DataError: the file has another header, so it was not written here.
    """
    data = path.read_bytes()
    if not data.startswith(HEADER.encode()):
        cure = "Give a new folder, or one that `detector generate` has begun."
        raise DataError(f"{path}:1", f"expected the header {HEADER.strip()}.", cure)
    if data.endswith(b"\n"):
        return
    *lines, cut = data.split(b"\n")
    last = lines[-1].split(b",")[0]
    name, comma, _ = cut.partition(b",")
    if len(lines) > 1 and (name == last or (not comma and last.startswith(name))):
        while lines[-1].split(b",")[0] == last:
            lines.pop()
    write_atomically(path, b"".join(line + b"\n" for line in lines))


def write_corner_csv_set(
    source: Source,
    directory: str | Path,
    split: str = "",
    quality: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Writes all samples of a source to a corner CSV folder, or those that an interrupted call has left.

    The folder's generator.json says what each split was made from; another source is refused there.

    Args:
        source: with keypoints, and at most one class.
        directory: the folder, new or begun by this function.
        split: name of the split; several splits may go to one folder, each from its own source.
        quality: of JPEG pictures, 1 to 100; None writes PNG.
        progress: called with the number of samples done and their total after each one.

    Returns:
        The number of samples written now.

    Raises:
        DataError: the folder holds something else, or a sample cannot be written or, under `on_error: raise`, read.
    """
    if len(source.class_names) > 1:
        problem = f"a corner CSV holds one class. Received {', '.join(source.class_names)}."
        raise DataError(directory, problem, "Write this source as LabelMe.")
    order: QuadOrder = "object" if source.corner_order == "object" else "image"
    _begin(source, Path(directory).expanduser(), split, quality)
    writer = CornerCsvWriter(directory, split, quality, order)
    policy, written = ErrorPolicy(source.on_error), 0
    for index in range(len(source)):
        if index not in writer.done:
            try:
                sample = source.sample(index)
            except DataError as error:
                policy.handle(error)
                continue
            writer.append(index, sample)
            written += 1
        if progress:
            progress(index + 1, len(source))
    policy.summarise(type(source).__name__, len(source))
    return written


def _begin(source: Source, root: Path, split: str, quality: int | None) -> None:
    """Notes in generator.json what the split is made from, or checks that it is what the folder was begun with."""
    made = read_generator(root)
    if not made and root.exists() and any(root.iterdir()):
        cure = f"Give a new folder; nothing is written where no {GENERATOR_NAME} tells what was begun."
        raise DataError(root, "the folder is not empty.", cure)
    common = {
        "corner_order": "object" if source.corner_order == "object" else "image",
        "class_name": source.class_names[0] if source.class_names else "document",
    }
    entry = {"fingerprint": source.fingerprint(), "quality": quality, "samples": len(source)}
    begun = made.get("splits", {}).get(split)
    for name, value in {**common, **entry}.items():
        came = (begun or {}).get(name, value) if name in entry else made.get(name, value)
        if came != value:
            problem = f"split {split!r} was begun with {name} {came!r}, now it is {value!r}."
            raise DataError(root / GENERATOR_NAME, problem, "Give another folder, or delete this one first.")
    if begun is None:
        splits: dict[str, Any] = {**made.get("splits", {}), split: {**entry, "content": source.content()}}
        text = json.dumps({**common, "splits": splits}, indent=2, default=str)
        write_atomically(root / GENERATOR_NAME, text.encode())
