"""Right and wrong detections in the order of their scores: precision, recall and F1 at any threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Curve:
    """The detections of a set, those on objects to be ignored left out.

    Args:
        scores: float64 (M,), any order.
        hits: bool (M,), whether each is the one that found an object.
        objects: how many there are to be found.
    """

    scores: np.ndarray
    hits: np.ndarray
    objects: int

    def best_f1(self) -> tuple[float | None, float | None]:
        """The highest F1, and its threshold, midway to the next lower score; None without objects.

        The threshold is None, too, where no detection is right.
        """
        if not self.objects:
            return None, None
        if not self.hits.any():
            return 0.0, None
        levels = np.unique(self.scores)[::-1]  # falling
        order = np.argsort(self.scores)
        counted = len(order) - np.searchsorted(self.scores[order], levels)  # with at least that score
        hits = np.cumsum(self.hits[order][::-1])[counted - 1]
        f1 = 2 * hits / (counted + self.objects)
        best = int(np.argmax(f1))
        below = levels[best + 1] if best + 1 < len(levels) else 0.0
        return float(f1[best]), float((levels[best] + below) / 2)

    def at(self, threshold: float) -> dict[str, float | None]:
        """`f1`, `precision` and `recall` of the detections that reach a threshold; None where undefined."""
        found = self.scores >= threshold
        hits, count = int(np.sum(self.hits & found)), int(found.sum())
        return {
            "f1": 2 * hits / (count + self.objects) if self.objects else None,
            "precision": hits / count if count else None,
            "recall": hits / self.objects if self.objects else None,
        }
