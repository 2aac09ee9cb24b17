"""The loss that chooses its places: which it chooses, what it wants of them, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from data_generators.sample import Sample
from data_generators.transform.input_spec import InputSpec
from detector.codecs.grid import GridCodec
from detector.codecs.grid_assignment import candidates
from detector.codecs.grid_settings import GridSettings
from detector.heads import HEADS
from detector.losses import AlignedLoss

CAT, DOG = [0.06, 0.12, 0.46, 0.88], [0.54, 0.1, 0.94, 0.6]
CODEC = GridCodec(
    GridSettings.parse({"assignment": "dynamic", "top_k": 3}), InputSpec(size_hw=(96, 160)), ("cat", "dog")
)


def loss_of(**values: Any) -> AlignedLoss:
    settings = CODEC.settings.model_copy(update=values)
    row = HEADS["grid"].outputs(GridCodec(settings, CODEC.spec, CODEC.classes))["grid_places"]
    assert isinstance(row.loss, AlignedLoss)
    return row.loss


def sample_of(boxes: list[list[float]], labels: list[int], **changes: Any) -> Sample:
    sample = Sample(
        image=np.zeros((96, 160, 3), np.uint8),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        labels=np.array(labels, np.int64),
        ignore=np.zeros(len(labels), bool),
        keypoints=np.zeros((len(labels), 0, 2), np.float32),
        has=frozenset({"boxes"}),
    )
    return sample.replace(**changes)


def test_candidates_are_those_that_the_codec_counts_with() -> None:
    boxes = np.array([CAT, DOG, [0.01, 0.01, 0.02, 0.02], [0, 0, 1, 1], [0.2, 0.5, 0.4, 0.5 + 1 / 3]], np.float32)
    found = keras.ops.convert_to_numpy(loss_of().candidates(boxes[None]))[0]
    np.testing.assert_array_equal(found, candidates(boxes, CODEC.places))


def target_of(*samples: Sample) -> tuple[np.ndarray, np.ndarray]:
    targets, weights = CODEC.encode(samples)
    return targets["grid_places"], weights["grid_places"]


def predicted(boxes: list[list[float]], labels: list[int], logit: float = 6.0, shift: float = 0.0) -> np.ndarray:
    """A network that says of every place inside one of the boxes what it should: (1, P, 7)."""
    outputs = np.zeros((1, 60, 7), np.float32)
    outputs[..., 0], outputs[..., 1:5] = -logit, 0.5
    for box, label in zip(boxes, labels, strict=True):
        inside = CODEC.places.inside(np.array([box]))[0]
        outputs[0, inside, 0] = logit
        outputs[0, inside, 1:5] = CODEC.places.distances(np.array(box, np.float32) + np.float32(shift))[inside]
        outputs[0, inside, 5 + label], outputs[0, inside, 6 - label] = logit, -logit
    return outputs


def owned(outputs: np.ndarray, target: np.ndarray, **values: Any) -> np.ndarray:
    """Qualities (N, P) of one picture."""
    loss = loss_of(**values)
    boxes, classes = target[:, : loss.max_objects, 1:5], target[:, : loss.max_objects, 5:]
    return np.asarray(loss.assign(boxes, classes, outputs, loss.boxes_of(outputs[..., 1:5])))[0]


def test_the_places_that_fit_best_answer_for_an_object() -> None:
    target, _ = target_of(sample_of([CAT, DOG], [0, 1]))
    outputs = predicted([CAT, DOG], [0, 1], shift=0.05)
    fitting = np.flatnonzero(CODEC.places.inside(np.array([CAT]))[0])[[2, 7]]
    outputs[0, fitting, 1:5] = CODEC.places.distances(np.array(CAT, np.float32))[fitting]
    quality = owned(outputs, target, top_k=2)
    assert np.flatnonzero(quality[0]).tolist() == fitting.tolist()
    np.testing.assert_allclose(quality[0, fitting], 1, rtol=1e-4)
    assert 0 < quality[1].max() < 0.9
    assert not quality[2:].any()


def test_the_score_of_the_class_counts_too() -> None:
    target, _ = target_of(sample_of([CAT], [0]))
    outputs = predicted([CAT], [0])
    sure = np.flatnonzero(CODEC.places.inside(np.array([CAT]))[0])[[1, 3, 5]]
    outputs[0, :, 5] = -1
    outputs[0, sure, 5] = 1
    assert np.flatnonzero(owned(outputs, target)[0]).tolist() == sure.tolist()


def test_a_place_answers_for_one_object_and_every_object_has_a_place() -> None:
    tiny = [0.62, 0.3, 0.63, 0.32]  # holds the centre of no cell
    target, _ = target_of(sample_of([CAT, CAT, DOG, tiny], [0, 0, 1, 1]))
    quality = owned(np.full((1, 60, 7), -2.0, np.float32), target, top_k=20)
    assert (np.count_nonzero(quality, axis=0) <= 1).all()
    assert quality[[1, 2, 3]].any(axis=1).all(), "of two that are the same the later"


def test_perfect_is_better_than_near_and_near_than_far() -> None:
    target, weights = target_of(sample_of([CAT, DOG], [0, 1]))
    perfect, near, far = (
        float(loss_of(top_k=60)(target, predicted([CAT, DOG], [0, 1], shift=by, logit=12), weights))
        for by in (0.0, 0.04, 0.2)
    )
    assert perfect == pytest.approx(0, abs=1e-3)
    assert perfect < near < far
    wrong = float(loss_of(top_k=60)(target, predicted([CAT, DOG], [1, 0], logit=12), weights))
    assert wrong > near


@pytest.mark.parametrize("part", range(3))
def test_each_weight_is_of_its_part(part: int) -> None:
    names = ("object_weight", "box_weight", "class_weight")
    target, weights = target_of(sample_of([CAT, DOG], [0, 1]))
    outputs = np.random.default_rng(2).normal(size=(1, 60, 7)).astype(np.float32)
    single = [float(loss_of(**dict.fromkeys(names, 0.0) | {name: 1.0})(target, outputs, weights)) for name in names]
    double = float(loss_of(**dict.fromkeys(names, 1.0) | {names[part]: 3.0})(target, outputs, weights))
    assert min(single) > 0
    assert double == pytest.approx(sum(single) + 2 * single[part], rel=1e-4)


def test_training_finds_the_objects() -> None:
    target, weights = target_of(sample_of([CAT, DOG], [0, 1]), sample_of([], []))
    outputs = tf.Variable(np.tile(np.array([-4, 0.5, 0.5, 0.5, 0.5, 0, 0], np.float32), (2, 60, 1)))
    optimizer, loss = keras.optimizers.Adam(0.1), loss_of()
    optimizer.build([outputs])

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            value = loss(target, outputs, weights)
        optimizer.apply([tape.gradient(value, outputs)], [outputs])

    for _ in range(150):
        step()
    found, none = CODEC.decode({"grid_places": outputs.numpy()})
    assert sorted(found.above(0.5).labels.tolist()) == [0, 1]
    best = found.above(0.5)
    np.testing.assert_allclose(best.boxes[np.argsort(best.labels)], [CAT, DOG], atol=0.05)
    assert none.presence < 0.1


def test_what_nobody_looked_for_has_no_gradient() -> None:
    outputs = tf.Variable(np.random.default_rng(1).normal(size=(1, 60, 7)).astype(np.float32))
    target, weights = target_of(sample_of([CAT], [0], unlabelled=frozenset({1})))
    with tf.GradientTape() as tape:
        value = loss_of()(target, outputs, weights)
    gradient = np.asarray(tape.gradient(value, outputs))[0]
    assert not gradient[:, 6].any(), "the class dog"
    inside = CODEC.places.inside(np.array([CAT]))[0]
    assert gradient[inside].any()
    assert not gradient[~inside].any()


def test_the_weight_of_a_class_multiplies_its_objects() -> None:
    target, weights = target_of(sample_of([CAT], [0]))
    outputs = np.random.default_rng(2).normal(size=(1, 60, 7)).astype(np.float32)
    values = {"object_weight": 0.0, "class_weight": 1.0}
    once, thrice = (
        float(loss_of(**values, class_weights={"cat": weight})(target, outputs, weights)) for weight in (1.0, 3.0)
    )
    assert thrice == pytest.approx(3 * once, rel=1e-5)


def test_the_loss_comes_back_from_its_config() -> None:
    target, weights = target_of(sample_of([CAT, DOG], [0, 1]))
    outputs = np.random.default_rng(2).normal(size=(1, 60, 7)).astype(np.float32)
    loss = loss_of(box_loss="giou")
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert float(again(target, outputs, weights)) == pytest.approx(float(loss(target, outputs, weights)))
