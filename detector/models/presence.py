"""The graph of the `presence` head: average the deepest scale, one dense unit."""

from __future__ import annotations

from collections.abc import Mapping

from keras import layers

from detector.codecs.presence import PresenceCodec
from detector.models.blocks import Tensor
from detector.settings.model import BackboneSettings


def build_presence(
    scales: Mapping[str, Tensor],
    codec: PresenceCodec,  # noqa: ARG001
    backbone: BackboneSettings,  # noqa: ARG001
) -> dict[str, Tensor]:
    """Adds the head to a backbone.

    Returns:
        `presence_logit` (B, 1).
    """
    pooled = layers.GlobalAveragePooling2D(name="presence_pool")(scales[f"P{len(scales)}"])
    return {"presence_logit": layers.Dense(1, name="presence_logit")(pooled)}
