"""Corners of several looks: the mean of those that agree, whichever corner they begin with."""

from __future__ import annotations

import numpy as np

from detector.codecs.consensus import mean_of_agreeing
from detector.codecs.corners import CornersPrediction
from detector.codecs.presence import PresencePrediction
from tests.detector.tiny import QUAD

WHOLE = np.array([[0.0, 0, 1, 1]])
SURE = np.full(4, 0.9, np.float32)
MIRROR = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]])


def look(points: np.ndarray, presence: float = 1.0, scores: np.ndarray = SURE) -> CornersPrediction:
    return CornersPrediction(presence, points.astype(np.float32), scores)


def merged(*looks: CornersPrediction) -> CornersPrediction:
    return CornersPrediction.of_looks(looks, np.tile(WHOLE, (len(looks), 1)))


def test_equal_looks_change_nothing() -> None:
    answer = merged(*[look(QUAD, 0.7)] * 3)
    np.testing.assert_allclose(answer.keypoints, QUAD, atol=1e-6)
    np.testing.assert_allclose(answer.scores, SURE)
    assert answer.keypoints.dtype == np.float32
    np.testing.assert_allclose(answer.presence, 0.7)


def test_points_are_weighted_by_presence_and_score() -> None:
    unsure = np.array([0.3, 0.9, 0.9, 0.9], np.float32)
    answer = merged(look(QUAD), look(QUAD + np.float32(0.02), scores=unsure))
    np.testing.assert_allclose(answer.keypoints[0], QUAD[0] + 0.005, atol=1e-6)
    np.testing.assert_allclose(answer.keypoints[1:], QUAD[1:] + 0.01, atol=1e-6)
    absent = merged(look(QUAD), look(QUAD + np.float32(0.02), presence=0))
    np.testing.assert_allclose(absent.keypoints, QUAD, atol=1e-6)
    assert absent.presence == 0.5


def test_two_that_agree_outvote_one_that_does_not() -> None:
    astray = QUAD * np.float32(0.5)
    answer = merged(look(astray), look(QUAD, 0.9), look(QUAD + np.float32(0.01), 0.9))
    np.testing.assert_allclose(answer.keypoints, QUAD + 0.005, atol=1e-6)


def test_of_two_that_disagree_the_surer_is_believed() -> None:
    answer = merged(look(QUAD * np.float32(0.5), 0.5), look(QUAD, 0.8))
    np.testing.assert_allclose(answer.keypoints, QUAD, atol=1e-6)


def test_another_first_corner_is_no_disagreement() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    answer = merged(look(QUAD, scores=scores), look(np.roll(QUAD, 1, axis=0), scores=np.roll(scores, 1)))
    np.testing.assert_allclose(answer.keypoints, QUAD, atol=1e-6)
    np.testing.assert_allclose(answer.scores, scores, atol=1e-6)


def test_five_points_have_no_cyclic_order() -> None:
    points = np.random.default_rng(3).random((5, 2))
    rolled = np.stack([points, np.roll(points, 1, axis=0)])
    mean, _ = mean_of_agreeing(rolled, np.array([[0.9] * 5, [0.5] * 5]), np.ones(2))
    np.testing.assert_allclose(mean, points)


def test_looks_without_any_sureness_have_a_mean_all_the_same() -> None:
    answer = merged(*[look(QUAD, 0, np.zeros(4, np.float32))] * 2)
    np.testing.assert_allclose(answer.keypoints, QUAD, atol=1e-6)


def test_a_mirrored_quadrilateral_still_runs_clockwise_and_comes_back() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    there = look(QUAD, scores=scores).mapped(MIRROR)
    np.testing.assert_allclose(there.keypoints, (QUAD * [-1, 1] + [1, 0])[[1, 0, 3, 2]], atol=1e-6)
    back = there.mapped(MIRROR)
    np.testing.assert_allclose(back.keypoints, QUAD, atol=1e-6)
    np.testing.assert_array_equal(back.scores, scores)


def test_of_tiles_the_surest_is_believed() -> None:
    tiles = [look(QUAD * np.float32(0.5), 0.2), look(QUAD, 0.8)]
    assert CornersPrediction.of_tiles(tiles, np.tile(WHOLE, (2, 1))) is tiles[1]


def test_presence_is_the_mean_of_looks_and_the_most_of_tiles() -> None:
    predictions = [PresencePrediction(0.2), PresencePrediction(0.6)]
    np.testing.assert_allclose(PresencePrediction.of_looks(predictions, np.tile(WHOLE, (2, 1))).presence, 0.4)
    assert PresencePrediction.of_tiles(predictions, np.tile(WHOLE, (2, 1))).presence == 0.6
