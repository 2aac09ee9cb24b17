"""Scores of a yes or no on rows made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from data_generators.sample import Sample
from detector.codecs.presence import PresencePrediction
from detector.scoring.presence import choose_presence_threshold, score_presence, score_presence_sample
from tests.detector.tiny import labelled_samples, noise


def rows(yes: list[float], no: list[float]) -> list[dict[str, Any]]:
    return [{"presence_true": True, "presence": p} for p in yes] + [{"presence_true": False, "presence": p} for p in no]


def test_a_perfect_separation() -> None:
    scores = score_presence(rows([0.9, 0.8], [0.2, 0.1]))
    assert scores == {"presence_ap": 1, "presence_roc_auc": 1, "presence_recall_at_1pct_fpr": 1}


def test_ranks_by_hand() -> None:
    """In falling order yes, no, yes, no: precision 1 at recall 1/2, 2/3 at 1; three of four pairs in order."""
    scores = score_presence(rows([0.9, 0.5], [0.7, 0.1]))
    assert scores["presence_ap"] == pytest.approx((1 + 2 / 3) / 2)
    assert scores["presence_roc_auc"] == pytest.approx(3 / 4)
    assert scores["presence_recall_at_1pct_fpr"] == pytest.approx(1 / 2)


def test_one_false_alarm_in_a_hundred_is_allowed_and_two_are_not() -> None:
    no = [0.95, 0.85, *np.linspace(0.01, 0.1, 98)]
    scores = score_presence(rows([0.99, 0.9, 0.8, 0.7], no))
    assert scores["presence_recall_at_1pct_fpr"] == pytest.approx(2 / 4)


def test_a_set_of_one_kind_has_no_score() -> None:
    nothing = {"presence_ap": None, "presence_roc_auc": None, "presence_recall_at_1pct_fpr": None}
    unknown = [{"presence_true": None, "presence": 0.5}]
    for some in ([], unknown, rows([0.9], []), rows([], [0.1, 0.2]), rows([0.9], []) + unknown):
        assert score_presence(some) == nothing
        assert choose_presence_threshold(some) == 0.5


def test_unlabelled_rows_change_nothing() -> None:
    some = rows([0.9, 0.5], [0.7, 0.1])
    assert score_presence([*some, {"presence_true": None, "presence": 0.0}]) == score_presence(some)


def test_the_threshold_lies_midway_below_the_best_separation() -> None:
    assert choose_presence_threshold(rows([0.9, 0.8], [0.3, 0.1])) == pytest.approx(0.55)
    assert choose_presence_threshold(rows([0.9, 0.8, 0.2], [0.1])) == pytest.approx(0.15)
    assert choose_presence_threshold(rows([0.4], [0.4])) == pytest.approx(0.2), "nothing below but 0"


def test_rows_of_samples() -> None:
    whole, _, _, none = labelled_samples()
    prediction = PresencePrediction(0.7)
    assert score_presence_sample(whole, prediction, "none") == {
        "origin": "sample 0",
        "presence_true": True,
        "presence": 0.7,
        "rank": 0.7,
    }
    assert score_presence_sample(none, prediction, "none")["rank"] == pytest.approx(0.3)
    for unknown in (Sample(image=noise(1)[0]), whole.replace(ignore=np.ones(1, bool))):
        row = score_presence_sample(unknown, prediction, "none")
        assert row["presence_true"] is None
        assert "rank" not in row
