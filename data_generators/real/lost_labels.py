"""Counts what readers left out and what a format of box labels has no place for: for the person who converts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from data_generators.sample import Sample
from data_generators.sources import Source


def reduced_sentences(format_name: str, sources: Iterable[Source]) -> list[str]:
    """What the readers of sources of one format have left out, a sentence each with a count."""
    counts = sum((Counter(source.count_reduced()) for source in sources), Counter[str]())
    return [f"{kind} of {count} objects: {format_name} is read as boxes alone." for kind, count in counts.items()]


class LostLabels:
    """What is lost when samples are written in a format.

    Args:
        name: of the format.
        holds: see `BoxWriter.holds`.
        class_names: the vocabulary that the samples' labels index.
    """

    def __init__(self, name: str, holds: frozenset[str], class_names: tuple[str, ...]) -> None:
        self._name, self._holds, self._class_names = name, holds, class_names
        self._counts: Counter[str] = Counter()
        self._groups: Counter[str] = Counter()
        self._occurring: set[int] = set()

    def count(self, sample: Sample, labelled_classes: frozenset[str]) -> None:
        """Counts one sample, in which the classes `labelled_classes` were looked for."""
        if "boxes" not in sample.has:
            self._counts["unlabelled"] += 1
            return
        written = sample.labels >= 0
        self._counts["nameless"] += int((~written).sum())
        self._counts["over"] += int(((sample.boxes < 0) | (sample.boxes > 1))[written].any(axis=1).sum())
        self._counts["ignore"] += int(sample.ignore[written].sum())
        self._counts["keypoints"] += int(np.isfinite(sample.keypoints[written]).any(axis=(1, 2)).sum())
        self._counts["mask"] += "mask" in sample.has
        self._counts["labelled_classes"] += bool(set(self._class_names) - labelled_classes)
        self._groups[sample.group] += 1
        self._occurring.update(sample.labels[written].tolist())

    def sentences(self) -> list[str]:
        """What was lost, a sentence each with a count; empty where nothing was."""
        name, counts = self._name, self._counts
        texts = {
            "unlabelled": "{} pictures left out: nobody looked for boxes in them.",
            "nameless": "{} objects left out: they are of no class.",
            "over": "{} boxes cut at the border of their picture, or left out beyond it.",
            "ignore": f"{{}} ignore flags: {name} has none, these objects now count as all others.",
            "keypoints": f"keypoints of {{}} objects: {name} has none.",
            "mask": f"mask of {{}} pictures: {name} has none.",
            "labelled_classes": (
                f"labelled_classes of {{}} pictures: {name} cannot say that nobody looked for a class, so its absence "
                "now counts."
            ),
        }
        lost = [text.format(counts[key]) for key, text in texts.items() if counts[key] and key not in self._holds]
        return [*lost, *self._lost_groups(), *self._lost_classes()]

    def _lost_groups(self) -> list[str]:
        pictures = sum(count for count in self._groups.values() if count > 1)
        if not pictures or "groups" in self._holds:
            return []
        return [f"groups of {pictures} pictures: {self._name} has none; split them before they are written."]

    def _lost_classes(self) -> list[str]:
        absent = [name for index, name in enumerate(self._class_names) if index not in self._occurring]
        if not absent or "classes" in self._holds:
            return []
        return [f"{len(absent)} classes without an object: {self._name} has no list of classes ({', '.join(absent)})."]
