"""The run folder: written atomically, locked, and honest about what it was begun with."""

from __future__ import annotations

import json
import logging
import math
import os
from importlib import metadata
from pathlib import Path

import pytest

from detector.runs import Run, RunError, atomic_path, write_json
from tests.detector.small_run import small_config, small_values


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", small_config(tmp_path))


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "best.keras"
    with atomic_path(path) as temporary:
        assert temporary.suffix == ".keras"
        temporary.write_text("first")
    with pytest.raises(KeyError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise KeyError
    assert path.read_text() == "first"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_an_error_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(RunError, match=r"run/lock cannot be written \(.*\)\. Make room, or give a folder that"):
        Run.create(tmp_path / "run", small_config(tmp_path))


def test_what_a_block_cannot_read_is_no_matter_of_writing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="donor"), atomic_path(tmp_path / "a.json") as temporary:
        temporary.write_bytes((tmp_path / "donor").read_bytes())


def test_the_config_of_a_run_is_the_one_that_it_was_begun_with(run: Run, tmp_path: Path) -> None:
    assert Run.open(run.directory).config == small_config(tmp_path)
    run.check_config(small_config(tmp_path))


def test_a_config_that_differs_is_refused_by_every_key(run: Run, tmp_path: Path) -> None:
    values = small_values(tmp_path, epochs=8)
    values["model"]["heads"]["corners"]["channels"] = 16
    values["data"]["on_error"] = "skip"
    with pytest.raises(RunError) as error:
        run.check_config(type(run.config).parse(values))
    text = str(error.value)
    assert "data.on_error skip (raise in the run); model.heads.corners.channels 16 (8 in the run)" in text
    assert "training.epochs 8 (3 in the run)" in text
    assert f"model.init_from={run.directory} takes over the weights" in text


def test_a_folder_without_a_run_is_no_run(tmp_path: Path, run: Run) -> None:
    with pytest.raises(RunError, match=r"not a run folder: it has no config\.yaml"):
        Run.open(tmp_path)
    with pytest.raises(RunError, match="already holds a run"):
        run.write_state({"epoch": 1})
        Run.create(run.directory, run.config)
    with pytest.raises(RunError, match=r"no checkpoint at .*best\.keras\. Give a run folder that finished an epoch"):
        Run.checkpoint_of(run.directory)


def test_one_process_at_a_time(run: Run) -> None:
    with (
        run.lock(),
        pytest.raises(RunError, match=r"Another process trains into or exports .*run\. Wait for it, or end it first\."),
        Run.open(run.directory).lock(),
    ):
        pass
    with run.lock():
        pass


def test_metrics_survive_a_cut_off_line_and_forget_what_comes_again(run: Run) -> None:
    assert run.read_metrics() == []
    for epoch in (1, 2, 3):
        run.append_metrics({"epoch": epoch, "loss": 1 / epoch})
    with run.metrics_file.open("a") as file:
        file.write('{"epoch": 4, "lo')
    assert [row["epoch"] for row in run.read_metrics()] == [1, 2, 3]
    run.keep_metrics_until(2)
    run.append_metrics({"epoch": 3})
    assert [json.loads(line)["epoch"] for line in run.metrics_file.read_text().splitlines()] == [1, 2, 3]


def test_what_a_kill_left_half_written_is_swept_away(run: Run) -> None:
    left = (
        *(run.checkpoints / ".last-0002.77.keras", run.directory / ".state.77.json"),
        *(run.pictures / ".worst.png.x7", run.exports / ".int8.new.tflite"),
    )
    for path in (*left, run.best):
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    run.sweep()
    assert list(run.checkpoints.iterdir()) == [run.best]
    assert not any(path.exists() for path in left)
    assert (run.directory / "config.yaml").exists()


def test_other_data_and_other_versions_are_warned_of(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    run.note_data({"train": {"samples": 3}})
    run.note_data({"train": {"samples": 3}})
    assert not caplog.records
    versions = json.loads((run.directory / "versions.json").read_text())
    write_json(run.directory / "versions.json", versions | {"keras": "3.1"})
    with caplog.at_level(logging.WARNING):
        run.note_data({"train": {"samples": 4}})
    assert (
        "the data is not what the run began with ({'train': {'samples': 3}}; now {'train': {'samples': 4}})"
        in caplog.text
    )
    assert f"was begun with other versions: keras {metadata.version('keras')} (3.1 in the run)" in caplog.text


def test_a_package_that_is_missing_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detector.runs.PACKAGES", ("keras", "no-such-package"))
    run = Run.create(tmp_path / "run", small_config(tmp_path))
    versions = json.loads((run.directory / "versions.json").read_text())
    assert versions["no-such-package"] == "not installed"
    assert versions["keras"] == metadata.version("keras")


def test_a_run_without_a_complete_epoch_is_begun_anew(run: Run, tmp_path: Path) -> None:
    write_json(run.directory / "data.json", {"train": 1})
    run.append_metrics({"epoch": 1})
    run.checkpoints.mkdir()
    run.best.touch()
    again = Run.create(run.directory, small_config(tmp_path, epochs=8))
    assert again.config.training.epochs == 8
    assert not again.read_metrics()
    assert not (run.directory / "data.json").exists()
    assert not run.best.exists()
    with (
        run.lock(),
        pytest.raises(RunError, match="Another process"),
    ):
        Run.create(run.directory, small_config(tmp_path))
    assert run.config.training.epochs == 8


def test_a_config_of_the_user_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("mine")
    with pytest.raises(RunError, match="already holds a run"):
        Run.create(tmp_path, small_config(tmp_path))
    assert (tmp_path / "config.yaml").read_text() == "mine"


def test_numbers_that_json_does_not_know_become_null(run: Run, tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"loss": [math.nan, 1.5, {"a": math.inf}], "name": "x"})
    assert json.loads((tmp_path / "a.json").read_text()) == {"loss": [None, 1.5, {"a": None}], "name": "x"}
    run.append_metrics({"epoch": 1, "loss": math.nan})
    assert run.read_metrics() == [{"epoch": 1, "loss": None}]


def test_json_goes_into_a_pipe_and_through_a_link(tmp_path: Path) -> None:
    pipe, link, target = tmp_path / "pipe", tmp_path / "link.json", tmp_path / "target.json"
    os.mkfifo(pipe)
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    target.touch()
    link.symlink_to(target)
    write_json(pipe, {"a": 1})
    write_json(link, {"a": 2})
    assert json.loads(os.read(descriptor, 100)) == {"a": 1}
    os.close(descriptor)
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert json.loads(target.read_text()) == {"a": 2}
