"""The graph of the `box` head: presence, and one box from a map of centres or from a dense layer."""

from __future__ import annotations

from collections.abc import Mapping

from keras import Model, initializers, layers

from detector.codecs.box import OUTWARDS, BoxCodec, BoxSettings, distance_limits
from detector.codecs.ramps import RAMP_TOP, ramp_layer
from detector.models.blocks import Tensor, activation_layer
from detector.models.decoder import build_decoder
from detector.settings.model import BackboneSettings

START = 0.25  # distance of the sides from the middle, of the frame or the cell, where training begins


def build_box(scales: Mapping[str, Tensor], codec: BoxCodec, backbone: BackboneSettings) -> dict[str, Tensor]:
    """Adds the head to a backbone.

    Args:
        scales: `P1` ... `Pn` of the backbone.
        codec: the head's codec, for its settings.
        backbone: the backbone's settings, for block kind, normalisation and activation.

    Returns:
        `box_presence` (B, 1), a logit; with it `box_coordinates` (B, 4), normalised x0 y0 x1 y1, or `box_heatmap`
        (B, GH, GW, 1), logits, and `box_offsets` (B, GH, GW, 4), the box as seen from the centre of each cell.

    Raises:
        ValueError: the backbone has too few stages for the stride of the map.
    """
    settings, deepest = codec.settings, scales[f"P{len(scales)}"]
    pooled = layers.GlobalAveragePooling2D(name="box_pool")(deepest)
    if settings.method == "dense":
        features = pooled if settings.pooling == "gap" else layers.Flatten(name="box_flatten")(deepest)
        presence = layers.Dense(1, name="box_presence")(pooled)
        return {"box_presence": presence, "box_coordinates": _build_dense(features, settings, backbone)}
    last = settings.stride.bit_length() - 1
    if len(scales) < last:
        raise ValueError(
            f"`model.heads.box.stride: {settings.stride}` needs a backbone of {last} stages or more. "
            f"Received {len(scales)}. Lengthen `model.backbone.depths`, or choose a smaller stride."
        )
    x = build_decoder(scales, last, settings.channels, backbone, "box")[last]
    peak = layers.GlobalMaxPooling2D(name="box_peak")(x)  # of an object that is small in the frame
    parts = [layers.Dense(1, name=f"box_presence_{name}")(each) for name, each in (("mean", pooled), ("peak", peak))]
    offsets = layers.Conv2D(
        4,
        1,
        kernel_initializer=initializers.RandomNormal(stddev=0.01),
        bias_initializer=initializers.Constant(START * OUTWARDS),
        name="box_offsets",
    )
    return {
        "box_presence": layers.Add(name="box_presence")(parts),  # and not one dense layer: 8 bits each
        "box_heatmap": layers.Conv2D(1, 1, name="box_heatmap")(x),
        "box_offsets": offsets(x),
    }


def _build_dense(features: Tensor, settings: BoxSettings, backbone: BackboneSettings) -> Tensor:
    for number, units in enumerate(settings.hidden, 1):
        features = layers.Dense(units, kernel_initializer="he_normal", name=f"box_hidden{number}")(features)
        features = activation_layer(backbone.activation, f"box_hidden{number}_act")(features)
    return layers.Dense(
        4,
        kernel_initializer=initializers.RandomNormal(stddev=0.01),
        bias_initializer=initializers.Constant(0.5 + START * OUTWARDS),
        name="box_coordinates",
    )(features)


def split_box(model: Model, settings: BoxSettings) -> Model:
    """The model as it is exported: coordinates leave as ramps, for 8 bits are too coarse for a box.

    Returns:
        A model with `box_ramps` in [0, 6] in the place of `box_coordinates`, (B, 4 * K), or of `box_offsets`,
        (B, GH, GW, 4 * K): the distances from the cell's centre to the four sides, outwards.
    """
    dense = settings.method == "dense"
    layer = model.get_layer("box_coordinates" if dense else "box_offsets")
    kernel, bias = layer.get_weights()
    if dense:
        kernel, bias = ramp_layer(kernel, bias)
        ramps = layers.Dense(len(bias), name="box_ramps_dense")
    else:
        limits = distance_limits(layer.output.shape[1:3], settings)
        kernel, bias = ramp_layer(kernel * OUTWARDS, bias * OUTWARDS, limits)
        ramps = layers.Conv2D(len(bias), 1, name="box_ramps_conv")
    outputs = {name: tensor for name, tensor in model.output.items() if name != layer.name}
    outputs["box_ramps"] = layers.ReLU(max_value=RAMP_TOP, name="box_ramps")(ramps(layer.input))
    ramps.set_weights([kernel, bias])
    return Model(model.input, outputs, name=model.name)
