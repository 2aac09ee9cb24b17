"""Metrics of `fit` against the same arithmetic in NumPy."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from detector.codecs.heatmap import HeatmapGrid, encode_heatmaps
from detector.codecs.peaks import gaussians
from detector.losses import AlignedLoss, Alignment
from detector.metrics import BestIoU, BoxError, DistanceIoU, HeatmapError, LogitAccuracy, MaskIoUError, PointError

GRID = HeatmapGrid((32, 48), 4, 4)


def test_point_error_is_the_mean_distance_in_percent() -> None:
    true = np.zeros((1, 2, 2), np.float32)
    predicted = np.array([[[0.03, 0.04], [0.0, -0.1]]], np.float32)
    metric = PointError()
    metric.update_state(true, predicted)
    assert float(metric.result()) == pytest.approx((5 + 10) / 2)
    metric.reset_state()
    metric.update_state(true, predicted, np.array([[1, 0]], np.float32))
    assert float(metric.result()) == pytest.approx(5)


def test_box_error_is_what_iou_lacks_in_percent() -> None:
    true = np.array([[0.0, 0.0, 0.5, 1.0], [0.2, 0.2, 0.4, 0.4]], np.float32)
    predicted = np.array([[0.25, 0.0, 0.75, 1.0], [0.2, 0.2, 0.4, 0.4]], np.float32)
    metric = BoxError()
    metric.update_state(true, predicted, np.array([1, 3], np.float32))
    assert float(metric.result()) == pytest.approx(100 * (1 - 1 / 3) / 4, rel=1e-4)


def test_iou_of_distances_is_that_of_their_boxes() -> None:
    """Boxes of 4 x 3 and 4 x 2 around one point that share 2 x 2, and a pair that agrees."""
    true = np.array([[[1, 1, 3, 2], [1, 1, 1, 1]]], np.float32)
    metric = DistanceIoU()
    metric.update_state(true, np.array([[[3, 1, 1, 1], [1, 1, 1, 1]]], np.float32), np.array([[3, 1]], np.float32))
    assert float(metric.result()) == pytest.approx((3 * 4 / 16 + 1) / 4)


def test_accuracy_is_the_share_of_logits_on_the_right_side() -> None:
    metric = LogitAccuracy()
    logits = np.array([[-3.0, 0.2, 1.0]], np.float32)
    metric.update_state(np.array([[0, 0, 1]], np.float32), logits, np.array([[1, 1, 2]], np.float32))
    assert float(metric.result()) == pytest.approx(3 / 4)


def test_the_best_candidate_of_each_object_counts() -> None:
    """A grid of 1 x 2 cells; the object holds both centres, and the box of the surer cell is twice as wide as it."""
    cells = [[0.5, 1.0], [0.5, 1.0]]
    metric = BestIoU(AlignedLoss([[0.25, 0.5], [0.75, 0.5]], cells, cells, Alignment(), 2))
    target = np.array([[[1, 0.2, 0, 0.8, 0.5], [1, 0, 0, 0, 0]]], np.float32)  # (1, 2, 5): an object, and none
    found = np.array([[[-1, 0.1, 0.5, 1.1, 0], [1, 1.1, 0.5, 0.1, 0.5]]], np.float32)
    metric.update_state(target, found, np.ones(1, np.float32))
    assert float(metric.result()) == pytest.approx(0.5, rel=1e-5)
    metric.update_state(target, found, np.zeros(1, np.float32))
    assert float(metric.result()) == pytest.approx(0.5, rel=1e-5)


def soft_argmax(logits: np.ndarray, radius: int) -> np.ndarray:
    """Column and row (2,) of one map (GH, GW)."""
    rows, columns = np.indices(logits.shape)
    row, column = np.unravel_index(logits.argmax(), logits.shape)
    near = (np.abs(rows - row) <= radius) & (np.abs(columns - column) <= radius)
    return np.average(np.stack([columns, rows])[:, near], axis=1, weights=np.exp(logits[near] - logits.max()))


@pytest.mark.parametrize("radius", [1, 3])
def test_heatmap_error_is_the_distance_of_the_peaks(radius: int) -> None:
    rng = np.random.default_rng(5)
    targets, known = encode_heatmaps(rng.uniform(-0.2, 1.2, (6, 4, 2)), GRID, 1.0)
    logits = np.log(np.maximum(targets, 1e-9)) + rng.normal(0, 3, targets.shape).astype(np.float32)
    metric = HeatmapError(radius=radius)
    metric.update_state(targets, logits, known)

    cells = [
        [[soft_argmax(maps[b, ..., p], radius) for p in range(4)] for b in range(6)]
        for maps in (np.log(np.maximum(targets, 1e-12)), logits)
    ]
    rows, columns = GRID.shape
    distance = 100 * np.linalg.norm(np.subtract(*cells) / [columns, rows], axis=-1)
    assert distance.max() > 1
    assert float(metric.result()) == pytest.approx(np.average(distance, weights=known), rel=1e-3)


def test_the_error_of_a_profile_is_that_of_a_map_of_one_row() -> None:
    centres = np.array([[4.0, 9.5], [6.25, 12.0]])
    target, moved = (gaussians(20, centre, 1.0) for centre in (centres, centres + np.array([[0.5, 0], [0, -2]])))
    metric = HeatmapError()
    metric.update_state(target, np.log(np.maximum(moved, 1e-12)))
    assert float(metric.result()) == pytest.approx(100 * (0.5 + 0 + 0 + 2) / 20 / 4, rel=1e-2)


def test_an_empty_map_of_weight_0_counts_nothing() -> None:
    targets, known = encode_heatmaps(np.array([[[0.5, 0.5]], [[np.nan, 0.5]]]), GRID, 1.0)
    metric = HeatmapError()
    metric.update_state(targets, np.log(np.maximum(targets, 1e-12)), known)
    assert known.ravel().tolist() == [1, 0]
    assert float(metric.result()) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("metric", [BoxError(), PointError(), HeatmapError(radius=2)])
def test_metrics_come_back_from_their_config(metric: keras.Metric) -> None:
    again = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert type(again) is type(metric)
    assert again.name == metric.name
    assert again.get_config() == metric.get_config()


def test_iou_of_masks_is_that_of_all_cells_of_the_set() -> None:
    """Two batches whose IoU are 1/3 and 1/1: together 2/4; cells to be ignored and pictures of weight 0 left out."""
    metric = MaskIoUError()
    true = np.array([[[1, 0.6, 0.4, -1]], [[1, 1, 1, 1]]], np.float32)[..., None]
    found = np.array([[[2, -1, 3, 9]], [[-1, -1, -1, -1]]], np.float32)[..., None]
    metric.update_state(true, found, np.array([0.5, 0], np.float32))
    assert float(metric.result()) == pytest.approx(100 * (1 - 1 / 3))
    metric.update_state(np.array([[[[1], [0]]]], np.float32), np.array([[[[1], [-1]]]], np.float32))
    assert float(metric.result()) == pytest.approx(50)


def test_iou_of_classes_is_their_mean_without_the_background() -> None:
    metric = MaskIoUError(channels=4)
    true = np.eye(4, dtype=np.float32)[[[[0, 1, 1, 2]]]]
    metric.update_state(true, np.eye(4, dtype=np.float32)[[[[0, 1, 2, 2]]]], np.ones(1, np.float32))
    assert float(metric.result()) == pytest.approx(50), "1/2 of each; the last class was neither there nor found"
    assert MaskIoUError.from_config(metric.get_config()).channels == 4
