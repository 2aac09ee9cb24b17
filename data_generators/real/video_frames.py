"""Frames of videos as picture files, extracted once into the cache: between video files and the readers of clips."""

from __future__ import annotations

import json
import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av

from data_generators.cache import INDEX_NAME, default_cache_directory, new_entry
from data_generators.errors import DataError, ErrorPolicy
from data_generators.files import file_stamp
from data_generators.images import write_image
from data_generators.real.video import read_frames
from data_generators.sources import hash_code, hash_content

logger = logging.getLogger(__name__)

CODE = (Path(__file__), Path(__file__).with_name("video.py"))


@dataclass(frozen=True)
class VideoFrames:
    """Which frames of a video are wanted, and where they lie once they are extracted.

    Frames are counted in order of display from 0, whatever their times: the frame rate does not matter, and may vary.

    Args:
        video: the file.
        every: takes every n-th frame, beginning with the first.
        wanted: of these the ones that are needed; None: all.
    """

    video: Path
    every: int = 1
    wanted: frozenset[int] | None = None

    @cached_property
    def folder(self) -> Path:
        """The entry of the cache, keyed by path, size and time of the video, the frames, and the code that reads."""
        chosen = None if self.wanted is None else sorted(self.wanted)
        stamp = [self.video.resolve().as_posix(), *file_stamp(self.video)]
        return default_cache_directory() / hash_content(["frames", stamp, self.every, chosen, *frame_versions()])

    def path(self, index: int) -> Path:
        """Where a frame lies."""
        return self.folder / _name(index)

    def extract(self, policy: ErrorPolicy) -> list[int]:
        """Writes the frames, where the cache does not hold them already.

        Args:
            policy: handles a video that breaks off; if it goes on, there are the frames before the break.

        Returns:
            Indices of the frames that there are.
        """
        if not (self.folder / INDEX_NAME).is_file():
            self._write(policy)
        index = json.loads((self.folder / INDEX_NAME).read_text())
        if index["error"]:
            policy.handle(DataError(*index["error"]))
        with suppress(OSError):  # a cache that somebody else owns can be read all the same
            os.utime(self.folder)
        return list(index["frames"])

    def _write(self, policy: ErrorPolicy) -> None:
        logger.info("extracting frames of %s", self.video)
        written: list[int] = []
        broken: DataError | None = None
        with new_entry(self.folder) as temporary:
            try:
                for index, _, image in read_frames(self.video, self.every):
                    if self.wanted is None or index in self.wanted:
                        write_image(temporary / _name(index), image)
                        written.append(index)
                    if self.wanted is not None and len(written) == len(self.wanted):
                        break
            except DataError as error:
                if policy.on_error == "raise":
                    raise
                broken = error
            told = [broken.where, broken.problem, broken.cure] if broken else None
            (temporary / INDEX_NAME).write_text(json.dumps({"frames": written, "error": told}))


def _name(index: int) -> str:
    return f"{index:06d}.png"


def frame_versions() -> list[str]:
    """What the pixels of a frame depend on beside the file."""
    return [hash_code(*CODE), f"av {av.__version__}"]
