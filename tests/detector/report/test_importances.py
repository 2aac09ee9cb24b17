"""What mattered is told where there are trials enough, and not before."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from detector.report.importances import importances_of
from detector.search.study import Row
from detector.settings.search import SearchSettings
from tests.detector.report.folders import OBJECTIVES, SPACE, write_trials

SEARCH = SearchSettings.parse({"space": SPACE, "objectives": OBJECTIVES}, "test")


def rows_of(study: Path) -> list[Row]:
    return [Row(**row) for row in json.loads((study / "trials.json").read_text())["trials"]]


def test_the_setting_that_decides_has_the_greatest_share(tmp_path: Path) -> None:
    pytest.importorskip("optuna", reason="importances need optuna")
    rows = rows_of(write_trials(tmp_path / "study", 16))
    importances, missing = importances_of(rows, SEARCH)
    assert missing == "" and list(importances) == list(OBJECTIVES)
    for shares in importances.values():
        assert shares["model.backbone.width"] > 0.8 and sum(shares.values()) == pytest.approx(1)
    assert importances_of(rows, SEARCH)[0] == importances


def test_too_few_trials_and_repeated_ones_do_not_count(tmp_path: Path) -> None:
    rows: list[Any] = rows_of(write_trials(tmp_path / "study", 11))
    importances, missing = importances_of([*rows, *(Row(**row.to_json() | {"same_as": 0}) for row in rows)], SEARCH)
    assert importances == {} and missing.startswith(
        "Too few trials: 11 complete ones with different values, and 12 are"
    )


def test_an_objective_that_never_changes_has_nothing_to_explain(tmp_path: Path) -> None:
    pytest.importorskip("optuna", reason="importances need optuna")
    rows = [
        Row(**row.to_json() | {"objectives": row.objectives | {"int8_bytes": 5.0}})
        for row in rows_of(write_trials(tmp_path / "study", 12))
    ]
    assert set(importances_of(rows, SEARCH)[0]["int8_bytes"].values()) == {0.0}


def test_without_optuna_it_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    importances, missing = importances_of(rows_of(write_trials(tmp_path / "study", 12)), SEARCH)
    assert importances == {} and "pip install 'detector[search]'" in missing
