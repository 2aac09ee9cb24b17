"""Reads the frames of video files, upright and in RGB; PyAV brings its own FFmpeg, so nothing else is needed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from data_generators.errors import DataError

VIDEO_EXTENSIONS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")
_CURE = "Convert the video, e.g. to H.264 in an .mp4 file, or take it out of the set."


def read_frames(path: str | Path, every: int = 1) -> Iterator[tuple[int, float, np.ndarray]]:
    """Yields the frames of a video, in order of display.

    Args:
        path: the video file.
        every: 1 yields every frame, n every n-th one, beginning with the first.

    Yields:
        Index of the frame, its time in seconds, and uint8 (H, W, 3) RGB, turned as the video's rotation says.

    Raises:
        DataError: the file is missing, not a video, or breaks off; the frames before the break have been yielded.
        ValueError: `every` is less than 1.
    """
    if every < 1:
        raise ValueError(f"`every` must be 1 or more. Received {every}.")
    index = -1
    with _open(path) as container:
        if not container.streams.video:
            raise DataError(path, "the file has no video stream.", _CURE)
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        try:
            for index, frame in enumerate(container.decode(stream)):
                if index % every == 0:
                    yield index, float(frame.time or 0.0), _upright(frame)
        except av.FFmpegError as error:
            raise DataError(path, f"the video breaks off after frame {index} ({error}).", _CURE) from error
    if index < 0:
        raise DataError(path, "the video has no frames.", _CURE)


def _open(path: str | Path) -> InputContainer:
    if not Path(path).is_file():
        raise DataError(path, "there is no such video.", "Check the path.")
    try:
        return av.open(str(path))
    except av.FFmpegError as error:
        raise DataError(path, f"the file is not a video that can be read ({error}).", _CURE) from error


def _upright(frame: av.VideoFrame) -> np.ndarray:
    """The pixels of a frame, turned by the display matrix that phones write, in steps of 90 degrees."""
    image = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(image, round(frame.rotation / 90)))
