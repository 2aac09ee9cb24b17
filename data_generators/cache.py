"""Samples drawn or decoded once and read back from one memory-mapped file: between a source and its augmentation.

An entry is keyed by the content of its source, written under a temporary name and moved into place, shared by all
runs that use the same folder, and removed when the folder grows over its cap, the longest unused first.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from data_generators.errors import DataError, ErrorPolicy
from data_generators.sample import Sample
from data_generators.sources import Source, hash_content

logger = logging.getLogger(__name__)

CACHE_VERSION = 1
CHUNK = 64
ARRAYS = ("image", "boxes", "labels", "ignore", "keypoints", "mask")
Progress = Callable[[int, int], None]


def default_cache_directory() -> Path:
    """`DETECTOR_CACHE` where it is set, else the user's cache folder."""
    home = os.environ.get("DETECTOR_CACHE")
    return Path(home) if home else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "detector"


class CachedSource(Source):
    """The samples of a source, decoded, shrunk to a longest side, and kept on disk.

    Samples that cannot be decoded stop the making of the cache, or are left out and counted, as `source.on_error`
    says; so `len` may be less than that of the source.

    Args:
        source: where the samples come from.
        side_px: longest side of the stored pictures; larger ones are shrunk by area averaging.
        directory: the cache folder.
        max_gigabytes: cap of the folder, 1e9 bytes each.
        workers: processes that draw or decode; 1 stays in this process.
        progress: called with (samples done, samples in all).
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
        self._content = ["cache", CACHE_VERSION, side_px, source.content()]
        self._entry = directory / hash_content(self._content)
        if not self._entry.is_dir():
            _make_entry(self._entry, source, side_px, workers, progress)
            _evict(directory, max_gigabytes, keep=self._entry)
        os.utime(self._entry)
        self._records = json.loads((self._entry / "records.json").read_text())
        self._data = np.memmap(self._entry / "arrays.bin", np.uint8, "r")

    def __len__(self) -> int:
        return len(self._records)

    def sample(self, index: int) -> Sample:
        record = self._records[index]
        arrays = {name: self._array(*record[name]) for name in ARRAYS}
        return Sample(**arrays, has=frozenset(record["has"]), group=record["group"], origin=record["origin"])

    def _array(self, offset: int, dtype: str, shape: list[int]) -> np.ndarray:
        count = int(np.prod(shape))
        return np.frombuffer(self._data, dtype, count, offset).reshape(shape) if count else np.zeros(shape, dtype)

    def groups(self) -> list[str]:
        return [record["group"] for record in self._records]

    def content(self) -> Any:
        return self._content

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_data"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._data = np.memmap(self._entry / "arrays.bin", np.uint8, "r")


def _make_entry(entry: Path, source: Source, side_px: int, workers: int, progress: Progress | None) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".making-", dir=entry.parent))
    policy = ErrorPolicy(source.on_error)
    try:
        records, done = [], 0
        with (temporary / "arrays.bin").open("wb") as file:
            for sample in _prepare(source, side_px, workers):
                done += 1
                if isinstance(sample, DataError):
                    policy.handle(sample)
                else:
                    records.append(_write_sample(file, sample))
                if progress:
                    progress(done, len(source))
            file.write(b"\0" * 8)  # a file of no bytes cannot be mapped
        if not records:
            raise DataError(type(source).__name__, "not one sample could be read.", "See the warnings above.")
        policy.summarise(type(source).__name__, len(source))
        (temporary / "records.json").write_text(json.dumps(records))
        _move_into_place(temporary, entry)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _move_into_place(temporary: Path, entry: Path) -> None:
    try:
        temporary.rename(entry)
    except OSError:
        if not entry.is_dir():  # else another process was faster, with the same content
            raise


def _prepare(source: Source, side_px: int, workers: int) -> Iterator[Sample | DataError]:
    chunks = [range(start, min(start + CHUNK, len(source))) for start in range(0, len(source), CHUNK)]
    work = partial(_prepare_chunk, source, side_px)
    if workers <= 1 or len(chunks) <= 2:
        for chunk in chunks:
            yield from work(chunk)
        return
    spawn = get_context("spawn")  # a fork after OpenCV has run deadlocks
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        for samples in pool.map(work, chunks):
            yield from samples


def _prepare_chunk(source: Source, side_px: int, indices: Sequence[int]) -> list[Sample | DataError]:
    samples: list[Sample | DataError] = []
    for index in indices:
        try:
            samples.append(shrink_sample(source.sample(index), side_px))
        except DataError as error:
            samples.append(error)
    return samples


def shrink_sample(sample: Sample, side_px: int) -> Sample:
    """The sample with its longest side at most `side_px` pixels; labels are normalised and stay as they are."""
    height, width = sample.size_hw
    scale = side_px / max(height, width)
    if scale >= 1:
        return sample
    size_wh = max(1, round(width * scale)), max(1, round(height * scale))
    image = cv2.resize(sample.image, size_wh, interpolation=cv2.INTER_AREA).reshape(size_wh[1], size_wh[0], -1)
    mask = cv2.resize(sample.mask, size_wh, interpolation=cv2.INTER_NEAREST) if sample.mask.size else sample.mask
    return sample.replace(image=image, mask=mask)


def _write_sample(file: Any, sample: Sample) -> dict[str, Any]:
    record: dict[str, Any] = {"has": sorted(sample.has), "group": sample.group, "origin": sample.origin}
    for name in ARRAYS:
        array = np.ascontiguousarray(getattr(sample, name))
        file.write(b"\0" * (-file.tell() % 8))
        record[name] = [file.tell(), array.dtype.str, list(array.shape)]
        file.write(array.tobytes())
    return record


def _evict(directory: Path, max_gigabytes: float, keep: Path) -> None:
    """Removes the longest unused entries until the folder is under its cap, and what a killed process left behind."""
    entries = [entry for entry in directory.iterdir() if entry.is_dir() and entry != keep]
    for entry in entries:
        if entry.name.startswith(".making-") and time.time() - entry.stat().st_mtime > 24 * 3600:
            shutil.rmtree(entry, ignore_errors=True)
    finished = sorted((e for e in entries if not e.name.startswith(".")), key=lambda entry: entry.stat().st_mtime)
    size = _size(keep) + sum(map(_size, finished))
    while finished and size > max_gigabytes * 1e9:
        oldest = finished.pop(0)
        size -= _size(oldest)
        logger.info("cache over its cap: removing %s", oldest)
        shutil.rmtree(oldest, ignore_errors=True)


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
