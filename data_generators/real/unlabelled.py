"""Reads a folder of pictures at which nobody has looked: they teach a network what pictures are, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data_generators.errors import OnError
from data_generators.files import files_content
from data_generators.images import list_images, read_image
from data_generators.real.version import reader_version
from data_generators.sample import Sample
from data_generators.sources import Source


class UnlabelledSource(Source):
    """The pictures of a folder and its sub-folders, without labels of any kind.

    Its `corner_order` is `none`: without corners it goes with either order. Each picture is its own group.

    Args:
        directory: the folder.
        on_error: what a consumer does with a picture that cannot be decoded.

    Raises:
        DataError: there is no such folder, or no picture in it.
    """

    def __init__(self, directory: str | Path, on_error: OnError = "raise") -> None:
        self._root = Path(directory).expanduser()
        self._paths = list_images(self._root, recursive=True)
        self.on_error = on_error

    def __len__(self) -> int:
        return len(self._paths)

    def sample(self, index: int) -> Sample:
        path = self._paths[index]
        return Sample(image=read_image(path), group=path.relative_to(self._root).as_posix(), origin=str(path))

    def groups(self) -> list[str]:
        return [path.relative_to(self._root).as_posix() for path in self._paths]

    def content(self) -> Any:
        return ["images", reader_version(), files_content(self._root, self._paths)]
