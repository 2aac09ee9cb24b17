"""Finds the parts of a Pascal VOC folder, upper or lower case: XML files, their pictures, and the lists of splits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from data_generators.errors import DataError
from data_generators.files import read_bytes
from data_generators.images import list_images

ANNOTATIONS = ("annotations", "xmls")
PICTURES = ("jpegimages", "images")
LISTS = ("imagesets", "main")


@dataclass(frozen=True)
class VocFolder:
    """A VOC set on disk.

    Args:
        root: the folder that holds `Annotations` and `JPEGImages` or `images`, or the files themselves.
    """

    root: Path

    @cached_property
    def xml_paths(self) -> dict[str, Path]:
        """Name without extension -> XML file, sorted by name.

        Raises:
            DataError: there is none.
        """
        folder = self.root
        for name in ANNOTATIONS:
            folder = _child(folder, name) or folder
        paths = [path for path in folder.iterdir() if path.suffix.lower() == ".xml" and not path.name.startswith(".")]
        if not paths:
            cure = "Give the folder that holds Annotations and JPEGImages, or XML files and their pictures."
            raise DataError(folder, "expected XML files in this folder, found none.", cure)
        return {path.stem: path for path in sorted(paths)}

    @cached_property
    def _pictures(self) -> dict[str, Path]:
        """Name, with and without extension, in lower case -> picture; of two with one name the first in the alphabet.

        Raises:
            DataError: there is none.
        """
        folder = next((found for name in PICTURES if (found := _child(self.root, name))), self.root)
        paths = list_images(folder)
        return {path.stem.lower(): path for path in reversed(paths)} | {path.name.lower(): path for path in paths}

    def find_picture(self, xml_path: Path, filename: str) -> Path:
        """The picture of an XML file: that of the same name, else that which its `filename` tells.

        Args:
            xml_path: the XML file.
            filename: as it says, maybe without extension, with folders, or empty.

        Raises:
            DataError: neither is there.
        """
        said = filename.replace("\\", "/").rsplit("/", 1)[-1].lower()
        stem = xml_path.stem.lower()
        same = said if said.rsplit(".", 1)[0] == stem else stem
        for name in (same, stem, said, said.rsplit(".", 1)[0]):
            if name in self._pictures:
                return self._pictures[name]
        problem = f"there is no picture {xml_path.stem}.* nor {filename or 'any that `filename` tells'}."
        raise DataError(xml_path, problem, "Put it into JPEGImages, or delete this file.")

    def without_xml(self, read: Collection[Path]) -> list[Path]:
        """The pictures that are neither among those that XML files told, nor of the name of one."""
        stems = {name.lower() for name in self.xml_paths}
        others = set(self._pictures.values()) - set(read)
        return sorted(path for path in others if path.stem.lower() not in stems)

    def listed(self, split: str | None) -> dict[Path, str]:
        """The XML files of a split, or all, each with the file and line that names it; whether a listed one is there
        is left to its reader.

        Raises:
            DataError: there is no such list, or it is empty.
        """
        if split is None:
            return {path: str(path) for path in self.xml_paths.values()}
        lists = self._lists()
        if split not in lists:
            cure = f"Splits there are: {', '.join(lists)}." if lists else "Take all files: leave the split out."
            raise DataError(self.root, f"there is no split {split!r} in ImageSets/Main.", cure)
        path = lists[split]
        lines = read_bytes(path).decode("utf-8-sig", errors="replace").splitlines()
        found = {self._xml_of(line.strip()): f"{path}:{number}" for number, line in enumerate(lines, 1) if line.strip()}
        if not found:
            raise DataError(path, "the list is empty.", "Write a name a line, without extension.")
        return found

    def _xml_of(self, line: str) -> Path:
        """The XML file of a line `NAME`, or `NAME 1` as in the lists of single classes."""
        for name in (line, line.split()[0]):
            if name in self.xml_paths:
                return self.xml_paths[name]
        return next(iter(self.xml_paths.values())).with_name(f"{line.split()[0]}.xml")

    def _lists(self) -> dict[str, Path]:
        folder: Path | None = self.root
        for name in LISTS:
            folder = folder and (_child(folder, name) or (folder if folder != self.root else None))
        paths = sorted(folder.iterdir()) if folder else []
        return {path.stem: path for path in paths if path.suffix.lower() == ".txt" and not path.name.startswith(".")}


def _child(folder: Path, name: str) -> Path | None:
    """The sub-folder of this name, whatever its case."""
    return next((path for path in sorted(folder.iterdir()) if path.name.lower() == name and path.is_dir()), None)
