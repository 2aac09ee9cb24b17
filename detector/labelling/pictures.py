"""The pictures of a folder as a page asks for them, by name: decoded once for all that is asked about one."""

from __future__ import annotations

import threading
from collections.abc import Container
from functools import lru_cache
from pathlib import Path

import numpy as np

from data_generators.files import file_stamp
from data_generators.images import encode_image, read_image

DECODED_PICTURES = 4  # kept, so that the picture, its pixels and its suggestion decode the file once


class Pictures:
    """Several threads may ask at once.

    Args:
        folder: where they lie.
        names: those that may be asked for, paths relative to the folder.
    """

    def __init__(self, folder: Path, names: Container[str]) -> None:
        self._folder, self._names = folder, names
        self._lock = threading.Lock()
        self._decode = lru_cache(DECODED_PICTURES)(_decode)

    def image(self, name: str) -> np.ndarray:
        """uint8 (H, W, 3), upright.

        Raises:
            DataError: the picture cannot be read.
            KeyError: there is no such picture.
        """
        if name not in self._names:
            raise KeyError(name)
        path = self._folder / name
        with self._lock:
            return self._decode(path, file_stamp(path))

    def pixels(self, name: str) -> bytes:
        """The picture as JPEG, upright; raises as `image` does."""
        return encode_image(self.image(name), ".jpg", quality=92)


def _decode(path: Path, _: tuple[int, int]) -> np.ndarray:
    return read_image(path)
