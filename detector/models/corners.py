"""The graph of the `corners` head: presence, and dense coordinates, a heatmap or two profiles a keypoint."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from keras import Model, initializers, layers

from detector.codecs.corners import CornersCodec, CornersSettings
from detector.codecs.ramps import RAMP_TOP, ramp_layer
from detector.models.blocks import Tensor, activation_layer, conv_unit
from detector.models.decoder import build_decoder
from detector.settings.model import BackboneSettings

PROFILE_KERNEL = 5  # cells along a profile that a bin sees


def build_corners(scales: Mapping[str, Tensor], codec: CornersCodec, backbone: BackboneSettings) -> dict[str, Tensor]:
    """Adds the head to a backbone.

    Args:
        scales: `P1` ... `Pn` of the backbone.
        codec: the head's codec, for its settings.
        backbone: the backbone's settings, for block kind, normalisation and activation.

    Returns:
        `corners_presence` (B, 1), a logit; with it `corners_coordinates` (B, P, 2) normalised xy, or
        `corners_heatmap` (B, GH, GW, P), logits, or `corners_simcc_x` (B, GW * bins, P) and `corners_simcc_y`
        (B, GH * bins, P), logits.

    Raises:
        ValueError: the backbone has too few stages for the stride of heatmap or profiles.
    """
    settings, deepest = codec.settings, scales[f"P{len(scales)}"]
    pooled = layers.GlobalAveragePooling2D(name="corners_pool")(deepest)
    outputs = {"corners_presence": layers.Dense(1, name="corners_presence")(pooled)}
    if settings.method == "heatmap":
        x = _build_maps(scales, settings, backbone)
        return outputs | {"corners_heatmap": layers.Conv2D(settings.points, 1, name="corners_heatmap")(x)}
    if settings.method == "simcc":
        x = _build_maps(scales, settings, backbone)
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


def _build_maps(scales: Mapping[str, Tensor], settings: CornersSettings, backbone: BackboneSettings) -> Tensor:
    """Features at the stride of heatmap or profiles."""
    last = settings.stride.bit_length() - 1
    if len(scales) < last:
        raise ValueError(
            f"`model.heads.corners.stride: {settings.stride}` needs a backbone of {last} stages or more. "
            f"Received {len(scales)}. Lengthen `model.backbone.depths`, or choose a smaller stride."
        )
    return build_decoder(scales, last, settings.channels, backbone, "corners", settings.margin)[last]


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
