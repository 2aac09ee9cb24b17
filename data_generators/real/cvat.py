"""Reads "CVAT for images 1.1" and "CVAT for video 1.1": an annotations.xml, and the pictures in `images/` or beside it.

Boxes are in pixels from the outer edge of the first one. Polygons, ellipses, masks and turned boxes are read as their
bounding boxes, and counted (`count_reduced`); tags are passed over; what has no box (points, polylines, cuboids,
skeletons) is refused. A checkbox named `ignore`, `difficult` or `is_crowd` makes an object ignored; an occluded one
counts as any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data_generators.errors import DataError, OnError
from data_generators.real.box_checks import read_pictures
from data_generators.real.cvat_shapes import read_shape
from data_generators.real.cvat_tracks import read_clip
from data_generators.real.labelled_pictures import LabelledPicture, LabelledPicturesSource
from data_generators.real.xml_lines import LinedElement, elements, number_in, read_xml

XML_NAME, IMAGES_NAME = "annotations.xml", "images"
CURE = "Export the task as `CVAT for images 1.1`."


class CvatSource(LabelledPicturesSource):
    """The pictures of a CVAT export. The classes are the labels of the task or project, in its order.

    Each picture is its own group; the frames of a video are one.

    Args:
        path: the XML file, or the folder that holds annotations.xml.
        split: a subset of the project; None takes all pictures.
        on_error: whether a picture that cannot be used stops the work or is left out.

    Raises:
        DataError: file, line and cure of what cannot be used, or an unknown subset.
    """

    def __init__(self, path: str | Path, split: str | None = None, on_error: OnError = "raise") -> None:
        file = Path(path).expanduser()
        file = file / XML_NAME if file.is_dir() else file
        root = read_xml(file, "annotations", CURE)
        names = _class_names(root)
        folder = file.parent / IMAGES_NAME
        folder = folder if folder.is_dir() else file.parent
        if root.find("track") is not None:
            _check_subset(file, split, set())
            clip = read_clip(file, root, folder)
            pictures = read_pictures(file, clip.frames(), clip.read, names, on_error)
        else:
            reader = _Reader(file, folder, root.findtext("meta/task/subset", "").strip())
            images = reader.images(root, split)
            pictures = read_pictures(file, images, reader.read, names, on_error)
        super().__init__(file.parent, pictures, names, settings=split, on_error=on_error)


@dataclass(frozen=True)
class _Reader:
    """Reads the pictures of a file.

    Args:
        path: the XML file.
        folder: where the pictures lie.
        subset: of the whole task, where it has one; pictures of a project name theirs.
    """

    path: Path
    folder: Path
    subset: str

    def images(self, root: LinedElement, split: str | None) -> list[LinedElement]:
        """The elements of the pictures of a subset."""
        images = elements(root, "image")
        if split is None:
            return images
        _check_subset(self.path, split, {self._subset_of(image) for image in images} - {""})
        return [image for image in images if self._subset_of(image) == split]

    def _subset_of(self, image: LinedElement) -> str:
        return image.get("subset") or self.subset

    def read(self, image: LinedElement) -> LabelledPicture:
        where, name = f"{self.path}:{image.line}", image.get("name", "")
        if not name:
            raise DataError(where, "the image has no name.", CURE)
        size_hw = number_in(image, "height", where), number_in(image, "width", where)
        shapes = [shape for shape in elements(image, "*") if shape.tag != "tag"]
        objects = [read_shape(f"{self.path}:{shape.line}", shape, shape.get("label", ""), size_hw) for shape in shapes]
        subset = self._subset_of(image)
        group = f"{subset}/{name}" if subset else name
        return LabelledPicture(self._find(subset, name), self.path, where, tuple(objects), group, size_hw)

    def _find(self, subset: str, name: str) -> Path:
        """The picture, in a folder of its subset or not; the first place where it should be if there is none."""
        places = [self.folder / name, self.folder / (subset or "default") / name, self.path.parent / name]
        return next((place for place in places if place.is_file()), places[0])


def _check_subset(path: Path, split: str | None, subsets: set[str]) -> None:
    """Raises DataError where the subset is none of those that there are."""
    if split is not None and split not in subsets:
        cure = f"Subsets there are: {', '.join(sorted(subsets))}." if subsets else "There are none: leave it out."
        raise DataError(path, f"there is no subset {split!r}.", cure)


def _class_names(root: LinedElement) -> list[str]:
    """The labels of the task, without the parts of skeletons; where the file lists none, those that occur, sorted."""
    labels = [label for label in root.iterfind("meta//label") if not label.findtext("parent", "").strip()]
    names = [label.findtext("name", "").strip() for label in labels]
    occurring = {element.get("label", "") for element in root.iterfind(".//*[@label]")}
    return list(dict.fromkeys(name for name in names if name)) or sorted(occurring - {""})
