"""Labels that look wrong, each with its file, what is odd, and how sure that is: for a person to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from data_generators.inspection.counts import touched_sides
from data_generators.inspection.label_rules import RULES, Certainty
from data_generators.inspection.records import Record, Records
from data_generators.inspection.shared_pictures import SharedPicture

CERTAINTIES: tuple[Certainty, ...] = ("certain", "likely", "possible")
MOST_DEVIATIONS = 5.0  # of the logarithm of the aspect from its class's median, in robust standard deviations
LEAST_DEVIATION = 0.1  # one such deviation is at least 10 % of the aspect
FEW_FOR_ASPECT, FEW_OBJECTS = 20, 10

_WHOLE_SOURCE = -1


@dataclass(frozen=True)
class Suspicion:
    """Something odd about a label.

    Args:
        kind: name of the rule.
        certainty: `certain` contradicts itself, `likely` is a mistake more often than not, `possible` deserves a look.
        source: number of the source.
        index: of the picture in it, -1 for the whole source.
        origin: the file, or the name of the source.
        objects: numbers of the objects in the picture.
        problem: what is odd, without a full stop.
    """

    kind: str
    certainty: Certainty
    source: int
    index: int
    origin: str
    objects: tuple[int, ...]
    problem: str


def find_suspicions(found: Records, shared: Sequence[SharedPicture] = ()) -> list[Suspicion]:
    """What every rule finds, the surest first, then by kind and picture.

    Args:
        found: the pictures and their labels.
        shared: pictures that are there twice.
    """
    suspicions = [
        _of_record(record, kind, certainty, objects, problem)
        for record in found.records
        for rule in RULES
        for kind, certainty, objects, problem in rule(record, found)
    ]
    suspicions += [*_odd_aspects(found), *_disagreements(found, shared)]
    suspicions += [*_rare_classes(found), *_one_sided_classes(found)]
    return sorted(suspicions, key=lambda each: (CERTAINTIES.index(each.certainty), each.kind, each.source, each.index))


def _of_record(record: Record, kind: str, certainty: Certainty, objects: tuple[int, ...], problem: str) -> Suspicion:
    return Suspicion(kind, certainty, record.source, record.index, record.origin, objects, problem)


def _odd_aspects(found: Records) -> Iterator[Suspicion]:
    """Boxes whose aspect is far from those of their class; boxes that the picture cuts off are left out."""
    rows = [
        (record, number, float(np.log(wide / high)))
        for record in found.records
        for number, (wide, high) in enumerate(record.box_sizes_px.tolist())
        if not record.ignore[number] and min(wide, high) > 0 and not touched_sides(record.boxes[[number]]).any()
    ]
    for label, name in enumerate(found.class_names):
        of_class = [row for row in rows if row[0].labels[row[1]] == label]
        if len(of_class) < FEW_FOR_ASPECT:
            continue
        deviations = robust_deviations(np.array([logarithm for _, _, logarithm in of_class]))
        for (record, number, logarithm), deviation in zip(of_class, deviations.tolist(), strict=True):
            if abs(deviation) > MOST_DEVIATIONS:
                said = f"{name} of aspect {np.exp(logarithm):.2f}, {abs(deviation):.1f} deviations from its class"
                yield _of_record(record, "odd aspect", "possible", (number,), said)


def robust_deviations(values: np.ndarray) -> np.ndarray:
    """Distances (M,) from the median in robust standard deviations, 1.4826 times the median absolute deviation
    (F. R. Hampel, The influence curve and its role in robust estimation, 1974)."""
    distance = values - np.median(values)
    return distance / max(LEAST_DEVIATION, 1.4826 * float(np.median(np.abs(distance))))


def _disagreements(found: Records, shared: Sequence[SharedPicture]) -> Iterator[Suspicion]:
    for each in shared:
        if not each.labels_agree:
            one, other = found.records[each.pair.first], found.records[each.pair.second]
            objects = tuple(range(len(other.boxes)))
            yield _of_record(other, "duplicates disagree", "likely", objects, f"other labels than {one.origin}")


def _rare_classes(found: Records) -> Iterator[Suspicion]:
    for name, counts in _objects_by_class(found).items():
        holders = [number for number, count in enumerate(counts) if count]
        if 0 < sum(counts) < FEW_OBJECTS:
            origin = ", ".join(found.names[number] for number in holders)
            said = f"{sum(counts)} objects of {name} in all: too few to learn from, or a mistyped name"
            yield Suspicion("rare class", "possible", holders[0], _WHOLE_SOURCE, origin, (), said)


def _one_sided_classes(found: Records) -> Iterator[Suspicion]:
    """Classes that some sources have and others lack: they are learnt and never measured, or the reverse."""
    for name, counts in _objects_by_class(found).items():
        for number, count in enumerate(counts):
            if any(counts) and not count:
                said = f"no object of {name} here, {sum(counts)} in the other sources"
                yield Suspicion("missing class", "likely", number, _WHOLE_SOURCE, found.names[number], (), said)


def _objects_by_class(found: Records) -> dict[str, list[int]]:
    """Class -> its objects in each source, ignored ones left out."""
    counts = np.zeros((len(found.names), len(found.class_names)), np.int64)
    for record in found.records:
        labels = record.labels[~record.ignore]
        np.add.at(counts[record.source], labels[labels >= 0], 1)
    return dict(zip(found.class_names, counts.T.tolist(), strict=True))
