"""Tables of scores: values a class stand in lines of their own, and what nobody measured is left out."""

from __future__ import annotations

import pytest

from detector.terminal import print_scores


def lines(printed: str) -> list[list[str]]:
    """The cells of the table's rows."""
    rows = [line for line in printed.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in rows]


def test_a_score_a_class_has_a_line_a_class_and_deeper_data_none(capsys: pytest.CaptureFixture[str]) -> None:
    scores = {
        "map50": 0.5,
        "ap50_by_class": {"cat": 0.25, "dog": None},
        "confusion": {"cat": {"cat": 3, "background": 1}},
        "precision_by_recall": {"cat": [1.0, 0.5], "dog": None},
        "data": ["somewhere"],
    }
    print_scores({"value": scores})
    assert lines(capsys.readouterr().out) == [["map50", "0.5000"], ["ap50_by_class: cat", "0.2500"]]


def test_a_score_that_one_column_lacks_is_a_dash_and_one_that_all_lack_is_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_scores({"keras": {"samples": 1200, "map50": None, "f1": None}, "int8": {"map50": 0.5, "f1": None}})
    assert lines(capsys.readouterr().out) == [["samples", "1,200", "-"], ["map50", "-", "0.5000"]]
