"""Samples drawn or decoded once and read back from one memory-mapped file: between a source and its augmentation.

An entry is keyed by the content of its source, written under a temporary name and moved into place, shared by all
runs that use the same folder, and removed when the folder grows over its cap, the longest unused first.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import cv2
import numpy as np

from data_generators.errors import DataError, ErrorPolicy
from data_generators.sample import Sample
from data_generators.sources import Source, hash_content
from data_generators.workers import map_samples

logger = logging.getLogger(__name__)

CACHE_VERSION = 3
INDEX_NAME, ARRAYS_NAME, UNFINISHED = "index.json", "arrays.bin", ".making-"
ABANDONED_SECONDS = 3600.0  # an unfinished entry that nobody has written to for so long is what a kill left behind
ARRAYS = ("image", "boxes", "labels", "ignore", "keypoints", "mask")
Progress = Callable[[int, int], None]

_open_files: WeakValueDictionary[tuple[int, ...], np.memmap] = WeakValueDictionary()


def default_cache_directory() -> Path:
    """`DETECTOR_CACHE` where it is set, else the user's cache folder."""
    home = os.environ.get("DETECTOR_CACHE")
    if home:
        return Path(home).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "detector"


class CachedSource(Source):
    """The samples of a source, decoded, shrunk to a longest side, and kept on disk.

    Samples that cannot be decoded stop the making of the cache, or are left out and counted, as `source.on_error`
    says; so `len` may be less than that of the source. An entry remembers what was left out: it is said again when
    the entry is used again, and stops whoever wants `raise`.

    Args:
        source: where the samples come from.
        side_px: longest side of the stored pictures; larger ones are shrunk by area averaging.
        directory: the cache folder.
        max_gigabytes: cap of the folder, 1e9 bytes each; the entry in use stays whatever its size.
        workers: processes that draw or decode; 1 stays in this process. With more, a script must hold its calls under
            `if __name__ == "__main__":`, as always with `multiprocessing`.
        progress: called with (samples done, samples in all).

    Raises:
        DataError: a sample cannot be decoded and `source.on_error` is `raise`, none can be, or the folder cannot be
            written.
    """

    def __init__(
        self,
        source: Source,
        side_px: int,
        directory: Path,
        max_gigabytes: float = 20.0,
        *,
        workers: int = 1,
        progress: Progress | None = None,
    ) -> None:
        self.class_names, self.labelled_classes = source.class_names, source.labelled_classes
        self.corner_order, self.on_error = source.corner_order, source.on_error
        self._name = type(source).__name__
        self._content = ["cache", CACHE_VERSION, side_px, source.content()]
        self._entry = directory / hash_content(self._content)
        if not self._map():
            shutil.rmtree(self._entry, ignore_errors=True)
            _make_entry(self._entry, source, map_samples(source, _Shrink(side_px), workers), progress)
            if not self._map():
                cure = "Raise data.cache_gigabytes, or set DETECTOR_CACHE to a folder of this training's own."
                raise DataError(self._entry, "another process removed the entry as soon as it was made.", cure)
            _evict(directory, max_gigabytes, keep=self._entry)
        self._report_skipped()

    def _map(self) -> bool:
        """Opens the entry; False where there is none, or it is not whole."""
        try:
            index = json.loads((self._entry / INDEX_NAME).read_text())
            self._data = _map_once(self._entry / ARRAYS_NAME)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return False
        with suppress(OSError):  # a cache that somebody else owns can be read all the same
            os.utime(self._entry)
        self._records, self._skipped = index["samples"], index["skipped"]
        return len(self._data) == index["bytes"]

    def _report_skipped(self) -> None:
        if self._skipped and self.on_error == "raise":
            raise DataError(*self._skipped[0])
        policy = ErrorPolicy(self.on_error, [where for where, _, _ in self._skipped])
        policy.summarise(self._name, len(self._records) + len(self._skipped))

    def __len__(self) -> int:
        return len(self._records)

    def sample(self, index: int) -> Sample:
        record = self._records[index]
        fields: dict[str, Any] = {name: self._array(*record[name]) for name in ARRAYS}
        fields |= {name: frozenset(record[name]) for name in ("has", "unlabelled")}
        return Sample(**fields, group=record["group"], origin=record["origin"])

    def _array(self, offset: int, dtype: str, shape: list[int]) -> np.ndarray:
        count = int(np.prod(shape))
        return np.frombuffer(self._data, dtype, count, offset).reshape(shape) if count else np.zeros(shape, dtype)

    def groups(self) -> list[str]:
        return [record["group"] for record in self._records]

    def origins(self) -> list[str]:
        """Where every sample comes from, without reading a picture."""
        return [record["origin"] for record in self._records]

    def labelled_classes_at(self, index: int) -> frozenset[str]:
        return frozenset(self._records[index]["labelled_classes"])

    def content(self) -> Any:
        return self._content

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_data"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._data = _map_once(self._entry / ARRAYS_NAME)


def _map_once(path: Path) -> np.memmap:
    """The file as uint8, mapped once in a process: Keras never lets go of the data of trainings that have ended."""
    facts = path.stat()
    key = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
    data = _open_files.get(key)
    if data is None:
        data = _open_files[key] = np.memmap(path, np.uint8, "r")
    return data


class _Shrink:
    """`shrink_sample` to a given side, in a form that a worker process can be sent."""

    def __init__(self, side_px: int) -> None:
        self.side_px = side_px

    def __call__(self, sample: Sample) -> Sample:
        return shrink_sample(sample, self.side_px)


def shrink_sample(sample: Sample, side_px: int) -> Sample:
    """The sample with its longest side at most `side_px` pixels; labels are normalised and stay as they are."""
    height, width = sample.size_hw
    scale = side_px / max(height, width)
    if scale >= 1:
        return sample
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    image = cv2.resize(sample.image, size_wh, interpolation=cv2.INTER_AREA).reshape(size_wh[1], size_wh[0], -1)
    mask = cv2.resize(sample.mask, size_wh, interpolation=cv2.INTER_NEAREST_EXACT) if sample.mask.size else sample.mask
    return sample.replace(image=image, mask=mask)


def _make_entry(entry: Path, source: Source, samples: Iterator[Sample | DataError], progress: Progress | None) -> None:
    with new_entry(entry) as temporary:
        with _writable(entry.parent), (temporary / ARRAYS_NAME).open("wb") as file:
            index = _write_samples(file, source, samples, progress)
        with _writable(entry.parent):
            _write_synced(temporary / INDEX_NAME, json.dumps(index).encode())


@contextmanager
def new_entry(entry: Path) -> Iterator[Path]:
    """A folder that takes the place of a cache entry at the end, and is gone where the block raises.

    Raises:
        DataError: the cache folder cannot be written.
    """
    temporary = entry.with_name(f"{UNFINISHED}{os.getpid()}-{uuid.uuid4().hex[:8]}")
    try:
        with _writable(entry.parent):
            temporary.mkdir(parents=True)
        yield temporary
        with _writable(entry.parent):
            _move_into_place(temporary, entry)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _writable(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cure = "Make room, lower data.cache_side_px, or set DETECTOR_CACHE to another folder."
        raise DataError(directory, f"the cache cannot be written ({error.strerror or error}).", cure) from error


def _write_samples(
    file: Any, source: Source, samples: Iterator[Sample | DataError], progress: Progress | None
) -> dict[str, Any]:
    """Writes the arrays of all samples that can be decoded; returns the entry's index."""
    policy, skipped, records = ErrorPolicy(source.on_error), [], []
    for number, sample in enumerate(samples):
        if isinstance(sample, DataError):
            policy.handle(sample)
            skipped.append([sample.where, sample.problem, sample.cure])
        else:
            records.append(_write_sample(file, sample, source.labelled_classes_at(number)))
        if progress:
            progress(number + 1, len(source))
    if not records:
        problem = f"none of its {len(source)} samples can be read." if skipped else "it holds no samples."
        raise DataError(type(source).__name__, problem, "Check its path and split, and the warnings above.")
    file.write(b"\0" * 8)  # a file of no bytes cannot be mapped
    file.flush()
    os.fsync(file.fileno())
    return {"samples": records, "skipped": skipped, "bytes": file.tell()}


def _write_sample(file: Any, sample: Sample, labelled_classes: frozenset[str]) -> dict[str, Any]:
    record: dict[str, Any] = {"has": sorted(sample.has), "labelled_classes": sorted(labelled_classes)}
    record |= {"unlabelled": sorted(sample.unlabelled), "group": sample.group, "origin": sample.origin}
    for name in ARRAYS:
        array = np.ascontiguousarray(getattr(sample, name))
        file.write(b"\0" * (-file.tell() % 8))
        record[name] = [file.tell(), array.dtype.str, list(array.shape)]
        file.write(array.tobytes())
    return record


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _move_into_place(temporary: Path, entry: Path) -> None:
    try:
        temporary.rename(entry)
    except OSError:
        if not entry.is_dir():  # else another process was faster, with the same content
            raise


def _evict(directory: Path, max_gigabytes: float, keep: Path) -> None:
    """Removes the longest unused entries until the folder is under its cap, and what a killed process left behind."""
    entries = {path: _last_change(path) for path in directory.iterdir() if path.is_dir() and path != keep}
    for path, changed in entries.items():
        if path.name.startswith(UNFINISHED) and time.time() - changed > ABANDONED_SECONDS:
            logger.info("removing an unfinished cache entry, %s", path)
            shutil.rmtree(path, ignore_errors=True)
    finished = sorted((path for path in entries if not path.name.startswith(".")), key=entries.__getitem__)
    size = _size(keep) + sum(map(_size, finished))
    while finished and size > max_gigabytes * 1e9:
        oldest = finished.pop(0)
        size -= _size(oldest)
        logger.info("cache over its cap: removing %s", oldest)
        shutil.rmtree(oldest, ignore_errors=True)


def _last_change(directory: Path) -> float:
    """When a folder or a file in it was written, or the entry was used, in seconds since 1970; 0 where it is gone."""
    try:
        return max(path.stat().st_mtime for path in (directory, *directory.iterdir()))
    except OSError:
        return 0.0


def _size(directory: Path) -> int:
    total = 0
    with suppress(OSError):  # another process may be removing it
        for path in directory.iterdir():
            total += path.stat().st_size
    return total
