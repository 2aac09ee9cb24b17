"""A larger run teaches beside the labels: the training's model with a teacher, whose outputs are targets as well."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from keras import ops

from data_generators.sources import hash_content
from detector.build import with_pixel_input
from detector.card import ModelCard, read_keras_card
from detector.compression.soft_losses import SOFT_LOSSES, soft_loss
from detector.config import Config
from detector.heads import OutputRow, output_rows
from detector.locate import find_checkpoint
from detector.runs import RunError

logger = logging.getLogger(__name__)

# Settings of heads that say what the values of an output mean.
MEANINGS = ("method", "order", "points", "stride", "margin", "bins_per_cell", "scales", "anchors", "of")
OF_CLASSES = ("box", "grid", "mask")  # heads to which the names and order of classes mean something


@dataclass(frozen=True)
class Teaching:
    """A teacher, and what is learnt of it.

    Args:
        network: pixels uint8 (B, H, W, C) -> dict of outputs.
        rows: the outputs that are taught, with the student's losses and their weights.
        weight: of what is lost against the teacher.
        temperature: see `soft_loss`.
    """

    network: keras.Model
    rows: Mapping[str, OutputRow]
    weight: float
    temperature: float

    def loss(self, pixels: Any, student: Mapping[str, Any]) -> Any:
        """What the student's outputs lose against the teacher's, a scalar."""
        teacher = {name: ops.stop_gradient(value) for name, value in self.network(pixels, training=False).items()}
        return sum(
            row.weight * soft_loss(name, row.loss, teacher, student, self.temperature)
            for name, row in self.rows.items()
        )


@keras.saving.register_keras_serializable("detector")
class DistilledModel(keras.Model):
    """A functional model that is trained with a teacher beside the labels.

    The teacher is no part of it, nor of its files; validation losses are those of the labels alone.

    Args:
        args, kwargs: those of a functional `keras.Model`; by these names Keras knows it for one when it reads a file.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.teaching: Teaching | None = None
        self.distil_loss = keras.metrics.Mean(name="distil_loss")

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if self.teaching is None:  # read from a file
            return loss
        lost = self.teaching.loss(x, y_pred)
        self.distil_loss.update_state(lost)
        return loss + self.teaching.weight * lost if training else loss


def with_teacher(model: keras.Model, config: Config) -> keras.Model:
    """The training's model, with the teacher that the config names; the model itself where it names none.

    Args:
        model: from `with_pixel_input`; its layers are shared.
        config: `training.distil`, and the heads.

    Raises:
        RunError: the teacher does not fit: other channels, classes or heads, or outputs of another shape or meaning.
    """
    distil = config.training.distil
    if distil is None:
        return model
    path = find_checkpoint(distil.teacher)
    card = read_keras_card(path)
    _check_card(card, config, distil.teacher)
    network = keras.saving.load_model(path, compile=False)
    network = _at_size(network, (*config.input.size_hw, config.input.channels), distil.teacher)
    rows = _taught_rows(config, network, model, distil.teacher)
    taught = DistilledModel(model.input, model.output, name=model.name)
    taught.teaching = Teaching(with_pixel_input(network), rows, distil.weight, distil.temperature)
    logger.info("%s teaches %s", distil.teacher, ", ".join(rows))
    return taught


def describe_teacher(config: Config) -> dict[str, str]:
    """The hash of the teacher's file, for a resumed run is the same with the same teacher alone; empty without one."""
    if config.training.distil is None:
        return {}
    return {"teacher": hash_content(find_checkpoint(config.training.distil.teacher).read_bytes().hex())}


def _check_card(card: ModelCard, config: Config, teacher: str | Path) -> None:
    shared = sorted(card.heads.keys() & config.model.heads.keys())
    if not shared:
        raise RunError(
            f"training.distil.teacher {teacher} has the heads {', '.join(card.heads)}, and model.heads names "
            f"{', '.join(config.model.heads)}. Name a teacher with one of these."
        )
    differing: dict[str, tuple[Any, Any]] = {
        "input.channels": (card.input.channels, config.input.channels),
        "input.fit": (card.input.fit, config.input.fit),
    }
    if set(shared) & set(OF_CLASSES):
        differing["model.classes"] = card.class_names, config.model.classes
    for head in shared:
        ours, theirs = config.model.heads[head], card.heads[head]
        differing |= {
            f"model.heads.{head}.{field}": (getattr(theirs, field), getattr(ours, field))
            for field in MEANINGS
            if field in type(ours).model_fields
        }
    lines = [f"{name} is {theirs} there, {ours} here" for name, (theirs, ours) in differing.items() if ours != theirs]
    if lines:
        raise RunError(
            f"training.distil.teacher {teacher} gives its outputs another meaning: {'; '.join(lines)}. Give the config "
            "the teacher's values, or name another teacher."
        )


def _at_size(network: keras.Model, shape: tuple[int, ...], teacher: str | Path) -> keras.Model:
    """The teacher at the student's input size: convolutions take any."""
    trained = tuple(network.input.shape[1:])
    if trained == shape:
        return network
    try:
        resized = keras.models.clone_model(network, input_tensors=keras.Input(shape, name="image"))
        resized.set_weights(network.get_weights())
    except ValueError:
        raise RunError(
            f"training.distil.teacher {teacher} sees pictures of {trained}, and a dense layer ties it to that size; "
            f"here they are {shape}. Give input.size_hw the teacher's, or train a teacher at this one."
        ) from None
    logger.warning("%s was trained on pictures of %s, and teaches on those of %s", teacher, trained, shape)
    return resized


def _taught_rows(config: Config, teacher: keras.Model, student: keras.Model, name: str | Path) -> dict[str, OutputRow]:
    """The rows of the outputs that both networks have."""
    taught = {output: row for output, row in output_rows(config.codecs()).items() if output in teacher.output}
    for output in taught:
        theirs, ours = (tuple(each.output[output].shape[1:]) for each in (teacher, student))
        if theirs != ours:
            raise RunError(
                f"training.distil.teacher {name}: its {output} has shape {theirs}, here it has {ours}. Give "
                f"model.heads.{output.partition('_')[0]} the teacher's settings, and input.size_hw its size."
            )
    untaught = [output for output in taught if output not in SOFT_LOSSES]
    if untaught or not taught:
        raise RunError(
            f"training.distil.teacher {name} has {', '.join(teacher.output)}, of which nothing can be learnt for "
            f"{', '.join(untaught or student.output)}. Give the heads the teacher's settings, or name another teacher."
        )
    return taught
