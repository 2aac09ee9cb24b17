"""What yields samples: the contract of a source, and the sources made of other sources (subset, mix)."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np

from data_generators.errors import DataError, ErrorPolicy, OnError
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

    def fingerprint(self) -> str:
        """Hex digest of `content()`; two sources with the same one yield the same bytes."""
        return hash_content(self.content())


def hash_content(content: Any) -> str:
    """The first 16 hex digits of the SHA-256 of JSON data, keys sorted."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


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

    def groups(self) -> list[str]:
        groups = self._source.groups()
        return [groups[index] for index in self._indices]

    def content(self) -> Any:
        return ["subset", self._source.content(), self._indices]
