"""What the heads `box` and `grid` say of a picture: scored boxes, in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from data_generators.geometry import apply_homography
from data_generators.sample import Sample
from detector.codecs.fusion import ScoredBoxes, fuse_looks, fuse_tiles

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class BoxesPrediction:
    """The objects that the network sees in one picture, best first.

    Args:
        boxes: float32 (M, 4), x0 y0 x1 y1 in normalised coordinates; M = 0 where there is none.
        scores: float32 (M,), probabilities in [0, 1], falling.
        labels: int64 (M,), index into `classes`; 0 where there are no names.
        classes: names of the classes, empty where all objects are of one class.
        output: the output that the threshold belongs to.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...] = ()
    output: str = ""

    @property
    def presence(self) -> float:
        """Probability that the picture holds an object: the best score, 0 where there is no box."""
        return float(self.scores[0]) if len(self.scores) else 0.0

    def mapped(self, homography: np.ndarray) -> BoxesPrediction:
        """The prediction in other coordinates: boxes around the mapped corners.

        Args:
            homography: (3, 3), from these normalised coordinates to the others.
        """
        quads = apply_homography(homography, self.boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]])  # (M, 4, 2)
        boxes = np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=-1)
        return replace(self, boxes=boxes.astype(np.float32))

    @classmethod
    def of_looks(cls, predictions: Sequence[BoxesPrediction], windows: np.ndarray) -> BoxesPrediction:
        """One prediction of several looks at a picture: boxes fused by weight, see `fusion.fuse_looks`.

        Args:
            predictions: one a look, in normalised coordinates of the picture.
            windows: (V, 4) what each look shows of the picture, x0 y0 x1 y1.
        """
        return _combine(fuse_looks, predictions, windows)

    @classmethod
    def of_tiles(cls, predictions: Sequence[BoxesPrediction], windows: np.ndarray) -> BoxesPrediction:
        """One prediction of the tiles of a picture: every object once, see `fusion.fuse_tiles`.

        Args:
            predictions: one a tile, in normalised coordinates of the picture.
            windows: (V, 4) the tiles, x0 y0 x1 y1.
        """
        return _combine(fuse_tiles, predictions, windows)

    def above(self, threshold: float) -> BoxesPrediction:
        """The boxes whose score reaches a threshold."""
        kept = self.scores >= threshold
        return replace(self, boxes=self.boxes[kept], scores=self.scores[kept], labels=self.labels[kept])

    def found(self, thresholds: Mapping[str, float]) -> BoxesPrediction:
        """The boxes whose score reaches the threshold of the model's card, 0.5 where it has none."""
        return self.above(thresholds.get(self.output, DEFAULT_THRESHOLD))

    def is_present(self, thresholds: Mapping[str, float]) -> bool:
        """Whether any score reaches the threshold of the model's card."""
        return len(self.found(thresholds).scores) > 0

    def describe(self, thresholds: Mapping[str, float]) -> str:
        """The prediction in a few words, for captions: `2 cat, 1 dog, best 0.93`."""
        found = self.found(thresholds)
        if not len(found.scores):
            return f"nothing found, best {self.presence:.2f}"
        counts = [(self.name_of(label), int(np.sum(found.labels == label))) for label in np.unique(found.labels)]
        return f"{', '.join(f'{count} {name}' for name, count in counts)}, best {self.presence:.2f}"

    def name_of(self, label: int) -> str:
        """The name of a class; `object` where there are no names."""
        return self.classes[label] if self.classes else "object"

    def captions(self) -> list[str]:
        """A text an object: `cat 0.93`, or the score alone where there are no names."""
        names = [f"{self.name_of(label)} " if self.classes else "" for label in self.labels.tolist()]
        return [f"{name}{score:.2f}" for name, score in zip(names, self.scores.tolist(), strict=True)]

    def to_sample(self, image: np.ndarray, thresholds: Mapping[str, float]) -> Sample:
        """The boxes that count as found, as labels of their picture, for drawing."""
        found = self.found(thresholds)
        count = len(found.scores)
        return Sample(
            image=image,
            boxes=found.boxes.astype(np.float32),
            labels=found.labels.astype(np.int64),
            ignore=np.zeros(count, bool),
            keypoints=np.zeros((count, 0, 2), np.float32),
            has=frozenset({"boxes"}),
        )

    def to_json(self, thresholds: Mapping[str, float]) -> dict[str, Any]:
        """Plain data; boxes below the threshold are left out."""
        found = self.found(thresholds)
        rows = zip(found.boxes.tolist(), found.scores.tolist(), found.labels.tolist(), strict=True)
        objects = [
            {"class": self.name_of(label), "score": round(score, 5), "box": [round(value, 6) for value in box]}
            for box, score, label in rows
        ]
        return {"present": bool(objects), "presence": round(self.presence, 5), "objects": objects}


def holds_object(sample: Sample, wanted: Collection[int]) -> bool | None:
    """Whether the labels of a picture say that it holds an object of some classes; None where they do not say.

    Args:
        sample: labelled or not; objects to be ignored, and classes that nobody looked for, leave the question open.
        wanted: labels of the classes in question; empty for every label.
    """
    if "boxes" not in sample.has:
        return None
    of_class = np.isin(sample.labels, list(wanted)) if wanted else np.ones(len(sample.labels), bool)
    if np.any(of_class & ~sample.ignore):
        return True
    return None if of_class.any() or not sample.unlabelled.isdisjoint(wanted) else False


def _combine(
    fuse: Callable[[ScoredBoxes, np.ndarray], ScoredBoxes], predictions: Sequence[BoxesPrediction], windows: np.ndarray
) -> BoxesPrediction:
    views = np.repeat(np.arange(len(predictions)), [len(each.scores) for each in predictions])
    boxes = np.concatenate([each.boxes for each in predictions]).astype(np.float64)
    scores = np.concatenate([each.scores for each in predictions]).astype(np.float64)
    fused = fuse(ScoredBoxes(boxes, scores, np.concatenate([each.labels for each in predictions]), views), windows)
    return replace(
        predictions[0],
        boxes=fused.boxes.astype(np.float32),
        scores=fused.scores.astype(np.float32),
        labels=fused.labels,
    )
