"""Watches a video or the pictures of a clip with a model: events, and with labels how good they are."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.errors import DataError
from data_generators.formats import open_source
from data_generators.sources import Source, readable_samples
from detector.codecs.boxes import DEFAULT_THRESHOLD, holds_object
from detector.heads import HEADS
from detector.prediction import predict
from detector.runtime import Runtime, load_runtime
from detector.watching.events import Event, find_events, score_events
from detector.watching.sighting import Sighting, sighting_of
from detector.watching.smoothing import Decision, Watch, WatchSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Watched:
    """A clip that was watched.

    Args:
        frames: number of each frame.
        seconds: time of each frame.
        sightings: what each frame says.
        decisions: what is held true after each frame.
        scores: see `events.score_events`; None where there are no labels.
    """

    frames: list[int]
    seconds: list[float]
    sightings: list[Sighting]
    decisions: list[Decision]
    scores: dict[str, Any] | None = None

    @property
    def events(self) -> list[Event]:
        """What changed, in order of time."""
        return find_events(self.frames, self.seconds, self.decisions)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        rows = {"frames": len(self.frames), "events": [event.to_json() for event in self.events]}
        return rows if self.scores is None else rows | {"scores": self.scores}


def watch_clip(
    model: str | Path | Runtime,
    clip: str,
    *,
    data: str | None = None,
    settings: WatchSettings | None = None,
    head: str = "",
    class_name: str | None = None,
    frames_per_second: float = 25.0,
    every: int = 1,
) -> Watched:
    """Asks a model about the frames of a clip, one after the other, and decides after each.

    Args:
        model: a run folder, a `.keras` or `.tflite` file, the name of a shipped model, or a loaded runtime.
        clip: a video, or a folder of pictures in the order of their names.
        data: labels of the frames, `FORMAT:PATH[#SPLIT]`; they belong to the frame with the same number.
        settings: when it counts as seen; where they do not say it, the threshold of the model's card does.
        head: the head whose predictions count; empty takes the first.
        class_name: the class to watch for; None for all objects. All objects of a model without names of classes are of
            one class, whatever its name.
        frames_per_second: of pictures; a video knows its own.
        every: take every n-th frame.

    Raises:
        DataError: nothing there, a file that cannot be read, or labels of other frames.
        ValueError: the model knows no such head or class.
    """
    runtime = model if isinstance(model, Runtime) else load_runtime(model)
    head, known = _head_of(runtime, head), _known_class(runtime, class_name)
    threshold = runtime.card.thresholds.get(HEADS[head].threshold_of, DEFAULT_THRESHOLD)
    watch, watched = Watch(settings or WatchSettings(), threshold), Watched([], [], [], [])
    for index, answer in enumerate(predict(runtime, [clip], every)):
        origin = answer.picture.origin
        number, is_video = origin.get("frame", frame_number(origin["file"])), "frame" in origin
        if not is_video and index % every:
            continue
        sighting = sighting_of(answer.predictions[head], answer.picture.image, answer.thresholds, known)
        watched.frames.append(index if number is None else number)
        watched.seconds.append(origin.get("seconds", index / frames_per_second))
        watched.sightings.append(sighting)
        watched.decisions.append(watch.update(sighting))
    if data is None:
        return watched
    truth = _read_truth(open_source(data), data, watched.frames, class_name)
    gaps = np.diff(watched.seconds)
    seen, gap = [decision.seen for decision in watched.decisions], float(np.median(gaps)) if len(gaps) else 0.0
    scores = score_events(seen, truth, gap, every)
    return Watched(watched.frames, watched.seconds, watched.sightings, watched.decisions, scores)


def _head_of(runtime: Runtime, wanted: str) -> str:
    heads = list(runtime.card.heads)
    if wanted and wanted not in heads:
        raise ValueError(f"The model has no head `{wanted}`. Its heads: {', '.join(heads)}.")
    return wanted or heads[0]


def _known_class(runtime: Runtime, wanted: str | None) -> str | None:
    """The class to look for in the model's predictions; None for all objects, also where its card names no classes."""
    if wanted is None or runtime.card.class_names:
        return wanted
    logger.warning("%s names no classes: whatever it finds counts as %r.", runtime.path, wanted)
    return None


def frame_number(origin: str) -> int | None:
    """The last number in the name of a file, or in the text that names a video and its frame."""
    digits = re.findall(r"\d+", re.sub(r"\.\w+$", "", Path(origin).name))
    return int(digits[-1]) if digits else None


def _read_truth(source: Source, name: str, frames: Sequence[int], class_name: str | None) -> list[bool | None]:
    """Whether each frame shows the object; None where no label is of that frame."""
    if class_name is not None and class_name not in source.class_names:
        cure = f"Take one of {', '.join(source.class_names)}."
        raise DataError(name, f"nobody labelled a class {class_name!r}.", cure)
    wanted = () if class_name is None else (source.class_names.index(class_name),)
    of_frame: dict[int | None, bool | None] = {}
    for index, sample in readable_samples(source):
        number = frame_number(sample.origin)
        number = index if number is None else number
        if number in of_frame:
            raise DataError(name, f"there are several labels of frame {number}.", "Name one clip: FORMAT:PATH#CLIP.")
        of_frame[number] = holds_object(sample, wanted)
    if not of_frame.keys() & set(frames):
        problem = f"no label is of a frame that was watched, {frames[0]} to {frames[-1]}."
        raise DataError(name, problem, "Give the labels of this clip.")
    return [of_frame.get(frame) for frame in frames]
