"""What yields samples: the contract of a source, and the sources made of other sources (subset, mix)."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from data_generators.errors import DataError, ErrorPolicy, OnError
from data_generators.geometry import order_corners_image
from data_generators.sample import Sample

CornerOrder = Literal["object", "image", "none"]


class Source(ABC):
    """A sequence of samples that is a pure function of its configuration: the same index gives the same bytes.

    Attributes:
        class_names: names of the classes that `Sample.labels` indexes.
        labelled_classes: classes for which the absence of a label means absence of the object. A class that a source
            never labelled gives no negatives.
        corner_order: `object` (keypoint 0 is the object's own top left), `image` (cyclic, clockwise on the screen from
            the corner of least x + y), or `none` where there are no keypoints.
        on_error: what a consumer does with a sample that cannot be decoded.
    """

    class_names: tuple[str, ...] = ()
    labelled_classes: frozenset[str] = frozenset()
    corner_order: CornerOrder = "none"
    on_error: OnError = "raise"

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples."""

    @abstractmethod
    def sample(self, index: int) -> Sample:
        """The sample at `index`, 0 <= index < len(self).

        Raises:
            DataError: the picture cannot be read; the message names file and cure.
        """

    @abstractmethod
    def groups(self) -> list[str]:
        """The group of every sample, without decoding a picture; splits are made from it."""

    @abstractmethod
    def content(self) -> Any:
        """Everything the samples depend on, as JSON data: resolved config, file sizes and times, code version."""

    def labelled_classes_at(self, index: int) -> frozenset[str]:  # noqa: ARG002 - a mix depends on it
        """The classes whose absence from the sample at `index` means absence of the object."""
        return self.labelled_classes

    def count_reduced(self) -> dict[str, int]:
        """What the files say of objects that are read as boxes alone, e.g. `polygon`, and of how many objects."""
        return {}

    def fingerprint(self) -> str:
        """Hex digest of `content()`; two sources with the same one yield the same bytes."""
        return hash_content(self.content())


def hash_content(content: Any) -> str:
    """The first 16 hex digits of the SHA-256 of JSON data, keys sorted."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


@cache
def hash_code(*paths: Path) -> str:
    """The first 16 hex digits of the SHA-256 of source text, read once: for `Source.content`, where a version number
    that a person raises by hand would be forgotten.

    Args:
        paths: Python files, and folders that stand for the Python files in them.
    """
    files = [file for path in paths for file in (sorted(path.glob("*.py")) if path.is_dir() else [path])]
    return hash_content([[file.name, file.read_text(encoding="utf-8")] for file in files])


def readable_samples(source: Source) -> Iterator[tuple[int, Sample]]:
    """Yields (index, sample) of everything in `source` that can be decoded.

    What cannot be decoded raises, or is skipped with a warning and counted at the end, as `source.on_error` says.
    """
    policy = ErrorPolicy(source.on_error)
    for index in range(len(source)):
        try:
            sample = source.sample(index)
        except DataError as error:
            policy.handle(error)
            continue
        yield index, sample
    policy.summarise(type(source).__name__, len(source))


class SubsetSource(Source):
    """Some samples of another source, in the order given.

    Args:
        source: where the samples come from.
        indices: indices into it.
    """

    def __init__(self, source: Source, indices: Sequence[int]) -> None:
        self._source, self._indices = source, [int(index) for index in indices]
        self.class_names, self.labelled_classes = source.class_names, source.labelled_classes
        self.corner_order, self.on_error = source.corner_order, source.on_error

    def __len__(self) -> int:
        return len(self._indices)

    def sample(self, index: int) -> Sample:
        return self._source.sample(self._indices[index])

    def labelled_classes_at(self, index: int) -> frozenset[str]:
        return self._source.labelled_classes_at(self._indices[index])

    def groups(self) -> list[str]:
        groups = self._source.groups()
        return [groups[index] for index in self._indices]

    def content(self) -> Any:
        return ["subset", self._source.content(), self._indices]


class MixedSource(Source):
    """Samples of several sources in given proportions, as a pure function of the seed.

    Each part gets its share of the samples, exact to one; within a part the samples come in a shuffled order, all of
    them once before one comes again. A part whose share is smaller than itself is seen in part only: give a `length`.

    `class_names` is the union of the parts' vocabularies, in order of appearance, and labels are mapped by name.
    `labelled_classes` holds the classes that every part has labelled: only for these does the absence of a label mean
    absence in all samples. `labelled_classes_at(index)` says it for one sample, which knows nothing about classes that
    its own part never labelled.

    Args:
        parts: sources and their weights > 0; the weights need not add up to 1.
        seed: another seed gives another order.
        length: number of samples; None takes as many as the parts hold together.
        corner_order: order wanted; None takes `object` where all parts have it, else `image`.

    Raises:
        ValueError: a part is empty, a weight is not positive, or `object` is wanted and a part has `image`.
    """

    def __init__(
        self,
        parts: Sequence[tuple[Source, float]],
        seed: int = 0,
        length: int | None = None,
        corner_order: CornerOrder | None = None,
    ) -> None:
        _check_parts(parts)
        self._sources, weights = [source for source, _ in parts], np.array([weight for _, weight in parts])
        count = sum(map(len, self._sources)) if length is None else length
        self._part, self._index = _draw(weights / weights.sum(), list(map(len, self._sources)), count, seed)
        self.class_names = tuple(dict.fromkeys(name for source in self._sources for name in source.class_names))
        self.labelled_classes = frozenset.intersection(*(source.labelled_classes for source in self._sources))
        self.corner_order = _common_corner_order(self._sources, corner_order)
        self.on_error = "skip" if all(source.on_error == "skip" for source in self._sources) else "raise"
        self._labels = [_label_map(source.class_names, self.class_names) for source in self._sources]

    def __len__(self) -> int:
        return len(self._part)

    def sample(self, index: int) -> Sample:
        part = self._part[index]
        source = self._sources[part]
        sample = source.sample(int(self._index[index]))
        if self.corner_order == "image" and source.corner_order == "object":
            sample = in_image_order(sample)
        return sample.relabel(self._labels[part])

    def labelled_classes_at(self, index: int) -> frozenset[str]:
        return self._sources[self._part[index]].labelled_classes_at(int(self._index[index]))

    def groups(self) -> list[str]:
        groups = [source.groups() for source in self._sources]
        return [groups[part][index] for part, index in zip(self._part, self._index, strict=True)]

    def content(self) -> Any:
        drawn = hash_content([self._part.tolist(), self._index.tolist()])
        return ["mixed", [source.content() for source in self._sources], self.corner_order, drawn]


def in_image_order(sample: Sample) -> Sample:
    """The sample with the four corners of each object in image order; unknown corners leave no order to be known.

    Raises:
        ValueError: the objects have another number of keypoints than four.
    """
    quads = np.array(sample.keypoints)
    if quads.shape[1] != 4 and len(quads):
        raise ValueError(
            f"{sample.origin}: image order is defined for four corners. Received keypoints {quads.shape}. "
            "Mix sources of the same corner order."
        )
    for index, quad in enumerate(quads):
        quads[index] = order_corners_image(quad) if np.isfinite(quad).all() else np.nan
    return sample.replace(keypoints=quads)


def _check_parts(parts: Sequence[tuple[Source, float]]) -> None:
    if not parts:
        raise ValueError("`parts` must hold at least one (source, weight). Received none. Name a source.")
    for number, (source, weight) in enumerate(parts):
        name = f"part {number} ({type(source).__name__})"
        if not (np.isfinite(weight) and weight > 0):
            raise ValueError(f"The weight of {name} must be greater than 0. Received {weight}. Leave the part out.")
        if not len(source):
            raise ValueError(f"{name} of the mix has no samples. Check its path and split, or leave it out.")


def _draw(shares: np.ndarray, sizes: list[int], length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """For each of `length` samples its part and its index in the part, two int64 (length,)."""
    rng = np.random.default_rng([seed, 0])
    ends = np.round(np.cumsum(shares) * length).astype(np.int64)
    part = rng.permutation(np.repeat(np.arange(len(shares)), np.diff(ends, prepend=0)))
    index = np.zeros(length, np.int64)
    for number, size in enumerate(sizes):
        places = np.flatnonzero(part == number)
        rounds = -(-len(places) // size)
        order = [np.random.default_rng([seed, 1, number, turn]).permutation(size) for turn in range(rounds)]
        index[places] = np.concatenate([*order, np.zeros(0, np.int64)])[: len(places)]
    return part, index


def _common_corner_order(sources: Sequence[Source], wanted: CornerOrder | None) -> CornerOrder:
    orders = {source.corner_order for source in sources} - {"none"}
    if wanted == "object" and "image" in orders:
        raise ValueError(
            "`corner_order` object was asked for, but a part of the mix has image order, from which the object's own "
            "top left cannot be known. Take image order, or leave that part out."
        )
    if wanted is not None:
        return wanted
    return "image" if "image" in orders else "object" if orders else "none"


def _label_map(names: tuple[str, ...], union: tuple[str, ...]) -> np.ndarray:
    """See `Sample.relabel`."""
    return np.array([*(union.index(name) for name in names), -1], np.int64)
