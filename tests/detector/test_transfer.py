"""A backbone taken over: stages that stand still at first, a lower rate below, and stops that change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from data_generators.settings import SettingsError
from detector import training as training_module
from detector.build import build_model
from detector.config import Config
from detector.runs import Run, RunError
from detector.training import train
from detector.transfer import (
    Phase,
    Takeover,
    check_held_back,
    freeze_stages,
    init_from,
    thawed,
    training_phases,
)
from tests.detector.small_run import assert_same_weights, metrics_without_seconds, small_values, write_sheets


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("sheets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETECTOR_CACHE", str(folder / "cache"))
        yield write_sheets(folder / "set")


@pytest.fixture(scope="module")
def donor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that was trained to say whether there is a sheet, or might have been."""
    keras.utils.set_random_seed(7)
    values = small_values(Path())
    values["model"]["heads"] = {"presence": {}}
    path = tmp_path_factory.mktemp("donor") / "donor.keras"
    build_model(Config.parse(values)).save(path)
    return path


def make_config(donor: Path | None, sheets: Path = Path(), **training: Any) -> Config:
    values = small_values(sheets, **training)
    values["model"]["init_from"] = str(donor) if donor else None
    values["model"]["backbone"]["depths"] = [1, 1]
    return Config.parse(values)


def weights_of(path: Path) -> dict[str, np.ndarray]:
    return {variable.path: np.asarray(variable) for variable in keras.saving.load_model(path, compile=False).weights}


def changed_stages(path: Path, donor: Path) -> dict[str, bool]:
    """Variable of the backbone -> whether it differs from the donor's."""
    before, after = weights_of(donor), weights_of(path)
    return {name: bool((after[name] != before[name]).any()) for name in before if name.startswith("stage")}


def test_frozen_stages_stand_still_with_their_statistics_while_the_others_learn(
    sheets: Path, donor: Path, tmp_path: Path
) -> None:
    config = make_config(donor, sheets, epochs=1, freeze={"stages": 1, "epochs": 1})
    run = train(config, tmp_path / "run")
    changed = changed_stages(run.best, donor)
    assert {name for name in changed if "moving_mean" in name} == {
        "stage1_block1_bn/moving_mean",
        "stage2_block1_bn/moving_mean",
    }
    assert all(now == name.startswith("stage2") for name, now in changed.items())
    saved = keras.saving.load_model(run.best)
    assert all(layer.trainable for layer in saved.layers), "whoever trains the file next finds nothing frozen"


def test_early_stopping_counts_from_the_last_phase_on(
    sheets: Path, donor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []

    def stop(*_: Any, counts_from: int) -> None:
        given.append(counts_from)
        raise KeyboardInterrupt

    monkeypatch.setattr(training_module, "Checkpoints", stop)
    with pytest.raises(KeyboardInterrupt):
        train(make_config(donor, sheets, epochs=5, freeze={"epochs": 2}), tmp_path / "run")
    assert given == [2]


@pytest.mark.slow
def test_stopped_between_the_phases_and_after_a_run_ends_as_if_nothing_had_been(
    sheets: Path, donor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = {"epochs": 3, "freeze": {"stages": "all", "epochs": 1}, "backbone_rate": 0.1, "samples_per_epoch": 8}
    config = make_config(donor, sheets, **how)
    reference = train(config, tmp_path / "reference")
    run, write_state = Run(tmp_path / "run"), Run.write_state

    def stop_after_epoch(run: Run, state: dict[str, Any]) -> None:
        write_state(run, state)
        if state["epoch"] < 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Run, "write_state", stop_after_epoch)
    for resume in (False, True):
        with pytest.raises(KeyboardInterrupt):
            train(None if resume else config, run.directory, resume=resume)
        state = run.read_state()
        changed = changed_stages(run.checkpoints / state["checkpoint"], donor)
        assert any(changed.values()) == (state["epoch"] > 1)
    train(None, run.directory, resume=True)
    assert_same_weights(*(each.checkpoints / "last-0003.keras" for each in (run, reference)))
    assert_same_weights(run.best, reference.best)
    assert metrics_without_seconds(run.metrics_file) == metrics_without_seconds(reference.metrics_file)


@pytest.mark.parametrize(
    ("training", "phases"),
    [
        ({}, [Phase(0, 3, 0)]),
        ({"freeze": {"epochs": 1}}, [Phase(0, 1, 2), Phase(1, 3, 0)]),
        ({"freeze": {"epochs": 2, "stages": 1}}, [Phase(0, 2, 1), Phase(2, 3, 0)]),
        ({"freeze": {"epochs": 7}}, [Phase(0, 3, 2)]),
    ],
)
def test_a_training_has_a_phase_with_frozen_stages_and_one_without(
    donor: Path, training: dict[str, Any], phases: list[Phase]
) -> None:
    assert training_phases(make_config(donor, **training)) == phases


def test_freezing_thaws_what_it_does_not_freeze(donor: Path) -> None:
    network = build_model(make_config(donor))
    everything = len(network.trainable_variables)
    freeze_stages(network, 2)
    assert {variable.path.split("_")[0] for variable in network.trainable_variables} == {"corners"}
    with thawed(network):
        assert len(network.trainable_variables) == everything
    assert len(network.trainable_variables) < everything
    freeze_stages(network, 0)
    assert len(network.trainable_variables) == everything


@pytest.mark.parametrize("training", [{"freeze": {"stages": "all"}}, {"backbone_rate": 0.5}])
def test_random_weights_are_not_held_back(donor: Path, training: dict[str, Any]) -> None:
    message = r"hold back weights that were taken over.* Name a run or a shipped model in `model\.init_from`"
    with pytest.raises(SettingsError, match=message):
        make_config(None, **training)
    config = make_config(donor, **training)
    wide = config.model.model_copy(update={"backbone": config.model.backbone.model_copy(update={"width": 16})})
    config = config.model_copy(update={"model": wide})
    message = r"Stages 1 to 2 are held back, of which these were left: stage1_block1_conv/kernel: \(3, 3, 3, 8\) there,"
    with pytest.raises(RunError, match=message):
        check_held_back(config, init_from(build_model(config), donor))


def test_only_the_stages_that_are_held_back_have_to_be_taken_over(donor: Path) -> None:
    left = Takeover(left=["stage2_block1_conv/kernel: not in there", "corners_presence/bias: not in there"])
    check_held_back(make_config(donor, freeze={"stages": 1}), left)
    check_held_back(make_config(donor), left)
    with pytest.raises(RunError, match=r"of which these were left: stage2_block1_conv/kernel: not in there\. Give"):
        check_held_back(make_config(donor, freeze={"stages": 2}), left)


def test_more_stages_than_there_are_cannot_be_frozen(donor: Path) -> None:
    with pytest.raises(SettingsError, match=r"`training\.freeze\.stages` must be at most 2, the stages of"):
        make_config(donor, freeze={"stages": 3})
