"""THE TABLE of written formats: writes sources to a folder, and tells what the format cannot hold."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from data_generators.errors import DataError
from data_generators.real.box_writer import BoxWriter, Progress, write_box_set
from data_generators.real.coco_writer import CocoWriter
from data_generators.real.corner_csv_writer import write_corner_csv_set
from data_generators.real.cvat_writer import CvatWriter
from data_generators.real.labelme_writer import LabelMeWriter
from data_generators.real.masks_writer import write_mask_set
from data_generators.real.trimaps_writer import write_trimap_set
from data_generators.real.voc_writer import VocWriter
from data_generators.real.yolo_writer import YoloWriter
from data_generators.sources import Source

Splits = Mapping[str, Source]


@dataclass(frozen=True)
class Writer:
    """A row of the table.

    Args:
        write: (split -> source, folder, JPEG quality or None, progress) -> what was lost, a sentence each.
        read_as: how the folder is read again, with `{folder}` in it.
        read_corners_as: the same for sources with corners; empty where it is no other.
        by_folder: whether each split is a folder of its own, which is read alone.
    """

    write: Callable[[Splits, Path, int | None, Progress | None], list[str]]
    read_as: str
    read_corners_as: str = ""
    by_folder: bool = False

    def sources(self, folder: str | Path, splits: Splits) -> list[str]:
        """What reads the folder again, `FORMAT:PATH[#SPLIT]` each."""
        corners = any(source.corner_order != "none" for source in splits.values())
        text = (corners and self.read_corners_as) or self.read_as
        if self.by_folder:
            return [text.format(folder=Path(folder) / split) for split in splits]
        return [text.format(folder=folder) + (f"#{split}" if split else "") for split in splits]


def _write_boxes(
    writer_class: type[BoxWriter], splits: Splits, folder: Path, quality: int | None, progress: Progress | None
) -> list[str]:
    return write_box_set(splits, folder, writer_class, quality, progress)


def _write_corners(splits: Splits, folder: Path, quality: int | None, progress: Progress | None) -> list[str]:
    """Corner CSV holds all of what it takes: a sample with other labels than four corners of one class is refused."""
    for split, source in splits.items():
        write_corner_csv_set(source, folder, split, quality, progress)
    return []


WRITERS: dict[str, Writer] = {
    "coco": Writer(partial(_write_boxes, CocoWriter), "coco:{folder}"),
    "corners": Writer(_write_corners, "corners:{folder}"),
    "cvat": Writer(partial(_write_boxes, CvatWriter), "cvat:{folder}"),
    "labelme": Writer(
        partial(_write_boxes, LabelMeWriter), "labelme-boxes:{folder}", "labelme:{folder}", by_folder=True
    ),
    "masks": Writer(write_mask_set, "masks:{folder}"),
    "trimaps": Writer(write_trimap_set, "trimaps:{folder}", by_folder=True),
    "voc": Writer(partial(_write_boxes, VocWriter), "voc:{folder}"),
    "yolo": Writer(partial(_write_boxes, YoloWriter), "yolo:{folder}"),
}


def writer_of(name: str) -> Writer:
    """A row of the table.

    Raises:
        DataError: the format is not written.
    """
    if name in WRITERS:
        return WRITERS[name]
    near = difflib.get_close_matches(name, WRITERS, n=1, cutoff=0.4)
    cure = (f"Did you mean {near[0]}? " if near else "") + f"Formats written: {', '.join(WRITERS)}."
    raise DataError(name, "this format is not written.", cure)
