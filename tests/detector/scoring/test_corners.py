"""Scores of corners on quadrilaterals whose overlap and distances are known, in a picture that is not square."""

from __future__ import annotations

import numpy as np
import pytest

from data_generators.sample import Sample, sample_with_corners
from detector.codecs.corners import CornersPrediction
from detector.scoring.corners import score_corners, score_corners_sample

IMAGE = np.zeros((300, 400, 3), np.uint8)  # the diagonal has 500 pixels
SQUARE = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]], np.float32)


def labelled(*quads: np.ndarray) -> Sample:
    return sample_with_corners(IMAGE, np.array(quads, np.float32), group="", origin="made up")


def answer(quad: np.ndarray, presence: float = 0.9) -> CornersPrediction:
    return CornersPrediction(presence, quad.astype(np.float32), np.ones(len(quad), np.float32))


def test_a_perfect_answer() -> None:
    row = score_corners_sample(labelled(SQUARE), answer(SQUARE), "object")
    assert row["quad_iou"] == pytest.approx(1)
    assert row["corner_error_px"] == row["corner_error_percent"] == 0
    assert row["presence_true"] is True
    assert row["origin"] == "made up"


def test_a_quad_shifted_by_half_its_width() -> None:
    row = score_corners_sample(labelled(SQUARE), answer(SQUARE + np.array([0.25, 0])), "image")
    assert row["quad_iou"] == pytest.approx(1 / 3)
    assert row["corner_error_px"] == pytest.approx(100)
    assert row["corner_error_percent"] == pytest.approx(20)
    assert row["rank"] == row["quad_iou"]


def test_a_distance_is_measured_in_pixels_of_both_axes() -> None:
    row = score_corners_sample(labelled(SQUARE), answer(SQUARE + np.array([0.03, 0.03])), "object")
    assert row["corner_error_px"] == pytest.approx(np.hypot(12, 9), rel=1e-5)
    assert row["corner_error_percent"] == pytest.approx(3, rel=1e-5)


def test_a_quad_beside_the_page_has_no_overlap() -> None:
    row = score_corners_sample(labelled(SQUARE * 0.4), answer(SQUARE * 0.4 + 0.5), "image")
    assert row["quad_iou"] == 0


def test_image_order_forgives_a_cyclic_shift_and_object_order_does_not() -> None:
    turned = answer(np.roll(SQUARE, 1, axis=0))
    assert score_corners_sample(labelled(SQUARE), turned, "image")["corner_error_px"] == 0
    row = score_corners_sample(labelled(SQUARE), turned, "object")
    assert row["corner_error_px"] == pytest.approx((200 + 150 + 200 + 150) / 4)
    assert row["quad_iou"] == pytest.approx(1), "overlap knows no order"


def test_a_mirrored_answer_is_not_forgiven() -> None:
    mirrored = answer(SQUARE[::-1])
    assert score_corners_sample(labelled(SQUARE), mirrored, "image")["corner_error_px"] > 50


def test_the_largest_object_that_is_not_ignored_is_scored() -> None:
    sample = labelled(SQUARE, SQUARE * 0.2)
    assert score_corners_sample(sample, answer(SQUARE), "image")["quad_iou"] == pytest.approx(1)
    ignored = sample.replace(ignore=np.array([True, False]))
    assert score_corners_sample(ignored, answer(SQUARE * 0.2), "image")["quad_iou"] == pytest.approx(1)


def test_where_nobody_looked_or_all_is_ignored_nothing_is_scored() -> None:
    for sample in (Sample(image=IMAGE), labelled(SQUARE).replace(ignore=np.ones(1, bool))):
        row = score_corners_sample(sample, answer(SQUARE), "image")
        assert row["presence_true"] is None
        assert not {"quad_iou", "corner_error_px", "rank"} & set(row)


def test_a_false_alarm_ranks_worse_the_surer_it_is() -> None:
    sure, unsure = (score_corners_sample(labelled(), answer(SQUARE, p), "image") for p in (0.99, 0.2))
    assert sure["presence_true"] is False
    assert sure["rank"] < unsure["rank"]
    assert "quad_iou" not in sure


def test_unknown_corners_are_left_out_of_the_error() -> None:
    truth = SQUARE.copy()
    truth[1] = np.nan
    sample = labelled(SQUARE).replace(keypoints=truth[None])
    row = score_corners_sample(sample, answer(np.roll(SQUARE, 1, axis=0)), "image")
    assert row["corner_error_px"] == 0
    assert "quad_iou" not in row
    nothing = labelled(SQUARE).replace(keypoints=np.full((1, 4, 2), np.nan, np.float32))
    row = score_corners_sample(nothing, answer(SQUARE), "image")
    assert row["presence_true"] is True
    assert "corner_error_px" not in row
    assert row["rank"] == 0.9


def test_means_and_medians_over_the_pictures_that_hold_an_object() -> None:
    shifts = (0.0, 0.25, 0.5)
    rows = [score_corners_sample(labelled(SQUARE), answer(SQUARE + np.array([s, 0])), "image") for s in shifts]
    rows.append(score_corners_sample(labelled(), answer(SQUARE, 0.1), "image"))
    scores = score_corners(rows)
    assert scores["quad_iou_mean"] == pytest.approx((1 + 1 / 3 + 0) / 3)
    assert scores["quad_iou_median"] == pytest.approx(1 / 3)
    assert scores["quad_iou_min"] == 0
    assert scores["quad_iou_below_80_share"] == pytest.approx(2 / 3)
    assert scores["corner_error_percent_mean"] == pytest.approx(20)
    assert scores["corner_error_percent_median"] == pytest.approx(20)
    assert scores["corner_error_px_mean"] == pytest.approx(100)
    assert scores["presence_ap"] == scores["presence_roc_auc"] == 1


def test_scores_without_data_are_none() -> None:
    names = {
        f"{name}_{how}"
        for name in ("quad_iou", "corner_error_percent", "corner_error_px")
        for how in ("mean", "median")
    }
    tail = {"quad_iou_min", "quad_iou_below_80_share"}
    presence = {"presence_ap", "presence_roc_auc", "presence_recall_at_1pct_fpr"}
    scores = score_corners([])
    assert set(scores) == names | tail | presence
    assert all(value is None for value in scores.values())
