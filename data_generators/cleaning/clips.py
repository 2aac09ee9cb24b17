"""Cleans the clips of a folder: masks in, masks out, with a report and a sheet of what was dropped."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from data_generators.cleaning.mask_files import (
    MaskClip,
    encode_kept,
    find_mask_clips,
    is_palette,
    read_mask_values,
)
from data_generators.cleaning.motion import measure_flow
from data_generators.cleaning.report import draw_cleaning, tell_frame, tell_summary, write_report
from data_generators.cleaning.settings import CleaningSettings
from data_generators.cleaning.tracking import CleanedMask, FlowBetween, clean_object
from data_generators.errors import DataError
from data_generators.files import read_bytes, write_atomically
from data_generators.images import encode_image, read_image
from data_generators.real.box_writer import new_folder
from data_generators.sample import MASK_IGNORE

logger = logging.getLogger(__name__)

REPORT_FOLDER = "cleaning"
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class CleanedClip:
    """A clip and what is left of it.

    Args:
        clip: its files.
        values: int32 (H, W) a frame, as painted.
        objects: value -> what is left of it in each frame.
    """

    clip: MaskClip
    values: list[np.ndarray]
    objects: dict[int, list[CleanedMask]]

    def dropped(self, index: int) -> np.ndarray:
        """The pixels of a frame that were discarded, bool (H, W)."""
        values = self.values[index]
        gone = np.zeros(values.shape, bool)
        for value, cleaned in self.objects.items():
            gone |= (values == value) & ~cleaned[index].kept
        return gone

    def report(self) -> dict[str, Any]:
        """Plain data: what was kept and dropped in each frame, and a summary."""
        frames = [
            tell_frame(path.stem, values, {value: cleaned[index] for value, cleaned in self.objects.items()})
            for index, (path, values) in enumerate(zip(self.clip.masks, self.values, strict=True))
        ]
        return {"clip": self.clip.name, "summary": tell_summary(frames), "frames": frames}

    def draw(self) -> np.ndarray:
        """A contact sheet uint8 (H, W, 3) of the frames that show best what was done."""
        return draw_cleaning(self.clip, self.values, [self.dropped(index) for index in range(len(self.values))])


def clean_clip(
    clip: MaskClip, corrected: Sequence[str], settings: CleaningSettings | None = None, progress: Progress | None = None
) -> CleanedClip:
    """Discards the false regions of a clip.

    Args:
        clip: its files.
        corrected: the frames that are right, see `MaskClip.frame`.
        settings: what counts as the object.
        progress: called with the number of objects done and their total.

    Raises:
        DataError: no frame was corrected, there is no such frame, or a mask cannot be used.
    """
    settings = settings or CleaningSettings()
    anchors = sorted({clip.frame(text) for text in corrected})
    if not anchors:
        raise DataError(clip.masks[0].parent, "no corrected frame was named.", "Name one that you have checked.")
    values = _read_values(clip)
    everything = _values_to_clean(clip, values, settings)
    flow, objects = _flow_of(clip, values[0].shape), {}
    for done, value in enumerate(everything, 1):
        masks = [each == value for each in values]
        if not any(masks[index].any() for index in anchors):
            logger.warning(
                "%s: value %d is in no corrected frame, so all of it is dropped. Correct a frame that shows it, or "
                "leave it as it is (--leave %d).", clip.name, value, value,
            )  # fmt: skip
        objects[value] = clean_object(masks, anchors, settings, flow)
        if progress:
            progress(done, len(everything))
    return CleanedClip(clip, values, objects)


def _values_to_clean(clip: MaskClip, values: list[np.ndarray], settings: CleaningSettings) -> list[int]:
    """All values but the background and those that are left: also 255 beside others in palette masks, see `leave`."""
    shown = [set(np.unique(each).tolist()) for each in values]
    everything = set[int]().union(*shown) - {0}
    ignoring = next((path for path, of_frame in zip(clip.masks, shown, strict=True) if MASK_IGNORE in of_frame), None)
    if ignoring and len(everything) > 1 and is_palette(ignoring):
        logger.info("%s: 255 beside other values says ignore in palette masks; it is left as it is", clip.name)
        everything.discard(MASK_IGNORE)
    return sorted(everything - set(settings.leave))


def _read_values(clip: MaskClip) -> list[np.ndarray]:
    values = [read_mask_values(path) for path in clip.masks]
    for path, each in zip(clip.masks, values, strict=True):
        if each.shape != values[0].shape:
            sizes = [f"{shape[1]} x {shape[0]}" for shape in (values[0].shape, each.shape)]
            problem = f"expected {sizes[0]} pixels, as {clip.masks[0].name} has, got {sizes[1]}."
            raise DataError(path, problem, "Resize it with nearest neighbour, or take it out of the clip.")
    return values


def _flow_of(clip: MaskClip, size_hw: tuple[int, ...]) -> FlowBetween:
    """Measures the flow between two frames of a clip where both have pictures."""

    @lru_cache(maxsize=4)
    def picture(index: int) -> np.ndarray | None:
        path = clip.images[index]
        if path is None:
            return None
        image = read_image(path, channels=1)
        if image.shape[:2] == size_hw:
            return image
        return cv2.resize(image, (size_hw[1], size_hw[0]), interpolation=cv2.INTER_AREA)[..., None]

    @lru_cache(maxsize=4 * len(clip.masks))
    def flow(index: int, before: int) -> np.ndarray | None:
        images = picture(index), picture(before)
        return None if images[0] is None or images[1] is None else measure_flow(images[0], images[1])

    return flow


def clean_folder(
    path: str | Path,
    corrected: Sequence[str],
    output: str | Path | None,
    *,
    images: str | Path | None = None,
    settings: CleaningSettings | None = None,
    progress: Progress | None = None,
) -> tuple[Path, list[dict[str, Any]]]:
    """Cleans all clips of a folder and writes them to a new one, which is there in full or not at all.

    Masks keep their names and places, palettes and modes. `cleaning/` holds `report.json`, see `CleanedClip.report`,
    and a sheet `CLIP.jpg` a clip: what was kept green, what was dropped red.

    Args:
        path: see `find_mask_clips`.
        corrected: the frames that are right, the same in all clips.
        output: the folder, new or empty; None cleans the masks where they are, once all of them as they were, and the
            report, are safe in a new folder `PATH-before-cleaning`.
        images: the pictures, where they lie elsewhere.
        settings: what counts as the object.
        progress: called with the number of clips done and their total.

    Returns:
        The folder with the report, and the report of each clip.

    Raises:
        DataError: a mask or frame that cannot be used, or the folder is not empty.
    """
    root, clips = find_mask_clips(path, images)
    beside = root.resolve().with_name(f"{root.resolve().name}-before-cleaning")
    target = beside if output is None else Path(output).expanduser()
    reports, rewritten = [], dict[Path, bytes]()
    with new_folder(target) as folder:
        for done, clip in enumerate(clips, 1):
            cleaned = clean_clip(clip, corrected, settings)
            for index, painted in enumerate(clip.masks):
                data = encode_kept(painted, cleaned.dropped(index))
                if output is None:
                    rewritten[painted], data = data, read_bytes(painted)
                write_atomically(folder / clip.folder / painted.name, data)
            write_atomically(folder / REPORT_FOLDER / f"{clip.name}.jpg", encode_image(cleaned.draw(), ".jpg"))
            reports.append(cleaned.report())
            if progress:
                progress(done, len(clips))
        write_report(folder / REPORT_FOLDER / "report.json", reports)
    for painted, data in rewritten.items():
        write_atomically(painted, data)
    return target, reports
