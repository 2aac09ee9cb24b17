"""Reads Pascal VOC sets: an XML file a picture, whose boxes are in pixels; `ImageSets/Main/*.txt` names splits.

VOC counts pixels from 1 and includes the last one: xmin 1 and xmax W are the edges of the picture. labelImg, with which
most sets are made (the public raccoons and blood cells, too), counts from the outer edge but writes 1 for 0; read as
VOC, its boxes are at most a pixel larger. `one_based: false` takes the numbers as edges, counted from 0.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from data_generators.errors import DataError, OnError
from data_generators.files import checked_folder
from data_generators.real.box_checks import read_pictures
from data_generators.real.labelled_pictures import LabelledBox, LabelledPicture, LabelledPicturesSource, read_size_hw
from data_generators.real.voc_folder import VocFolder
from data_generators.real.xml_lines import LinedElement, elements, number_in, read_xml
from data_generators.settings import Settings

logger = logging.getLogger(__name__)

CURE = "Export the labels as Pascal VOC again, or move what is none to another folder."


class VocSettings(Settings):
    """How Pascal VOC files are read."""

    one_based: bool = True
    """Pixels count from 1, and xmax, ymax are the last ones inside; false: they are edges, counted from 0."""
    ignore_difficult: bool = True
    """An object marked as difficult is to be ignored."""


class VocSource(LabelledPicturesSource):
    """The pictures of a VOC set that have an XML file. The classes are the names that occur in the whole set, sorted,
    so that all splits have the same; an object that is truncated counts as any other. Each picture is its own group.

    Args:
        directory: the folder with `Annotations` and `JPEGImages` (or `images`), or with XML files and pictures.
        split: a list in `ImageSets/Main`; None takes all XML files.
        settings: how they are read.
        on_error: whether a file that cannot be used stops the work or is left out.

    Raises:
        DataError: file, line and cure of what cannot be used, or an unknown split.
    """

    def __init__(
        self,
        directory: str | Path,
        split: str | None = None,
        settings: VocSettings | None = None,
        on_error: OnError = "raise",
    ) -> None:
        settings = settings or VocSettings()
        folder = VocFolder(checked_folder(directory, "Annotations and JPEGImages"))
        reader = _Reader(folder, settings)
        pictures = read_pictures(folder.root, folder.listed(split).items(), reader.read, on_error=on_error)
        if split is None:
            _report_missing(folder, pictures)
        super().__init__(folder.root, pictures, _class_names(folder), [split, settings.model_dump()], on_error)


def _report_missing(folder: VocFolder, pictures: Sequence[LabelledPicture]) -> None:
    missing = folder.without_xml([picture.path for picture in pictures])
    if missing:
        text = "%s: %d pictures have no XML file and are left out, e.g. %s; one without objects says that there is none"
        logger.warning(text, folder.root, len(missing), missing[0])


@dataclass(frozen=True)
class _Reader:
    """Reads XML files; see `VocSource`."""

    folder: VocFolder
    settings: VocSettings

    def read(self, listed: tuple[Path, str]) -> LabelledPicture:
        path, where = listed
        if not path.is_file():
            raise DataError(where, f"there is no XML file {path.name}.", "Put it there, or delete the line.")
        root = read_xml(path, "annotation", CURE)
        picture = self.folder.find_picture(path, root.findtext("filename", "").strip())
        size_hw = _size_hw(path, root) or read_size_hw(picture)
        objects = tuple(self._read_object(f"{path}:{item.line}", item, size_hw) for item in elements(root, "object"))
        return LabelledPicture(picture, path, str(path), objects, path.stem, size_hw)

    def _read_object(self, where: str, item: LinedElement, size_hw: tuple[float, float]) -> LabelledBox:
        name, box = item.findtext("name", "").strip(), item.find("bndbox")
        if not name or box is None:
            raise DataError(where, "expected an object with <name> and <bndbox>.", "Draw it again, or delete it.")
        x0, y0, x1, y1 = (number_in(box, side, where) for side in ("xmin", "ymin", "xmax", "ymax"))
        height, width = size_hw
        first = float(self.settings.one_based)
        edges = (x0 - first) / width, (y0 - first) / height, x1 / width, y1 / height
        difficult = item.findtext("difficult", "0").strip() not in ("", "0")
        return LabelledBox(name, edges, where, ignore=difficult and self.settings.ignore_difficult)


def _size_hw(path: Path, root: LinedElement) -> tuple[float, float] | None:
    """Height and width of the labelled picture; None where they are missing or 0, as some tools write them."""
    size = root.find("size")
    if size is None:
        return None
    height, width = (number_in(size, name, str(path)) for name in ("height", "width"))
    return (height, width) if height > 0 and width > 0 else None


def _class_names(folder: VocFolder) -> list[str]:
    """The names in all XML files, also those of other splits; what cannot be read there is their reader's affair."""
    names: set[str] = set()
    for path in folder.xml_paths.values():
        with suppress(DataError):
            names.update(
                item.findtext("name", "").strip() for item in read_xml(path, "annotation", CURE).iter("object")
            )
    return sorted(names - {""})
