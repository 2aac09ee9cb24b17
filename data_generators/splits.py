"""Splits a source into parts such as train and val, so that no clip or document is in two of them unless one asks."""

from __future__ import annotations

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
from pydantic import Field

from data_generators.errors import DataError
from data_generators.settings import Settings
from data_generators.sources import Source, SubsetSource

logger = logging.getLogger(__name__)

SplitBy = Literal["group", "time", "frame"]
GAP = 10  # frames between two parts of a clip
NOT_IN_A_PART = -1
NUMBERED = re.compile(r"(.*?)(\d+)(\.[A-Za-z]\w*)?")  # stem, number, extension
CONSECUTIVE = 0.7  # share of the samples whose name follows that of another, from which they may be frames


class SplitSettings(Settings):
    """How `#train` and `#val` are made of a folder that does not say itself what they are."""

    split_by: SplitBy | None = None
    """`group`: a clip is in one of them as a whole. `time`: of every clip the first frames are #train, the last ones
    #val, `split_gap` frames between them in neither. `frame`: single frames by chance, which flatters the score, since
    the next frame shows nearly the same. Null: by group, and by time where there is one group alone."""
    val_share: float = Field(0.2, gt=0, lt=1)
    """Share of the groups, or of the frames, in #val."""
    split_gap: int = Field(GAP, ge=0)
    """Of `time`: samples left out between the two."""
    split_seed: int = 0
    """Of `group` and `frame`: which ones #val holds, and #train does not: a hash of this seed and the name."""


def open_split(source: Source, split: str, settings: SplitSettings, where: str) -> SubsetSource:
    """`train` or `val` of a source that has no splits of its own; `val` with a word of `warn_of_neighbours`.

    Args:
        source: with the samples of a clip in order of time.
        split: what is asked for.
        settings: how to split.
        where: the source as it was named, for messages.

    Raises:
        DataError: there is no such split, or too few groups or frames for two.
    """
    fractions = {"train": 1 - settings.val_share, "val": settings.val_share}
    if split not in fractions:
        cure = "Splits there are: train, val; they are made here, as the folder has none of its own."
        raise DataError(where, f"there is no split {split!r}.", cure)
    alone = len(set(source.groups())) == 1
    try:
        parts = split_source(
            source,
            fractions,
            settings.split_by or ("time" if alone else "group"),
            seed=settings.split_seed,
            gap=settings.split_gap,
        )
    except ValueError as error:
        raise DataError(where, f"it cannot be split: {error}", "Or name no split.") from error
    if split == "val":
        warn_of_neighbours(parts["train"], parts["val"], where)
    return parts[split]


def split_source(
    source: Source, fractions: dict[str, float], split_by: SplitBy = "group", *, seed: int = 0, gap: int = GAP
) -> dict[str, SubsetSource]:
    """Splits a source by one of the three ways, see `SplitSettings.split_by`.

    Raises:
        ValueError: the fractions do not add up to 1, or a part would be empty.
    """
    if split_by == "time":
        return split_by_time(source, fractions, gap)
    return split_by_frame(source, fractions, seed) if split_by == "frame" else split_by_group(source, fractions, seed)


def split_by_group(source: Source, fractions: dict[str, float], seed: int = 0) -> dict[str, SubsetSource]:
    """Splits a source; each group goes to one part, by a hash of its name.

    A group stays where it is when samples are added or taken away. The fractions hold for groups, and on average.

    Args:
        source: what is split.
        fractions: part of the groups for each name, in (0, 1]; they add up to 1.
        seed: another seed gives another split.

    Returns:
        A source for each name; together they hold every sample once, in the order of `source`.

    Raises:
        ValueError: the fractions do not add up to 1, or a part would be empty.
    """
    return _split(source, fractions, lambda group, frames, ends: np.full(frames, _hash_place(group, seed, ends)))


def split_by_frame(source: Source, fractions: dict[str, float], seed: int = 0) -> dict[str, SubsetSource]:
    """Splits a source sample by sample, by a hash of group and place in it; warns of the samples that leak.

    Args and errors are those of `split_by_group`; the fractions hold for samples, and on average.
    """

    def places(group: str, frames: int, ends: np.ndarray) -> np.ndarray:
        return np.array([_hash_place(f"{group}\n{frame}", seed, ends) for frame in range(frames)], np.int64)

    parts = _split(source, fractions, places)
    first, *others = parts.items()
    for name, part in others:
        leaking = count_leaks(first[1], part)
        if leaking:
            logger.warning(
                "%d of %d samples of %s leak: %s holds others of their group (clip or document). Scores will flatter; "
                "split by group or time to know how well it does on what it has not seen.",
                *(leaking, len(part), name, first[0]),
            )
    return parts


def split_by_time(source: Source, fractions: dict[str, float], gap: int = GAP) -> dict[str, SubsetSource]:
    """Splits every group into blocks that follow each other: for one clip that must serve to train and to validate.

    The blocks lie `gap` samples apart, which are in no part. A group that is too short for that goes to the first.

    Args:
        source: what is split, the samples of a group in order of time.
        fractions: share of the samples of a group for each name, in the order of time.
        gap: samples left out between two blocks.

    Returns:
        A source for each name, in the order of `source`.

    Raises:
        ValueError: the fractions do not add up to 1, or a part would be empty.
    """
    return _split(source, fractions, lambda _, frames, ends: _blocks(frames, ends, gap))


def count_leaks(first: Source, second: Source) -> int:
    """How many samples of the second source are of a group of which the first holds samples too."""
    known = set(first.groups())
    return sum(group in known for group in second.groups())


def warn_of_neighbours(train: Source, val: Source, where: str) -> None:
    """Warns where samples that nobody has grouped are called like the frames of a clip: `frame_041`, `frame_042` ...

    Whether they are frames, which leak, or photos that somebody has numbered, which do not, the names cannot tell:
    blood cells and raccoons are numbered as frames are. So the split stays as it is, and the warning says what to do.
    Nothing is said where several samples share a group, or where most numbers do not follow each other.

    Args:
        train: the samples to train on.
        val: those of the same source to validate on.
        where: the source, for the message.
    """
    names = [*train.groups(), *val.groups()]
    pairs = _in_a_row(names)
    steps = Counter(step for _, _, step in pairs)
    if len(set(names)) < len(names) or not steps or max(steps.values()) < CONSECUTIVE * len(names):
        return
    known = set(train.groups())
    beside = {name for pair in pairs for name, other in (pair[:2], pair[1::-1]) if name not in known and other in known}
    if beside:
        logger.warning(
            "%s: the names are numbered like frames (%s, %s), and each is a group of its own: %d of %d samples of val "
            "lie beside one of train. If they are frames of clips, scores will flatter: say which clip each is of "
            "(masks: group_pattern, where '^' makes all one clip, or a folder a clip; coco: `group` of each image; "
            "corners: the column group), or name other clips as validation data.",
            *(where, *pairs[0][:2], len(beside), len(val)),
        )


def _in_a_row(names: Sequence[str]) -> list[tuple[str, str, int]]:
    """Names that are equal but for the number at their end, each with the next higher one, and how far it is."""
    numbered: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        found = NUMBERED.fullmatch(name)
        if found:
            numbered.setdefault(found[1], []).append((int(found[2]), name))
    pairs = [pair for each in numbered.values() for pair in pairwise(sorted(each))]
    return [(before, after, to - start) for (start, before), (to, after) in pairs]


def _split(
    source: Source, fractions: dict[str, float], places: Callable[[str, int, np.ndarray], np.ndarray]
) -> dict[str, SubsetSource]:
    """The parts that `places` gives: (group, its number of samples, ends of the parts in [0, 1)) -> number of the part
    for each sample of the group, int64."""
    if not fractions or min(fractions.values()) <= 0 or abs(sum(fractions.values()) - 1) > 1e-6:
        raise ValueError(
            f"`fractions` must be greater than 0 and add up to 1. Received {fractions}. "
            "Write them as {'train': 0.8, 'val': 0.2}."
        )
    ends = np.cumsum(list(fractions.values()))[:-1]
    indices_of: dict[str, list[int]] = {}
    for index, group in enumerate(source.groups()):
        indices_of.setdefault(group, []).append(index)
    place = np.full(len(source), NOT_IN_A_PART)
    for group, indices in indices_of.items():
        place[indices] = places(group, len(indices), ends)
    parts = {name: np.flatnonzero(place == number).tolist() for number, name in enumerate(fractions)}
    empty = [name for name, part in parts.items() if not part]
    if empty:
        raise ValueError(
            f"The split leaves {', '.join(empty)} without a sample: {len(indices_of)} groups in {len(source)} samples. "
            "Take another seed or a greater fraction, label more clips or documents, or, of one clip, split by time: "
            "its first frames train, its last ones validate."
        )
    return {name: SubsetSource(source, part) for name, part in parts.items()}


def _blocks(frames: int, ends: np.ndarray, gap: int) -> np.ndarray:
    """The part of each sample of a group, int64 (frames,)."""
    kept = frames - gap * len(ends)
    bounds = [0, *np.round(ends * kept).astype(int).tolist(), kept]
    if min(np.diff(bounds)) < 1:
        return np.zeros(frames, np.int64)
    place = np.full(frames, NOT_IN_A_PART)
    for number, (start, stop) in enumerate(pairwise(bounds)):
        place[start + number * gap : stop + number * gap] = number
    return place


def _hash_place(name: str, seed: int, ends: np.ndarray) -> int:
    """The number of the part that a name falls into, by a number in [0, 1) that depends on it and the seed alone."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    unit = int.from_bytes(digest[:6], "big") / 2**48
    return int(np.searchsorted(ends, unit, side="right"))
