"""Config -> optimizer and its schedule of learning rates; a backbone taken over may move more slowly than its heads."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from detector.config import Config
from detector.models.backbone import stage_of


def make_optimizer(config: Config, steps_per_epoch: int, first_step: int = 0) -> keras.optimizers.Optimizer:
    """The optimizer of a training.

    Args:
        config: `training`.
        steps_per_epoch: optimizer steps an epoch, which the schedule is stretched over.
        first_step: steps that the training has done before this optimizer begins; the schedule goes on there, with a
            warm-up, for the optimizer knows nothing yet of the gradients.
    """
    training = config.training
    common: dict[str, Any] = {
        "learning_rate": _make_schedule(config, steps_per_epoch, first_step),
        "global_clipnorm": training.clip_norm,
    }
    if training.backbone_rate < 1:
        common["backbone_rate"] = training.backbone_rate
    plain, slowed = _OPTIMIZERS[training.optimizer]
    make = slowed if training.backbone_rate < 1 else plain
    if training.optimizer == "sgd":
        return make(momentum=0.9, **common)
    if training.optimizer == "adam":
        return make(**common)
    optimizer: keras.optimizers.Optimizer = make(weight_decay=training.weight_decay, **common)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


class _SlowedBackbone:
    """Mixed into an optimizer: the backbone's variables move by a share of the learning rate; weight decay does not.

    The share is taken of the step, not of the gradient, whose scale Adam ignores.

    Args:
        backbone_rate: the share, above 0 and at most 1.
        arguments: those of the optimizer.
    """

    def __init__(self, backbone_rate: float = 1.0, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.backbone_rate = backbone_rate
        self.shares: tuple[float, ...] = ()

    def build(self, variables: list[keras.Variable]) -> None:
        super().build(variables)  # type: ignore[misc]
        self.shares = tuple(self.backbone_rate if stage_of(variable.path) else 1.0 for variable in variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        share = self.shares[self._get_variable_index(variable)]  # type: ignore[attr-defined]
        super().update_step(gradient, variable, learning_rate * share)  # type: ignore[misc]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"backbone_rate": self.backbone_rate}  # type: ignore[misc]


@keras.saving.register_keras_serializable("detector")
class SlowedAdamW(_SlowedBackbone, keras.optimizers.AdamW):
    """AdamW with a slower backbone."""


@keras.saving.register_keras_serializable("detector")
class SlowedAdam(_SlowedBackbone, keras.optimizers.Adam):
    """Adam with a slower backbone."""


@keras.saving.register_keras_serializable("detector")
class SlowedSGD(_SlowedBackbone, keras.optimizers.SGD):
    """SGD with a slower backbone."""


_OPTIMIZERS = {
    "adamw": (keras.optimizers.AdamW, SlowedAdamW),
    "adam": (keras.optimizers.Adam, SlowedAdam),
    "sgd": (keras.optimizers.SGD, SlowedSGD),
}


def _make_schedule(
    config: Config, steps_per_epoch: int, first_step: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    training = config.training
    total = training.epochs * steps_per_epoch
    warmup = min(int(training.warmup_epochs * steps_per_epoch), total - 1)
    schedule: keras.optimizers.schedules.LearningRateSchedule
    if training.schedule == "cosine":
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0 if warmup else training.learning_rate,
            max(1, total - warmup),
            warmup_target=training.learning_rate if warmup else None,
            warmup_steps=warmup,
        )
    else:
        schedule = WarmupConstant(training.learning_rate, warmup)
    return Continued(schedule, first_step, warmup) if first_step else schedule


@keras.saving.register_keras_serializable("detector")
class WarmupConstant(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly to `learning_rate` over `warmup_steps` steps, then stays."""

    def __init__(self, learning_rate: float, warmup_steps: int) -> None:
        self.learning_rate, self.warmup_steps = learning_rate, warmup_steps

    def __call__(self, step: Any) -> Any:
        return self.learning_rate * _warmed_up(step, self.warmup_steps)

    def get_config(self) -> dict[str, Any]:
        return {"learning_rate": self.learning_rate, "warmup_steps": self.warmup_steps}


@keras.saving.register_keras_serializable("detector")
class Continued(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule from its step `first_step` on, approached linearly over `warmup_steps` steps."""

    def __init__(self, schedule: Any, first_step: int, warmup_steps: int) -> None:
        self.schedule, self.first_step, self.warmup_steps = schedule, first_step, warmup_steps

    def __call__(self, step: Any) -> Any:
        return self.schedule(step + self.first_step) * _warmed_up(step, self.warmup_steps)

    def get_config(self) -> dict[str, Any]:
        schedule = keras.optimizers.schedules.serialize(self.schedule)
        return {"schedule": schedule, "first_step": self.first_step, "warmup_steps": self.warmup_steps}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Continued:
        schedule = keras.optimizers.schedules.deserialize(config["schedule"])
        return cls(schedule, config["first_step"], config["warmup_steps"])


def _warmed_up(step: Any, warmup_steps: int) -> Any:
    """Share of the learning rate after so many steps: rises linearly to 1."""
    return ops.minimum((ops.cast(step, "float32") + 1) / max(1, warmup_steps), 1.0)
