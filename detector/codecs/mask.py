"""The codec of the `mask` head: the class of every pixel, on a raster of cells of `stride` pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from data_generators.sample import MASK_IGNORE, Sample
from data_generators.sources import CornerOrder
from data_generators.transform.input_spec import InputSpec
from detector.codecs.base import Arrays, Codec, HeadSettings, probability_of
from detector.codecs.mask_prediction import MaskPrediction

MaskLossKind = Literal["cross_entropy", "focal", "dice", "jaccard"]
BACKGROUND, OBJECT = "background", "object"
LEAST_KNOWN = 0.5  # share of a cell's pixels that must be labelled, or the cell is ignored


class MaskSettings(HeadSettings):
    """The class of every pixel: a UNet (Ronneberger et al. 2015), whose decoder climbs the backbone's scales and joins
    each with what that scale saw."""

    stride: Literal[1, 2, 4] = 2
    """Pixels of the input along the side of an output cell. Probabilities are enlarged bilinearly to the picture."""
    channels: int = Field(16, ge=4, multiple_of=4)
    """Width dial of the decoder: channels of its finest level."""
    growth: float = Field(1.5, ge=1, le=2)
    """Channels of the next coarser level are those of a level times this, rounded to a multiple of 4."""
    max_channels: int = Field(48, ge=4, multiple_of=4)
    """Ceiling of the channels of any level of the decoder."""
    depth: int = Field(1, ge=1, le=4)
    """Blocks a level of the decoder."""
    upsampling: Literal["bilinear", "transposed"] = "bilinear"
    """How a level is doubled: a 1 x 1 convolution and bilinear interpolation, or a transposed 2 x 2 convolution."""
    losses: Mapping[MaskLossKind, float] = {"cross_entropy": 1.0, "dice": 1.0}
    """Losses of the sum, with their weights."""
    focal_gamma: float = Field(2.0, ge=0)
    """focal: how little pixels count that are nearly right (Lin et al. 2017)."""
    boundary_weight: float = Field(0.0, ge=0)
    """cross_entropy and focal: so much more weighs a cell at a boundary between classes; 0: all cells weigh 1."""
    boundary_radius: int = Field(3, ge=1)
    """Cells from the boundary over which the additional weight falls to 0."""
    class_weights: Literal["balanced"] | dict[str, float] | None = None
    """Weight of the pixels of each class in cross_entropy and focal, by name, with `background`, and `object` where
    classes have no names; 1 where it is not named. `balanced`: training finds the inverse of their frequency."""
    deep_supervision: int = Field(0, ge=0, le=3)
    """Coarser levels of the decoder that are asked for the mask too, in training alone; each with half the weight of
    the one before."""
    picture_weights: Literal["balanced"] | dict[str, float] | None = None
    """Weight of the pictures that show a class, by name, `background` for those that show none; of several the highest.
    `balanced`: the inverse of their frequency in the training data, so that rare classes are seen as often."""

    @field_validator("losses")
    @classmethod
    def _check_losses(cls, losses: Mapping[str, float]) -> Mapping[str, float]:
        if not losses or min(losses.values()) <= 0:
            raise ValueError("`losses` needs a loss or more, each with a weight above 0, e.g. {cross_entropy: 1}")
        return losses


class MaskCodec(Codec):
    """`mask_logits` (B, H / stride, W / stride, C); with `deep_supervision`, in training, coarser ones beside it.

    C is 1, a logit of "object", where `model.classes` has at most one name; else 1 + the number of names, for a softmax
    whose channel 0 is the background. The target of a cell is the share of each class among its labelled pixels: where
    a boundary runs through it, that places the boundary within the cell, once it is enlarged bilinearly. A cell of
    which most pixels are unknown is -1 in all channels.
    """

    name = "mask"
    settings_class = MaskSettings
    settings: MaskSettings

    def __init__(self, settings: MaskSettings, spec: InputSpec, classes: tuple[str, ...] = ()) -> None:
        super().__init__(settings, spec, classes)
        for field in ("class_weights", "picture_weights"):
            weights = getattr(settings, field)
            unknown = set(weights) - set(self.names) if isinstance(weights, dict) else None
            if unknown:
                raise ValueError(
                    f"model.heads.mask.{field} names {', '.join(sorted(unknown))}, which is no class of model.classes. "
                    f"The names are {', '.join(self.names)}."
                )

    @property
    def corner_order(self) -> CornerOrder:
        return "none"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the values of a mask: the background, and the classes or `object`."""
        return mask_names(self.classes)

    @property
    def channels(self) -> int:
        """Channels of the output."""
        return len(self.names) if len(self.classes) > 1 else 1

    def weights_of(self, weights: Literal["balanced"] | dict[str, float] | None) -> list[float]:
        """The weight of each of `names`; 1 where there is none, and as long as the data have not been asked."""
        return [weights.get(name, 1.0) if isinstance(weights, dict) else 1.0 for name in self.names]

    @property
    def strides(self) -> dict[str, int]:
        """Every output, and the pixels along the side of its cells; that of the prediction is the first."""
        finest = self.settings.stride
        coarser = [finest * 2**above for above in range(1, self.settings.deep_supervision + 1)]
        return {"mask_logits": finest} | {f"mask_logits_{stride}": stride for stride in coarser}

    def encode(self, samples: Sequence[Sample]) -> tuple[Arrays, Arrays]:
        targets, weights = {}, {}
        for name, stride in self.strides.items():
            targets[name] = np.stack([self._encode_one(sample, stride) for sample in samples])
            weights[name] = np.array([self._weight_of(cells) for cells in targets[name]], np.float32)
        return targets, weights

    def _encode_one(self, sample: Sample, stride: int) -> np.ndarray:
        """The target of one picture: float32 (H / stride, W / stride, C)."""
        height, width = (side // stride for side in self.spec.size_hw)
        mask = sample.mask if "mask" in sample.has else _mask_of_none(sample)
        known = (mask != MASK_IGNORE) & ((mask > 0) | bool(not sample.unlabelled))
        values = [mask > 0] if self.channels == 1 else [mask == value for value in range(self.channels)]
        pixels = np.stack([*values, known], axis=-1) & known[..., None]
        shares = pixels.reshape(height, stride, width, stride, -1).mean(axis=(1, 3), dtype=np.float32)
        cells = shares[..., :-1] / np.maximum(shares[..., -1:], 1e-6)
        return np.where(shares[..., -1:] >= LEAST_KNOWN, cells, np.float32(-1))

    def _weight_of(self, cells: np.ndarray) -> float:
        """The weight of a picture by the classes that it shows, 0 where nothing is known of it."""
        known, shown = cells[..., 0] >= 0, np.asarray((cells > 0).any(axis=(0, 1)))
        weights = np.array(self.weights_of(self.settings.picture_weights))
        objects = shown[-(len(weights) - 1) :]
        return float(known.any()) * float(weights[1:][objects].max() if objects.any() else weights[0])

    def decode(self, outputs: Mapping[str, np.ndarray]) -> list[MaskPrediction]:
        logits = np.asarray(outputs["mask_logits"], np.float32)
        if self.channels == 1:
            probabilities = probability_of(logits)
        else:
            powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
            probabilities = powers[..., 1:] / powers.sum(axis=-1, keepdims=True)
        return [MaskPrediction(each.astype(np.float32), self.classes) for each in probabilities]


def mask_names(classes: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the values of a mask, the background first."""
    return (BACKGROUND, *(classes or (OBJECT,)))


def _mask_of_none(sample: Sample) -> np.ndarray:
    """The mask of a picture in which none was drawn: background where its boxes say that it holds no object."""
    empty = "boxes" in sample.has and not np.any(sample.labels >= 0)
    return np.full(sample.size_hw, 0 if empty else MASK_IGNORE, np.uint8)
