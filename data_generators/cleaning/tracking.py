"""One object through a clip: forwards and backwards from the frames that a person has corrected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from data_generators.cleaning.motion import centroid, follow_flow, shift_mask
from data_generators.cleaning.regions import align_to_region, choose_regions, dilate, find_jumped
from data_generators.cleaning.settings import CleaningSettings

State = Literal["corrected", "seen", "hidden", "lost", "absent"]
FlowBetween = Callable[[int, int], np.ndarray | None]


@dataclass(frozen=True)
class CleanedMask:
    """What is left of one object in one frame.

    Args:
        kept: bool (H, W).
        state: `corrected`: as a person left it; `seen`; `hidden`: nothing of it is there, it is looked for; `lost`: it
            has been hidden for too long; `absent`: it is not in the corrected frame that this one follows.
        corrected: index of that frame.
    """

    kept: np.ndarray
    state: State
    corrected: int


class Track:
    """Follows an object from a corrected frame, one frame at a time.

    Args:
        mask: bool (H, W), the object in the corrected frame.
        settings: how far it may move.
    """

    def __init__(self, mask: np.ndarray, settings: CleaningSettings) -> None:
        self._memory, self._settings = mask, settings
        self._step_px, self._hidden = np.zeros(2), 0
        self._absent = not mask.any()

    def follow(self, mask: np.ndarray, flow: np.ndarray | None) -> tuple[np.ndarray, State]:
        """What is kept of the next frame.

        Args:
            mask: bool (H, W), what was painted.
            flow: from that frame to the last one, see `motion.measure_flow`; None where there are no pictures.
        """
        nothing = np.zeros_like(mask)
        if self._absent:
            return nothing, "absent"
        if self._hidden > self._settings.occlusion:
            return nothing, "lost"
        expected = self._expect(mask, flow)
        looseness = self._settings.blindness if flow is None else 1.0
        kept = choose_regions(mask, self._grown(expected), self._settings, looseness)
        if not self._is_visible(kept):
            kept = find_jumped(mask, expected, self._settings)
        if self._is_visible(kept):
            self._remember(kept)
            return kept, "seen"
        self._hidden += 1
        self._memory = expected if expected.any() else self._memory
        return nothing, "lost" if self._hidden > self._settings.occlusion else "hidden"

    def _is_visible(self, kept: np.ndarray) -> bool:
        return bool(kept.sum() >= max(1.0, self._settings.least_visible * self._memory.sum()))

    def _expect(self, mask: np.ndarray, flow: np.ndarray | None) -> np.ndarray:
        if flow is None or self._hidden:  # the flow where it is hidden is that of what hides it
            return align_to_region(mask, shift_mask(self._memory, self._step_px))
        return follow_flow(self._memory, flow)

    def _grown(self, expected: np.ndarray) -> np.ndarray:
        drift_px = self._hidden * self._settings.drift * float(np.sqrt(expected.sum()))
        return dilate(expected, drift_px) if self._hidden else expected

    def _remember(self, kept: np.ndarray) -> None:
        if not self._hidden:
            self._step_px = centroid(kept) - centroid(self._memory)
        self._memory, self._hidden = kept, 0


def clean_object(
    masks: Sequence[np.ndarray], corrected: Sequence[int], settings: CleaningSettings, flow_between: FlowBetween
) -> list[CleanedMask]:
    """Follows an object from every corrected frame both ways, up to the next corrected frame.

    Between two of them the nearer one decides, or the other one where the object is not seen from there.

    Args:
        masks: bool (H, W) a frame, what was painted as this object.
        corrected: indices of the frames that are right, at least one.
        settings: how far it may move.
        flow_between: (index, index of the frame before) -> flow, or None; see `motion.measure_flow`.
    """
    found: list[list[CleanedMask]] = [[] for _ in masks]
    for start in corrected:
        found[start] = [CleanedMask(masks[start], "corrected", start)]
        for step in (1, -1):
            track, index = Track(masks[start], settings), start + step
            while 0 <= index < len(masks) and index not in corrected:
                kept, state = track.follow(masks[index], flow_between(index, index - step))
                found[index].append(CleanedMask(kept, state, start))
                index += step
    return [_choose(each, index) for index, each in enumerate(found)]


def _choose(found: Sequence[CleanedMask], index: int) -> CleanedMask:
    """Of what was found from both sides, what is seen, and then what is nearer to its corrected frame."""
    return min(found, key=lambda each: (each.state not in ("corrected", "seen"), abs(each.corrected - index)))
