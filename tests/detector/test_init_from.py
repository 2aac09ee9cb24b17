"""Weights taken over from another model: those that fit, and a list of the others."""

from __future__ import annotations

import logging
from pathlib import Path

import keras
import numpy as np
import pytest

from detector.build import build_model
from detector.config import Config
from detector.runs import Run, RunError
from detector.training import train
from detector.transfer import init_from
from tests.detector.small_run import small_config, small_values


def make_config(width: int = 8, **heads: dict[str, int]) -> Config:
    values = small_values(Path())
    values["model"]["backbone"]["width"] = width
    values["model"]["heads"] = heads or {"corners": {"channels": 8}}
    return Config.parse(values)


def make_network(config: Config, seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return build_model(config)


@pytest.fixture(scope="module")
def donor(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run folder with a best checkpoint."""
    run = Run.create(tmp_path_factory.mktemp("donor") / "run", small_config(Path()))
    run.checkpoints.mkdir()
    make_network(run.config, seed=1).save(run.best)
    return run


def values_of(model: keras.Model) -> dict[str, np.ndarray]:
    return {variable.path: np.asarray(variable) for variable in model.weights}


@pytest.mark.parametrize("from_folder", [True, False])
def test_the_same_network_takes_everything(donor: Run, from_folder: bool, caplog: pytest.LogCaptureFixture) -> None:
    model = make_network(make_config(), seed=2)
    with caplog.at_level(logging.INFO):
        takeover = init_from(model, donor.directory if from_folder else donor.best)
    expected = values_of(keras.saving.load_model(donor.best))
    assert takeover.left == []
    assert sorted(takeover.taken) == sorted(expected)
    for path, value in values_of(model).items():
        np.testing.assert_array_equal(value, expected[path])
    assert f"{len(expected)} variables taken, 0 left" in caplog.text


def test_another_head_keeps_its_own_weights_and_is_listed(donor: Run, caplog: pytest.LogCaptureFixture) -> None:
    model = make_network(make_config(presence={}), seed=2)
    before = values_of(model)
    with caplog.at_level(logging.INFO):
        takeover = init_from(model, donor.directory)
    assert takeover.left == [f"presence_logit/{name}: not in {donor.directory}" for name in ("kernel", "bias")]
    assert all(path.startswith("stage") for path in takeover.taken)
    after, expected = values_of(model), values_of(keras.saving.load_model(donor.best))
    np.testing.assert_array_equal(after["presence_logit/kernel"], before["presence_logit/kernel"])
    np.testing.assert_array_equal(after["stage2_block1_conv/kernel"], expected["stage2_block1_conv/kernel"])
    assert f"left presence_logit/kernel: not in {donor.directory}" in caplog.text


def test_another_width_keeps_what_differs_in_shape(donor: Run) -> None:
    model = make_network(make_config(width=16), seed=2)
    before = values_of(model)
    takeover = init_from(model, donor.directory)
    assert "stage1_block1_conv/kernel: (3, 3, 3, 8) there, (3, 3, 3, 16) here" in takeover.left
    assert len(takeover.left) + len(takeover.taken) == len(model.weights)
    for path, value in values_of(model).items():
        if path not in takeover.taken:
            np.testing.assert_array_equal(value, before[path])


def test_the_state_of_dropout_is_not_taken_over(donor: Run) -> None:
    model = make_network(make_config(), seed=2)
    [state] = [variable for variable in model.variables if variable.name == "seed_generator_state"]
    before = np.asarray(state).tolist()
    takeover = init_from(model, donor.directory)
    assert np.asarray(state).tolist() == before
    assert not any("seed" in line for line in takeover.taken + takeover.left)


def test_a_donor_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"nothing: no such run folder or file, and no shipped model of that name"):
        init_from(make_network(make_config(), seed=2), tmp_path / "nothing")
    with pytest.raises(RunError, match=r"no checkpoint at .*best\.keras\. Give a run folder that finished an epoch"):
        init_from(make_network(make_config(), seed=2), tmp_path)


def test_a_donor_that_is_not_there_is_told_before_the_data_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_data(*_: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr("detector.training.training_sources", open_data)
    values = small_values(tmp_path)
    values["model"]["init_from"] = "runs/nobody-1"
    with pytest.raises(RunError, match="nobody-1"):
        train(Config.parse(values), tmp_path / "run")
