"""Weights taken over from another model, and the stages that stand still until the heads above them have learnt."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import keras

from detector.config import Config
from detector.locate import find_checkpoint
from detector.models.backbone import stage_of
from detector.runs import RunError

logger = logging.getLogger(__name__)


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


def check_held_back(config: Config, takeover: Takeover) -> None:
    """Refuses to freeze or to slow down stages that were not taken over: their weights are random.

    Raises:
        RunError: names the variables that were left.
    """
    training = config.training
    stages = config.model.backbone.stages if training.backbone_rate < 1 else training.frozen_stages(config.model)
    left = [line for line in takeover.left if 0 < stage_of(line) <= stages]
    if left:
        raise RunError(
            "`training.freeze` and `training.backbone_rate` are for weights that were taken over. Stages 1 to "
            f"{stages} are held back, of which these were left: {'; '.join(left)}. Give model.backbone and "
            "input.channels the values of model.init_from, or hold back fewer stages."
        )


@dataclass(frozen=True)
class Phase:
    """Epochs that are trained in one go.

    Args:
        begin: epochs done before.
        end: epochs done after.
        frozen_stages: stages of the backbone that stand still, counted from the picture.
    """

    begin: int
    end: int
    frozen_stages: int


def training_phases(config: Config) -> list[Phase]:
    """The phases of a training: one, or with `training.freeze` one with frozen stages and one without."""
    training = config.training
    thaw = min(training.freeze.epochs, training.epochs) if training.freeze else 0
    phases = [Phase(0, thaw, training.frozen_stages(config.model)), Phase(thaw, training.epochs, 0)]
    return [phase for phase in phases if phase.begin < phase.end]


def freeze_stages(network: keras.Model, stages: int) -> None:
    """Freezes the first stages of the backbone, statistics of batch norm included, and thaws all others.

    The training's model has to be compiled again before it knows of it.
    """
    for layer in network.layers:
        layer.trainable = not 0 < stage_of(layer.name) <= stages


@contextmanager
def thawed(network: keras.Model) -> Iterator[None]:
    """Inside, no layer is frozen: as a network is to be saved, for whoever trains it next."""
    frozen = [layer for layer in network.layers if not layer.trainable]
    for layer in frozen:
        layer.trainable = True
    try:
        yield
    finally:
        for layer in frozen:
            layer.trainable = False
