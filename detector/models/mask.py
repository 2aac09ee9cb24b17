"""The graph of the `mask` head: a UNet's decoder on the backbone's scales, and the logits of every cell."""

from __future__ import annotations

from collections.abc import Mapping

from keras import Model, layers

from detector.codecs.mask import MaskCodec, MaskSettings
from detector.models.blocks import BLOCKS, Tensor, activation_layer, conv_unit, normalise
from detector.settings.model import BackboneSettings


def build_mask(scales: Mapping[str, Tensor], codec: MaskCodec, backbone: BackboneSettings) -> dict[str, Tensor]:
    """Adds the head to a backbone.

    Args:
        scales: `P1` ... `Pn` of the backbone.
        codec: the head's codec, for its settings and channels.
        backbone: the backbone's settings, for block kind, normalisation and activation.

    Returns:
        `mask_logits` (B, H / stride, W / stride, C), and what else `codec.strides` names.

    Raises:
        ValueError: the backbone has too few stages for the strides.
    """
    settings, outputs = codec.settings, {stride: name for name, stride in codec.strides.items()}
    last, coarsest = min(outputs).bit_length() - 1, max(outputs).bit_length() - 1
    if len(scales) <= coarsest:
        raise ValueError(
            f"`model.heads.mask` with masks at strides {', '.join(map(str, outputs))} needs a backbone of "
            f"{coarsest + 1} stages or more. Received {len(scales)}. Lengthen `model.backbone.depths`, or choose a "
            "smaller `stride`."
        )
    logits = {}
    x = scales[f"P{len(scales)}"]
    for level in range(len(scales) - 1, last - 1, -1):
        channels = level_channels(settings, level - last)
        x = _double(x, channels, settings, backbone, f"mask_up{level}")
        if f"P{level}" in scales:  # at the size of the input the backbone has none
            x = layers.Concatenate(name=f"mask_skip{level}")([x, scales[f"P{level}"]])
        for number in range(1, settings.depth + 1):
            x = BLOCKS[backbone.blocks()[-1]](x, channels, backbone, f"mask_decode{level}_block{number}")
        if 2**level in outputs:
            name = outputs[2**level]
            logits[name] = layers.Conv2D(codec.channels, 1, name=name)(x)
    return {name: logits[name] for name in codec.strides}


def drop_coarse_masks(model: Model, settings: MaskSettings) -> Model:
    """The model as it is exported: without the coarser masks, which help in training alone."""
    if not settings.deep_supervision:
        return model
    kept = {name: value for name, value in model.output.items() if not name.startswith("mask_logits_")}
    return Model(model.input, kept, name=model.name)


def level_channels(settings: MaskSettings, above: int) -> int:
    """Channels of the decoder so many levels above its finest, a multiple of 4."""
    wanted = 4 * round(settings.channels * settings.growth**above / 4)
    return min(settings.max_channels, max(4, wanted))


def _double(x: Tensor, channels: int, settings: MaskSettings, backbone: BackboneSettings, name: str) -> Tensor:
    """(B, H, W, C) -> (B, 2 H, 2 W, channels)."""
    if settings.upsampling == "bilinear":
        x = conv_unit(x, channels, backbone, name, kernel=1)
        return layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_resize")(x)
    bias = backbone.normalisation == "none"
    x = layers.Conv2DTranspose(channels, 2, 2, use_bias=bias, kernel_initializer="he_normal", name=f"{name}_conv")(x)
    return activation_layer(backbone.activation, f"{name}_act")(normalise(x, backbone, name))
