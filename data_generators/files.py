"""How readers and writers touch the disk: whole files written at once, and what identifies a file's content."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from data_generators.errors import DataError

VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
DEFAULTS = {"DETECTOR_DATA": "../shared/data"}  # where the public sets lie beside a checkout


def expand_variables(text: str) -> str:
    """A path with `$NAME` or `${NAME}` replaced by that environment variable; `DETECTOR_DATA` is `../shared/data`
    where it is not set.

    Raises:
        DataError: there is no such variable.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        found = os.environ.get(name) or DEFAULTS.get(name)
        if found is None:
            cure = f"Set it to a folder, e.g. export {name}=/data, or write the path out."
            raise DataError(text, f"the environment variable {name} is not set.", cure)
        return found

    return VARIABLE.sub(value, text)


def read_bytes(path: str | Path, cure: str = "Check the name, or take the file out of the set.") -> bytes:
    """The bytes of a file.

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(path, f"the file cannot be read: {error.strerror or error}.", cure) from error


def write_atomically(path: str | Path, data: bytes) -> None:
    """Writes a file so that after a kill it is there in full or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def checked_folder(directory: str | Path, what: str) -> Path:
    """The folder as a path.

    Args:
        directory: where the data should be; `~` stands for the home folder.
        what: what is expected in it, for the message.

    Raises:
        DataError: it is not a folder.
    """
    path = Path(directory).expanduser()
    if not path.is_dir():
        came = "is a file" if path.exists() else "is not there"
        raise DataError(path, f"expected a folder with {what}, but it {came}.", "Check the path.")
    return path


def file_stamp(path: Path) -> tuple[int, int]:
    """Size in bytes and time of change in ns of a file; (-1, 0) where there is none, so that its coming changes it."""
    try:
        status = path.stat()
    except OSError:
        return -1, 0
    return status.st_size, status.st_mtime_ns


def files_content(root: Path, paths: Iterable[Path]) -> dict[str, Any]:
    """What identifies files: the folder, which samples name as their origin, and in the order given each file's name
    relative to it and its `file_stamp`."""
    files = [[Path(os.path.relpath(path, root)).as_posix(), *file_stamp(path)] for path in paths]
    return {"root": root.resolve().as_posix(), "files": files}
