"""The codec of the `autoencoder` head: the picture itself, which the network restores from a spoilt copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import Field

from data_generators.sample import Sample
from data_generators.settings import Share
from data_generators.sources import CornerOrder
from data_generators.transform.input_spec import match_channels, resize_image
from data_generators.transform.warp import warp_image
from detector.codecs.base import Arrays, Codec, HeadSettings


class AutoencoderSettings(HeadSettings):
    """The picture restored from a spoilt copy (denoising autoencoder, Vincent et al. 2008): no labels are needed, and
    the backbone that learns it is a beginning for other heads. All that the run trains on is spoilt in this way."""

    stride: Literal[2, 4, 8, 16, 32] = 4
    """The restored picture is this many times smaller than the input."""
    channels: int = Field(32, ge=8, multiple_of=8)
    """Channels of the decoder."""
    masked: Share = 0.4
    """Share of the patches that are hidden behind grey (as in He et al. 2022)."""
    patch_px: int = Field(16, ge=2)
    """Side of a patch, in pixels of the input."""
    noise: Share = 0.1
    """Highest standard deviation of the noise, a fraction of full scale; each picture gets between none and this."""
    blur: Share = 0.25
    """Share of the pictures that are blurred."""
    grey: Share = 0.25
    """Share of the pictures that lose their colour."""


@dataclass(frozen=True)
class AutoencoderPrediction:
    """The restored picture.

    Args:
        image: float32 (h, w, C) in [0, 1], smaller than the picture that it stands for.
    """

    image: np.ndarray

    def mapped(self, homography: np.ndarray) -> AutoencoderPrediction:
        """The prediction in other coordinates, drawn as large as before; edges are repeated beyond what is known.

        Args:
            homography: (3, 3), from these normalised coordinates to the others.
        """
        height, width, _ = self.image.shape
        return AutoencoderPrediction(warp_image(self.image, homography, (height, width), "replicate"))

    @classmethod
    def of_looks(cls, predictions: Sequence[AutoencoderPrediction], windows: np.ndarray) -> AutoencoderPrediction:
        """One prediction of several looks at a picture: at each pixel the mean of those that show it."""
        height, width, _ = predictions[0].image.shape
        y, x = (np.arange(height)[:, None] + 0.5) / height, (np.arange(width) + 0.5) / width
        shown = [(x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1) for x0, y0, x1, y1 in windows]
        weights = np.stack(shown)[..., None].astype(np.float32)  # (V, h, w, 1)
        total = np.sum(weights * np.stack([each.image for each in predictions]), axis=0)
        return cls(total / np.maximum(weights.sum(axis=0), 1))

    @classmethod
    def of_tiles(cls, predictions: Sequence[AutoencoderPrediction], windows: np.ndarray) -> AutoencoderPrediction:
        """One prediction of the tiles of a picture, see `of_looks`."""
        return cls.of_looks(predictions, windows)

    def is_present(self, thresholds: Mapping[str, float]) -> bool:  # noqa: ARG002
        """False: it says nothing of objects."""
        return False

    def describe(self, thresholds: Mapping[str, float]) -> str:  # noqa: ARG002
        """The prediction in a few words, for captions."""
        return f"restored, {self.image.shape[1]} x {self.image.shape[0]} px"

    def to_sample(self, image: np.ndarray, thresholds: Mapping[str, float]) -> Sample:  # noqa: ARG002
        """The restored picture in the place of the picture, for drawing, without labels."""
        return Sample(image=np.round(255 * self.image).astype(np.uint8), origin="restored")

    def to_json(self, thresholds: Mapping[str, float]) -> dict[str, Any]:  # noqa: ARG002
        """Plain data: the size of the restored picture in pixels."""
        return {"width": self.image.shape[1], "height": self.image.shape[0]}


def small_picture(image: np.ndarray, size_hw: tuple[int, int], channels: int) -> np.ndarray:
    """What is to be restored of a picture: float32 (h, w, channels) in [0, 1].

    Args:
        image: uint8 (H, W, C).
        size_hw: h and w.
        channels: 3, or 1 for grey.
    """
    return resize_image(match_channels(image, channels), size_hw).astype(np.float32) / 255


class AutoencoderCodec(Codec):
    """Every picture is its own label; `autoencoder_image` is (B, H / stride, W / stride, C) in [0, 1]."""

    name = "autoencoder"
    settings_class = AutoencoderSettings
    settings: AutoencoderSettings

    @property
    def corner_order(self) -> CornerOrder:
        return "none"

    def encode(self, samples: Sequence[Sample]) -> tuple[Arrays, Arrays]:
        height, width = (side // self.settings.stride for side in self.spec.size_hw)
        pictures = [small_picture(sample.image, (height, width), self.spec.channels) for sample in samples]
        weights = np.ones(len(samples), np.float32)
        return {"autoencoder_image": np.stack(pictures)}, {"autoencoder_image": weights}

    def decode(self, outputs: Mapping[str, np.ndarray]) -> list[AutoencoderPrediction]:
        pictures = np.clip(np.asarray(outputs["autoencoder_image"], np.float32), 0, 1)
        return [AutoencoderPrediction(picture) for picture in pictures]
