"""Writes folders of pictures and masks, as `data_generators.real.masks` reads them: index PNGs, classes in a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import yaml

from data_generators.errors import DataError
from data_generators.files import write_atomically
from data_generators.real.box_writer import (
    Names,
    Progress,
    joined_class_names,
    new_folder,
    relabelled_samples,
    write_picture,
)
from data_generators.real.index_picture_writer import write_index_picture
from data_generators.real.lost_labels import LostLabels
from data_generators.real.mask_values import BACKGROUND, MOST_CLASSES, PaintedMask
from data_generators.real.masks import OPTIONS_NAME, SPLIT_FOLDERS
from data_generators.sample import MASK_IGNORE, Sample
from data_generators.sources import Source

SAME_PX = 1.0  # a side that differs less is the same
LOST = {
    "maskless": "{} pictures left out: nobody painted a mask of them.",
    "moved": "boxes of {} pictures: they are read as one around all pixels of each class.",
}


def write_mask_set(
    splits: Mapping[str, Source],
    directory: str | Path,
    quality: int | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Writes sources to a new folder, which is there in full or, after a kill, not at all.

    A split has folders `images/` and `masks/` of its own, and in them the pictures of a group a sub-folder, where a
    group has several. A mask is written as it is, label + 1 and 255; `masks.yaml` says what the values mean.

    Args:
        splits: name of the split -> source; {"": source} fills the folder itself.
        directory: the folder, new or empty.
        quality: of JPEG pictures, 1 to 100; None copies files, and writes PNG where there is none.
        progress: called with the number of samples done and their total.

    Returns:
        What the format could not hold, a sentence each with a count.

    Raises:
        DataError: the folder is not empty, there are more classes than values, or a sample cannot be read and its
            source's `on_error` is `raise`.
    """
    class_names, target = joined_class_names(splits), Path(directory).expanduser()
    if not 1 <= len(class_names) <= MOST_CLASSES:
        problem = f"a mask holds 1 to {MOST_CLASSES} classes, the source has {len(class_names)}."
        raise DataError(target, problem, "Write another format.")
    lost = LostLabels("a folder of masks", frozenset({"classes", "groups", "mask"}), class_names)
    counts, names, folders = Counter[str](), {split: Names() for split in splits}, _folders(splits)
    with new_folder(target) as root:
        options = {"classes": dict(enumerate([BACKGROUND, *class_names])) | {MASK_IGNORE: "ignore"}}
        write_atomically(root / OPTIONS_NAME, yaml.safe_dump(options, sort_keys=False, allow_unicode=True).encode())
        for split, index, sample in relabelled_samples(splits, class_names, progress):
            if "mask" not in sample.has:
                counts["maskless"] += 1
                continue
            if "boxes" in sample.has:
                lost.count(sample, splits[split].labelled_classes_at(index))
                counts["moved"] += _is_moved(sample, class_names)
            name = Path(folders.get(sample.group, "")) / names[split].unique(sample.origin, index)
            path = write_picture(root / split / "images" / name, sample, quality)
            write_index_picture(root / split / "masks" / name.parent / f"{path.stem}.png", sample.mask)
    return [text.format(counts[kind]) for kind, text in LOST.items() if counts[kind]] + lost.sentences()


def _folders(splits: Mapping[str, Source]) -> dict[str, str]:
    """Name of the sub-folder of each group that has several pictures."""
    sizes = Counter(group for source in splits.values() for group in source.groups())
    used, folders = set(SPLIT_FOLDERS), dict[str, str]()
    for group in (group for group, size in sizes.items() if size > 1):
        plain = name = re.sub(r"[^\w.-]", "_", group).lstrip(".") or "group"
        number = 2
        while name.lower() in used:
            name, number = f"{plain}_{number}", number + 1
        used.add(name.lower())
        folders[group] = name
    return folders


def _is_moved(sample: Sample, class_names: tuple[str, ...]) -> bool:
    """Whether the reader gives other boxes."""
    names = {0: BACKGROUND, MASK_IGNORE: "ignore"} | dict(enumerate(class_names, 1))
    found = PaintedMask(sample.mask.astype(np.int32), {value: names[value] for value in np.unique(sample.mask)})
    boxes, labels = found.objects(class_names, "values")
    order = np.argsort(sample.labels, kind="stable")
    if sample.labels[order].tolist() != sorted(labels.tolist()) or sample.ignore.any():
        return True
    scale = np.array(sample.size_hw[::-1] * 2)
    return bool((np.abs(sample.boxes[order].clip(0, 1) - boxes[np.argsort(labels)]) * scale > SAME_PX).any())
