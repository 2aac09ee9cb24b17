"""The codec of the presence head: which labels make a yes, and which say nothing."""

from __future__ import annotations

import numpy as np
import pytest

from data_generators.sample import Sample
from data_generators.transform.input_spec import InputSpec
from detector.codecs.presence import PresenceCodec, PresencePrediction, PresenceSettings
from tests.detector.tiny import labelled_samples, noise

CODEC = PresenceCodec(PresenceSettings(), InputSpec(size_hw=(32, 48)))


def test_boxes_and_keypoints_say_whether_there_is_an_object() -> None:
    targets, weights = CODEC.encode(labelled_samples())
    assert targets["presence_logit"].tolist() == [[1], [1], [1], [0]]
    assert weights["presence_logit"].tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("has", [frozenset(), frozenset({"mask"})])
def test_nobody_looked_for_boxes(has: frozenset[str]) -> None:
    _, weights = CODEC.encode([Sample(image=noise(1)[0], has=has)])
    assert weights["presence_logit"].tolist() == [0]


@pytest.mark.parametrize(
    ("labels", "unlabelled", "target", "weight"),
    [
        ([0], [1], 1, 1),  # a cat, and nobody looked for dogs
        ([-1], [], 0, 1),  # something that was not asked for
        ([-1, 1], [0], 1, 1),
        ([-1], [0], 0, 0),  # there might be a cat beside it
        ([], [0, 1], 0, 0),
        ([], [], 0, 1),
    ],
)
def test_classes_of_which_nobody_spoke_leave_the_question_open(
    labels: list[int], unlabelled: list[int], target: float, weight: float
) -> None:
    count = len(labels)
    sample = Sample(
        image=noise(1)[0],
        boxes=np.tile(np.array([0.1, 0.2, 0.5, 0.9], np.float32), (count, 1)),
        labels=np.array(labels, np.int64),
        ignore=np.zeros(count, bool),
        keypoints=np.zeros((count, 0, 2), np.float32),
        has=frozenset({"boxes"}),
        unlabelled=frozenset(unlabelled),
    )
    targets, weights = PresenceCodec(PresenceSettings(), InputSpec(size_hw=(32, 48)), ("cat", "dog")).encode([sample])
    assert (targets["presence_logit"].item(), weights["presence_logit"].item()) == (target, weight)


def test_a_prediction_obeys_the_threshold_and_stays_where_it_is(sample: Sample) -> None:
    prediction = PresencePrediction(0.6)
    assert prediction.is_present({})
    assert not prediction.is_present({"presence_logit": 0.7})
    assert prediction.mapped(np.eye(3)) == prediction
    assert prediction.to_json({}) == {"present": True, "presence": 0.6}
    assert prediction.to_sample(sample.image, {}).boxes.tolist() == [[0, 0, 1, 1]]
    assert len(prediction.to_sample(sample.image, {"presence_logit": 0.7}).boxes) == 0


def test_logits_become_probabilities() -> None:
    outputs = {"presence_logit": np.array([[-900], [np.log(3)], [900]], np.float32)}
    assert [p.presence for p in CODEC.decode(outputs)] == pytest.approx([0, 0.75, 1])
