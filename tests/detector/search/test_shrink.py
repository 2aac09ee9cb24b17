"""`detector shrink` from a config to a certificate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from data_generators.settings import SettingsError
from detector.config import read_config
from detector.runs import RunError, write_json
from detector.search import shrink as shrink_module
from detector.search.goals import Budget, Goal, GoalError
from detector.search.shrink import ShrinkOptions, make_goal, parse_time, shrink
from detector.targets import read_target
from tests.detector.search.ladder_world import METRIC, World, make_config
from tests.detector.small_run import small_values, write_config, write_sheets


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1800), ("1h30m", 5400), ("90s", 90), ("1.5h", 5400)])
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "m", "30m1h", "-1m"])
def test_no_times(text: str) -> None:
    with pytest.raises(GoalError, match="expected hours, minutes or seconds"):
        parse_time(text)


def test_the_goal_is_given_or_taken_from_a_run(tmp_path: Path) -> None:
    config, scores = make_config(), tmp_path / "scores.json"
    write_json(scores, {METRIC: 0.8, "corner_error_percent_mean": 3.0})
    assert make_goal(config, "quad_iou_mean>=0.9", None, "0") == Goal(METRIC, 0.9)
    assert make_goal(config, None, str(scores), "10%").value == pytest.approx(0.72)
    assert make_goal(config, "corner_error_percent_mean", str(scores), "0").value == 3.0
    with pytest.raises(GoalError, match="expected a goal: --until"):
        make_goal(config, None, None, "0")


def test_nothing_is_trained_where_no_network_is_in_the_budget(tmp_path: Path) -> None:
    budget = Budget("int8_bytes", 100)
    certificate = shrink(make_config(widths=[8, 16]), Goal(METRIC, 0.9), tmp_path, ShrinkOptions(budgets=[budget]))
    assert (certificate["ending"], certificate["winner"], certificate["rungs"]) == ("nothing passes", None, [])
    assert json.loads((tmp_path / "certificate.json").read_text())["budgets"] == ["int8_bytes<=100"]
    assert not (tmp_path / "rungs").exists()


def test_every_rung_names_the_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(lambda _: (0.95, 0.95), most=2)
    monkeypatch.setattr(shrink_module, "RungRunner", lambda *_: world.train)
    config = make_config(widths=[8, 16])
    assert config.target is None
    options = ShrinkOptions(target=read_target("openmv-h7"))
    certificate = shrink(config, Goal(METRIC, 0.9), tmp_path, options)
    assert [rung.phase for rung in world.rungs()] == ["overfit", "generalise"]
    assert {rung.config.target for rung in world.rungs()} == {"openmv-h7"}  # `train` checks it, `report` draws it
    assert certificate["budgets"] == ["target openmv-h7"]


def test_a_config_that_prunes_is_refused(tmp_path: Path) -> None:
    config = read_config("documents", ["model.prune=true", "model.init_from=documents"])
    with pytest.raises(RunError, match=r"leave model\.prune and training\.distil out"):
        shrink(config, Goal(METRIC, 0.9), tmp_path, ShrinkOptions())


def test_a_config_that_is_not_exported_to_int8_is_refused(tmp_path: Path) -> None:
    config = read_config("documents", ["export.precision=dynamic"])
    with pytest.raises(SettingsError, match=r"judges its networks in int8, but here is dynamic\. Set it to int8"):
        shrink(config, Goal(METRIC, 0.9), tmp_path, ShrinkOptions())
    assert not [*tmp_path.iterdir()]


@pytest.mark.slow
def test_a_ladder_of_drawn_sheets(tmp_path: Path) -> None:
    values: dict[str, Any] = small_values(write_sheets(tmp_path / "sheets"), epochs=2, learning_rate=0.01)
    values["shrink"] = {"widths": [4, 8], "samples": 16, "overfit_epochs": 3, "overfit_pictures": 240, "epochs": 1}
    config = read_config(write_config(tmp_path / "sheets.yaml", values))
    options = ShrinkOptions(jobs=2, command="detector shrink sheets.yaml")
    certificate = shrink(config, Goal(METRIC, 0.05), tmp_path / "search", options)
    winner = certificate["winner"]
    assert certificate["ending"] == "found" and winner["value"] >= 0.05 and winner["int8_bytes"] < 10_000
    assert (tmp_path / "search" / "rungs" / winner["name"] / "export" / "report.json").is_file()
    again = shrink(config, Goal(METRIC, 0.05), tmp_path / "search", ShrinkOptions(seconds=0, jobs=2))
    assert again["rungs"] == certificate["rungs"]  # all is read, nothing trained
