"""The backbone: an image to a dict of named scales, from which every head takes what it needs."""

from __future__ import annotations

import re

from keras import layers

from detector.models.application import build_application
from detector.models.blocks import BLOCKS, Tensor, conv_block
from detector.settings.model import BackboneSettings


def build_backbone(image: Tensor, settings: BackboneSettings) -> dict[str, Tensor]:
    """Stages, each of which halves height and width once: of blocks, or those of a network of `keras.applications`.

    Args:
        image: (B, H, W, C) in [0, 1].
        settings: kind, depth and width of the stages.

    Returns:
        `P1` ... `Pn`: scale `Pk` is (B, H / 2^k, W / 2^k, channels of stage k).
    """
    scales = build_application(image, settings.application) if settings.application else _build_stages(image, settings)
    if settings.dropout:
        deepest = f"P{len(scales)}"
        scales[deepest] = layers.SpatialDropout2D(settings.dropout, name="dropout")(scales[deepest])
    return scales


def _build_stages(image: Tensor, settings: BackboneSettings) -> dict[str, Tensor]:
    scales, x = {}, image
    stages = zip(settings.stage_channels(), settings.depths, settings.blocks(), strict=True)
    for stage, (channels, depth, kind) in enumerate(stages, 1):
        block = conv_block if stage == 1 else BLOCKS[kind]
        for number in range(1, depth + 1):
            strided = number == 1 and settings.downsample == "stride"
            x = block(x, channels, settings, f"stage{stage}_block{number}", 2 if strided else 1)
        if settings.downsample == "max_pool":
            x = layers.MaxPooling2D(2, name=f"stage{stage}_pool")(x)
        scales[f"P{stage}"] = x
    return scales


def stage_of(name: str) -> int:
    """The stage, counted from 1, of the backbone's layer of that name or path of a variable; 0 for any other."""
    found = re.match(r"stage(\d+)_", name)
    return int(found[1]) if found else 0
