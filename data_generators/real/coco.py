"""Reads COCO JSON files: boxes in pixels, masks as polygons or run lengths, one file for all pictures of a split."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_generators.errors import DataError, OnError
from data_generators.files import checked_folder, read_bytes
from data_generators.real.box_checks import read_pictures
from data_generators.real.coco_masks import add_ignored, check_segmentation, paint_objects, region_box_px, resize_mask
from data_generators.real.labelled_pictures import Box, LabelledBox, LabelledPicture, LabelledPicturesSource
from data_generators.sample import MASK_IGNORE, Sample

PREFIX, ROBOFLOW_NAME = "instances_", "_annotations.coco.json"
LISTS = ("images", "annotations", "categories")
CURE = "Export it again as COCO, object detection."


class CocoSource(LabelledPicturesSource):
    """The pictures of a COCO set, also those without annotations: they hold no object.

    A folder is one with `annotations/instances_SPLIT.json` and its pictures in `SPLIT/`, `images/SPLIT/` or `images/`,
    as COCO and CVAT write it, or with `SPLIT/_annotations.coco.json` beside the pictures, as Roboflow does. Crowds
    are to be ignored. An annotation without `bbox` gets the box around its segmentation. A category that no annotation
    has and that is only the `supercategory` of others is no class. The group is the picture's `group`, or its path
    where it has none.

    A picture has a mask, see `paint_objects`, where one of its annotations has a segmentation, or where it has none at
    all and others in the set have segmentations. The key `ignore_mask` of an image, run lengths, is of our own making.

    Args:
        path: a JSON file, or the folder.
        split: of a folder; None takes all.
        on_error: whether a picture that cannot be used stops the work or is left out.

    Raises:
        DataError: file, annotation and cure of what cannot be used, or an unknown split.
    """

    def __init__(self, path: str | Path, split: str | None = None, on_error: OnError = "raise") -> None:
        given = Path(path).expanduser()
        root = given.parent if given.is_file() else checked_folder(given, "annotations/instances_SPLIT.json")
        files = [_CocoFile.read(file) for file in _label_files(given, split)]
        class_names = dict.fromkeys(name for file in files for name in file.class_names())
        items = (item for file in files for item in file.items())
        pictures = read_pictures(given, items, lambda item: item.picture(root), on_error=on_error)
        super().__init__(root, pictures, tuple(class_names), split, on_error)
        self._with_masks = any(_is_segmented(picture) for picture in pictures) and len(class_names) < MASK_IGNORE

    def sample(self, index: int) -> Sample:
        sample, picture = super().sample(index), self._pictures[index]
        if not self._with_masks or (picture.objects and not _is_segmented(picture)):
            return sample
        mask = paint_objects(picture.objects, sample.labels.tolist(), picture.size_hw)
        if picture.ignored is not None:
            mask = add_ignored(mask, picture.ignored, picture.size_hw)
        return sample.replace(mask=resize_mask(mask, sample.size_hw), has=sample.has | {"mask"})


def _is_segmented(picture: LabelledPicture) -> bool:
    return any(item.segmentation is not None for item in picture.objects)


def _label_files(given: Path, split: str | None) -> list[Path]:
    """The JSON files of a split, or of all."""
    if given.is_file():
        if split is None:
            return [given]
        raise DataError(given, "a COCO file has no splits.", f"Leave #{split} out, or give the folder.")
    files = {path.stem.removeprefix(PREFIX): path for path in sorted(given.glob(f"annotations/{PREFIX}*.json"))}
    files |= {path.parent.name: path for path in sorted(given.glob(f"[!.]*/{ROBOFLOW_NAME}"))}
    if not files and (given / ROBOFLOW_NAME).is_file():
        files[""] = given / ROBOFLOW_NAME
    if not files:
        problem = f"expected annotations/{PREFIX}SPLIT.json or SPLIT/{ROBOFLOW_NAME}, found neither."
        raise DataError(given, problem, "Check the folder, or give the JSON file itself.")
    if split is None:
        return list(files.values())
    if split not in files:
        raise DataError(given, f"there is no split {split!r}.", f"Splits there are: {', '.join(files)}.")
    return [files[split]]


@dataclass(frozen=True)
class _CocoFile:
    """A JSON file, with the folders in which its pictures may lie."""

    path: Path
    data: dict[str, list[dict[str, Any]]]
    names: dict[Any, str]

    @classmethod
    def read(cls, path: Path) -> _CocoFile:
        try:
            data = json.loads(read_bytes(path))
        except ValueError as error:
            raise DataError(path, f"the file is not JSON ({error}).", CURE) from error
        missing = [name for name in LISTS if not _is_list_of_mappings(data, name)]
        if missing:
            problem = f"expected lists {', '.join(LISTS)} as COCO has them. Missing or no such list: "
            raise DataError(path, f"{problem}{', '.join(missing)}.", CURE)
        names: dict[Any, str] = {}
        for category in data["categories"]:
            number = _id_in(category, "id")
            if number is None or not isinstance(category.get("name"), str):
                raise DataError(path, f"each category needs `id` and `name`. Received {category}.", CURE)
            if number in names:
                problem = f"another category, {names[number]!r}, has the same id."
                raise DataError(f"{path} category {number}", problem, "Give each category an id of its own.")
            names[number] = category["name"]
        return cls(path, {name: data[name] for name in LISTS}, names)

    def class_names(self) -> list[str]:
        """Names of the categories, less those that merely group others."""
        used = {_id_in(annotation, "category_id") for annotation in self.data["annotations"]}
        pairs = [(category["name"], category.get("supercategory")) for category in self.data["categories"]]
        groups = [group for name, group in pairs if group != name]
        return [name for number, name in self.names.items() if number in used or name not in groups]

    def items(self) -> Iterator[_Item]:
        """One item a picture, and one for each annotation that belongs to none."""
        items: dict[Any, _Item] = {}
        by_name: dict[str, _Item] = {}
        for place, image in enumerate(self.data["images"], 1):
            number, name = _id_in(image, "id"), str(image.get("file_name") or place)
            number = f"at place {place}" if number is None else number
            item = _Item(self, f"{self.path} image {number}", image)
            twin, first = by_name.setdefault(name, item), items.setdefault(number, item)
            if first is not item:
                first.fail(item.where, f"another image, {first.image.get('file_name')!r}, has the same id.", _CURE_ID)
            elif twin is not item:
                for one, other in ((twin, item), (item, twin)):
                    one.fail(one.where, f"{other.where} has the same file_name {name!r}.", "Join the two to one image.")
        yield from self._orphans(items)
        yield from items.values()

    def _orphans(self, items: dict[Any, _Item]) -> Iterator[_Item]:
        """Gives annotations to the items of their pictures; yields an item for each one of which there is none."""
        seen: set[Any] = set()
        for place, annotation in enumerate(self.data["annotations"], 1):
            number = _id_in(annotation, "id")
            where = f"{self.path} annotation {f'at place {place}' if number is None else number}"
            item = items.get(_id_in(annotation, "image_id"))
            if item is None:
                orphan = _Item(self, where, {})
                cure = "Add the image, or delete the annotation."
                orphan.fail(where, f"there is no image of its image_id {annotation.get('image_id')!r}.", cure)
                yield orphan
                continue
            if number is not None and number in seen:
                item.fail(where, "another annotation has the same id.", _CURE_ID)
            seen.add(number)
            item.annotations.append((where, annotation))


_CURE_ID = "Give each one an id of its own; where it is there twice, delete one."


def _id_in(entry: dict[str, Any], key: str) -> int | float | str | None:
    """An id of an entry; None where it is missing, or none that could be one."""
    value = entry.get(key)
    return value if isinstance(value, (int, float, str)) else None


def _is_list_of_mappings(data: Any, name: str) -> bool:
    values = data.get(name) if isinstance(data, dict) else None
    return isinstance(values, list) and all(isinstance(value, dict) for value in values)


@dataclass
class _Item:
    """An entry of `images` with its annotations, or the error that makes it useless."""

    file: _CocoFile
    where: str
    image: dict[str, Any]
    annotations: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    error: DataError | None = None

    def fail(self, where: str, problem: str, cure: str) -> None:
        self.error = self.error or DataError(where, problem, cure)

    def picture(self, root: Path) -> LabelledPicture:
        """What is said about the picture, whose group, where none is given, is its path from `root`."""
        if self.error:
            raise self.error
        name = self.image.get("file_name")
        if not name or not isinstance(name, str):
            raise DataError(self.where, "the image has no `file_name`.", CURE)
        size_hw = _size_hw(self.where, self.image)
        path = _find_picture(self.file.path, name)
        objects = tuple(self._object(where, annotation, size_hw) for where, annotation in self.annotations)
        own = path.relative_to(root) if path.is_relative_to(root) else path
        group = str(self.image.get("group") or own.as_posix())
        ignored = check_segmentation(self.where, self.image.get("ignore_mask"), size_hw)
        return LabelledPicture(path, self.file.path, self.where, objects, group, size_hw, ignored)

    def _object(self, where: str, annotation: dict[str, Any], size_hw: tuple[float, float]) -> LabelledBox:
        category = _id_in(annotation, "category_id")
        if category not in self.file.names:
            known = ", ".join(map(str, self.file.names)) or "none"
            cure = f"Add it to `categories`, or correct the annotation. Ids there are: {known}."
            raise DataError(where, f"there is no category of its category_id {category!r}.", cure)
        segmentation = check_segmentation(where, annotation.get("segmentation"), size_hw)
        x0, y0, x1, y1 = _box_px(where, annotation, segmentation, size_hw)
        height, width = size_hw
        box = (x0 / width, y0 / height, x1 / width, y1 / height)
        ignore = bool(annotation.get("iscrowd") or annotation.get("ignore"))
        return LabelledBox(self.file.names[category], box, where, ignore, segmentation)


def _size_hw(where: str, image: dict[str, Any]) -> tuple[float, float]:
    height, width = image.get("height"), image.get("width")
    if not isinstance(height, (int, float)) or not isinstance(width, (int, float)) or min(height, width) <= 0:
        problem = f"`height` and `width` must be positive. Received {height!r} and {width!r}."
        raise DataError(where, problem, "Fill in the size of the picture in pixels.")
    return float(height), float(width)


def _find_picture(file: Path, name: str) -> Path:
    """The picture of a file name, which may have sub-folders; where it is in none of the folders, in the first."""
    folders = [file.parent]
    if file.parent.name == "annotations":
        root, split = file.parent.parent, file.stem.removeprefix(PREFIX)
        folders = [root / split, root / "images" / split, root / "images", root, file.parent]
    else:
        folders.append(file.parent / "images")
    paths = [folder / name.replace("\\", "/") for folder in folders]
    return next((path for path in paths if path.is_file()), paths[0])


def _box_px(where: str, annotation: dict[str, Any], segmentation: Any, size_hw: tuple[float, float]) -> Box:
    """x0 y0 x1 y1 in pixels: of `bbox`, or around the segmentation where there is none."""
    if not annotation.get("bbox"):
        if segmentation is None:
            cure = "Fill in `bbox`, x y width height in pixels, or delete it."
            raise DataError(where, "the annotation has no `bbox`, and no segmentation.", cure)
        return region_box_px(segmentation, size_hw)
    try:
        x, y, width, height = map(float, annotation["bbox"])
    except (TypeError, ValueError) as error:
        problem = f"`bbox` must be x y width height in pixels. Received {annotation['bbox']!r}."
        raise DataError(where, problem, "Correct it, or delete it.") from error
    return x, y, x + width, y + height
