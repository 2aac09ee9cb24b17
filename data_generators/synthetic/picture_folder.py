"""A folder of pictures of the user's own: scans that serve as pages, photos that serve as backgrounds."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from data_generators.errors import DataError
from data_generators.files import files_content
from data_generators.images import list_images, read_image

logger = logging.getLogger(__name__)

SPLIT_ENDS = {"train": 0.8, "val": 0.9, "test": 1.0}  # a name whose hash lies below the end, and below no other's


class PictureFolder:
    """The pictures in a folder and the folders below it, in the order of their names; hidden ones are left out.

    Args:
        folder: where they lie; `~` stands for the home folder.
        setting: name of the setting that the folder comes from, for messages.
        split: `train`, `val` or `test` takes the pictures of that split alone, see `split_names`; where there are
            fewer pictures than splits, each split takes all, with a warning. None takes all.

    Raises:
        DataError: the folder is not there or holds no picture.
    """

    def __init__(self, folder: Path, setting: str, split: str | None = None) -> None:
        self.folder = folder.expanduser()
        try:
            self.paths = list_images(self.folder, recursive=True)
        except DataError as error:
            raise DataError(f"`{setting}`: {error.where}", error.problem, error.cure) from error
        if split is not None:
            self._keep_split(split, setting)

    def _keep_split(self, split: str, setting: str) -> None:
        if len(self.paths) < len(SPLIT_ENDS):
            logger.warning(
                "`%s`: %s holds too few pictures to share out (%d): the splits %s show the same pages, if in other "
                "scenes, so scores flatter. With %d pictures or more each split has its own.",
                setting,
                self.folder,
                len(self.paths),
                ", ".join(SPLIT_ENDS),
                len(SPLIT_ENDS),
            )
            return
        split_of = split_names([self.name(index) for index in range(len(self))])
        self.paths = [self.paths[index] for index in range(len(self)) if split_of[self.name(index)] == split]

    def __len__(self) -> int:
        return len(self.paths)

    def name(self, index: int) -> str:
        """Path of a picture relative to the folder, with forward slashes."""
        return self.paths[index].relative_to(self.folder).as_posix()

    def content(self) -> dict[str, Any]:
        """Folder, and name, size in bytes and time of change in nanoseconds of every picture."""
        return files_content(self.folder, self.paths)


def split_names(names: Sequence[str]) -> dict[str, str]:
    """Deals names out to train, val and test, 80/10/10 on average, by a hash, so that a name stays when others come.

    Where chance would leave a split without a name, as with few of them, the names are dealt out in the order of their
    hashes instead, at least one to each split.

    Args:
        names: at least as many as there are splits, each once.

    Returns:
        The split of each name.
    """
    split_of = {name: next(split for split, end in SPLIT_ENDS.items() if _hash_unit(name) < end) for name in names}
    if set(split_of.values()) == set(SPLIT_ENDS):
        return split_of
    ranked = sorted(names, key=_hash_unit)
    part = max(1, round(0.1 * len(names)))
    start = len(names) - 2 * part
    return {
        name: ("train" if rank < start else "val" if rank < start + part else "test")
        for rank, name in enumerate(ranked)
    }


def _hash_unit(name: str) -> float:
    """A number in [0, 1) that depends on the name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") / 2**48


def read_picture(path: Path, long_px: int) -> np.ndarray:
    """Reads a picture as `read_image` does and shrinks it.

    Args:
        path: the file.
        long_px: longest side of the result; smaller pictures stay as they are.

    Returns:
        uint8 (H, W, 3) RGB, read-only.

    Raises:
        DataError: the file is no picture, or is cut short.
    """
    image = read_image(path)
    height, width = image.shape[:2]
    scale = long_px / max(height, width)
    if scale < 1:
        size_wh = max(1, round(width * scale)), max(1, round(height * scale))
        image = cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA)
    image.flags.writeable = False
    return image
