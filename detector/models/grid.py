"""The graph of the `grid` head: a decoder, convolutions, and a tensor each for objectness, boxes and classes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from keras import Model, initializers, layers

from detector.codecs.grid import GridCodec
from detector.codecs.grid_places import distance_limits
from detector.codecs.grid_settings import GridSettings
from detector.codecs.ramps import RAMP_TOP, ramp_layer
from detector.models.blocks import BLOCKS, Tensor
from detector.models.decoder import build_decoder
from detector.settings.model import BackboneSettings

PRIOR = 0.01  # objectness that training begins with (Lin et al. 2017, section 3.3)


def build_grid(scales: Mapping[str, Tensor], codec: GridCodec, backbone: BackboneSettings) -> dict[str, Tensor]:
    """Adds the head to a backbone.

    Args:
        scales: `P1` ... `Pn` of the backbone.
        codec: the head's codec, for its settings and classes.
        backbone: the backbone's settings, for block kind, normalisation and activation.

    Returns:
        `grid_objectness` (B, P), logits, `grid_boxes` (B, P, 4), distances, and where there are classes
        `grid_classes` (B, P, K), logits, of the places P of all grids. With dynamic assignment all three side by side
        in `grid_places` (B, P, 5 + K).

    Raises:
        ValueError: the backbone has too few stages for a grid.
    """
    levels = [int(scale[1]) for scale in codec.settings.scales]
    if max(levels) > len(scales):
        raise ValueError(
            f"`model.heads.grid.scales` names P{max(levels)}, but the backbone has {len(scales)} stages. Lengthen "
            "`model.backbone.depths`, or choose finer scales."
        )
    features = build_decoder(scales, min(levels), codec.settings.channels, backbone, "grid")
    parts: dict[str, list[Tensor]] = {}
    for level in levels:
        x = features[level]
        for number in range(1, codec.settings.depth + 1):
            x = BLOCKS[backbone.blocks()[-1]](x, codec.settings.channels, backbone, f"grid_head{number}_p{level}")
        for tensor, part in _build_outputs(x, codec, level).items():
            parts.setdefault(tensor, []).append(part)
    joint = codec.settings.assignment == "dynamic"  # its loss sees all of a place at once
    shapes = {"objectness": (-1, 1) if joint else (-1,), "boxes": (-1, 4), "classes": (-1, len(codec.classes))}
    rows = {f"grid_{tensor}": _in_one_row(f"grid_{tensor}", each, shapes[tensor]) for tensor, each in parts.items()}
    return {"grid_places": layers.Concatenate(name="grid_places")(list(rows.values()))} if joint else rows


def _build_outputs(x: Tensor, codec: GridCodec, level: int) -> dict[str, Tensor]:
    """The tensors of one grid: objectness (B, GH, GW, A), boxes (B, GH, GW, A * 4), classes (B, GH, GW, A * K).

    Only those that have values. The order is that in which `grid_places` holds them.
    """
    starts = {
        "objectness": (1, -math.log((1 - PRIOR) / PRIOR)),
        "boxes": (4 if codec.settings.method == "boxes" else 0, 0.5),
        "classes": (len(codec.classes), 0.0),
    }
    return {
        tensor: layers.Conv2D(
            codec.settings.anchor_count * values,
            1,
            kernel_initializer=initializers.RandomNormal(stddev=0.01),
            bias_initializer=initializers.Constant(start),
            name=f"grid_{tensor}_p{level}",
        )(x)
        for tensor, (values, start) in starts.items()
        if values
    }


def _in_one_row(name: str, parts: list[Tensor], shape: tuple[int, ...]) -> Tensor:
    if len(parts) == 1:
        return layers.Reshape(shape, name=name)(parts[0])
    rows = [layers.Reshape(shape, name=f"{name}_row{number}")(part) for number, part in enumerate(parts, 1)]
    return layers.Concatenate(axis=1, name=name)(rows)


def split_grids(model: Model, settings: GridSettings) -> Model:
    """The model as it is exported: a tensor each for every grid, and distances as ramps, for 8 bits are too coarse.

    Returns:
        A model with `grid_objectness_p4` (B, GH, GW, A), `grid_ramps_p4` (B, GH, GW, A * 4 * R) in [0, 6] and
        `grid_classes_p4` (B, GH, GW, A * K) for every grid in the place of the rows of all of them.
    """
    outputs = {name: value for name, value in model.output.items() if not name.startswith("grid_")}
    names = {layer.name for layer in model.layers}
    for index, scale in enumerate(scale.lower() for scale in settings.scales):
        for name in (f"grid_objectness_{scale}", f"grid_classes_{scale}"):
            if name in names:
                outputs[name] = model.get_layer(name).output
        if f"grid_boxes_{scale}" in names:
            boxes = model.get_layer(f"grid_boxes_{scale}")
            outputs[f"grid_ramps_{scale}"] = _as_ramps(boxes, settings.anchors_of(index), scale)
    return Model(model.input, outputs, name=model.name)


def _as_ramps(boxes: layers.Conv2D, anchors: np.ndarray, scale: str) -> Tensor:
    """The ramps of the distances that a convolution gives: (B, GH, GW, A * 4 * R) in [0, 6]."""
    low, high = distance_limits(boxes.output.shape[1:3], anchors)  # (A, 4) each
    kernel, bias = boxes.get_weights()
    weights = ramp_layer(kernel, bias, (low.reshape(-1), high.reshape(-1)))
    layer = layers.Conv2D(len(weights[1]), 1, name=f"grid_ramps_conv_{scale}")
    ramps = layers.ReLU(max_value=RAMP_TOP, name=f"grid_ramps_{scale}")(layer(boxes.input))
    layer.set_weights(weights)
    return ramps
