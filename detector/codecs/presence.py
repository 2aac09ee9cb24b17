"""The codec of the `presence` head, the smallest there is: does the picture hold an object at all?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data_generators.sample import Sample
from data_generators.sources import CornerOrder
from detector.codecs.base import Arrays, Codec, HeadSettings, probability_of


class PresenceSettings(HeadSettings):
    """A yes or no for the whole picture."""


@dataclass(frozen=True)
class PresencePrediction:
    """What the network says of one picture.

    Args:
        presence: probability in [0, 1] that the picture holds an object.
    """

    presence: float

    def mapped(self, homography: np.ndarray) -> PresencePrediction:  # noqa: ARG002
        """The prediction in other coordinates: the same."""
        return self

    @classmethod
    def of_looks(cls, predictions: Sequence[PresencePrediction], windows: np.ndarray) -> PresencePrediction:  # noqa: ARG003
        """One prediction of several looks at a picture: the mean."""
        return cls(float(np.mean([each.presence for each in predictions])))

    @classmethod
    def of_tiles(cls, predictions: Sequence[PresencePrediction], windows: np.ndarray) -> PresencePrediction:  # noqa: ARG003
        """One prediction of the tiles of a picture: an object in one of them is in the picture."""
        return max(predictions, key=lambda each: each.presence)

    def is_present(self, thresholds: Mapping[str, float]) -> bool:
        """Whether presence reaches the threshold of the model's card, 0.5 where it has none."""
        return self.presence >= thresholds.get("presence_logit", 0.5)

    def describe(self, thresholds: Mapping[str, float]) -> str:
        """The prediction in a few words, for captions."""
        return f"{'found' if self.is_present(thresholds) else 'nothing found'}, presence {self.presence:.2f}"

    def to_sample(self, image: np.ndarray, thresholds: Mapping[str, float]) -> Sample:
        """The prediction as labels of its picture, for drawing: a frame around a picture that holds an object."""
        boxes = np.array([[0, 0, 1, 1]], np.float32)[: int(self.is_present(thresholds))]
        return Sample(
            image=image,
            boxes=boxes,
            labels=np.zeros(len(boxes), np.int64),
            ignore=np.zeros(len(boxes), bool),
            keypoints=np.zeros((len(boxes), 0, 2), np.float32),
            has=frozenset({"boxes"}),
        )

    def to_json(self, thresholds: Mapping[str, float]) -> dict[str, Any]:
        """Plain data."""
        return {"present": self.is_present(thresholds), "presence": round(self.presence, 5)}


def holds_any(sample: Sample) -> bool | None:
    """Whether a picture holds an object of a class that was asked for; None where its labels do not say.

    An object labelled by its box or by keypoints makes a yes; one to be ignored, and a class that nobody looked for,
    leave open whether it is a no.
    """
    if sample.has.isdisjoint({"boxes", "keypoints"}):
        return None
    of_class = sample.labels >= 0
    if np.any(of_class & ~sample.ignore):
        return True
    return None if of_class.any() or sample.unlabelled else False


class PresenceCodec(Codec):
    """Any object of a class that was asked for makes a yes."""

    name = "presence"
    settings_class = PresenceSettings

    @property
    def corner_order(self) -> CornerOrder:
        return "none"

    def encode(self, samples: Sequence[Sample]) -> tuple[Arrays, Arrays]:
        answers = [holds_any(sample) for sample in samples]
        present = np.array([[answer is True] for answer in answers], np.float32)
        weights = np.array([answer is not None for answer in answers], np.float32)
        return {"presence_logit": present}, {"presence_logit": weights}

    def decode(self, outputs: Mapping[str, np.ndarray]) -> list[PresencePrediction]:
        return [PresencePrediction(float(p)) for p in probability_of(outputs["presence_logit"].reshape(-1))]
