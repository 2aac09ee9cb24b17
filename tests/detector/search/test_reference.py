"""A ladder's reference: a run is measured on the samples of the rungs, whatever its own report was measured on."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detector.config import Config
from detector.runs import RunError, write_json
from detector.search.goals import GoalError
from detector.search.reference import reference_scores
from detector.search.shrink import make_goal
from tests.detector.search.ladder_world import METRIC
from tests.detector.small_run import VALIDATION, small_values, write_sheets
from tests.detector.tiny import Files


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sheets(tmp_path_factory.mktemp("sheets"))


@pytest.fixture
def run(tmp_path: Path, files_of: Callable[[str], Files]) -> Path:
    """A run folder whose report was measured on samples that are not those of the ladder."""
    exports = tmp_path / "run" / "export"
    exports.mkdir(parents=True)
    (tmp_path / "run" / "config.yaml").write_text("of: an older version\n")  # nothing of it is needed
    shutil.copy(files_of("corners heatmap").int8, exports / "int8.tflite")
    write_json(exports / "report.json", {"int8": {METRIC: 0.99, "samples": 3}})
    return tmp_path / "run"


def config_of(sheets: Path, **validation: Any) -> Config:
    values = small_values(sheets)
    values["data"]["validation"][0] |= validation
    return Config.parse(values)


def test_a_run_is_measured_on_the_samples_of_the_rungs(sheets: Path, run: Path) -> None:
    whole, some = (reference_scores(config_of(sheets, **each), run) for each in ({}, {"limit": 5}))
    assert (whole["samples"], some["samples"]) == (VALIDATION, 5)
    assert 0 < whole[METRIC] < 0.9 and whole[METRIC] != some[METRIC]
    goal = make_goal(config_of(sheets), METRIC, str(run), "10%")
    assert goal.value == pytest.approx(0.9 * whole[METRIC]) and goal.of == str(run)
    (run / "export" / "int8.tflite").rename(run / "export" / "int8-rejected.tflite")
    assert reference_scores(config_of(sheets), run)[METRIC] == whole[METRIC]
    with pytest.raises(GoalError, match=r"there is no value of map50\. Choose one of these with --until: .*quad_iou_"):
        make_goal(config_of(sheets), "map50", str(run), "0")


def test_samples_that_are_held_out_count_too(sheets: Path, run: Path) -> None:
    values = small_values(sheets)
    values["data"] |= {"validation": [], "validation_share": 0.25}
    assert 0 < reference_scores(Config.parse(values), run)["samples"] < 12


def test_a_run_without_an_int8_file(sheets: Path, run: Path, files_of: Callable[[str], Files]) -> None:
    exports, config = run / "export", config_of(sheets)
    shutil.copy(files_of("corners heatmap").float, exports / "float.tflite")
    (exports / "int8.tflite").write_bytes(b"")
    with pytest.raises(RunError, match=r"int8\.tflite is .*`?detector export"):
        reference_scores(config, run)
    (exports / "int8.tflite").unlink()
    with pytest.raises(RunError, match=r"int8\.tflite: no such file.* detector export .*run --precision int8\."):
        reference_scores(config, run)
    with pytest.raises(RunError, match="is not a run folder"):
        reference_scores(config, exports)


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({}, ""),
        ({"data": None, "samples": None}, ""),
        ({"samples": 7}, "counts 7 samples, the rungs 12: the goal may be easier or harder"),
        ({"data": ["documents:#val"]}, "was measured on documents:#val, the rungs on corners:"),
        ({"options": {"corner_order": "object"}}, r"#val \(corner_order=object\), the rungs on corners:"),
    ],
)
def test_scores_in_a_file_are_read_and_other_samples_told(
    changes: dict[str, Any], warning: str, sheets: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scores = {METRIC: 0.8, "samples": VALIDATION, "data": [f"corners:{sheets}#val"]} | changes
    write_json(tmp_path / "scores.json", scores)
    write_json(tmp_path / "report.json", {"keras": {}, "int8": scores})
    for name in ("scores.json", "report.json"):
        with caplog.at_level(logging.WARNING):
            assert reference_scores(config_of(sheets), tmp_path / name)[METRIC] == 0.8
    told = caplog.messages
    assert len(told) == (2 if warning else 0) and all(re.search(warning, message) for message in told)


@pytest.mark.parametrize("text", ["[1]", "no JSON", '{"int8": 3}'])
def test_files_without_scores(text: str, sheets: Path, tmp_path: Path) -> None:
    (tmp_path / "scores.json").write_text(text)
    with pytest.raises(RunError, match=r"scores\.json: expected scores in JSON\. Give --of a run folder"):
        reference_scores(config_of(sheets), tmp_path / "scores.json")
    with pytest.raises(RunError, match=r"none\.json: no such file\. Give --of a run folder"):
        reference_scores(config_of(sheets), tmp_path / "none.json")
