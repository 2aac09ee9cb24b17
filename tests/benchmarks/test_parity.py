"""The table of parity has a line a guarded score; what the scores are is no test."""

from __future__ import annotations

from pathlib import Path

from data_generators.formats import open_source


def test_a_model_has_a_line_for_each_guarded_score(boards: Path) -> None:
    from parity import TITLES, lines_of, measure, sources_of

    source = f"corners:{boards}"
    assert sources_of("cats", [f"documents={source}", "corners:all"]) == ["corners:all"]
    assert sources_of("documents-small", [f"documents-small={source}"]) == [source]
    report = measure("documents-small", [open_source(source)])
    assert {report[column]["samples"] for column in ("keras", "int8", "int8-reference")} == {12}
    lines = lines_of("documents-small", source, report, 0.0001)
    assert all(len(line) == len(TITLES) for line in lines)
    assert [line[2] for line in lines] == ["quad_iou_mean", "corner_error_percent_mean", "presence_roc_auc"]
    worse = report | {"int8": report["int8"] | {"quad_iou_mean": -1.0}}
    assert lines_of("documents-small", source, worse, 0.01)[0][7].endswith("FAILS")
