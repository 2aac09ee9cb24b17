"""The objects that a split of the scenes may show, each decoded once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from data_generators.errors import DataError
from data_generators.synthetic.cutout_objects import Cutout, ObjectPicture, ObjectPictures
from data_generators.synthetic.picture_folder import SPLIT_ENDS, split_names

MOST_PICTURES = 512  # what a process keeps decoded, about 0.3 MB each at 320 pixels
TRIES = 20  # pictures in a row without a usable object before that is an error


class ObjectLibrary:
    """The objects of all sources that belong to a split.

    Args:
        parts: where they come from.
        split: `train`, `val` or `test` holds the pictures of that split alone, 80/10/10 by a hash of their names; None
            holds all.

    Raises:
        DataError: there are too few pictures for three splits.
    """

    def __init__(self, parts: Sequence[ObjectPictures], split: str | None) -> None:
        self._parts = parts
        entries = [(part, index, name) for part in parts for index, name in enumerate(part.names())]
        if split is not None:
            known = sorted({name for _, _, name in entries})
            if len(known) < len(SPLIT_ENDS):
                cure = f"Give {len(SPLIT_ENDS)} or more, or leave #{split} out and measure on other data."
                raise DataError("objects", f"{len(known)} pictures cannot be shared out to the splits.", cure)
            split_of = split_names(known)
            entries = [entry for entry in entries if split_of[entry[2]] == split]
        self._entries = [(part, index) for part, index, _ in entries]
        self.names = [name for _, _, name in entries]
        self.class_names = tuple(dict.fromkeys(name for part in parts for name in part.class_names))

    def draw_cutout(self, rng: np.random.Generator) -> Cutout:
        """Any object that can be pasted: one that its own photo did not cut off at two opposite sides.

        Raises:
            DataError: many pictures in a row show none.
        """
        for _ in range(TRIES):
            picture = self.draw_picture(rng)
            if picture is not None and picture.cutout.fits_a_border:
                return picture.cutout
        problem = f"{TRIES} pictures in a row have no mask of an object that is whole, or cut off at one side alone."
        raise DataError("objects", problem, "Take a source with masks, e.g. trimaps:PATH, or a `folder` of RGBA files.")

    def draw_picture(self, rng: np.random.Generator) -> ObjectPicture | None:
        """Any object with its photo, None where the picture that was drawn shows none."""
        return _read(*self._entries[int(rng.integers(len(self._entries)))])

    def content(self) -> Any:
        return [[part.content() for part in self._parts], self.names]


@lru_cache(maxsize=MOST_PICTURES)
def _read(pictures: ObjectPictures, index: int) -> ObjectPicture | None:
    return pictures.read(index)
