"""Writes trimap folders: pictures, beside each an index picture of object, background and border, and their classes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import yaml

from data_generators.files import write_atomically
from data_generators.images import write_image
from data_generators.real.box_writer import (
    Names,
    Progress,
    joined_class_names,
    new_folder,
    relabelled_samples,
    write_picture,
)
from data_generators.real.lost_labels import LostLabels
from data_generators.real.trimaps import OPTIONS_NAME, trimap_box
from data_generators.sample import MASK_IGNORE, Sample
from data_generators.sources import Source

OBJECT, BACKGROUND, BORDER = 1, 2, 3  # what `TrimapSettings` reads
SAME_PX = 1.0  # a side that differs less is the same
LOST = {
    "mixed": "{} pictures left out: they show objects of several classes, a trimap is of one.",
    "maskless": "{} pictures left out: their objects have no masks.",
    "empty": "{} pictures without an object left out: of several classes the name of a picture must say one.",
    "joined": "objects of {} pictures told apart no more: a trimap is of all of them together.",
    "ignore": "ignore flags in {} pictures: their trimap shows other objects too.",
    "moved": "boxes of {} pictures: the box around the mask is another.",
}


def write_trimap_set(
    splits: Mapping[str, Source],
    directory: str | Path,
    quality: int | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Writes sources to a new folder, which is there in full or, after a kill, not at all.

    Args:
        splits: name of the split -> source; each gets a folder of its own, but {"": source} fills the folder itself.
        directory: the folder, new or empty.
        quality: of JPEG pictures, 1 to 100; None copies files, and writes PNG where there is none.
        progress: called with the number of samples done and their total.

    Returns:
        What the format could not hold, a sentence each with a count.

    Raises:
        DataError: the folder is not empty, or a sample cannot be read and its source's `on_error` is `raise`.
    """
    class_names = joined_class_names(splits)
    lost, counts = LostLabels("a trimap folder", frozenset({"classes", "ignore", "mask"}), class_names), Counter[str]()
    with new_folder(Path(directory).expanduser()) as root:
        writers = {split: TrimapWriter(root / split, class_names) for split in splits}
        for split, index, sample in relabelled_samples(splits, class_names, progress):
            hindrance = find_hindrance(sample, class_names)
            if "boxes" not in sample.has or not hindrance:
                lost.count(sample, splits[split].labelled_classes_at(index))
            if "boxes" in sample.has:
                counts.update([hindrance] if hindrance else writers[split].add(sample, index, quality))
    return [text.format(counts[kind]) for kind, text in LOST.items() if counts[kind]] + lost.sentences()


def find_hindrance(sample: Sample, class_names: Sequence[str]) -> str:
    """Why a picture with labelled boxes cannot be told by a trimap: a key of `LOST`; empty where it can."""
    if len(set(sample.labels.tolist())) > 1:
        return "mixed"
    if len(sample.labels) and "mask" not in sample.has:
        return "maskless"
    return "empty" if len(class_names) > 1 and not len(sample.labels) else ""


class TrimapWriter:
    """Writes one folder: `images/`, `trimaps/`, and the classes in `trimaps.yaml`, which the reader heeds.

    Where there are several classes the names of their pictures begin differently, e.g. with `cat_`.

    Args:
        root: the folder.
        class_names: the vocabulary that the samples' labels index.
    """

    def __init__(self, root: Path, class_names: tuple[str, ...]) -> None:
        self._root, self._names = root, Names()
        self._prefixes = _prefixes(class_names) if len(class_names) > 1 else [""]
        options: dict[str, object] = {"class_name": class_names[0]} if len(class_names) == 1 else {}
        if len(class_names) > 1:
            options["classes"] = {f"{begin}*": name for begin, name in zip(self._prefixes, class_names, strict=True)}
        write_atomically(root / OPTIONS_NAME, yaml.safe_dump(options, sort_keys=False, allow_unicode=True).encode())

    def add(self, sample: Sample, index: int, quality: int | None) -> list[str]:
        """Writes picture and trimap.

        Args:
            sample: nothing hinders it, see `find_hindrance`.
            index: of the sample in its source; it names a picture that comes from no file.
            quality: see `write_trimap_set`.

        Returns:
            What was lost, keys of `LOST`.
        """
        prefix = self._prefixes[sample.labels[0]] if len(sample.labels) else ""
        path = write_picture(
            self._root / "images" / (prefix + self._names.unique(sample.origin, index)), sample, quality
        )
        trimap = make_trimap(sample)
        write_image(self._root / "trimaps" / f"{path.stem}.png", trimap[..., None])
        lost = {
            "joined": len(sample.boxes) > 1,
            "ignore": sample.ignore.any() and not sample.ignore.all(),
            "moved": _is_moved(sample, trimap),
        }
        return [kind for kind, is_lost in lost.items() if is_lost]


def _prefixes(class_names: Sequence[str]) -> list[str]:
    """A different beginning of file names for each class; none begins as another does, and none holds a wildcard."""
    taken: list[str] = []
    for name in class_names:
        plain = re.sub(r"[\W_]", "-", name)
        while plain in taken:
            plain += "-"
        taken.append(plain)
    return [f"{plain}_" for plain in taken]


def make_trimap(sample: Sample) -> np.ndarray:
    """The trimap of a sample: uint8 (H, W), border where the mask may be either, and where all objects are ignored."""
    mask = sample.mask if sample.mask.size else np.zeros(sample.size_hw, np.uint8)
    inside = BORDER if len(sample.ignore) and sample.ignore.all() else OBJECT
    trimap = np.where(mask == 0, BACKGROUND, np.where(mask == MASK_IGNORE, BORDER, inside))
    return trimap.astype(np.uint8)


def _is_moved(sample: Sample, trimap: np.ndarray) -> bool:
    """Whether the box around all objects, cut off at the picture's edge, is read as another, or not at all."""
    read = trimap_box(trimap == OBJECT, trimap == BORDER)
    if not len(read) or not len(sample.boxes):
        return len(read) != len(sample.boxes)
    boxes = sample.boxes.clip(0, 1)
    whole = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
    size_px = np.array(sample.size_hw[::-1] * 2)
    return bool((np.abs(read[0] - whole) * size_px > SAME_PX).any())
