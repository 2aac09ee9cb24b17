"""What a sweep is given, and what a person sees of it, without trials."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from data_generators.settings import SettingsError
from detector.search.progress import SweepDisplay, describe, front_table
from detector.search.reading import read_sweep
from detector.search.study import Row
from tests.detector.search.sweeping import OBJECTIVES, sweep_config

SPACE_FILE = "space: {model.backbone.width: [8, 16]}\nobjectives: {int8_bytes: minimize}\n"


def test_the_space_of_a_file_takes_the_place_of_the_configs_own(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE_FILE)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(sweep_config().to_dict()))
    _, own = read_sweep(tmp_path / "config.yaml")
    assert own.objectives == OBJECTIVES
    config, search = read_sweep(tmp_path / "config.yaml", tmp_path / "space.yaml", ["search.trials=7"])
    assert (search.objectives, search.trials) == ({"int8_bytes": "minimize"}, 7)
    assert config.search == search
    assert read_sweep("documents-demo", tmp_path / "space.yaml")[1].trials == 50


def test_errors_name_the_file_and_the_cure(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"documents-demo has no section `search`\. Write one .* --space FILE"):
        read_sweep("documents-demo")
    with pytest.raises(SettingsError, match=r"--space .*none\.yaml: no such file"):
        read_sweep("documents-demo", tmp_path / "none.yaml")
    (tmp_path / "space.yaml").write_text(SPACE_FILE.replace("objectives", "objective"))
    with pytest.raises(SettingsError, match=r"space\.yaml is not valid:(\n.*)*Did you mean `objectives`"):
        read_sweep("documents-demo", tmp_path / "space.yaml")


def rows() -> list[Row]:
    values = {"model.backbone.width": 8, "training.learning_rate": 1 / 300, "model.backbone.depths": [1, 2]}
    done = Row(0, "complete", values, {"quad_iou_mean": 2 / 3, "macs": 20_000.0}, {}, on_front=True)
    return [done, Row(1, "failed", {}, {}, {}, reason="too wide\nby far"), Row(2, "running", {}, {}, {})]


def test_a_line_for_each_trial_that_ends_and_what_ended_before_in_one(capsys: pytest.CaptureFixture[str]) -> None:
    with SweepDisplay(sweep_config().search) as display:  # type: ignore[arg-type]
        display(rows()[:1])
        display(rows())
        display(rows())
    assert capsys.readouterr().out.splitlines() == [
        "trial 000: quad_iou_mean 0.6667, macs 20,000 (1 of 12)",
        "trial 001 failed: too wide (2 of 12)",
    ]
    with SweepDisplay(sweep_config().search) as display:  # type: ignore[arg-type]
        display(rows())
    assert capsys.readouterr().out == "2 of 12 trials had ended before\n"


def test_a_copied_result_says_whose_it_is() -> None:
    copied = Row(7, "complete", {}, {"macs": 12.5}, {}, same_as=3)
    assert describe(copied) == "trial 007: macs 12.5, as trial 003"


def test_the_front_is_sorted_by_its_cost_and_shows_the_values() -> None:
    [first, *_] = rows()
    cheaper = Row(4, "complete", first.values, {"quad_iou_mean": 0.5, "macs": 900.0}, {}, on_front=True)
    beaten = Row(5, "complete", first.values, {"quad_iou_mean": 0.4, "macs": 950.0}, {})
    table = front_table([first, cheaper, beaten], sweep_config().search)  # type: ignore[arg-type]
    cells = list(zip(*(column.cells for column in table.columns), strict=True))
    assert [row[0] for row in cells] == ["004", "000"]
    assert cells[1][1:] == ("0.6667", "20,000", "8", "0.003333", "[1, 2]")
