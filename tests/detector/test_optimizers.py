"""Steps of the optimizers: a slower backbone, and a schedule that goes on where another optimizer stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from detector.config import Config
from detector.optimizers import make_optimizer
from tests.detector.small_run import small_values

OPTIMIZERS = ("adamw", "adam", "sgd")


def make_config(**training: Any) -> Config:
    values = small_values(Path(), warmup_epochs=0, clip_norm=None, **training)
    values["model"]["init_from"] = "documents"
    return Config.parse(values)


def variables() -> list[keras.Variable]:
    """A kernel of the backbone and one of a head."""
    layers = [keras.layers.Dense(3, name=name) for name in ("stage1_block1_conv", "corners_presence")]
    for layer in layers:
        layer.build((None, 2))
    return [layer.kernel for layer in layers]


def steps_of(optimizer: keras.optimizers.Optimizer, kernels: list[keras.Variable], count: int = 3) -> list[np.ndarray]:
    """How far each kernel moved."""
    begun = [np.asarray(kernel) for kernel in kernels]
    for number in range(count):
        optimizer.apply([kernel * 0 + (number + 1.0) for kernel in kernels], kernels)
    return [np.asarray(kernel) - before for kernel, before in zip(kernels, begun, strict=True)]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_backbone_moves_by_its_share_of_the_step_and_the_heads_as_ever(name: str) -> None:
    plain = steps_of(make_optimizer(make_config(optimizer=name, weight_decay=0), 10), variables())
    slowed = make_optimizer(make_config(optimizer=name, weight_decay=0, backbone_rate=0.1), 10)
    backbone, head = steps_of(slowed, variables())
    np.testing.assert_allclose(head, plain[1], rtol=1e-4)
    np.testing.assert_allclose(backbone, 0.1 * plain[0], rtol=1e-3, atol=1e-7)
    assert np.abs(backbone).min() > 1e-5


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_slowed_optimizer_comes_back_from_its_config(name: str) -> None:
    config = make_config(optimizer=name, backbone_rate=0.25)
    optimizer = make_optimizer(config, 10, first_step=5)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.backbone_rate == 0.25
    one, other = (steps_of(each, kernels) for each, kernels in ((optimizer, variables()), (again, variables())))
    for before, after in zip(one, other, strict=True):
        np.testing.assert_allclose(np.abs(before).mean(), np.abs(after).mean(), rtol=1e-2)


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_a_schedule_goes_on_where_it_stood_after_a_warm_up(schedule: str) -> None:
    config = make_config(schedule=schedule).training.model_copy(update={"warmup_epochs": 0.5})
    config = make_config().model_copy(update={"training": config})
    whole = make_optimizer(config, 10)._learning_rate
    rest = make_optimizer(config, 10, first_step=10)._learning_rate
    np.testing.assert_allclose([float(rest(step)) for step in (5, 19)], [float(whole(step)) for step in (15, 29)])
    assert [float(rest(step)) / float(whole(step + 10)) for step in (0, 1)] == pytest.approx([0.2, 0.4])
