"""Config -> `keras.Model`: the backbone with every head that the config names, and weights taken over from a run."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
from keras import ops

from detector.codecs import HeadSettings
from detector.config import Config
from detector.heads import HEADS, output_rows
from detector.locate import find_checkpoint
from detector.models.backbone import build_backbone

logger = logging.getLogger(__name__)


def build_model(config: Config) -> keras.Model:
    """The network of a config.

    Returns:
        A functional model: `image` float32 (B, H, W, C) in [0, 1] -> dict of outputs, `<head>_<tensor>`.
    """
    image = keras.Input((*config.input.size_hw, config.input.channels), name="image")
    scales = build_backbone(image, config.model.backbone)
    outputs: dict[str, Any] = {}
    for name, settings in config.model.heads.items():
        outputs |= HEADS[name].build(scales, settings, config.model.backbone)
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


def with_pixel_input(model: keras.Model) -> keras.Model:
    """The model behind a scaling from uint8 pixels, as it is trained: a quarter of the bytes on the way to it."""
    pixels = keras.Input(model.input.shape[1:], dtype="uint8", name="pixels")
    outputs = model(keras.layers.Rescaling(1 / 255, name="rescale")(pixels))
    return keras.Model(pixels, outputs, name="training")


def compile_model(model: keras.Model, config: Config, steps_per_epoch: int) -> None:
    """Compiles in place with the losses and metrics of the config's heads.

    Args:
        model: its outputs are named as in `heads`.
        config: heads, optimizer, schedule.
        steps_per_epoch: optimizer steps an epoch, which the schedule is stretched over.
    """
    rows = output_rows(config.model.heads)
    model.compile(
        optimizer=_make_optimizer(config, steps_per_epoch),
        loss={name: row.loss for name, row in rows.items()},
        loss_weights={name: row.weight for name, row in rows.items()},
        weighted_metrics={name: list(row.metrics) for name, row in rows.items()},
        jit_compile="auto",
    )


def _make_optimizer(config: Config, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    training = config.training
    schedule = _make_schedule(config, steps_per_epoch)
    common = {"learning_rate": schedule, "global_clipnorm": training.clip_norm}
    if training.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(weight_decay=training.weight_decay, **common)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        return optimizer
    if training.optimizer == "adam":
        return keras.optimizers.Adam(**common)
    return keras.optimizers.SGD(momentum=0.9, **common)


def _make_schedule(config: Config, steps_per_epoch: int) -> keras.optimizers.schedules.LearningRateSchedule:
    training = config.training
    total = training.epochs * steps_per_epoch
    warmup = min(int(training.warmup_epochs * steps_per_epoch), total - 1)
    if training.schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else training.learning_rate,
            max(1, total - warmup),
            warmup_target=training.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    return WarmupConstant(training.learning_rate, warmup)


@keras.saving.register_keras_serializable("detector")
class WarmupConstant(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly to `learning_rate` over `warmup_steps` steps, then stays."""

    def __init__(self, learning_rate: float, warmup_steps: int) -> None:
        self.learning_rate, self.warmup_steps = learning_rate, warmup_steps

    def __call__(self, step: Any) -> Any:
        done = (ops.cast(step, "float32") + 1) / max(1, self.warmup_steps)
        return self.learning_rate * ops.minimum(done, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {"learning_rate": self.learning_rate, "warmup_steps": self.warmup_steps}


@dataclass
class Takeover:
    """What `init_from` took over and what it left."""

    taken: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def init_from(model: keras.Model, source: str | Path) -> Takeover:
    """Takes over the weights that fit, by variable path and shape, from another model.

    Args:
        model: receives the weights.
        source: a run folder (its best checkpoint), a `.keras` file, or the name of a shipped model.

    Returns:
        The paths of the variables taken, and of those that kept their own values, with the reason.
    """
    donor = keras.saving.load_model(find_checkpoint(source), compile=False)
    values = {variable.path: variable for variable in donor.weights}
    takeover = Takeover()
    for variable in model.weights:  # and not the states of Dropout's seed generators
        other = values.get(variable.path)
        if other is None:
            takeover.left.append(f"{variable.path}: not in {source}")
        elif other.shape != variable.shape:
            takeover.left.append(f"{variable.path}: {tuple(other.shape)} there, {tuple(variable.shape)} here")
        else:
            variable.assign(other)
            takeover.taken.append(variable.path)
    logger.info("init_from %s: %d variables taken, %d left", source, len(takeover.taken), len(takeover.left))
    for line in takeover.left:
        logger.info("  left %s", line)
    return takeover
