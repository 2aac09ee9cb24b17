"""Config -> `keras.Model`: the backbone with every head that the config names, compiled with their losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from detector.codecs import HeadSettings
from detector.config import Config
from detector.heads import HEADS, output_rows
from detector.models.backbone import build_backbone
from detector.optimizers import make_optimizer


def build_model(config: Config) -> keras.Model:
    """The network of a config.

    Returns:
        A functional model: `image` float32 (B, H, W, C) in [0, 1] -> dict of outputs, `<head>_<tensor>`.
    """
    image = keras.Input((*config.input.size_hw, config.input.channels), name="image")
    scales = build_backbone(image, config.model.backbone)
    outputs: dict[str, Any] = {}
    for name, codec in config.codecs().items():
        outputs |= HEADS[name].build(scales, codec, config.model.backbone)
    return keras.Model(image, outputs, name="detector")


def for_export(network: keras.Model, heads: Mapping[str, HeadSettings]) -> keras.Model:
    """The network as it leaves the house, with outputs that fit 8 bits.

    Args:
        network: from `build_model`, or a checkpoint of it.
        heads: head name -> settings, of its config or card.
    """
    for name, settings in heads.items():
        network = HEADS[name].for_export(network, settings)
    return network


def with_pixel_input(model: keras.Model, spoilers: Sequence[keras.layers.Layer] = ()) -> keras.Model:
    """The model behind a scaling from uint8 pixels, as it is trained: a quarter of the bytes on the way to it.

    Args:
        model: from `build_model`.
        spoilers: layers that the pictures pass on their way to it, see `heads.make_spoilers`.
    """
    pixels = keras.Input(model.input.shape[1:], dtype="uint8", name="pixels")
    x = keras.layers.Rescaling(1 / 255, name="rescale")(pixels)
    for layer in spoilers:
        x = layer(x)
    return keras.Model(pixels, model(x), name="training")


def compile_model(model: keras.Model, config: Config, steps_per_epoch: int, first_step: int = 0) -> None:
    """Compiles in place with the losses and metrics of the config's heads.

    Args:
        model: its outputs are named as in `heads`.
        config: heads, optimizer, schedule.
        steps_per_epoch: optimizer steps an epoch, which the schedule is stretched over.
        first_step: steps that the training has done before.
    """
    rows = output_rows(config.codecs())
    model.compile(
        optimizer=make_optimizer(config, steps_per_epoch, first_step),
        loss={name: row.loss for name, row in rows.items()},
        loss_weights={name: row.weight for name, row in rows.items()},
        weighted_metrics={name: list(row.metrics) for name, row in rows.items()},
        jit_compile="auto",
    )
