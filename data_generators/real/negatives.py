"""Reads a folder of pictures that are known to hold no object, so that a model learns to say so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.errors import OnError
from data_generators.files import files_content
from data_generators.images import list_images, read_image
from data_generators.real.version import reader_version
from data_generators.sample import Sample, sample_with_corners
from data_generators.sources import Source


class NegativesSource(Source):
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
        self._root = Path(directory).expanduser()
        self._paths = list_images(self._root, recursive=True)
        self.class_names = (class_name,) if isinstance(class_name, str) else tuple(class_name)
        self.labelled_classes = frozenset(self.class_names)
        self.on_error = on_error

    def __len__(self) -> int:
        return len(self._paths)

    def sample(self, index: int) -> Sample:
        path = self._paths[index]
        group = path.relative_to(self._root).as_posix()
        return sample_with_corners(read_image(path), np.zeros((0, 4, 2)), group=group, origin=str(path))

    def groups(self) -> list[str]:
        return [path.relative_to(self._root).as_posix() for path in self._paths]

    def content(self) -> Any:
        return ["negatives", reader_version(), self.class_names, files_content(self._root, self._paths)]
