"""Suppression of boxes against a plain loop, and peaks of maps."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data_generators.geometry import box_iou
from detector.codecs.nms import find_centroids, soft_suppress, suppress, vote

BOXES = np.array([[0, 0, 4, 2], [0, 0, 4, 1.8], [2, 0, 6, 2], [9, 9, 10, 10]], np.float32)
SCORES = np.array([0.6, 0.9, 0.5, 0.3])
ONE_CLASS = np.zeros(4, int)


def test_the_best_of_boxes_that_overlap_stays() -> None:
    assert suppress(BOXES, SCORES, ONE_CLASS, 0.5).tolist() == [1, 2, 3]
    assert suppress(BOXES, SCORES, ONE_CLASS, 0.2).tolist() == [1, 3]
    assert suppress(BOXES, SCORES, np.array([0, 1, 0, 0]), 0.5).tolist() == [1, 0, 2, 3]
    assert len(suppress(BOXES[:0], SCORES[:0], ONE_CLASS[:0], 0.5)) == 0


def test_a_box_that_stays_moves_towards_those_of_its_class_that_overlap_it() -> None:
    chosen = np.array([1, 3])
    moved = vote(BOXES, SCORES, ONE_CLASS, chosen, 0.5)
    assert 1.8 < moved[0, 3] < 1.9  # nearer to itself, which scores higher and is more like itself
    np.testing.assert_allclose(moved[0, :3], [0, 0, 4])
    np.testing.assert_array_equal(moved[1], BOXES[3])
    np.testing.assert_allclose(vote(BOXES, SCORES, np.array([0, 1, 1, 1]), chosen, 0.5), BOXES[chosen], rtol=1e-6)
    np.testing.assert_allclose(vote(BOXES, SCORES, ONE_CLASS, chosen, 1.0), BOXES[chosen], rtol=1e-6)
    assert vote(BOXES[:0], SCORES[:0], ONE_CLASS[:0], np.zeros(0, int), 0.5).shape == (0, 4)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 0.9))
def test_suppression_is_that_of_a_plain_loop(seed: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 0.7, (12, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(0.1, 0.4, (12, 2))], axis=1)
    scores, labels = rng.uniform(size=12), rng.integers(0, 2, 12)
    kept: list[int] = []
    for index in np.argsort(-scores):
        rivals = [other for other in kept if labels[other] == labels[index]]
        if not rivals or box_iou(boxes[[index]], boxes[rivals]).max() <= threshold:
            kept.append(int(index))
    assert suppress(boxes, scores, labels, threshold).tolist() == kept


def test_soft_nms_takes_score_from_boxes_that_overlap_a_better_one() -> None:
    kept, scores = soft_suppress(BOXES, SCORES, ONE_CLASS, 0.01)
    first = math.exp(-(0.9**2) / 0.5)  # with box 0; box 2 shares 3.6 of 11.6 with box 1, and 4 of 12 with box 0
    third = math.exp(-((3.6 / 11.6) ** 2) / 0.5)
    assert kept.tolist() == [1, 2, 3, 0]
    last = 0.6 * first * math.exp(-((4 / 12) ** 2) / 0.5)
    np.testing.assert_allclose(scores, [0.9, 0.5 * third, 0.3, last], rtol=1e-5)
    assert soft_suppress(BOXES, SCORES, ONE_CLASS, 0.2)[0].tolist() == [1, 2, 3]


def test_peaks_are_moved_to_the_middle_of_the_scores_around_them() -> None:
    scores = np.zeros((4, 6, 2))
    scores[1, 2, 0], scores[1, 3, 0] = 0.9, 0.3  # one object, a quarter of it in the next column
    scores[3, 5, 1], scores[3, 4, 1] = 0.5, 0.5  # two cells that score the same are one
    points, found, labels = find_centroids(scores, 0.1)
    np.testing.assert_allclose(points, [[(2.5 + 0.25) / 6, 1.5 / 4], [5 / 6, 3.5 / 4]], atol=1e-6)
    assert found.tolist() == [0.9, 0.5]
    assert labels.tolist() == [0, 1]
    assert len(find_centroids(scores, 0.95)[0]) == 0
