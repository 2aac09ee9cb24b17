"""Training end to end: what a run leaves, and that a stop of any kind changes nothing."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from data_generators.images import read_image
from data_generators.sample import Sample
from detector.callbacks import DivergedError
from detector.card import read_keras_card
from detector.codecs.corners import CornersCodec
from detector.config import Config
from detector.runs import Run, RunError, WriteError
from detector.training import train
from tests.detector.small_run import (
    VALIDATION,
    assert_same_weights,
    epochs_in,
    metrics_without_seconds,
    read_weights,
    small_config,
    small_values,
    start_detector,
    wait_until,
    write_config,
    write_sheets,
)

LONG_EPOCHS = {"samples_per_epoch": 240}  # 60 steps, half a second or more: time to be killed in


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("sheets")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETECTOR_CACHE", str(folder / "cache"))
        yield write_sheets(folder / "set")


@pytest.fixture(scope="module")
def uninterrupted(sheets: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(small_config(sheets, **LONG_EPOCHS), tmp_path_factory.mktemp("uninterrupted") / "run")


def assert_same_run(run: Run, reference: Run) -> None:
    [last], [last_of_reference] = run.checkpoints.glob("last-*"), reference.checkpoints.glob("last-*")
    assert last.name == last_of_reference.name
    assert_same_weights(last, last_of_reference)
    assert_same_weights(run.best, reference.best)
    assert read_keras_card(run.best) == read_keras_card(reference.best)
    assert metrics_without_seconds(run.metrics_file) == metrics_without_seconds(reference.metrics_file)
    assert run.read_state() == reference.read_state()
    reports = [json.loads((each.directory / "report.json").read_text()) for each in (run, reference)]
    for name in reports[0].keys() - {"model", "bytes"}:  # the archive holds the time of its writing, deflated
        assert reports[0][name] == reports[1][name], name


def test_stopped_and_killed_in_mid_epoch_a_run_ends_as_if_nothing_had_been(
    sheets: Path, uninterrupted: Run, tmp_path: Path
) -> None:
    config = write_config(tmp_path / "config.yaml", small_values(sheets, **LONG_EPOCHS))
    run, output = Run(tmp_path / "run"), tmp_path / "output.txt"
    first = start_detector("train", config, "--run", run.directory, output=output)
    wait_until(lambda: epochs_done(run) == 1, first, output)
    time.sleep(0.2)
    first.send_signal(signal.SIGINT)
    assert first.wait(60) == 130, output.read_text()
    assert f"stopped: complete epochs: 1. Go on: detector train --resume --run {run.directory}" in output.read_text()
    assert "Traceback" not in output.read_text()

    second = start_detector("train", "--resume", "--run", run.directory, output=output)
    wait_until(lambda: epochs_done(run) == 2, second, output)
    time.sleep(0.2)
    second.kill()
    second.wait(60)
    assert epochs_done(run) == epochs_in(run.metrics_file) == 2

    train(None, run.directory, resume=True)
    assert_same_run(run, uninterrupted)


def epochs_done(run: Run) -> int:
    return (run.read_state() or {}).get("epoch", 0)


class Crash(BaseException):
    """Stands for a kill at a chosen line."""


def crash(*_: object, **__: object) -> None:
    raise Crash


@pytest.mark.slow
def test_a_crash_between_weights_and_state_changes_nothing(
    sheets: Path, uninterrupted: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, write_state = Run(tmp_path / "run"), Run.write_state
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(
            Run, "write_state", lambda run, state: (crash if state["epoch"] == 2 else write_state)(run, state)
        )
        train(small_config(sheets, **LONG_EPOCHS), run.directory)
    assert epochs_done(run) == 1
    assert sorted(path.name for path in run.checkpoints.glob("last-*")) == ["last-0001.keras", "last-0002.keras"]
    assert epochs_in(run.metrics_file) == 2
    (run.checkpoints / ".best.123.keras").write_bytes(b"half of it")
    with run.metrics_file.open("a") as file:
        file.write('{"epoch": 3, "sec')
    train(None, run.directory, resume=True)
    assert_same_run(run, uninterrupted)
    assert sorted(path.name for path in run.checkpoints.iterdir()) == ["best.keras", "last-0003.keras"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_killed_again_and_again_at_random_a_run_ends_as_if_nothing_had_been(
    sheets: Path, uninterrupted: Run, tmp_path: Path, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    run, output = Run(tmp_path / "run"), tmp_path / "output.txt"
    Run.create(run.directory, small_config(sheets, **LONG_EPOCHS))
    for _ in range(6):
        process = start_detector("train", "--resume", "--run", run.directory, output=output)
        begun = min(3, epochs_in(run.metrics_file) + int(rng.integers(0, 2)))
        wait_until(lambda at=begun: epochs_in(run.metrics_file) >= at or epochs_done(run) >= at, process, output)
        time.sleep(float(rng.exponential(0.5)))
        process.kill()
        process.wait(60)
        if epochs_done(run) == 3:
            break
    train(None, run.directory, resume=True)
    assert_same_run(run, uninterrupted)


def test_a_run_leaves_config_versions_metrics_pictures_and_report(uninterrupted: Run) -> None:
    folder = uninterrupted.directory
    assert {"config.yaml", "versions.json", "data.json", "report.json"} <= {path.name for path in folder.iterdir()}
    assert json.loads((folder / "versions.json").read_text())["keras"] == keras.__version__
    assert json.loads((folder / "data.json").read_text())["validation"]["samples"] == VALIDATION
    rows = uninterrupted.read_metrics()
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert {"seconds", "learning_rate", "loss", "val_loss", "val_corners_heatmap_error_percent"} <= rows[0].keys()
    report = json.loads((folder / "report.json").read_text())
    assert (report["samples"], report["runtime"]) == (VALIDATION, "keras-float32")
    assert 0 < report["quad_iou_mean"] < 1
    assert report["presence_roc_auc"] is not None
    assert set(read_keras_card(uninterrupted.best).thresholds) == {"corners_presence"}


def test_pictures_are_drawn_every_few_epochs_and_at_the_end(uninterrupted: Run) -> None:
    names = sorted(path.name for path in uninterrupted.pictures.iterdir())
    assert names == ["epoch-0002.png", "epoch-0003.png", "worst.png"]
    sheets = [read_image(uninterrupted.pictures / name) for name in names]
    assert min(sheet.shape[1] for sheet in sheets) > 900
    assert (sheets[0] != sheets[1]).any()


def test_tensorboard_has_the_metrics_of_every_epoch(uninterrupted: Run) -> None:
    events = EventAccumulator(str(uninterrupted.directory / "tensorboard" / "validation")).Reload()
    scalars = {tag: events.Tensors(tag) for tag in events.Tags()["tensors"] if tag.startswith("epoch_")}
    assert {"epoch_loss", "epoch_corners_heatmap_error_percent"} <= scalars.keys()
    assert len(scalars["epoch_loss"]) == 3


def test_a_finished_run_is_only_reported_again(uninterrupted: Run) -> None:
    before = {path.name: path.read_bytes() for path in uninterrupted.checkpoints.glob("last-*")}
    metrics = uninterrupted.metrics_file.read_text()
    gone = [uninterrupted.directory / "report.json", uninterrupted.pictures / "epoch-0003.png"]
    contents = [path.read_bytes() for path in gone]
    for path in gone:
        path.unlink()
    train(uninterrupted.config, uninterrupted.directory, resume=True)
    assert [path.read_bytes() for path in gone] == contents
    assert {path.name: path.read_bytes() for path in uninterrupted.checkpoints.glob("last-*")} == before
    assert uninterrupted.metrics_file.read_text() == metrics


def test_what_cannot_be_begun_or_resumed_says_why(sheets: Path, uninterrupted: Run, tmp_path: Path) -> None:
    config = small_config(sheets, epochs=9)
    with pytest.raises(RunError, match=r"run already holds a run\. Continue it with --resume, or choose another --run"):
        train(config, uninterrupted.directory)
    with pytest.raises(RunError, match=r"nowhere is not a run folder: it has no config\.yaml\. Train one:"):
        train(config, tmp_path / "nowhere", resume=True)
    with pytest.raises(
        RunError, match=r"training\.epochs 9 \(3 in the run\); training\.samples_per_epoch None \(240 in"
    ):
        train(config, uninterrupted.directory, resume=True)
    with pytest.raises(ValueError, match="`config` must be given where no run is resumed"):
        train(None, tmp_path / "nowhere")
    with (
        uninterrupted.lock(),
        pytest.raises(RunError, match=r"Another process trains into or exports .*run\. Wait for it, or end it first"),
    ):
        train(None, uninterrupted.directory, resume=True)


def test_a_training_that_cannot_write_says_how_it_goes_on(
    sheets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise WriteError(tmp_path / "best.keras", OSError(28, "No space left on device"))

    monkeypatch.setattr("detector.training._train_in", fail)
    message = r"best\.keras cannot be written \(No space left on device\).* The training goes on with --resume after"
    with pytest.raises(RunError, match=message):
        train(small_config(sheets), tmp_path / "run")


def test_a_target_that_is_no_number_stops_training_with_its_sample(
    sheets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = CornersCodec.encode

    def encode_badly(codec: CornersCodec, samples: list[Sample]) -> Any:
        targets, weights = encode(codec, samples)
        for row, sample in enumerate(samples):
            if sample.origin.endswith("train_000007.png"):
                targets["corners_presence"][row] = np.nan
        return targets, weights

    monkeypatch.setattr(CornersCodec, "encode", encode_badly)
    message = r"batch [1-6] of 6 in epoch 1 \(.*loss.*\)\. Its .*train_000007\.png \(its corners_presence holds NaN\)"
    with pytest.raises(DivergedError, match=message):
        train(small_config(sheets), tmp_path / "run")


def test_too_high_a_learning_rate_stops_training(sheets: Path, tmp_path: Path) -> None:
    config = small_config(sheets, learning_rate=1e30, warmup_epochs=0)
    message = (
        r"not a number at batch [2-6] of 6 in epoch 1 \(.*loss\)\. Its .*train_0.*; else lower training\.learning_rate"
    )
    with pytest.raises(DivergedError, match=message):
        train(config, tmp_path / "run")


def test_a_run_killed_in_its_first_epoch_still_begins_from_the_weights_of_another(
    sheets: Path, uninterrupted: Run, tmp_path: Path
) -> None:
    values = small_values(sheets, epochs=1, samples_per_epoch=4, learning_rate=1e-9)
    values["model"]["init_from"] = str(uninterrupted.directory)
    run = Run.create(tmp_path / "run", Config.parse(values))
    train(None, run.directory, resume=True)
    donor, taken = read_weights(uninterrupted.best), read_weights(run.best)
    for name in ("stage1_block1_conv/kernel", "corners_presence/kernel"):
        np.testing.assert_allclose(taken[name], donor[name], atol=1e-6)
