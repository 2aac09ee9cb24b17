"""The codec of the corners head: which object counts, and what a prediction says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from data_generators.geometry import order_corners_image
from data_generators.sample import Sample, sample_with_corners
from data_generators.settings import SettingsError
from data_generators.transform.input_spec import InputSpec, fit_sample
from detector.codecs.corners import CornersCodec, CornersPrediction, CornersSettings, largest_object
from tests.detector.tiny import QUAD, labelled_samples

SPEC = InputSpec(size_hw=(32, 48))


def test_the_largest_object_that_is_not_ignored_counts(sample: Sample) -> None:
    assert largest_object(sample) == 1
    assert largest_object(sample.replace(ignore=np.array([False, True]))) == 0


def test_dense_targets_are_the_points_and_unknown_ones_have_weight_0(sample: Sample) -> None:
    codec = CornersCodec(CornersSettings(method="dense", loss="mae"), SPEC)
    keypoints = sample.keypoints.copy()
    keypoints[1, 2] = np.nan
    targets, weights = codec.encode([sample.replace(keypoints=keypoints)])
    known = [0, 1, 3]
    np.testing.assert_array_equal(targets["corners_coordinates"][0, known], keypoints[1, known])
    assert weights["corners_coordinates"].tolist() == [[1, 1, 0, 1]]
    assert weights["corners_presence"].tolist() == [1]


def test_a_point_beyond_the_margin_has_no_map(sample: Sample) -> None:
    keypoints = sample.keypoints.copy()
    keypoints[1, 0] = [-0.5, 0.5]
    _, weights = CornersCodec(CornersSettings(), SPEC).encode([sample.replace(keypoints=keypoints)])
    assert weights["corners_heatmap"].tolist() == [[0, 1, 1, 1]]


def test_a_known_absence_trains_presence_alone() -> None:
    targets, weights = CornersCodec(CornersSettings(), SPEC).encode(labelled_samples())
    assert targets["corners_presence"].tolist() == [[1], [1], [1], [0]]
    assert weights["corners_presence"].tolist() == [1, 1, 1, 1]
    assert weights["corners_heatmap"].sum(axis=1).tolist() == [4, 4, 4, 0]


def test_the_number_of_keypoints_must_fit(sample: Sample) -> None:
    codec = CornersCodec(CornersSettings(points=6), SPEC)
    with pytest.raises(
        ValueError, match=r"test sample: the `corners` head wants 6 keypoints.*Received 4.*corners.points"
    ):
        codec.encode([sample])


@pytest.mark.parametrize(
    ("values", "cure"),
    [
        ({"method": "dense"}, "`method: dense` goes with `loss: mae, mse, huber or wing`, not `loss: cross_entropy`"),
        ({"loss": "mae"}, "`method: heatmap` goes with `loss: cross_entropy`, not `loss: mae`"),
        ({"method": "simcc", "loss": "wing"}, "`method: simcc` goes with `loss: cross_entropy`, not `loss: wing`"),
    ],
)
def test_method_and_loss_must_fit(values: dict[str, str], cure: str) -> None:
    with pytest.raises(SettingsError, match=cure):
        CornersSettings.parse(values)


def test_logits_of_any_size_give_a_probability() -> None:
    codec = CornersCodec(CornersSettings(method="dense", loss="mae"), SPEC)
    outputs = {
        "corners_presence": np.array([[-2000], [0], [2000]], np.float32),
        "corners_coordinates": np.tile(QUAD, (3, 1, 1)),
    }
    assert [prediction.presence for prediction in codec.decode(outputs)] == [0, 0.5, 1]


def test_dense_coordinates_are_clipped_as_the_exported_file_clips_them() -> None:
    codec = CornersCodec(CornersSettings(method="dense", loss="mae", points=1), SPEC)
    outputs = {"corners_presence": np.zeros((1, 1)), "corners_coordinates": np.array([[[-7.0, 7.0]]], np.float32)}
    assert codec.decode(outputs)[0].keypoints.tolist() == [[-0.25, 1.25]]


def test_a_prediction_as_sample_and_json(sample: Sample) -> None:
    prediction = CornersPrediction(0.7, QUAD, np.ones(4, np.float32))
    assert prediction.to_sample(sample.image, {}).keypoints.tolist() == [QUAD.tolist()]
    assert prediction.to_sample(sample.image, {"corners_presence": 0.8}).keypoints.shape == (0, 4, 2)
    data = json.loads(json.dumps(prediction.to_json({"corners_presence": 0.8})))
    assert data["present"] is False
    assert data["presence"] == 0.7
    np.testing.assert_allclose(data["keypoints"], QUAD, atol=1e-6)
    assert data["scores"] == [1, 1, 1, 1]


def test_a_prediction_is_mapped_with_its_probability_kept() -> None:
    half = np.diag([0.5, 0.25, 1.0])
    mapped = CornersPrediction(0.7, QUAD, np.ones(4, np.float32)).mapped(half)
    np.testing.assert_allclose(mapped.keypoints, QUAD * [0.5, 0.25], atol=1e-6)
    assert mapped.presence == 0.7


def test_the_order_is_that_of_the_settings() -> None:
    assert CornersCodec(CornersSettings(), SPEC).corner_order == "image"
    assert CornersCodec(CornersSettings(order="object"), SPEC).corner_order == "object"


def test_image_order_is_that_of_the_letterboxed_frame() -> None:
    """The upper corner comes first in the wide picture, the left one in the frame, where y counts for less."""
    quad = np.array([[0.55, 0.2], [0.8, 0.5], [0.6, 0.85], [0.3, 0.5]])
    np.testing.assert_array_equal(order_corners_image(quad), quad)
    spec = InputSpec(size_hw=(64, 64), fit="letterbox")
    fitted = fit_sample(
        sample_with_corners(np.zeros((900, 1600, 3), np.uint8), quad[None], group="a", origin="a"), spec
    )
    for order, first in (("image", 3), ("object", 0)):
        codec = CornersCodec(CornersSettings(method="dense", loss="mae", order=order), spec)
        points = codec.encode([fitted])[0]["corners_coordinates"][0]
        np.testing.assert_array_equal(points, np.roll(fitted.keypoints[0], -first, axis=0))
