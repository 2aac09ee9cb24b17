"""The graph of the `corners` head: presence, and dense coordinates, a heatmap or two profiles a keypoint."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from keras import Model, initializers, layers

from detector.codecs.corners import MARGIN_STRIDE, CornersSettings
from detector.codecs.ramps import RAMP_TOP, ramp_layer
from detector.model_settings import BackboneSettings
from detector.models.blocks import BLOCKS, Tensor, activation_layer, conv_unit

PROFILE_KERNEL = 5  # cells along a profile that a bin sees


def build_corners(
    scales: Mapping[str, Tensor], settings: CornersSettings, backbone: BackboneSettings
) -> dict[str, Tensor]:
    """Adds the head to a backbone.

    Args:
        scales: `P1` ... `Pn` of the backbone.
        settings: the head's settings.
        backbone: the backbone's, for block kind, normalisation and activation.

    Returns:
        `corners_presence` (B, 1), a logit; with it `corners_coordinates` (B, P, 2) normalised xy, or
        `corners_heatmap` (B, GH, GW, P), logits, or `corners_simcc_x` (B, GW * bins, P) and `corners_simcc_y`
        (B, GH * bins, P), logits.

    Raises:
        ValueError: the backbone has too few stages for the stride of heatmap or profiles.
    """
    deepest = scales[f"P{len(scales)}"]
    pooled = layers.GlobalAveragePooling2D(name="corners_pool")(deepest)
    outputs = {"corners_presence": layers.Dense(1, name="corners_presence")(pooled)}
    if settings.method == "heatmap":
        x = _build_decoder(scales, settings, backbone)
        return outputs | {"corners_heatmap": layers.Conv2D(settings.points, 1, name="corners_heatmap")(x)}
    if settings.method == "simcc":
        x = _build_decoder(scales, settings, backbone)
        return outputs | {f"corners_simcc_{axis}": _build_profile(x, axis, settings, backbone) for axis in "xy"}
    features = pooled if settings.pooling == "gap" else layers.Flatten(name="corners_flatten")(deepest)
    return outputs | {"corners_coordinates": _build_dense(features, settings, backbone)}


def _build_dense(features: Tensor, settings: CornersSettings, backbone: BackboneSettings) -> Tensor:
    for number, units in enumerate(settings.hidden, 1):
        features = layers.Dense(units, kernel_initializer="he_normal", name=f"corners_hidden{number}")(features)
        features = activation_layer(backbone.activation, f"corners_hidden{number}_act")(features)
    x = layers.Dense(
        settings.points * 2,
        kernel_initializer=initializers.RandomNormal(stddev=0.01),
        bias_initializer=initializers.Constant(_start(settings.points)),
        name="corners_dense",
    )(features)
    return layers.Reshape((settings.points, 2), name="corners_coordinates")(x)


def _start(points: int) -> np.ndarray:
    """Where training begins: the points on a circle in the middle, clockwise from the top left; (2 P,)."""
    angle = np.arange(points) * 2 * np.pi / points - 0.75 * np.pi
    return (0.5 + 0.35 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)).reshape(-1).astype(np.float32)


def _build_decoder(scales: Mapping[str, Tensor], settings: CornersSettings, backbone: BackboneSettings) -> Tensor:
    """From the deepest scale up to the stride of heatmap or profiles, adding what each scale saw.

    The margin is padded on at stride 16 (or at the deepest scale, where that is finer), from where two convolutions
    and more carry what the frame holds out to corners that lie beyond it.
    """
    last = settings.stride.bit_length() - 1
    if len(scales) < last:
        raise ValueError(
            f"`model.heads.corners.stride: {settings.stride}` needs a backbone of {last} stages or more. "
            f"Received {len(scales)}. Lengthen `model.backbone.depths`, or choose a smaller stride."
        )
    level, x, pad = len(scales), None, 0
    while level >= last:
        if x is not None:
            x = layers.UpSampling2D(2, interpolation="bilinear", name=f"corners_up{level}")(x)
            pad *= 2
        lateral = conv_unit(scales[f"P{level}"], settings.channels, backbone, f"corners_lateral{level}", kernel=1)
        wanted = settings.margin * MARGIN_STRIDE // 2**level if 2**level <= MARGIN_STRIDE else 0
        if x is not None and pad < wanted:
            x = layers.ZeroPadding2D(wanted - pad, name=f"corners_pad{level}")(x)
        if wanted:
            lateral = layers.ZeroPadding2D(wanted, name=f"corners_lateral_pad{level}")(lateral)
        x = lateral if x is None else layers.Add(name=f"corners_add{level}")([x, lateral])
        x, pad = BLOCKS[backbone.block](x, settings.channels, backbone, f"corners_decode{level}"), wanted
        level -= 1
    return x


def _build_profile(x: Tensor, axis: str, settings: CornersSettings, backbone: BackboneSettings) -> Tensor:
    """Logits along one axis: (B, GH, GW, C) to (B, cells * bins, P).

    The other axis is pooled away by its maximum, which is near what the softmax of a map would have along this axis,
    and keeps the range that 8 bits are spread over; a mean of 40 cells would leave 3 of 127 steps to one bright cell.
    """
    rows, columns = x.shape[1:3]
    pool, kernel = ((rows, 1), (1, PROFILE_KERNEL)) if axis == "x" else ((1, columns), (PROFILE_KERNEL, 1))
    x = layers.MaxPooling2D(pool, name=f"corners_pool_{axis}")(x)
    x = conv_unit(x, 2 * settings.channels, backbone, f"corners_profile_{axis}", kernel=kernel)
    x = layers.Conv2D(settings.bins_per_cell * settings.points, 1, name=f"corners_bins_{axis}")(x)
    return layers.Reshape((-1, settings.points), name=f"corners_simcc_{axis}")(x)  # bins follow cells: no transposition


def split_coordinates(model: Model, settings: CornersSettings) -> Model:
    """The model as it is exported: dense coordinates leave as ramps, for 8 bits are too coarse for a corner.

    Returns:
        A model with `corners_ramps` (B, P * 2 * K) in [0, 6] in the place of `corners_coordinates`; the model itself
        where the head draws heatmaps or profiles.
    """
    if settings.method != "dense":
        return model
    dense = model.get_layer("corners_dense")
    kernel, bias = ramp_layer(*dense.get_weights())
    ramps = layers.Dense(len(bias), name="corners_ramps_dense")
    outputs = dict(model.output)
    del outputs["corners_coordinates"]
    outputs["corners_ramps"] = layers.ReLU(max_value=RAMP_TOP, name="corners_ramps")(ramps(dense.input))
    ramps.set_weights([kernel, bias])
    return Model(model.input, outputs, name=model.name)
