"""Reads folders of pictures and painted masks, `image/` and `labels/` or whatever they are called; mask and boxes."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Annotated

import yaml
from pydantic import AfterValidator

from data_generators.errors import DataError, ErrorPolicy, OnError
from data_generators.files import checked_folder, read_bytes
from data_generators.images import list_images
from data_generators.real.mask_values import MaskValueSettings
from data_generators.real.masked_pictures import MaskedPicture, MaskedPicturesSource, in_natural_order
from data_generators.sources import Source
from data_generators.splits import SplitSettings, open_split
from data_generators.yaml_text import parse_yaml

logger = logging.getLogger(__name__)

OPTIONS_NAME = "masks.yaml"  # in the folder: settings that count where nobody gives others
IMAGE_FOLDERS = frozenset(
    ("frames", "image", "images", "img", "imgs", "input", "inputs", "jpegimages", "photos", "pictures", "rgb")
)
MASK_FOLDERS = frozenset(("annotation", "annotations", "ground_truth", "groundtruth", "gt", "label", "labels", "mask"))
MASK_FOLDERS |= {"masks", "seg", "segmentation", "segmentationclass", "segmentations", "target", "targets"}
SUFFIXES = ("", "_mask", "_masks", "_label", "_labels", "_gt", "_seg", "_segmentation", "-mask")
SPLIT_FOLDERS = frozenset(("train", "training", "val", "valid", "validation", "test", "testing"))
LISTS = "ImageSets/Segmentation"  # where Pascal VOC says which pictures have masks


def _checked_pattern(pattern: str | None) -> str | None:
    try:
        re.compile(pattern or "")
    except re.error as error:
        raise ValueError(f"the pattern is no regular expression ({error})") from error
    return pattern


class MaskFolderSettings(MaskValueSettings, SplitSettings):
    """How a folder of pictures and masks is read."""

    images: str | None = None
    """Folder of the pictures; null: the one that is called `image`, `images`, `JPEGImages` or alike."""
    masks: str | None = None
    """Folder of the masks; null: the one that is called `label`, `masks`, `SegmentationClass` or alike."""
    mask_suffix: str | None = None
    """What the mask's name has behind the picture's, e.g. `_mask`; null: nothing, or one of the usual endings."""
    group_pattern: Annotated[str | None, AfterValidator(_checked_pattern)] = None
    """Regular expression that finds the group (clip, patient) in a picture's name without extension, by its first
    bracket or as a whole, e.g. `^(.*)_[0-9]+$`, or `^`, by which all are of one; null: the sub-folder that is no split,
    or the name itself: frames that lie flat in one folder are then a group each, see `splits.warn_of_neighbours`."""


def open_masks(path: str, split: str | None, options: MaskFolderSettings, on_error: OnError) -> Source:
    """A folder of pictures and masks, or of sub-folders that hold both.

    Sub-folders called `train`, `val` or alike are splits, others are clips, and so groups; each may be named as a
    split. Splits are also `images/train` with `masks/train`, and lists of Pascal VOC. Where there is none of them,
    `train` and `val` are made by `open_split`.

    Raises:
        DataError: file and cure of what cannot be used, or an unknown split.
    """
    root = checked_folder(path, "a folder of pictures and one of masks")
    options = _with_told_options(root, options)
    splits = _own_splits(root, options)
    made = split is not None and split not in splits and not SPLIT_FOLDERS & {name.lower() for name in splits}
    if split is not None and not made and split not in splits:
        raise DataError(root, f"there is no split {split!r}.", f"Splits there are: {', '.join(splits)}.")
    parts = _whole(root, splits, options) if split is None or made else [splits[split]]
    policy, pictures = ErrorPolicy(on_error), list[MaskedPicture]()
    for part in parts:
        pictures += part.pictures(options, policy)
    policy.summarise(str(root), len(pictures) + len(policy.skipped))
    if not pictures:
        raise DataError(root, "no picture can be used.", "Mend what is named above.")
    source = MaskedPicturesSource(root, pictures, options, on_error)
    return open_split(source, str(split), options, f"masks:{path}") if made else source


def _with_told_options(root: Path, options: MaskFolderSettings) -> MaskFolderSettings:
    """The options, and those of the folder's own file where none are given that say the same."""
    told = root / OPTIONS_NAME
    if not told.is_file() or options.model_fields_set & {"classes", "colours", "class_name", "threshold"}:
        return options
    try:
        values = parse_yaml(read_bytes(told))
    except yaml.YAMLError as error:
        raise DataError(told, f"the file is not YAML ({error}).", "Write one `name: value` a line.") from error
    if not isinstance(values, dict):
        raise DataError(told, f"expected settings, got {type(values).__name__}.", "Write one `name: value` a line.")
    return MaskFolderSettings.parse({**values, **options.model_dump(exclude_unset=True)}, where=str(told))


def _own_splits(root: Path, options: MaskFolderSettings) -> dict[str, _Part]:
    """What the folder itself tells apart: sub-folders or lists, by name."""
    own = _find_folders(root, options)
    if own is None:
        found = {each.name: _find_folders(each, options) for each in sorted(root.iterdir()) if each.is_dir()}
        return {name: _Part(*pair, clip=name) for name, pair in found.items() if pair}
    lists = sorted((root / LISTS).glob("*.txt"))
    if lists:
        return {
            each.stem: _Part(*own, listed=frozenset(read_bytes(each).decode(errors="replace").split()))
            for each in lists
        }
    names = [each.name for each in sorted(own[0].iterdir()) if each.name.lower() in SPLIT_FOLDERS]
    return {name: _Part(own[0] / name, own[1] / name, clip=name) for name in names if (own[1] / name).is_dir()}


def _whole(root: Path, splits: dict[str, _Part], options: MaskFolderSettings) -> list[_Part]:
    """Everything in the folder, each picture once."""
    listed = [part.listed for part in splits.values() if part.listed is not None]
    if splits and not listed:
        return list(splits.values())
    return [_Part(*_pair_of_folders(root, options), listed=frozenset().union(*listed) if listed else None)]


def _find_folders(root: Path, options: MaskFolderSettings) -> tuple[Path, Path] | None:
    """The folders of pictures and masks, where there is one of each."""
    images, masks = _candidates(root, options.images, IMAGE_FOLDERS), _candidates(root, options.masks, MASK_FOLDERS)
    return (images[0], masks[0]) if len(images) == len(masks) == 1 else None


def _candidates(root: Path, name: str | None, usual: frozenset[str]) -> list[Path]:
    if name is not None:
        return [root / name] if (root / name).is_dir() else []
    return [each for each in sorted(root.iterdir()) if each.name.lower() in usual and _holds_pictures(each)]


def _holds_pictures(folder: Path) -> bool:
    try:
        return bool(folder.is_dir() and list_images(folder, recursive=True))
    except DataError:
        return False


def _pair_of_folders(root: Path, options: MaskFolderSettings) -> tuple[Path, Path]:
    """The folders of pictures and masks.

    Raises:
        DataError: there is none of a kind, or more than one.
    """
    found = _find_folders(root, options)
    if found:
        return found
    there = ", ".join(sorted(each.name for each in root.iterdir() if each.is_dir())) or "none"
    problem = f"expected a folder of pictures and one of masks, e.g. image/ and label/. Folders there are: {there}."
    raise DataError(root, problem, "Say which they are, e.g. with options: {images: photos, masks: painted}.")


@dataclass(frozen=True)
class _Part:
    """A folder of pictures and that of their masks.

    Args:
        images: pictures, also in sub-folders.
        masks: masks, in the same sub-folders.
        clip: the clip or split, where there are several; it goes before the names.
        listed: names of those that count, without extension; None: all.
    """

    images: Path
    masks: Path
    clip: str = ""
    listed: frozenset[str] | None = None

    def pictures(self, options: MaskFolderSettings, policy: ErrorPolicy) -> Iterator[MaskedPicture]:
        """The pictures in natural order, each with its mask."""
        masks_of: dict[str, list[Path]] = {}
        for path in list_images(self.masks, recursive=True):
            masks_of.setdefault(_stem(path, self.masks), []).append(path)
        suffixes = self._suffixes(options)
        paths = {_stem(path, self.images): path for path in list_images(self.images, recursive=True)}
        taken: set[str] = set()
        for stem in sorted(paths, key=in_natural_order):
            if not self._counts(stem, suffixes):
                continue
            name = next((stem + suffix for suffix in suffixes if stem + suffix in masks_of), stem + suffixes[0])
            taken.add(name)
            try:
                mask = self._only(paths[stem], name, masks_of.get(name, []))
                yield MaskedPicture(paths[stem], mask, _group(PurePath(self.clip, stem), paths[stem], options))
            except DataError as error:
                policy.handle(error)
        rest = sorted(set(masks_of) - taken)
        if rest and self.images != self.masks and self.listed is None:
            logger.warning("%s: %d masks without a picture are passed over, e.g. %s", self.masks, len(rest), rest[0])

    def _suffixes(self, options: MaskFolderSettings) -> tuple[str, ...]:
        """Endings of the masks' names; in one folder with the pictures, none of them is empty."""
        endings = SUFFIXES if options.mask_suffix is None else (options.mask_suffix,)
        return endings if self.images != self.masks else tuple(filter(None, endings))

    def _counts(self, stem: str, suffixes: tuple[str, ...]) -> bool:
        """Whether a picture is one, and no mask that lies beside them, and is listed."""
        is_mask = self.images == self.masks and stem.endswith(suffixes)
        return not is_mask and (self.listed is None or stem in self.listed)

    def _only(self, picture: Path, name: str, found: list[Path]) -> Path:
        if len(found) == 1:
            return found[0]
        if found:
            problem = f"there are {len(found)} masks of this picture: {', '.join(path.name for path in found)}."
            raise DataError(picture, problem, "Keep one.")
        cure = f"Put it at {self.masks / name}.png, give the ending of masks as mask_suffix, or take the picture out."
        raise DataError(picture, "there is no mask of this picture.", cure)


def _stem(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _group(name: PurePath, path: Path, options: MaskFolderSettings) -> str:
    """The group of a picture by its name with folders and without extension."""
    if options.group_pattern is None:
        parts = name.parts[:-1]
        folders = parts[1:] if parts and parts[0].lower() in SPLIT_FOLDERS else parts
        return "/".join(folders) or name.as_posix()
    found = re.search(options.group_pattern, name.as_posix())
    if found is None:
        problem = f"the name {name.as_posix()} does not fit group_pattern {options.group_pattern!r}."
        raise DataError(path, problem, "Give a pattern that fits every name.")
    return str(found[1] if found.re.groups else found[0])
