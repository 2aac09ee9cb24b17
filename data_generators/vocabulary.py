"""A source in somebody else's vocabulary: labels mapped by name, between a source and the cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from data_generators.sample import Sample
from data_generators.sources import Source

OTHER_CLASS = -1  # label of an object of no class that was asked for


class RelabelledSource(Source):
    """The samples of a source, with labels that index other class names.

    An object of a class that is not among them keeps its place, and gets the label -1; in the mask it is background. A
    class that the source never labelled is among `Sample.unlabelled`, so that its absence teaches nothing.

    Args:
        source: where the samples come from.
        classes: the names that its labels shall index.
        absent: those of them that its pictures are known not to show, though nobody labelled them.
    """

    def __init__(self, source: Source, classes: Sequence[str], absent: Sequence[str] = ()) -> None:
        self._source, self._absent = source, frozenset(absent)
        self.class_names = tuple(classes)
        self.labelled_classes = (source.labelled_classes | self._absent) & frozenset(classes)
        self.corner_order, self.on_error = source.corner_order, source.on_error
        places = {name: place for place, name in enumerate(self.class_names)}
        self._labels = np.array(
            [*(places.get(name, OTHER_CLASS) for name in source.class_names), OTHER_CLASS], np.int64
        )

    def __len__(self) -> int:
        return len(self._source)

    def sample(self, index: int) -> Sample:
        sample = self._source.sample(index)
        looked_for = self.labelled_classes_at(index)
        unlabelled = frozenset(place for place, name in enumerate(self.class_names) if name not in looked_for)
        has = sample.has | ({"boxes"} if self._absent else set())
        return sample.relabel(self._labels).replace(unlabelled=unlabelled, has=frozenset(has))

    def labelled_classes_at(self, index: int) -> frozenset[str]:
        return (self._source.labelled_classes_at(index) | self._absent) & frozenset(self.class_names)

    def groups(self) -> list[str]:
        return self._source.groups()

    def content(self) -> Any:
        return ["relabelled", self._source.content(), list(self.class_names), sorted(self._absent)]


def in_vocabulary(source: Source, classes: Sequence[str], absent: Sequence[str] = ()) -> Source:
    """The source with labels that index `classes`; itself where it has them already, or none are asked for."""
    if not classes or (source.class_names == tuple(classes) and source.labelled_classes >= set(classes)):
        return source
    return RelabelledSource(source, classes, absent)
