"""Reads the tracks of "CVAT for video 1.1": what lies in each frame, of which each is a picture `frame_000123.png`."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import cast

from data_generators.errors import DataError
from data_generators.images import list_images
from data_generators.real.cvat_shapes import read_shape
from data_generators.real.labelled_pictures import Box, LabelledBox, LabelledPicture
from data_generators.real.xml_lines import LinedElement, elements, number_in


@dataclass(frozen=True)
class Track:
    """One object through the frames.

    Args:
        boxes: frame -> the object there, None where it has left; between two frames it moves evenly.
    """

    boxes: dict[int, LabelledBox | None]

    @cached_property
    def _frames(self) -> list[int]:
        return sorted(self.boxes)

    def at(self, frame: int) -> LabelledBox | None:
        """The object in a frame, None where it is not there."""
        if frame in self.boxes:
            return self.boxes[frame]
        after = bisect_right(self._frames, frame)
        if after in (0, len(self._frames)):
            return None
        start, end = self._frames[after - 1 : after + 1]
        first, last = self.boxes[start], self.boxes[end]
        if first is None or last is None:
            return first
        share = (frame - start) / (end - start)
        moved = tuple(one + (other - one) * share for one, other in zip(first.box, last.box, strict=True))
        return replace(first, box=cast(Box, moved))


@dataclass(frozen=True)
class Clip:
    """The frames of a video task.

    Args:
        path: the XML file.
        group: of all its frames.
        tracks: its objects.
        size_hw: height and width of the frames in pixels.
        pictures: frame -> its picture.
    """

    path: Path
    group: str
    tracks: tuple[Track, ...]
    size_hw: tuple[float, float]
    pictures: dict[int, Path]

    def frames(self) -> list[int]:
        """The frames that have a picture or an object."""
        labelled = {frame for track in self.tracks for frame, item in track.boxes.items() if item}
        return sorted(labelled | set(self.pictures))

    def read(self, frame: int) -> LabelledPicture:
        """The labels of a frame.

        Raises:
            DataError: it has no picture.
        """
        where = f"{self.path} frame {frame}"
        if frame not in self.pictures:
            cure = "Export the task with its images, or write the frames as images/frame_%06d.png, counted from 0."
            raise DataError(where, "there is no picture of this frame.", cure)
        found = [item for track in self.tracks if (item := track.at(frame))]
        return LabelledPicture(self.pictures[frame], self.path, where, tuple(found), self.group, self.size_hw)


def read_clip(path: Path, root: LinedElement, pictures_folder: Path) -> Clip:
    """Reads a video task.

    Args:
        path: the XML file.
        root: its root.
        pictures_folder: where the frames lie.

    Raises:
        DataError: file, line and cure of what cannot be used.
    """
    size = root.find("meta//original_size")
    if size is None:
        raise DataError(path, "expected <original_size> of the video.", "Export the task as `CVAT for images 1.1`.")
    size_hw = number_in(size, "height", str(path)), number_in(size, "width", str(path))
    tracks = tuple(_read_track(path, track, size_hw) for track in elements(root, "track"))
    numbers = {found: item for item in list_images(pictures_folder) if (found := re.search(r"(\d+)$", item.stem))}
    pictures = {int(found.group(1)): item for found, item in numbers.items()}
    group = root.findtext("meta//task/name", "").strip() or path.parent.name
    return Clip(path, group, tracks, size_hw, pictures)


def _read_track(path: Path, track: LinedElement, size_hw: tuple[float, float]) -> Track:
    boxes: dict[int, LabelledBox | None] = {}
    for shape in elements(track, "*"):
        where = f"{path}:{shape.line}"
        outside = shape.get("outside") == "1"
        item = None if outside else read_shape(where, shape, track.get("label", ""), size_hw)
        boxes[int(number_in(shape, "frame", where))] = item
    return Track(boxes)
