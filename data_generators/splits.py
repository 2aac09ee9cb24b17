"""Splits a source by group into parts such as train and val, so that no clip or document is in two of them."""

from __future__ import annotations

import hashlib

import numpy as np

from data_generators.sources import Source, SubsetSource


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
    if not fractions or min(fractions.values()) <= 0 or abs(sum(fractions.values()) - 1) > 1e-6:
        raise ValueError(
            f"`fractions` must be greater than 0 and add up to 1. Received {fractions}. "
            "Write them as {'train': 0.8, 'val': 0.2}."
        )
    names, ends = list(fractions), np.cumsum(list(fractions.values()))[:-1]
    groups = source.groups()
    part_of = {group: int(np.searchsorted(ends, _hash_unit(group, seed), side="right")) for group in set(groups)}
    indices: list[list[int]] = [[] for _ in names]
    for index, group in enumerate(groups):
        indices[part_of[group]].append(index)
    empty = [name for name, part in zip(names, indices, strict=True) if not part]
    if empty:
        raise ValueError(
            f"The split leaves {', '.join(empty)} without a sample: {len(part_of)} groups in {len(groups)} samples. "
            "Take another seed, a greater fraction, or label more documents."
        )
    return {name: SubsetSource(source, part) for name, part in zip(names, indices, strict=True)}


def _hash_unit(group: str, seed: int) -> float:
    """A number in [0, 1) that depends on the group's name and the seed alone."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
