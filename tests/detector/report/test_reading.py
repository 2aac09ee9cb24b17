"""Folders are read as they are: finished, half done, refused, damaged, or not of this house at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from detector.config import read_config
from detector.report.folders import read_folders
from detector.report.points import Folder, Point
from detector.report.run_reading import read_run
from detector.runs import RunError
from detector.search.ladder_runner import FINDING_NAME
from detector.search.study import Row
from tests.conftest import REPOSITORY
from tests.detector.report.folders import (
    GATE,
    good_row,
    make_config,
    make_result,
    write_ladder,
    write_run,
    write_study,
    write_trials,
)


def read(path: Path) -> Folder:
    [folder] = read_folders([path])
    return folder


def by_name(folder: Folder) -> dict[str, Point]:
    return {point.name.partition("/")[2]: point for point in folder.points}


def write_export(run: Path, score: float, **others: Any) -> None:
    (run / "export").mkdir(exist_ok=True)
    scores = {"runtime": "litert-int8", "quad_iou_mean": score, "bytes": 9000, "parameters": 800, "threshold": 0.4}
    (run / "export" / "report.json").write_text(json.dumps({"keras": {}, "int8": scores} | others))


def test_a_run_that_was_not_exported_has_the_scores_of_its_checkpoint_and_the_cure(tmp_path: Path) -> None:
    run = write_run(tmp_path / "my run")
    scores = {"runtime": "keras-float32", "quad_iou_mean": 0.7, "parameters": 800, "confusion": {}, "map50": None}
    (run / "report.json").write_text(json.dumps(scores))
    folder = read(run)
    [point] = folder.points
    assert (point.state, point.metrics, point.costs) == ("complete", {"quad_iou_mean": 0.7}, {"parameters": 800})
    assert not point.is_plotted
    assert f"no int8 file yet, and so no place in the plots: detector export '{run}'" in folder.summary[-1]
    assert point.commands == (
        f"detector train '{run}/config.yaml' --run 'again/my run'",
        "detector export 'again/my run'",
    )
    assert point.curves["epoch"] == [1, 2, 3] and point.curves["val_loss"] == [2.0, 1.9, 1.8]
    assert "seconds" not in point.curves


def test_an_exported_run_has_the_scores_of_int8_and_what_the_file_costs(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    write_export(run, 0.8)
    shutil.copy(REPOSITORY / "detector" / "shipped" / "documents-small.tflite", run / "export" / "int8.tflite")
    [point] = read(run).points
    assert point.is_plotted and point.metrics == {"quad_iou_mean": 0.8}
    assert point.costs["int8_bytes"] == 9000
    assert point.costs["macs"] > 1e6 and point.costs["arena_bytes"] > 1e4


def test_a_file_that_cannot_be_priced_is_no_obstacle(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = write_run(tmp_path / "run")
    write_export(run, 0.8)
    (run / "export" / "int8.tflite").write_bytes(b"no network")
    assert set(read_run(run).points[0].costs) == {"parameters", "int8_bytes"}
    assert "MACs and arena are not known" in caplog.text


@pytest.mark.parametrize(
    ("status", "why"),
    [("differs", "TFLM computes something else"), ("refused", "TFLM refuses it"), ("equal", "loses too much")],
)
def test_a_run_whose_file_was_refused_says_why(status: str, why: str, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    write_export(run, 0.5, parity={"status": status})
    (run / "export" / "int8-rejected.tflite").write_bytes(b"refused")
    folder = read(run)
    [point] = folder.points
    assert point.state == "rejected" and why in point.reason
    assert "refused by the export's gate" in folder.summary[0]


def test_a_run_that_has_only_begun(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", epochs=0, picture=False)
    (run / "metrics.jsonl").unlink()
    [point] = read(run).points
    assert (point.state, point.metrics, point.pictures, point.curves) == ("running", {}, (), {})


def test_trials_of_every_state(tmp_path: Path) -> None:
    study = tmp_path / "study"
    write_run(study / "trials" / "003", make_config(20), epochs=1, picture=False)
    rows = [
        good_row(study, 0, 8, 0.6),
        good_row(study, 1, 16, 0.7, gate=GATE),
        {"state": "failed", "reason": "the values do not go together"},
        {"state": "cut", "reason": "hopeless"},
        good_row(study, 4, 24, 0.75) | {"same_as": 0},
        {"state": "running"},
    ]
    folder = read(write_study(study, rows, trials=9))
    assert [point.state for point in folder.points] == ["complete", "rejected", "failed", "cut", "complete", "running"]
    assert [point.is_plotted for point in folder.points] == [True, True, False, False, False, False]
    points = by_name(folder)
    assert (points["001"].reason, points["002"].reason, points["003"].reason) == (GATE, rows[2]["reason"], "hopeless")
    assert points["002"].commands == () and points["003"].commands and points["003"].curves["val_loss"] == [2.0]
    assert "as trial 000" in points["004"].reason and not points["004"].pictures
    assert points["000"].settings["model.backbone.depths"] == "[1, 1]"
    assert folder.metric == "quad_iou_mean"
    assert folder.summary[-1] == "5 of 9 trials have ended."


def test_an_empty_study_says_what_to_do(tmp_path: Path) -> None:
    study = write_study(tmp_path / "my study", [])
    for _ in range(2):
        folder = read(study)
        assert folder.points == () and "No trial is complete" in folder.summary[-1]
        assert folder.command == f"detector sweep CONFIG --study '{study}'"
        (study / "trials.json").unlink(missing_ok=True)  # killed before the first was chosen


def test_trainings_that_differ_in_the_seed_alone_are_alike(tmp_path: Path) -> None:
    folders = [write_run(tmp_path / str(seed), make_config(8, seed), make_result(8, 0.6)) for seed in (1, 2)]
    folders.append(write_run(tmp_path / "other", make_config(12, 2), make_result(12, 0.6)))
    one, two, other = (folder.points[0] for folder in read_folders(folders))
    assert one.alike == two.alike != other.alike
    assert (one.seed, two.seed) == (1, 2)


def test_rungs_of_a_ladder(tmp_path: Path) -> None:
    folder = read(write_ladder(tmp_path / "ladder"))
    points = by_name(folder)
    assert (folder.metric, folder.goal) == ("quad_iou_mean", 0.8)
    assert folder.command.startswith("detector shrink mine.yaml")
    assert "The winner: generalise-w12, 12,000 bytes int8." in folder.summary
    assert [point.state for point in folder.points] == ["complete", "missed", "complete"]
    assert not points["overfit-w4"].is_plotted, "what was learnt by heart is no score"
    assert "on the pictures that it was trained on" in points["overfit-w4"].runtime
    assert points["generalise-w8"].reason.startswith("0.7 where 0.8 is asked")
    assert points["generalise-w12"].chosen and points["generalise-w12"].commands[-1] == "detector train second"


def test_a_ladder_that_has_not_ended_shows_its_rungs(tmp_path: Path) -> None:
    ladder = write_ladder(tmp_path / "ladder")
    (ladder / "certificate.json").unlink()
    lost: dict[str, Any] = {"result": None, "training": {}, "diverged": "the loss is no number"}
    (ladder / "rungs" / "generalise-w8" / FINDING_NAME).write_text(json.dumps(lost))
    points = by_name(read(ladder))
    assert points["generalise-w12"].is_plotted and not points["overfit-w4"].is_plotted
    assert (points["generalise-w8"].state, points["generalise-w8"].reason) == ("failed", "the loss is no number")


def test_a_ladder_without_a_winner_names_the_nearest(tmp_path: Path) -> None:
    ladder = write_ladder(tmp_path / "ladder")
    certificate = json.loads((ladder / "certificate.json").read_text())
    certificate |= {"winner": None, "nearest": certificate["rungs"][1], "ending": "out of time"}
    (ladder / "certificate.json").write_text(json.dumps(certificate))
    summary = read(ladder).summary
    assert any("No rung passes. The nearest: generalise-w8" in line for line in summary)
    assert "The time was up" in summary[-1]


def test_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    paths = [write_run(tmp_path / parent / "run") for parent in ("a", "b")]
    assert [folder.name for folder in read_folders(paths)] == [str(path) for path in paths]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("config.yaml", "a: [", "config.yaml: not valid YAML"),
        ("config.yaml", "- 1", "expected the settings of a run. Received list"),
        ("result.json", "{", "result.json: expected JSON"),
        ("metrics.jsonl", "{\n", "metrics.jsonl: expected a line of JSON an epoch"),
    ],
)
def test_a_damaged_file_is_named(name: str, text: str, message: str, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    (run / name).write_text(text)
    with pytest.raises(RunError, match=message):
        read(run)


def test_what_is_none_of_them_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"holds no run \(config.yaml\), no study of a sweep .* that detector train"):
        read(tmp_path)
    run = write_run(tmp_path / "run")
    with pytest.raises(RunError, match=r"is given twice. Give each folder once"):
        read_folders([run, tmp_path / "." / "run"])
    study = write_study(tmp_path / "study", [])
    (study / "study.yaml").write_text("config: {}\n")
    with pytest.raises(RunError, match=r"study.yaml: expected `config` and `search`"):
        read(study)


def test_the_fake_folders_have_the_fields_of_real_ones(tmp_path: Path) -> None:
    study = write_trials(tmp_path / "study", 2)
    assert [Row(**row).number for row in json.loads((study / "trials.json").read_text())["trials"]] == [0, 1]
    config = yaml.safe_load((study / "trials" / "000" / "config.yaml").read_text())
    real = read_config("documents").to_dict()
    assert set(config) <= set(real) and set(config["model"]["backbone"]) <= set(real["model"]["backbone"])


def test_repetitions_of_the_front_with_other_seeds_are_alike(tmp_path: Path) -> None:
    folder = write_trials(tmp_path / "study", 3)
    repeated = folder / "seeds" / "001"
    write_study(repeated, [good_row(repeated, number, 8, 0.6, seed=2 + number) for number in range(2)])
    [read] = read_folders([folder])
    assert [point.name for point in read.points[3:]] == ["study/seeds/001/000", "study/seeds/001/001"]
    assert [point.seed for point in read.points[3:]] == [2, 3]
    assert {point.alike for point in read.points[3:]} == {read.points[1].alike}
    assert read.points[0].alike != read.points[1].alike
