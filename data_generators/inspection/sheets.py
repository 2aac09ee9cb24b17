"""Contact sheets of what the inspection found: suspicious labels in magenta, near-duplicates side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from data_generators.drawn_sample import Predicted, draw_sample
from data_generators.inspection.records import Records
from data_generators.inspection.shared_pictures import SharedPicture
from data_generators.inspection.suspicions import Suspicion
from data_generators.preview import contact_sheet
from data_generators.sample import Sample
from data_generators.sources import Source

CELL_PX, COLUMNS = 320, 6
MOST_SUSPICIOUS, MOST_PAIRS = 60, 30


def suspicious_sheet(sources: Sequence[Source], suspicions: Sequence[Suspicion]) -> np.ndarray | None:
    """Suspicious pictures, of each kind as many as there is room for; None where there is none.

    Args:
        sources: in the order of `Suspicion.source`.
        suspicions: the surest first.

    Returns:
        uint8 (H, W, 3), RGB.
    """
    chosen = _take_in_turns([each for each in suspicions if each.index >= 0], MOST_SUSPICIOUS)
    tiles = []
    for each in chosen:
        source = sources[each.source]
        sample = source.sample(each.index)
        marked, note = Predicted(_only(sample, each.objects)), f"{each.kind}, {each.certainty}"
        tiles.append(draw_sample(sample, CELL_PX, source.class_names, marked, note))
    return contact_sheet(tiles, COLUMNS, CELL_PX) if tiles else None


def _take_in_turns(suspicions: Sequence[Suspicion], count: int) -> list[Suspicion]:
    """The first of every kind, then the second, up to `count`, kind by kind."""
    kinds: dict[str, list[Suspicion]] = {}
    for each in suspicions:
        kinds.setdefault(each.kind, []).append(each)
    turns = [each for row in zip_longest(*kinds.values()) for each in row if each is not None][:count]
    return [each for of_kind in kinds.values() for each in of_kind if each in turns]


def _only(sample: Sample, objects: tuple[int, ...]) -> Sample:
    """The sample with some of its objects."""
    chosen = list(objects)
    fields = ("boxes", "labels", "ignore", "keypoints")
    return sample.replace(**{name: np.array(getattr(sample, name)[chosen]) for name in fields})


def duplicates_sheet(sources: Sequence[Source], found: Records, shared: Sequence[SharedPicture]) -> np.ndarray | None:
    """Pairs of near-duplicates side by side, in the order given; None where there is none.

    Args:
        sources: in the order of `Record.source`.
        found: what the pairs number.
        shared: the pairs.

    Returns:
        uint8 (H, W, 3), RGB.
    """
    tiles = []
    for each in shared[:MOST_PAIRS]:
        said = "identical" if each.pair.identical else f"correlation {each.pair.correlation:.3f}"
        said += ", mirrored" if each.pair.mirrored else ""
        for number, note in ((each.pair.first, said), (each.pair.second, "" if each.labels_agree else "other labels")):
            record = found.records[number]
            source = sources[record.source]
            tiles.append(draw_sample(source.sample(record.index), CELL_PX, source.class_names, note=note))
    return contact_sheet(tiles, COLUMNS, CELL_PX) if tiles else None
