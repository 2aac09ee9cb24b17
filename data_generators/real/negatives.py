"""Reads a folder of pictures that are known to hold no object, so that a model learns to say so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.errors import OnError
from data_generators.real.unlabelled import UnlabelledSource
from data_generators.sample import Sample, sample_with_corners


class NegativesSource(UnlabelledSource):
    """The pictures of a folder and its sub-folders, each with no object: labelled, and empty.

    Its `corner_order` is `none`: without corners it goes with either order. Each picture is its own group.

    Args:
        directory: the folder.
        class_name: the class that is known to be absent, or several.
        on_error: what a consumer does with a picture that cannot be decoded.

    Raises:
        DataError: there is no such folder, or no picture in it.
    """

    def __init__(
        self, directory: str | Path, class_name: str | Sequence[str] = "document", on_error: OnError = "raise"
    ) -> None:
        super().__init__(directory, on_error)
        self.class_names = (class_name,) if isinstance(class_name, str) else tuple(class_name)
        self.labelled_classes = frozenset(self.class_names)

    def sample(self, index: int) -> Sample:
        picture = super().sample(index)
        return sample_with_corners(picture.image, np.zeros((0, 4, 2)), group=picture.group, origin=picture.origin)

    def content(self) -> Any:
        return ["negatives", self.class_names, super().content()]
