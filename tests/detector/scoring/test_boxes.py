"""Scores of boxes on detections whose overlaps are known, in a picture that is not square."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import numpy as np
import pytest

from data_generators.sample import Sample
from detector.codecs.boxes import BoxesPrediction, holds_object
from detector.scoring.boxes import NAMES, choose_boxes_threshold, score_boxes, score_boxes_sample

IMAGE = np.zeros((300, 400, 3), np.uint8)
CLASSES = ("cat", "dog")
CAT, DOG = [0.1, 0.1, 0.5, 0.6], [0.6, 0.2, 0.9, 0.8]
FAR = [0.0, 0.85, 0.1, 1.0]
PRESENCE = {"presence_ap", "presence_roc_auc", "presence_recall_at_1pct_fpr"}
Detection = tuple[list[float], int, float]


def picture(*objects: tuple[list[float], int], ignore: tuple[int, ...] = (), **changes: Any) -> Sample:
    """A picture of 300 x 400 pixels with objects (box, label)."""
    count = len(objects)
    return Sample(
        image=IMAGE,
        boxes=np.array([box for box, _ in objects], np.float32).reshape(-1, 4),
        labels=np.array([label for _, label in objects], np.int64),
        ignore=np.isin(np.arange(count), ignore),
        keypoints=np.zeros((count, 0, 2), np.float32),
        has=frozenset({"boxes"}),
        origin="made up",
    ).replace(**changes)


def answer(*detections: Detection, classes: tuple[str, ...] = CLASSES) -> BoxesPrediction:
    ranked = sorted(detections, key=lambda detection: -detection[2])
    return BoxesPrediction(
        np.array([box for box, _, _ in ranked], np.float32).reshape(-1, 4),
        np.array([score for _, _, score in ranked], np.float32),
        np.array([label for _, label, _ in ranked], np.int64),
        classes,
        "grid_objectness",
    )


def row(sample: Sample, *detections: Detection, classes: tuple[str, ...] = CLASSES) -> dict[str, Any]:
    return score_boxes_sample(sample, answer(*detections, classes=classes), "none")


def scores(*rows: dict[str, Any], threshold: float | None = None) -> dict[str, Any]:
    return score_boxes(rows, CLASSES, threshold)


def shifted(box: list[float], by: float) -> list[float]:
    """The box moved to the right by a share of its own width: its IoU is (1 - by) / (1 + by)."""
    step = by * (box[2] - box[0])
    return [box[0] + step, box[1], box[2] + step, box[3]]


BOTH = picture((CAT, 0), (DOG, 1))


def test_a_perfect_answer() -> None:
    found = scores(row(BOTH, (CAT, 0, 0.9), (DOG, 1, 0.8)))
    ones = ("map50_95", "map50", "map75", "map50_class_agnostic", "f1_best", "centroid_f1", "recall", "precision")
    assert {name: found[name] for name in ones} == dict.fromkeys(ones, pytest.approx(1))
    assert found["ap50_by_class"] == {"cat": pytest.approx(1), "dog": pytest.approx(1)}
    assert found["box_iou_mean"] == pytest.approx(1, abs=1e-6)
    assert found["confusion"] == {
        "cat": {"cat": 1, "dog": 0, "background": 0},
        "dog": {"cat": 0, "dog": 1, "background": 0},
        "background": {"cat": 0, "dog": 0},
    }
    assert found["precision_by_recall"]["cat"] == [1] * 101
    assert found["presence_ap"] is found["false_alarms_per_empty_picture"] is None, "no picture is empty"


def test_average_precision_by_hand() -> None:
    """One cat of two is found, behind a false alarm: precision 1/2 up to recall 1/2, which 51 of 101 points reach."""
    found = scores(row(BOTH, (CAT, 0, 0.5)), row(BOTH, (FAR, 0, 0.9)))
    assert found["ap50_by_class"] == {"cat": pytest.approx(0.5 * 51 / 101), "dog": 0}
    assert found["map50"] == pytest.approx(0.5 * 51 / 101 / 2)
    assert found["precision_by_recall"]["cat"] == [0.5] * 51 + [0] * 50


@pytest.mark.parametrize(("by", "reached"), [(0.1, 7), (0.24, 3), (0.33, 1), (0.34, 0)])
def test_overlap_decides_at_which_limits_a_detection_is_right(by: float, reached: int) -> None:
    """(1 - by) / (1 + by) is 0.818, 0.613, 0.504, 0.493."""
    found = scores(row(picture((CAT, 0)), (shifted(CAT, by), 0, 0.9)))
    assert found["map50_95"] == pytest.approx(reached / 10)
    assert found["map50"] == pytest.approx(float(reached > 0))
    assert found["map75"] == pytest.approx(float(reached > 5))
    assert found["box_iou_mean"] == pytest.approx((1 - by) / (1 + by), rel=1e-5)


def test_sizes_are_those_of_the_original_picture_in_pixels() -> None:
    """400 x 300 pixels: 20 x 30, 80 x 60 and 200 x 150."""
    small, medium, large = [0.0, 0.0, 0.05, 0.1], [0.2, 0.0, 0.4, 0.2], [0.5, 0.5, 1.0, 1.0]
    found = scores(row(picture((small, 0), (medium, 0), (large, 0)), (small, 0, 0.9), (large, 0, 0.8)))
    assert [found[f"map50_95_{size}"] for size in ("small", "medium", "large")] == pytest.approx([1, 0, 1])
    assert scores(row(picture((large, 0)), (large, 0, 0.9)))["map50_95_small"] is None


def test_classes_ignored() -> None:
    taken_for_a_dog = row(BOTH, (CAT, 1, 0.9), (DOG, 1, 0.8))
    found = scores(taken_for_a_dog, threshold=0.5)
    assert found["ap50_by_class"] == {"cat": 0, "dog": pytest.approx(0.5)}
    assert found["map50_class_agnostic"] == pytest.approx(1)
    assert found["confusion"]["cat"] == {"cat": 0, "dog": 1, "background": 0}
    assert found["confusion"]["dog"] == {"cat": 0, "dog": 1, "background": 0}


def test_misses_and_false_alarms_in_the_confusion_are_those_at_the_threshold() -> None:
    rows = [row(BOTH, (CAT, 0, 0.9), (DOG, 1, 0.4)), row(picture(), (FAR, 1, 0.7), (FAR, 1, 0.3))]
    assert scores(*rows, threshold=0.5)["confusion"] == {
        "cat": {"cat": 1, "dog": 0, "background": 0},
        "dog": {"cat": 0, "dog": 0, "background": 1},
        "background": {"cat": 0, "dog": 1},
    }
    assert scores(*rows, threshold=0.2)["confusion"]["background"] == {"cat": 0, "dog": 2}


def test_two_detections_of_one_object_are_a_hit_and_a_false_alarm() -> None:
    found = scores(row(picture((CAT, 0)), (CAT, 0, 0.9), (CAT, 0, 0.8)), threshold=0.5)
    assert found["precision"] == found["centroid_f1"] - 0.5 == 0.5, "at its best threshold the second does not count"
    assert found["recall"] == found["f1_best"] == 1
    assert found["f1"] == pytest.approx(2 / 3)
    assert found["confusion"]["background"]["cat"] == 1


def test_objects_to_be_ignored_are_neither_missed_nor_false() -> None:
    crowd = picture((CAT, 0), (DOG, 1), ignore=(1,))
    alone, found = scores(row(crowd, (CAT, 0, 0.9))), scores(row(crowd, (CAT, 0, 0.9), (DOG, 1, 0.95)))
    inside = [0.65, 0.3, 0.7, 0.4]  # a small part of the crowd
    for each in (alone, found, scores(row(crowd, (CAT, 0, 0.9), (inside, 1, 0.95)), threshold=0.5)):
        assert each["map50"] == pytest.approx(1)
        assert each["f1_best"] == each["precision"] == each["centroid_f1"] == 1
        assert each["ap50_by_class"] == {"cat": pytest.approx(1), "dog": None}
        assert each["confusion"]["background"] == {"cat": 0, "dog": 0}
        assert sum(each["confusion"]["dog"].values()) == 0
    assert row(crowd, (DOG, 1, 0.95), (CAT, 0, 0.9))["rank"] == pytest.approx(0.9, abs=1e-6)


def test_an_object_of_no_class_that_was_asked_for_is_background() -> None:
    horse = row(picture((DOG, -1)), (DOG, 1, 0.8))
    assert horse["presence_true"] is False
    assert "box_iou" not in horse
    assert horse["rank"] == pytest.approx(0.2)
    found = scores(horse, row(picture((CAT, 0)), (CAT, 0, 0.9)), threshold=0.5)
    assert found["false_alarms_per_empty_picture"] == 1
    assert found["confusion"]["background"] == {"cat": 0, "dog": 1}
    assert found["ap50_by_class"] == {"cat": pytest.approx(1), "dog": None}


def test_detections_of_a_class_that_nobody_looked_for_do_not_count() -> None:
    no_dogs_labelled = picture((CAT, 0), unlabelled=frozenset({1}))
    found = scores(row(no_dogs_labelled, (CAT, 0, 0.7), (DOG, 1, 0.9)), threshold=0.5)
    assert found["precision"] == found["recall"] == 1
    assert found["map50_class_agnostic"] == pytest.approx(1)
    nothing_seen = row(picture(unlabelled=frozenset({1})), (DOG, 1, 0.9))
    assert nothing_seen["presence_true"] is None, "there may be a dog"
    assert scores(nothing_seen)["false_alarms_per_empty_picture"] is None


def test_without_names_all_objects_are_of_one_class() -> None:
    rows = [row(BOTH, (CAT, 0, 0.9), (DOG, 0, 0.8), classes=())]
    found = score_boxes(rows, (), None)
    assert found["ap50_by_class"] == {"object": pytest.approx(1)}
    assert set(found["confusion"]) == {"object", "background"}


def test_a_centre_finds_its_object_whatever_the_overlap() -> None:
    dot = [0.29, 0.34, 0.31, 0.36]  # in the middle of the cat
    found = scores(row(picture((CAT, 0)), (dot, 0, 0.9)))
    assert found["centroid_f1"] == 1
    assert found["f1_best"] == found["map50"] == 0
    assert scores(row(picture((CAT, 0)), (dot, 1, 0.9)))["centroid_f1"] == 0, "of another class"
    assert scores(row(picture((CAT, 0)), (FAR, 0, 0.9)))["centroid_f1"] == 0
    twice = scores(row(BOTH, (dot, 0, 0.9), (dot, 0, 0.8)))
    assert twice["centroid_f1"] == pytest.approx(2 / 3), "one detection an object, one of two objects missed"


def test_box_iou_is_that_of_the_best_detection_with_the_largest_object() -> None:
    tiny = [0.9, 0.9, 0.95, 0.95]
    sample = picture((tiny, 0), (CAT, 1))
    assert row(sample, (CAT, 0, 0.6), (tiny, 0, 0.5))["box_iou"] == pytest.approx(1, abs=1e-6)
    assert row(sample, (CAT, 0, 0.4), (tiny, 0, 0.5))["box_iou"] == 0
    assert row(sample)["box_iou"] == 0
    ignored = picture((tiny, 0), (CAT, 1), ignore=(1,))
    assert row(ignored, (tiny, 0, 0.5))["box_iou"] == pytest.approx(1, abs=1e-5)


def test_false_alarms_a_picture_without_objects() -> None:
    empty = [row(picture(), *((FAR, 0, score) for score in some)) for some in ([0.9, 0.8], [0.4], [])]
    found = scores(*empty, row(BOTH, (FAR, 0, 0.99)), threshold=0.5)
    assert found["false_alarms_per_empty_picture"] == pytest.approx(2 / 3)
    assert found["presence_roc_auc"] == 1


def test_the_worst_mistake_ranks_a_picture() -> None:
    good, missed = row(BOTH, (CAT, 0, 0.9), (DOG, 1, 0.8)), row(BOTH, (CAT, 0, 0.9))
    loose, alarmed = row(BOTH, (shifted(CAT, 0.2), 0, 0.9), (DOG, 1, 0.8)), row(picture(), (FAR, 0, 0.7))
    assert [round(each["rank"], 3) for each in (good, missed, loose, alarmed)] == [0.8, 0, 0.6, 0.3]
    assert row(picture())["rank"] == 1


def test_the_threshold_lies_midway_below_the_best_f1() -> None:
    rows = [row(BOTH, (CAT, 0, 0.9), (DOG, 1, 0.6), (FAR, 0, 0.3)), row(picture(), (FAR, 1, 0.2))]
    assert choose_boxes_threshold(rows) == pytest.approx(0.45)
    found = scores(*rows)
    assert found["f1_best"] == found["f1"] == 1
    assert found["f1_threshold"] == found["threshold"] == pytest.approx(0.45)
    assert scores(*rows, threshold=0.7)["f1"] == pytest.approx(2 / 3)
    nobody_looked = row(picture(has=frozenset()), (CAT, 0, 0.9))
    for nothing in ([], [nobody_looked], [row(picture())], [row(BOTH)], [row(picture(), (FAR, 0, 0.9))]):
        assert choose_boxes_threshold(nothing) == 0.5


def test_a_set_without_objects_has_no_average_precision() -> None:
    found = scores(row(picture(), (FAR, 0, 0.9)))
    for name in ("map50", "map50_95_large", "f1_best", "recall", "centroid_f1", "box_iou_mean", "map50_class_agnostic"):
        assert found[name] is None, name
    assert found["false_alarms_per_empty_picture"] == 1
    assert found["precision"] == 0


def test_scores_without_data_are_none() -> None:
    nobody_looked = row(picture(has=frozenset()), (CAT, 0, 0.9))
    assert set(nobody_looked) == {"origin", "presence_true", "presence"}
    for rows in ([], [nobody_looked]):
        assert score_boxes(rows, CLASSES) == dict.fromkeys({*NAMES, *PRESENCE})
    assert set(scores(row(BOTH))) == {*NAMES, *PRESENCE}


def test_scores_are_json_data_and_nothing_is_printed() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        found = scores(row(BOTH, (CAT, 0, 0.9), (FAR, 1, 0.9)), row(picture(), (FAR, 1, 0.3)))
    assert not printed.getvalue()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize(
    ("sample", "wanted", "expected"),
    [
        (BOTH, (0, 1), True),
        (BOTH, (), True),
        (picture((DOG, 1)), (0,), False),
        (picture((DOG, 1), unlabelled=frozenset({0})), (0,), None),
        (picture((DOG, 1), unlabelled=frozenset({0})), (0, 1), True),
        (picture((DOG, -1)), (0, 1), False),
        (picture((CAT, 0), ignore=(0,)), (0, 1), None),
        (picture((CAT, 0), (DOG, 1), ignore=(0,)), (0, 1), True),
        (picture(), (0, 1), False),
        (picture(), (), False),
        (picture(has=frozenset({"keypoints"})), (), None),
    ],
)
def test_what_labels_say_of_a_class(sample: Sample, wanted: tuple[int, ...], expected: bool | None) -> None:
    assert holds_object(sample, wanted) is expected
