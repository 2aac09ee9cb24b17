"""Reads clips in the layout of DAVIS, which video annotation tools write: frames and masks in a folder a sequence.

The layout is that of Perazzi et al. 2016, "A Benchmark Dataset and Evaluation Methodology for Video Object
Segmentation", and of its successors: `JPEGImages/480p/SEQUENCE/*.jpg`, `Annotations/480p/SEQUENCE/*.png` (0/255, or a
palette in which each index is an object), and lists of sequences in `ImageSets/`.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from data_generators.errors import DataError, ErrorPolicy, OnError
from data_generators.files import checked_folder, read_bytes
from data_generators.images import list_images
from data_generators.real.mask_values import MaskValueSettings
from data_generators.real.masked_pictures import (
    MaskedPicture,
    MaskedPicturesSource,
    Unmasked,
    choose_masked,
    in_natural_order,
)
from data_generators.sources import Source
from data_generators.splits import SplitSettings, open_split

IMAGES, MASKS, LISTS = "JPEGImages", "Annotations", "ImageSets"
USUAL_RESOLUTION = "480p"


class DavisSettings(MaskValueSettings, SplitSettings):
    """How clips in the layout of DAVIS are read."""

    resolution: str | None = None
    """Folder below JPEGImages that holds the sequences; null: 480p, or the only one, or none."""
    every: int = Field(1, ge=1)
    """Takes every n-th frame of a sequence, beginning with the first."""
    unmasked: Unmasked = "leave_out"
    """Frames without a mask: `leave_out`, or `unlabelled` samples."""


def open_davis(path: str, split: str | None, options: DavisSettings, on_error: OnError) -> Source:
    """The sequences of a folder, or of a list in `ImageSets`, or one of them; each is a group.

    Where neither a list nor a sequence has the name of the split, `train` and `val` are made by `open_split`.

    Args:
        path: the folder that holds `JPEGImages`, or the one above.
        split: a list (`train`, or `2017/train` where there are several), or a sequence; None takes all.
        options: which frames, and what the masks mean.
        on_error: whether a sequence or a frame that cannot be used stops the work or is left out.

    Raises:
        DataError: file and cure of what cannot be used, or an unknown split.
    """
    root = _find_root(checked_folder(path, f"{IMAGES}/ and {MASKS}/"))
    folders = _sequences(root, options)
    names, made = list(folders), False
    if split is not None:
        listed = _listed(root, split)
        made = listed is None and split not in folders
        names = names if made else listed or [split]
    policy, pictures = ErrorPolicy(on_error), list[MaskedPicture]()
    for name in names:
        try:
            pictures += _read_sequence(root, name, folders, options)
        except DataError as error:
            policy.handle(error)
    policy.summarise(str(root), len(names))
    if not pictures:
        raise DataError(root, "no sequence can be used.", "Mend what is named above.")
    source = MaskedPicturesSource(root, pictures, options, on_error)
    where = f"davis:{path} with the sequences {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}"
    return open_split(source, str(split), options, where) if made else source


def _find_root(given: Path) -> Path:
    """The folder with `JPEGImages`: the one given, or the only one below it that has it."""
    below = [each for each in sorted(given.iterdir()) if (each / IMAGES).is_dir()]
    roots = [given] if (given / IMAGES).is_dir() else below
    if len(roots) != 1:
        came = f"it is in {', '.join(each.name for each in roots)}" if roots else "there is none"
        raise DataError(given, f"expected a folder with {IMAGES}/, but {came}.", "Give the folder that holds it.")
    return roots[0]


def _sequences(root: Path, options: DavisSettings) -> dict[str, tuple[Path, Path]]:
    """Folders of frames and masks by name of the sequence."""
    images, masks = root / IMAGES, root / MASKS
    resolution = _resolution(images) if options.resolution is None else options.resolution
    images, masks = images / resolution, masks / resolution
    if not images.is_dir():
        there = ", ".join(each.name for each in sorted((root / IMAGES).iterdir()))
        raise DataError(images, "there is no such folder.", f"Set resolution to one of: {there}.")
    found = {each.name: (each, masks / each.name) for each in sorted(images.iterdir()) if each.is_dir()}
    if not found:
        raise DataError(images, "expected a folder of frames a sequence, found none.", "Check the path.")
    return found


def _resolution(images: Path) -> str:
    """The folder between JPEGImages and the sequences; empty where there is none, as with YouTube-VOS."""
    folders = [each for each in sorted(images.iterdir()) if each.is_dir()]
    above = [each.name for each in folders if any(below.is_dir() for below in each.iterdir())]
    if USUAL_RESOLUTION in above:
        return USUAL_RESOLUTION
    if len(above) > 1:
        raise DataError(images, f"there are several resolutions: {', '.join(above)}.", "Set resolution to one of them.")
    return above[0] if above else ""


def _listed(root: Path, split: str) -> list[str] | None:
    """The sequences of a list, of the last year where there are several; None where there is no such list."""
    lists = sorted([*root.glob(f"{LISTS}/{split}.txt"), *root.glob(f"{LISTS}/*/{split}.txt")])
    if not lists:
        return None
    lines = [line.split() for line in read_bytes(lists[-1]).decode(errors="replace").splitlines()]
    # a line is the name of a sequence, or of a frame and its mask: /JPEGImages/480p/bear/00000.jpg /Annotations/...
    names = [Path(words[0]).parent.name if "/" in words[0] else words[0] for words in lines if words]
    return list(dict.fromkeys(names))


def _read_sequence(
    root: Path, name: str, folders: dict[str, tuple[Path, Path]], options: DavisSettings
) -> list[MaskedPicture]:
    """The frames of a sequence that are taken, in order of time."""
    if name not in folders:
        raise DataError(root, f"there is no sequence {name!r}.", f"Sequences there are: {', '.join(folders)}.")
    images, masks = folders[name]
    mask_of = {each.stem: each for each in list_images(masks)} if masks.is_dir() and any(masks.iterdir()) else {}
    frames = sorted(list_images(images), key=lambda each: in_natural_order(each.stem))
    pictures = [MaskedPicture(frame, mask_of.get(frame.stem), name) for frame in frames[:: options.every]]
    return choose_masked(pictures, options.unmasked, masks)
