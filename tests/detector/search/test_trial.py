"""A trial on a network of seconds: what it measures, that it is not done twice, and how a stop and the gate end it."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import pytest

from data_generators.settings import SettingsError
from detector.config import Config
from detector.runs import Run, RunError
from detector.search import trial
from detector.search.trial import REFERENCE_SAMPLES, TrialResult, predict_cost, read_result, run_trial
from tests.detector.small_run import VALIDATION, epochs_in, small_values, write_sheets


def config_of(sheets: Path, **export: float) -> Config:
    values = small_values(sheets, epochs=2)
    return Config.parse(values | {"export": values["export"] | export})


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sheets(tmp_path_factory.mktemp("sheets"))


class StopAt(keras.callbacks.Callback):
    """Raises at the end of an epoch, as a kill would come."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch = epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        assert logs and "val_loss" in logs
        if epoch == self.epoch:
            raise KeyboardInterrupt


def test_a_trial_measures_int8_and_is_not_done_twice(
    sheets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(sheets)
    with pytest.raises(KeyboardInterrupt):
        run_trial(config, tmp_path / "trial", callbacks=[StopAt(1)])
    assert read_result(tmp_path / "trial") is None
    result = run_trial(config, tmp_path / "trial")  # goes on after its first epoch
    run, cost = Run(tmp_path / "trial"), predict_cost(config)
    assert epochs_in(run.metrics_file) == 2 == len(result.curve)
    assert result.metrics["runtime"] == "litert-int8" and result.metrics["samples"] == VALIDATION
    assert result.int8_bytes == (run.exports / "int8.tflite").stat().st_size
    assert (result.parameters, result.macs) == (cost.parameters, cost.macs)
    assert 0 < result.milliseconds < 1000 and result.seconds > 0 and not result.gate
    assert result.arena_bytes == cost.arena_bytes_int8 > 0
    report = json.loads((run.exports / "report.json").read_text())
    assert report["int8-reference"]["samples"] == REFERENCE_SAMPLES < VALIDATION
    monkeypatch.setattr(trial, "train", None)
    assert run_trial(config, tmp_path / "trial").to_json() == result.to_json()
    other = config.model_copy(update={"seed": 6})
    with pytest.raises(RunError, match=r"keeps the settings of .*seed 6 \(5 in the run\)"):
        run_trial(other, tmp_path / "trial")


def test_what_the_gate_refuses_is_a_result(tmp_path: Path, sheets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = tmp_path / "export" / "int8-rejected.tflite"
    refused.parent.mkdir()
    refused.write_bytes(b"x" * 70)
    scores = {"int8": {"model": str(refused), "parameters": 9, "quad_iou_mean": 0.25}}
    (tmp_path / "export" / "report.json").write_text(json.dumps(scores))

    def refuse(*_: object, **__: object) -> None:
        raise trial.GateError("int8 loses 0.3 of quad_iou_mean")

    monkeypatch.setattr(trial, "train", lambda config, folder, **_: Run.create(folder, config))
    monkeypatch.setattr(trial, "export", refuse)
    monkeypatch.setattr(trial, "measure_milliseconds", lambda _: 0.5)
    result = run_trial(config_of(sheets), tmp_path)
    assert (result.gate, result.int8_bytes) == ("int8 loses 0.3 of quad_iou_mean", 70)
    assert result.metrics["quad_iou_mean"] == 0.25
    assert read_result(tmp_path) == result


def test_results_survive_the_way_through_json() -> None:
    result = TrialResult({"map50": None, "samples": 3}, 10, 20, 30, 40, 0.5, 1.5, (3.0, 2.0), "refused")
    assert TrialResult.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_a_network_that_cannot_be_built_says_why(sheets: Path) -> None:
    values = small_values(sheets)
    values["model"]["heads"] = {"corners": {"stride": 64}}
    with pytest.raises((SettingsError, ValueError), match="stride"):
        predict_cost(Config.parse(values))


def test_a_trial_without_an_int8_file_is_refused_before_the_training(sheets: Path, tmp_path: Path) -> None:
    values = small_values(sheets)
    values["export"]["precision"] = "dynamic"
    with pytest.raises(SettingsError, match="judges its networks in int8, but here is dynamic"):
        run_trial(Config.parse(values), tmp_path / "trial")
    assert not (tmp_path / "trial").exists()
