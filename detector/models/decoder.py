"""From the deepest scale of the backbone up to a finer one, adding what each scale saw."""

from __future__ import annotations

from collections.abc import Mapping

from keras import layers

from detector.codecs.corners import MARGIN_STRIDE
from detector.models.blocks import BLOCKS, Tensor, conv_unit
from detector.settings.model import BackboneSettings


def build_decoder(
    scales: Mapping[str, Tensor], last: int, channels: int, backbone: BackboneSettings, name: str, margin: int = 0
) -> dict[int, Tensor]:
    """A feature pyramid (Lin et al. 2017): at each scale a 1 x 1 convolution, the sum with what lies deeper, a block.

    A margin is padded on at stride 16 (or at the deepest scale, where that is finer), from where two convolutions and
    more carry what the frame holds out to what lies beyond it.

    Args:
        scales: `P1` ... `Pn` of the backbone.
        last: the finest level that is wanted, from 1 to n.
        channels: of every level.
        backbone: its settings, for block kind, normalisation and activation.
        name: prefix of the layers' names.
        margin: how far every level reaches beyond the frame, in units of `MARGIN_STRIDE` pixels.

    Returns:
        Level -> features (B, H / 2^level, W / 2^level, channels), and the margin; from n down to `last`.
    """
    features: dict[int, Tensor] = {}
    x, pad = None, 0
    for level in range(len(scales), last - 1, -1):
        if x is not None:
            x = layers.UpSampling2D(2, interpolation="bilinear", name=f"{name}_up{level}")(x)
            pad *= 2
        lateral = conv_unit(scales[f"P{level}"], channels, backbone, f"{name}_lateral{level}", kernel=1)
        wanted = margin * MARGIN_STRIDE // 2**level if 2**level <= MARGIN_STRIDE else 0
        if x is not None and pad < wanted:
            x = layers.ZeroPadding2D(wanted - pad, name=f"{name}_pad{level}")(x)
        if wanted:
            lateral = layers.ZeroPadding2D(wanted, name=f"{name}_lateral_pad{level}")(lateral)
        x = lateral if x is None else layers.Add(name=f"{name}_add{level}")([x, lateral])
        x, pad = BLOCKS[backbone.blocks()[-1]](x, channels, backbone, f"{name}_decode{level}"), wanted
        features[level] = x
    return features
