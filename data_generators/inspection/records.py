"""Reads sources once and keeps of each picture what the inspection needs: labels, sizes, a thumbnail, no pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial

import cv2
import numpy as np

from data_generators.errors import DataError, ErrorPolicy
from data_generators.sample import MASK_IGNORE, Sample
from data_generators.sources import Source

THUMBNAIL_PX = 64
THREADS, CHUNK = 2, 64  # decoding leaves Python's lock; two threads leave processors for others

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Record:
    """What is kept of a picture.

    Args:
        source: number of its source.
        index: its index there.
        origin: file or generator, see `Sample`.
        group: see `Sample`.
        size_hw: height and width in pixels.
        boxes: float32 (N, 4), normalised x0 y0 x1 y1.
        labels: int64 (N,), index into `Records.class_names`; -1 is a class that was not asked for.
        ignore: bool (N,).
        keypoints: float32 (N, P, 2), normalised.
        has: what is labelled, see `Sample`.
        classes: names of the classes whose absence means that there is none.
        object_pixels: part of the mask's pixels that belong to an object, ignored ones left out; NaN without a mask.
        thumbnail: uint8 (64, 64), grey, stretched.
        digest: of size and pixels; two equal ones are the same picture.
    """

    source: int
    index: int
    origin: str
    group: str
    size_hw: tuple[int, int]
    boxes: np.ndarray
    labels: np.ndarray
    ignore: np.ndarray
    keypoints: np.ndarray
    has: frozenset[str]
    classes: frozenset[str]
    object_pixels: float
    thumbnail: np.ndarray
    digest: bytes

    @property
    def box_sizes_px(self) -> np.ndarray:
        """Widths and heights float64 (N, 2) in pixels; negative ones count as 0."""
        height, width = self.size_hw
        return np.maximum(0.0, self.boxes[:, 2:].astype(np.float64) - self.boxes[:, :2]) * [width, height]

    @property
    def box_sides(self) -> np.ndarray:
        """Square roots of the boxes' areas, float64 (N,), the picture's area being 1."""
        return np.sqrt(self.box_sizes_px.prod(axis=1) / np.prod(self.size_hw))


@dataclass(frozen=True)
class Records:
    """The records of several sources under one vocabulary.

    Args:
        names: of the sources, as they were asked for.
        class_names: of all sources, in order of appearance.
        records: of every picture that could be read, source by source.
        unreadable: for each source what could not be read.
        reduced: for each source what of objects was not read, see `Source.count_reduced`.
    """

    names: tuple[str, ...]
    class_names: tuple[str, ...]
    records: list[Record] = field(default_factory=list)
    unreadable: list[list[str]] = field(default_factory=list)
    reduced: list[dict[str, int]] = field(default_factory=list)

    def of(self, source: int) -> list[Record]:
        """The records of a source."""
        return [record for record in self.records if record.source == source]

    def class_name(self, label: int) -> str:
        """The name of a class, and that of no class for -1."""
        return self.class_names[label] if label >= 0 else "another class"

    @cached_property
    def typical_sides(self) -> np.ndarray:
        """Median box side of each class, float64 (K + 1,), the last for those of no class that was asked for; the side
        is the square root of the area in parts of the picture's, NaN where a class has no box."""
        labels = np.concatenate([np.zeros(0, np.int64), *(record.labels for record in self.records)])
        sides = np.concatenate([np.zeros(0), *(record.box_sides for record in self.records)])
        numbers = [*range(len(self.class_names)), -1]
        chosen = [sides[labels == number] for number in numbers]
        return np.array([np.median(each) if len(each) else np.nan for each in chosen])


def read_records(sources: Mapping[str, Source], progress: Progress | None = None) -> Records:
    """Decodes every picture once.

    Args:
        sources: name -> source; pictures that cannot be read stop the work or are counted, as its `on_error` says.
        progress: called with (pictures done, in all).

    Raises:
        DataError: a picture cannot be read and its source says `raise`.
        ValueError: no source was given, or none has a sample.
    """
    total = sum(map(len, sources.values()))
    if not total:
        raise ValueError("`sources` must hold at least one sample. Received none. Check paths and splits.")
    names = tuple(dict.fromkeys(name for source in sources.values() for name in source.class_names))
    found = Records(tuple(sources), names)
    done = 0
    for number, source in enumerate(sources.values()):
        policy = ErrorPolicy(source.on_error)
        for result in _map_samples(source, partial(_make_record, source, number, names)):
            if isinstance(result, DataError):
                policy.handle(result)
            else:
                found.records.append(result)
            done += 1
            if progress:
                progress(done, total)
        policy.summarise(found.names[number], len(source))
        found.unreadable.append(policy.skipped)
        found.reduced.append(source.count_reduced())
    return found


def _map_samples(source: Source, make: Callable[[int], Record]) -> Iterator[Record | DataError]:
    """The records of a source in order, and errors in place of what cannot be decoded."""

    def attempt(index: int) -> Record | DataError:
        try:
            return make(index)
        except DataError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(source), CHUNK):  # so that an error does not wait for all the rest
            yield from pool.map(attempt, range(start, min(start + CHUNK, len(source))))


def _make_record(source: Source, number: int, names: tuple[str, ...], index: int) -> Record:
    sample = source.sample(index)
    union = np.array([*(names.index(name) for name in source.class_names), -1], np.int64)  # -1 stays what it is
    return Record(
        source=number,
        index=index,
        origin=sample.origin,
        group=sample.group,
        size_hw=sample.size_hw,
        boxes=np.array(sample.boxes),
        labels=union[sample.labels],
        ignore=np.array(sample.ignore),
        keypoints=np.array(sample.keypoints),
        has=sample.has,
        classes=source.labelled_classes_at(index),
        object_pixels=_object_pixels(sample),
        thumbnail=make_thumbnail(sample.image),
        digest=_digest(sample.image),
    )


def _object_pixels(sample: Sample) -> float:
    known = sample.mask[sample.mask != MASK_IGNORE]
    return float(np.count_nonzero(known) / known.size) if known.size else float("nan")


def make_thumbnail(image: np.ndarray) -> np.ndarray:
    """A picture uint8 (H, W, 1 or 3) as uint8 (64, 64), grey and stretched."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.shape[2] == 3 else image[..., 0]
    return cv2.resize(grey, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA)


def _digest(image: np.ndarray) -> bytes:
    pixels = np.ascontiguousarray(image)
    return hashlib.blake2b(repr(image.shape).encode() + pixels.tobytes(), digest_size=16).digest()
