"""Scores of the box head: the largest wanted object is the only one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from data_generators.sample import Sample
from detector.codecs.box import BoxPrediction
from detector.scoring.box import score_box, score_box_sample

SMALL, LARGE = [0.0, 0.0, 0.2, 0.3], [0.3, 0.3, 0.9, 0.9]


def picture(*boxes: list[float], labels: tuple[int, ...] = (), **changes: Any) -> Sample:
    count = len(boxes)
    return Sample(
        image=np.zeros((300, 400, 3), np.uint8),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        labels=np.array(labels or [0] * count, np.int64),
        ignore=np.zeros(count, bool),
        keypoints=np.zeros((count, 0, 2), np.float32),
        has=frozenset({"boxes"}),
    ).replace(**changes)


def row(sample: Sample, box: list[float], score: float = 0.9, wanted: tuple[int, ...] = ()) -> dict[str, Any]:
    parts = np.array([box], np.float32), np.array([score], np.float32), np.zeros(1, np.int64)
    return score_box_sample(sample, BoxPrediction(*parts, output="box_presence", wanted=frozenset(wanted)), "none")


def test_the_box_of_the_largest_object_is_all_that_is_asked_for() -> None:
    both = picture(SMALL, LARGE, labels=(0, 1))
    found = score_box([row(both, LARGE, wanted=(0, 1))])
    assert found["box_iou_mean"] == pytest.approx(1, abs=1e-6)
    assert found["map50"] == pytest.approx(1), "the small one is not missed"
    assert found["recall"] == found["precision"] == 1
    other = score_box([row(both, SMALL, wanted=(0, 1))], threshold=0.5)
    assert other["box_iou_mean"] == 0
    assert other["recall"] == 0
    assert other["precision"] is None, "nor is it a false alarm"


def test_classes_that_are_not_wanted_are_background() -> None:
    both = picture(SMALL, LARGE, labels=(0, 1))
    assert row(both, SMALL, wanted=(0,))["box_iou"] == pytest.approx(1, abs=1e-6)
    dog_alone = row(picture(LARGE, labels=(1,)), LARGE, wanted=(0,))
    assert dog_alone["presence_true"] is False
    assert "box_iou" not in dog_alone
    assert dog_alone["rank"] == pytest.approx(0.1)
    assert score_box([dog_alone], threshold=0.5)["false_alarms_per_empty_picture"] == 1


def test_where_nobody_looked_nothing_is_scored() -> None:
    for sample in (
        picture(unlabelled=frozenset({0})),
        picture(LARGE, ignore=np.ones(1, bool)),
        picture(has=frozenset()),
    ):
        unknown = row(sample, LARGE, wanted=(0,))
        assert unknown["presence_true"] is None
        assert "box_iou" not in unknown
        assert score_box([unknown], 0.5)["false_alarms_per_empty_picture"] is None
    seen = row(picture(LARGE, unlabelled=frozenset({1})), LARGE, wanted=(0, 1))
    assert seen["box_iou"] == pytest.approx(1, abs=1e-6)
