"""Events of a clip, and how good they are: frames until it is seen, false alarms a minute, missed events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Literal

import numpy as np

from detector.watching.smoothing import Decision

Kind = Literal["seen", "lost", "distance"]


@dataclass(frozen=True)
class Event:
    """Something that changed.

    Args:
        frame: number of the frame after which it is known.
        seconds: its time.
        kind: `seen`, `lost`, or `distance`: its class is another one.
        distance: the distance class from then on, None where there is none.
        metres: the distance, None where it is not known.
    """

    frame: int
    seconds: float
    kind: Kind
    distance: str | None = None
    metres: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"seconds": round(self.seconds, 4)}


def find_events(frames: Sequence[int], seconds: Sequence[float], decisions: Sequence[Decision]) -> list[Event]:
    """What changed from frame to frame.

    Args:
        frames: the number of each frame.
        seconds: its time.
        decisions: of `smoothing.Watch`, one a frame.
    """
    events, before = [], Decision(seen=False, score=0.0)
    for frame, time, now in zip(frames, seconds, decisions, strict=True):
        kind: Kind | None = None
        if now.seen != before.seen:
            kind = "seen" if now.seen else "lost"
        elif now.distance != before.distance:
            kind = "distance"
        if kind:
            metres = None if now.metres is None else round(now.metres, 3)
            events.append(Event(frame, time, kind, now.distance, metres))
        before = now
    return events


def score_events(
    seen: Sequence[bool], truth: Sequence[bool | None], seconds_a_frame: float, every: int = 1
) -> dict[str, Any]:
    """How good the decisions of a clip are.

    An event is a run of frames that show the object. It is seen if a decision in it says so, however late. A false
    alarm is a run of decisions `seen` that no frame with the object overlaps; one that lingers after an event is none.

    Args:
        seen: the decision after each frame.
        truth: whether the frame shows it; None where nobody knows: such a frame ends no event, and an alarm that
            it overlaps is not judged.
        seconds_a_frame: time from one of these frames to the next.
        every: these are every n-th frame of the clip.

    Returns:
        `frames`, how many were watched, `events`, `events_missed`, `frames_until_seen` (a list, one for each event that
        was seen: frames of the clip from the first watched one that shows it, 0 where it was seen at once), its mean
        and maximum or None, `false_alarms`, `false_alarms_per_minute` of the whole clip.
    """
    shown = [(start, end) for start, end, value in _runs([each is not False for each in truth]) if value]
    shown = [_trim(truth, start, end) for start, end in shown if True in truth[start:end]]
    delays = [next((index - start for index in range(start, end) if seen[index]), None) for start, end in shown]
    found = [delay * every for delay in delays if delay is not None]
    alarms = [(start, end) for start, end, value in _runs(seen) if value]
    false = sum(all(each is False for each in truth[start:end]) for start, end in alarms)
    minutes = len(seen) * seconds_a_frame / 60
    return {
        "frames": len(seen),
        "events": len(shown),
        "events_missed": len(delays) - len(found),
        "frames_until_seen": found,
        "frames_until_seen_mean": float(np.mean(found)) if found else None,
        "frames_until_seen_max": max(found, default=None),
        "false_alarms": false,
        "false_alarms_per_minute": false / minutes if minutes else None,
    }


def _runs(values: Sequence[bool]) -> list[tuple[int, int, bool]]:
    """Start, end and value of the runs of equal values."""
    runs, start = [], 0
    for value, run in groupby(values):
        end = start + len(list(run))
        runs.append((start, end, value))
        start = end
    return runs


def _trim(truth: Sequence[bool | None], start: int, end: int) -> tuple[int, int]:
    """The run without unknown frames at its ends."""
    shown = [index for index in range(start, end) if truth[index]]
    return shown[0], shown[-1] + 1
