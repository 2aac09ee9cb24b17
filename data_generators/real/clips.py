"""Reads videos with a folder of painted masks each, named by the number of the frame; mask and boxes."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from pydantic import Field

from data_generators.errors import DataError, ErrorPolicy, OnError
from data_generators.files import checked_folder, files_content
from data_generators.images import list_images
from data_generators.real.mask_values import MaskValueSettings
from data_generators.real.masked_pictures import MaskedPicture, MaskedPicturesSource, Unmasked, choose_masked
from data_generators.real.masks import MASK_FOLDERS
from data_generators.real.version import reader_version
from data_generators.real.video import VIDEO_EXTENSIONS
from data_generators.real.video_frames import VideoFrames, frame_versions
from data_generators.sample import Sample
from data_generators.sources import Source
from data_generators.splits import SplitSettings, open_split

logger = logging.getLogger(__name__)


class ClipSettings(MaskValueSettings, SplitSettings):
    """How videos and the masks of their frames are read."""

    masks: str | None = None
    """Folder of the masks, seen from that of the video; of several videos it holds a folder each. Null: one that is
    called like the video, perhaps with `_masks` behind, or `masks`, `labels` or alike."""
    first_frame: int = Field(0, ge=0)
    """Number that the masks give the first frame of a video: some tools begin with 1."""
    every: int = Field(1, ge=1)
    """Takes every n-th frame of a video, beginning with the first."""
    unmasked: Unmasked = "leave_out"
    """Frames without a mask: `leave_out`, or `unlabelled` samples."""


class ClipSource(MaskedPicturesSource):
    """The frames of videos, each video a group.

    Args:
        root: the folder that holds the videos.
        clips: frames of each video, and the samples made of them.
        settings: which frames, and what the masks mean.
        on_error: what a consumer does with a picture that cannot be used.
    """

    def __init__(
        self,
        root: Path,
        clips: list[tuple[VideoFrames, list[MaskedPicture]]],
        settings: ClipSettings,
        on_error: OnError = "raise",
    ) -> None:
        super().__init__(root, [picture for _, pictures in clips for picture in pictures], settings, on_error)
        self._frames = [frames for frames, pictures in clips for _ in pictures]

    def sample(self, index: int) -> Sample:
        if not self._pictures[index].path.is_file():  # the cache was emptied meanwhile
            self._frames[index].extract(ErrorPolicy("skip"))
        return super().sample(index)

    def content(self) -> Any:
        masks = [picture.mask_path for picture in self._pictures if picture.mask_path]
        files = files_content(self._root, [*dict.fromkeys(frames.video for frames in self._frames), *masks])
        names = [(picture.group, picture.path.name, picture.mask_path is not None) for picture in self._pictures]
        settings = self._settings.model_dump(mode="json")
        return [type(self).__name__, reader_version(), frame_versions(), settings, names, files]


def open_clips(path: str, split: str | None, options: ClipSettings, on_error: OnError) -> Source:
    """A video, or all of a folder.

    Args:
        path: a video file, or a folder of them.
        split: the name of a clip without extension; else `train` or `val`, made by `open_split`; None takes all.
        options: which frames, and what the masks mean.
        on_error: whether a clip or a frame that cannot be used stops the work or is left out.

    Raises:
        DataError: file and cure of what cannot be used, or an unknown split.
    """
    given = Path(path).expanduser()
    root = given.parent if given.is_file() else checked_folder(given, "videos, each with a folder of masks")
    videos = [given] if given.is_file() else _videos(root)
    names = {video.relative_to(root).with_suffix("").as_posix(): video for video in videos}
    chosen = {split: names[split]} if split in names else names
    policy, clips = ErrorPolicy(on_error), list[tuple[VideoFrames, list[MaskedPicture]]]()
    for name, video in chosen.items():
        try:
            clips.append(_read_clip(name, video, options, policy))
        except DataError as error:
            policy.handle(error)
    policy.summarise(str(given), len(policy.skipped) + sum(len(pictures) for _, pictures in clips))
    if not clips:
        raise DataError(given, "no clip can be used.", "Mend what is named above.")
    source = ClipSource(root, clips, options, on_error)
    return source if split is None or split in names else open_split(source, split, options, f"clip:{path}")


def _videos(root: Path) -> list[Path]:
    paths = [path for path in sorted(root.rglob("*")) if path.suffix.lower() in VIDEO_EXTENSIONS]
    videos = [path for path in paths if path.is_file() and not path.name.startswith(".")]
    if not videos:
        cure = (
            f"Put videos there ({' '.join(VIDEO_EXTENSIONS)}); frames that are pictures are read by masks: or davis:."
        )
        raise DataError(root, "expected videos in this folder, found none.", cure)
    return videos


def _read_clip(
    name: str, video: Path, options: ClipSettings, policy: ErrorPolicy
) -> tuple[VideoFrames, list[MaskedPicture]]:
    folder = _mask_folder(video, options)
    mask_of = _numbered_masks(folder, options.first_frame)
    masked = frozenset(number for number in mask_of if number % options.every == 0)
    if not masked:
        problem = f"none of the {len(mask_of)} masks is of a frame that is taken (every: {options.every})."
        raise DataError(folder, problem, "Set every to the distance of the masks, or to 1.")
    frames = VideoFrames(video, options.every, masked if options.unmasked == "leave_out" else None)
    there = frames.extract(policy)
    beyond = sorted(masked - set(there))
    if beyond:
        problem = f"{len(beyond)} masks are of frames that {video} does not have, the first of frame {beyond[0]}."
        cure = f"Set first_frame to the number of the first frame (now {options.first_frame}), or take them away."
        policy.handle(DataError(mask_of[beyond[0]], problem, cure))
    pictures = [
        MaskedPicture(frames.path(index), mask_of.get(index), name, f"{video} frame {index}") for index in there
    ]
    return frames, choose_masked(pictures, options.unmasked, folder)


def _mask_folder(video: Path, options: ClipSettings) -> Path:
    """The folder with the masks of a video."""
    parent, stem = video.parent, video.stem
    alone = sum(path.suffix.lower() in VIDEO_EXTENSIONS for path in parent.iterdir()) == 1
    usual = [each for each in sorted(parent.iterdir()) if each.name.lower() in MASK_FOLDERS]
    if options.masks is not None:
        usual = [parent / options.masks]
    own = [parent / stem / "masks", parent / f"{stem}_masks", parent / stem] if options.masks is None else []
    folders = [*own, *(each / stem for each in usual), *(usual if alone else [])]
    for folder in folders:
        if folder.is_dir() and any(path.is_file() and not path.name.startswith(".") for path in folder.iterdir()):
            return folder
    tried = ", ".join(str(folder) for folder in folders) or f"{parent / stem}_masks"
    raise DataError(video, f"there is no folder with its masks; looked for {tried}.", "Put them there, or set masks.")


def _numbered_masks(folder: Path, first_frame: int) -> dict[int, Path]:
    """Masks by index of their frame, counted from 0: the last number in the name of the file."""
    found: dict[int, Path] = {}
    for path in list_images(folder):
        digits = re.findall(r"\d+", path.stem)
        index = int(digits[-1]) - first_frame if digits else -1
        if index < 0:
            problem = f"expected the number of its frame, from {first_frame} on, in the name of the mask."
            raise DataError(path, problem, "Call it e.g. 00012.png, set first_frame, or take it away.")
        if index in found:
            raise DataError(path, f"there is another mask of frame {index}, {found[index].name}.", "Keep one.")
        found[index] = path
    return found
