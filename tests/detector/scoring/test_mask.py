"""Scores of masks: over all pixels of a set, at the pictures' own sizes, what is to be ignored left out."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from data_generators.sample import Sample
from detector.codecs.mask_prediction import MaskPrediction
from detector.scoring.mask import (
    NAMES,
    THRESHOLDS,
    choose_mask_threshold,
    score_mask,
    score_mask_sample,
)

CLASSES = ("cat", "dog")


def labelled(mask: np.ndarray, **fields: object) -> Sample:
    return Sample(image=np.zeros((*mask.shape, 3), np.uint8), mask=mask, **({"has": frozenset({"mask"})} | fields))


def scene(size_hw: tuple[int, int] = (30, 50)) -> np.ndarray:
    """A cat and a dog, with an unknown strip below."""
    mask = np.zeros(size_hw, np.uint8)
    mask[5:15, 10:20], mask[5:25, 30:40], mask[-2:] = 1, 2, 255
    return mask


def said(mask: np.ndarray, classes: tuple[str, ...] = CLASSES, sure: float = 1.0) -> MaskPrediction:
    """A network that says a mask, surely."""
    values = np.arange(1, 1 + max(1, len(classes)))
    return MaskPrediction((mask[..., None] == values).astype(np.float32) * sure, classes)


def row_of(truth: np.ndarray, answer: np.ndarray, classes: tuple[str, ...] = CLASSES, **fields: object) -> dict:
    return score_mask_sample(labelled(truth, **fields), said(answer, classes), "none")


def test_a_perfect_answer() -> None:
    scores = score_mask([row_of(scene(), scene())], CLASSES, 0.5)
    for name in ("iou_foreground", "iou_mean", "dice_foreground", "mask_iou_mean", "boundary_iou_mean"):
        assert scores[name] == 1
    assert scores["iou_by_class"] == {"cat": 1, "dog": 1}
    assert scores["threshold"] == 0.5
    assert set(scores) >= set(NAMES)


def test_scores_are_those_of_the_pixels() -> None:
    """The answer takes half of the dog for a cat, misses half of the cat, and sees a cat in the corner."""
    answer = scene()
    answer[5:15, 10:15], answer[5:15, 30:40], answer[:4, :5] = 0, 1, 1
    truth, known = scene(), scene() != 255
    scores = score_mask([row_of(truth, answer)], CLASSES)
    both = np.sum((truth > 0) & (answer > 0) & known)
    either = np.sum(((truth > 0) | (answer > 0)) & known)
    assert scores["iou_foreground"] == pytest.approx(both / either)
    assert scores["dice_foreground"] == pytest.approx(2 * both / (both + either))
    by_value = [
        np.sum((truth == value) & (answer == value) & known) / np.sum(((truth == value) | (answer == value)) & known)
        for value in range(3)
    ]
    assert list(scores["iou_by_class"].values()) == pytest.approx(by_value[1:])
    assert scores["iou_mean"] == pytest.approx(np.mean(by_value))
    right = np.sum((truth == answer) & (truth > 0) & known)
    assert scores["mask_iou_mean"] == pytest.approx(right / either)


def test_pixels_are_pooled_over_the_set() -> None:
    """A large picture counts as many times as it has pixels; `mask_iou_mean` takes each picture once."""
    large = cv2.resize(scene(), (500, 300), interpolation=cv2.INTER_NEAREST)
    rows = [row_of(scene(), np.zeros_like(scene())), row_of(large, large)]
    scores = score_mask(rows, CLASSES)
    assert scores["iou_foreground"] == pytest.approx(100 / 101)
    assert scores["mask_iou_mean"] == pytest.approx(0.5)


def test_what_is_to_be_ignored_is_left_out() -> None:
    answer = scene()
    answer[-2:] = 1
    assert score_mask([row_of(scene(), answer)], CLASSES)["iou_foreground"] == 1
    everything = np.full_like(scene(), 255)
    scores = score_mask([row_of(everything, answer)], CLASSES)
    assert scores["iou_foreground"] is None
    assert scores["boundary_iou_mean"] is None


def test_the_answer_is_enlarged_to_the_picture() -> None:
    truth = np.zeros((96, 160), np.uint8)
    cv2.ellipse(truth, (70, 50), (40, 25), 20, 0, 360, 1, -1)
    cells = truth.reshape(24, 4, 40, 4).mean(axis=(1, 3), dtype=np.float32)[..., None]
    row = score_mask_sample(labelled(truth), MaskPrediction(cells), "none")
    assert score_mask([row], ())["iou_foreground"] > 0.97


@pytest.mark.parametrize("threshold", [0.05, 0.35, 0.7, 0.95])
def test_counts_at_every_threshold_are_those_of_its_class_map(threshold: float) -> None:
    rng = np.random.default_rng(5)
    cells = cv2.resize(rng.random((6, 10, 2)).astype(np.float32) / 2, (50, 30))
    prediction, truth = MaskPrediction(cells, CLASSES), scene()
    row = score_mask_sample(labelled(truth), prediction, "none")
    found, known = prediction.class_map((30, 50), threshold), truth != 255
    expected = np.sum((found > 0) & (truth > 0) & known) / np.sum(((found > 0) | (truth > 0)) & known)
    scores = score_mask([row], CLASSES, threshold)
    assert scores["iou_foreground"] == pytest.approx(expected)
    assert scores["threshold"] == threshold
    assert scores["boundary_iou_mean"] == pytest.approx(_boundary_iou(truth, found))


def _boundary_iou(truth: np.ndarray, found: np.ndarray) -> float:
    """As Cheng et al. 2021 define it: 2 % of the diagonal, here a pixel, inside of the edges."""
    known, kernel = truth != 255, np.ones((3, 3), np.uint8)
    bands = []
    for mask in (truth, found):
        inside = ((mask > 0) & known).astype(np.uint8)
        bands.append(inside > cv2.erode(np.pad(inside, 1), kernel)[1:-1, 1:-1])
    return float(np.sum(bands[0] & bands[1]) / np.sum(bands[0] | bands[1]))


def test_the_boundary_sees_what_the_area_hides() -> None:
    truth = np.zeros((200, 300), np.uint8)
    truth[20:180, 30:270] = 1
    answer = np.zeros_like(truth)
    answer[24:176, 34:266] = 1
    scores = score_mask([row_of(truth, answer, ())], ())
    assert scores["iou_foreground"] > 0.9
    assert scores["boundary_iou_mean"] < 0.4


def test_the_threshold_is_chosen_where_the_iou_is_highest() -> None:
    """An unsure network: objects at 0.4, clutter at 0.2."""
    truth, clutter = scene(), np.zeros_like(scene())
    clutter[:4, :5] = 1
    cells = (0.4 * (truth == 1) + 0.4 * (truth == 2) + 0.2 * clutter)[..., None].astype(np.float32)
    row = score_mask_sample(labelled(truth), MaskPrediction(cells), "none")
    chosen = choose_mask_threshold([row])
    assert chosen == 0.4
    assert score_mask([row], (), chosen)["iou_foreground"] == 1
    assert score_mask([row], (), 0.1)["iou_foreground"] < 0.95
    assert score_mask([row], (), 0.5)["iou_foreground"] == 0
    assert chosen in THRESHOLDS


def test_without_a_choice_the_threshold_is_a_half() -> None:
    assert choose_mask_threshold([]) == 0.5
    assert choose_mask_threshold([row_of(np.zeros((8, 12), np.uint8), np.ones((8, 12), np.uint8))]) == 0.5
    assert choose_mask_threshold([row_of(scene(), scene())]) == 0.5, "all are equal"


def test_a_set_without_masks_has_no_scores() -> None:
    unlabelled = Sample(image=np.zeros((8, 12, 3), np.uint8))
    row = score_mask_sample(unlabelled, said(np.zeros((8, 12), np.uint8)), "none")
    assert row == {"origin": "unknown", "presence_true": None, "presence": 0.0}
    assert set(score_mask([], ())) == set(score_mask([row], CLASSES)) >= set(NAMES)
    assert not any(score_mask([row], CLASSES).values())
    assert choose_mask_threshold([row]) == 0.5


def test_classes_that_nobody_looked_for_are_no_false_alarms() -> None:
    truth, answer = np.where(scene() == 2, 0, scene()).astype(np.uint8), scene()
    assert score_mask([row_of(truth, answer)], CLASSES)["iou_foreground"] == pytest.approx(1 / 3, abs=0.01)
    row = row_of(truth, answer, unlabelled=frozenset({1}))
    scores = score_mask([row], CLASSES)
    assert scores["iou_foreground"] == 1
    assert scores["iou_by_class"] == {"cat": 1, "dog": None}


def test_a_model_without_names_takes_all_objects_for_one() -> None:
    answer = np.minimum(scene(), 1)
    row = row_of(scene(), answer, ())
    assert score_mask([row], ())["iou_by_class"] == {"object": 1}


def test_the_worst_come_first() -> None:
    truth, empty = scene(), np.zeros_like(scene())
    half, speck = truth.copy(), empty.copy()
    half[5:25, 35:40], speck[:3, :3] = 0, 1
    missed, wrong = empty, np.where(truth == 1, 2, np.where(truth == 2, 1, truth))
    ranks = [row_of(truth, answer)["rank"] for answer in (truth, half, missed, wrong)]
    assert ranks[0] == 1 > ranks[1] > ranks[2] == ranks[3] == 0
    alarms = [row_of(empty, answer)["rank"] for answer in (empty, speck, np.ones_like(empty))]
    assert alarms[0] == 1 > alarms[1] > alarms[2] == 0


def test_presence_is_scored_where_pictures_are_empty() -> None:
    empty = np.zeros_like(scene())
    rows = [row_of(scene(), scene()), row_of(empty, empty), row_of(empty, empty)]
    assert [row["presence_true"] for row in rows] == [True, False, False]
    assert score_mask(rows, CLASSES)["presence_roc_auc"] == 1
    unsure = [np.full_like(empty, 255)]
    assert row_of(unsure[0], empty)["presence_true"] is None
    assert row_of(empty, empty, unlabelled=frozenset({0}))["presence_true"] is None


def test_a_picture_whose_boxes_say_that_it_is_empty_has_an_empty_mask() -> None:
    """As those of a folder of negatives; but one box, and nobody knows where its pixels are."""
    empty = Sample(image=np.zeros((30, 50, 3), np.uint8), has=frozenset({"boxes"}))
    row = score_mask_sample(empty, said(scene()), "none")
    assert row["presence_true"] is False
    assert score_mask([row], CLASSES)["iou_foreground"] == 0
    boxed = Sample(
        image=empty.image,
        boxes=np.array([[0.1, 0.2, 0.5, 0.6]], np.float32),
        labels=np.zeros(1, np.int64),
        ignore=np.zeros(1, bool),
        keypoints=np.zeros((1, 0, 2), np.float32),
        has=frozenset({"boxes"}),
    )
    assert "counts" not in score_mask_sample(boxed, said(scene()), "none")


def test_rows_are_small_and_plain_data() -> None:
    row = row_of(scene(), scene())
    assert json.loads(json.dumps(row)) == row
    assert len(json.dumps(row)) < 1500
