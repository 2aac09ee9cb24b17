"""The part of a config that says how `fit` runs: optimizer, schedule, what stands still at first."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from data_generators.settings import Settings
from detector.settings.distil import DistilSettings
from detector.settings.model import ModelSettings


class FreezeSettings(Settings):
    """Stages of a backbone taken over that stand still until the heads have learnt; batch norm's statistics too."""

    stages: Annotated[int, Field(ge=1)] | Literal["all"] = "all"
    """How many, counted from the picture, or `all`."""
    epochs: int = Field(5, ge=1)
    """Epochs after which they learn too, with a warm-up of their own; `training.epochs` keeps them still to the end."""


class TrainingSettings(Settings):
    """How `fit` runs."""

    epochs: int = Field(40, ge=1)
    """Epochs to train."""
    samples_per_epoch: int | None = Field(None, ge=1)
    """Training samples an epoch; by default one pass, in which every sample was seen at least once."""
    batch_size: int = Field(32, ge=1)
    """Pictures a step."""
    optimizer: Literal["adam", "adamw", "sgd"] = "adamw"
    """`sgd` has momentum 0.9."""
    learning_rate: float = Field(2e-3, gt=0)
    """The highest learning rate."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """`cosine` falls to zero over the epochs after the warm-up."""
    warmup_epochs: float = Field(1.0, ge=0)
    """Epochs over which the learning rate rises linearly from zero."""
    weight_decay: float = Field(1e-4, ge=0)
    """Decoupled weight decay; `adamw` only."""
    clip_norm: float | None = Field(5.0, gt=0)
    """Ceiling of the gradient's global norm."""
    freeze: FreezeSettings | None = None
    """What of a backbone taken over (`model.init_from`) stands still at first; null: nothing."""
    backbone_rate: float = Field(1.0, gt=0, le=1)
    """Share of the learning rate at which a backbone taken over learns; the heads learn at the whole."""
    distil: DistilSettings | None = None
    """A larger network that teaches this one beside the labels; null: nobody does."""
    early_stopping_epochs: int | None = Field(None, ge=1)
    """Stop after so many epochs without improvement of the monitored metric; those with frozen stages do not count."""
    picture_epochs: int = Field(5, ge=1)
    """Draw the same 16 validation samples every so many epochs, and at the end."""
    deterministic: bool = False
    """The same weights to the bit on the same machine, also after a resume; slower."""

    def frozen_stages(self, model: ModelSettings) -> int:
        """Stages that stand still at first."""
        if self.freeze is None:
            return 0
        return model.backbone.stages if self.freeze.stages == "all" else self.freeze.stages
