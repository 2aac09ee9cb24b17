"""What every head's codec does: encode the labels of a batch, decode the outputs of the network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from pydantic import Field

from data_generators.sample import Sample
from data_generators.settings import Settings
from data_generators.sources import CornerOrder
from data_generators.transform.input_spec import InputSpec

Arrays = dict[str, np.ndarray]


class HeadSettings(Settings):
    """What all heads have in common."""

    loss_weight: float = Field(1.0, ge=0)
    """Weight of this head's losses in the sum over all heads."""


def probability_of(logits: np.ndarray) -> np.ndarray:
    """The logistic function, float64 of any shape, as a tanh: it overflows nowhere."""
    return 0.5 + 0.5 * np.tanh(0.5 * np.asarray(logits, np.float64))


def says_whether(sample: Sample, *kinds: str) -> bool:
    """Whether labels of one of these kinds say yes or no: someone looked, and found none or one not to be ignored."""
    return not sample.has.isdisjoint(kinds) and not (len(sample.ignore) > 0 and bool(sample.ignore.all()))


class Prediction(Protocol):
    """What a head says of one picture, in normalised coordinates: what all that `decode` gives can do."""

    def mapped(self, homography: np.ndarray) -> Self:
        """The prediction in other coordinates; (3, 3), from these normalised coordinates to the others."""

    @classmethod
    def of_looks(cls, predictions: Sequence[Self], windows: np.ndarray) -> Self:
        """One prediction of several looks at a picture.

        Args:
            predictions: one a look, in normalised coordinates of the picture.
            windows: (V, 4) what each look shows of the picture, x0 y0 x1 y1 in [0, 1].
        """

    @classmethod
    def of_tiles(cls, predictions: Sequence[Self], windows: np.ndarray) -> Self:
        """One prediction of the tiles of a picture.

        Args:
            predictions: one a tile, in normalised coordinates of the picture.
            windows: (V, 4) the tiles, x0 y0 x1 y1 in [0, 1].
        """

    def is_present(self, thresholds: Mapping[str, float]) -> bool:
        """Whether there is an object, by the thresholds of the model's card."""

    def describe(self, thresholds: Mapping[str, float]) -> str:
        """The prediction in a few words, for captions."""

    def to_sample(self, image: np.ndarray, thresholds: Mapping[str, float]) -> Sample:
        """The prediction as labels of its picture, for drawing."""

    def to_json(self, thresholds: Mapping[str, float]) -> dict[str, Any]:
        """Plain data."""


class Codec(ABC):
    """Translates between the samples and the tensors of one head; outputs are named `<head>_<tensor>`.

    Args:
        settings: the head's settings, an instance of `settings_class`.
        spec: the network's input.
        classes: names of the classes that the samples' labels index; empty where all objects are of one class.
    """

    name: ClassVar[str]
    settings_class: ClassVar[type[HeadSettings]]

    def __init__(self, settings: Any, spec: InputSpec, classes: tuple[str, ...] = ()) -> None:
        self.settings, self.spec, self.classes = settings, spec, classes

    @property
    @abstractmethod
    def corner_order(self) -> CornerOrder:
        """The corner order that the head wants its samples in, `none` where it takes no keypoints."""

    @property
    def may_mirror(self) -> bool:
        """Whether the prediction of a mirrored picture, mirrored back, is one of the picture."""
        return True

    @abstractmethod
    def encode(self, samples: Sequence[Sample]) -> tuple[Arrays, Arrays]:
        """Targets and weights of a batch.

        Args:
            samples: B samples at the network's input size.

        Returns:
            targets: output name -> float32 (B, ...).
            weights: output name -> float32 (B, ...), 0 where the sample has no label for that output.
        """

    @abstractmethod
    def decode(self, outputs: Mapping[str, np.ndarray]) -> list[Any]:
        """One prediction a picture, in normalised coordinates of the network's frame.

        Args:
            outputs: output name -> (B, ...) as the Keras model or the exported file gives them.
        """

    def count_lost(self, samples: Sequence[Sample]) -> dict[str, int]:  # noqa: ARG002 - most heads have room for all
        """Objects that the targets have no room for.

        Args:
            samples: at any size.

        Returns:
            What they do, and the cure, to end a sentence on so many objects which ... -> their number, also 0.
        """
        return {}

    def find_outside(self, samples: Sequence[Sample]) -> np.ndarray:  # noqa: ARG002 - most heads have no such limit
        """Which of the objects to be found have a keypoint that lies where the targets have no place for it.

        Args:
            samples: at any size.

        Returns:
            bool (N,), N the samples with an object whose keypoints are known.
        """
        return np.zeros(0, bool)
