"""A folder of pictures of the user's own: scans that serve as pages, photos that serve as backgrounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from data_generators.errors import DataError

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


class PictureFolder:
    """The pictures in a folder and the folders below it, in the order of their names.

    Args:
        folder: where they lie.
        setting: name of the setting that the folder comes from, for messages.

    Raises:
        DataError: the folder is not there or holds no picture.
    """

    def __init__(self, folder: Path, setting: str) -> None:
        if not folder.is_dir():
            raise DataError(folder, f"`{setting}` must be a folder of pictures; there is none.", "Check the path.")
        self.folder = folder
        self.paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        if not self.paths:
            raise DataError(
                folder,
                f"`{setting}` must hold pictures ({', '.join(sorted(SUFFIXES))}); it holds none.",
                f"Put at least one there, or leave out `{setting}`.",
            )

    def __len__(self) -> int:
        return len(self.paths)

    def name(self, index: int) -> str:
        """Path of a picture relative to the folder, with forward slashes."""
        return self.paths[index].relative_to(self.folder).as_posix()

    def content(self) -> list[tuple[str, int, int]]:
        """Name, size in bytes and time of change in nanoseconds of every picture."""
        stats = [path.stat() for path in self.paths]
        return [(self.name(index), stat.st_size, stat.st_mtime_ns) for index, stat in enumerate(stats)]


def read_picture(path: Path, long_px: int) -> np.ndarray:
    """Reads a picture upright, as its EXIF orientation says, and shrinks it.

    Args:
        path: the file.
        long_px: longest side of the result; smaller pictures stay as they are.

    Returns:
        uint8 (H, W, 3) RGB, read-only. Where the file is transparent there is white.

    Raises:
        DataError: the file is no picture, or is cut short.
    """
    try:
        with Image.open(path) as file:
            file.draft("RGB", (long_px, long_px))
            upright = ImageOps.exif_transpose(file).convert("RGBA")
    except (OSError, UnidentifiedImageError, SyntaxError) as error:
        raise DataError(path, f"the picture cannot be read ({error}).", "Replace the file or remove it.") from error
    ground = Image.new("RGBA", upright.size, "white")
    picture = Image.alpha_composite(ground, upright).convert("RGB")
    picture.thumbnail((long_px, long_px), Image.Resampling.LANCZOS, reducing_gap=3.0)
    array = np.asarray(picture)
    array.flags.writeable = False
    return array
