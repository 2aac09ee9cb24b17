"""What every head in the table keeps to, whatever it predicts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from data_generators.geometry import UNIT_QUAD, box_area, order_corners_image
from data_generators.sample import MASK_IGNORE, Sample, sample_with_corners
from detector.batches import encode_batch
from detector.build import build_model, compile_model, for_export, with_pixel_input
from detector.card import read_keras_card
from detector.codecs import CODECS
from detector.codecs.quads import is_sound
from detector.heads import HEADS, monitored, output_rows
from detector.litert.file import read_litert_card
from detector.runs import RunError
from detector.runtime import LiteRTRuntime, load_keras_runtime
from tests.detector import tiny
from tests.detector.tiny import Files, labelled_samples, noise, random_network, tiny_config

FilesOf = Callable[[str], Files]
CELLS = np.array([tiny.SIZE_HW[1], tiny.SIZE_HW[0]]) / 4  # of heatmaps and profiles at their default stride
pytestmark = pytest.mark.parametrize("case", tiny.HEADS)


def encode(case: str, samples: list[Sample]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    _, targets, weights = encode_batch(samples, tiny_config(tiny.HEADS[case]).codecs())
    return targets, weights


def perfect_outputs(case: str, samples: list[Sample]) -> dict[str, np.ndarray]:
    """What a network would have to say to hit the targets; a grid whose places are not chosen by the network."""
    heads = {
        head: values | {"assignment": "static"} if head == "grid" else values
        for head, values in tiny.HEADS[case].items()
    }
    outputs = {}
    for name, target in encode_batch(samples, tiny_config(heads).codecs())[1].items():
        if name.endswith(("_heatmap", "_simcc_x", "_simcc_y")):
            outputs[name] = np.log(np.maximum(target, 1e-12))
        else:
            as_it_is = name.endswith(("_coordinates", "_boxes", "_offsets", "_image"))
            outputs[name] = target if as_it_is else 40 * target - 20
    return outputs


def test_the_tables_hold_the_same_heads(case: str) -> None:
    assert set(HEADS) == set(CODECS) == {name for heads in tiny.HEADS.values() for name in heads}
    assert all(CODECS[name].name == name for name in tiny.HEADS[case])


def test_outputs_targets_weights_losses_and_metrics_have_the_same_keys(case: str) -> None:
    config = tiny_config(tiny.HEADS[case])
    network, rows = build_model(config), output_rows(config.codecs())
    targets, weights = encode(case, labelled_samples())
    assert set(network.output) == set(targets) == set(weights) == set(rows)
    assert all(name.startswith(tuple(f"{head}_" for head in config.model.heads)) for name in rows)
    assert all(row.metrics for row in rows.values())
    outputs = network(noise(4) / np.float32(255))
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {n: t.shape for n, t in targets.items()}


def test_targets_are_finite_and_float32(case: str) -> None:
    for arrays in encode(case, [*labelled_samples(), Sample(image=noise(1)[0])]):
        assert all(array.dtype == np.float32 and np.isfinite(array).all() for array in arrays.values())


def test_a_perfect_network_is_decoded_to_the_labels(case: str) -> None:
    if case in tiny.OWN_LABELS:
        return
    samples = labelled_samples()
    outputs = perfect_outputs(case, samples)
    for name, codec in tiny_config(tiny.HEADS[case]).codecs().items():
        predictions = codec.decode(outputs)
        assert [prediction.is_present({}) for prediction in predictions] == [True, True, True, False]
        assert all(prediction.is_present({HEADS[name].threshold_of: 1.1}) is False for prediction in predictions), (
            "the threshold of the card is obeyed"
        )
        for sample, prediction in zip(samples, predictions, strict=True):
            labels = prediction.to_sample(sample.image, {})
            assert bool(len(labels.boxes)) == prediction.is_present({})
            if name == "corners" and len(sample.keypoints):
                np.testing.assert_allclose(prediction.keypoints, sample.keypoints[0], atol=1e-3)
            if name == "box" and len(sample.boxes):
                np.testing.assert_allclose(prediction.boxes, sample.boxes[:1].clip(0, 1), atol=1e-5)
            if name == "grid" and case != "grid centroids":
                found = prediction.boxes[np.argsort(-box_area(prediction.boxes))]
                np.testing.assert_allclose(found, sample.boxes.clip(0, 1), atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-0.24, 0.3), st.floats(-0.24, 0.3)), min_size=4, max_size=4))
def test_decode_is_the_inverse_of_encode(case: str, insets: list[tuple[float, float]]) -> None:
    """Also for corners outside the frame."""
    if "corners" not in tiny.HEADS[case]:
        return
    quad = np.abs(UNIT_QUAD - insets).astype(np.float32)
    assume(is_sound(quad * CELLS))
    quad = order_corners_image(quad)
    sample = sample_with_corners(noise(1)[0], quad[None], group="", origin="drawn")
    [prediction] = tiny_config(tiny.HEADS[case]).codecs()["corners"].decode(perfect_outputs(case, [sample]))
    assert np.abs((prediction.keypoints - quad) * CELLS).max() < 0.002
    assert prediction.presence > 0.999


def unlabelled() -> list[Sample]:
    """Nobody looked; and one whose only object is to be ignored."""
    ignored = labelled_samples()[0]
    ignored = ignored.replace(ignore=np.ones(1, bool), mask=np.full(ignored.size_hw, MASK_IGNORE, np.uint8))
    return [Sample(image=noise(1, seed=5)[0], origin="unlabelled"), ignored]


def test_an_unlabelled_sample_has_weight_0(case: str) -> None:
    if case in tiny.OWN_LABELS:
        return
    _, weights = encode(case, unlabelled())
    assert all(not weight.any() for weight in weights.values())
    _, weights = encode(case, labelled_samples())
    assert all(weight.any() for weight in weights.values())


def test_unlabelled_samples_leave_loss_and_gradient_as_they_were(case: str) -> None:
    if case in tiny.OWN_LABELS:
        return
    config = tiny_config(tiny.HEADS[case])
    network, rows = random_network(config), output_rows(config.codecs())

    def loss_and_gradient(samples: list[Sample]) -> tuple[float, list[np.ndarray]]:
        images, targets, weights = encode_batch(samples, config.codecs())
        with tf.GradientTape() as tape:
            outputs = network(images / np.float32(255), training=False)
            losses = [row.weight * row.loss(targets[n], outputs[n], weights[n]) for n, row in rows.items()]
            loss = sum(losses)
        gradient = tape.gradient(loss, network.trainable_variables)
        return float(loss), [np.asarray(g) for g in gradient]

    before, after = loss_and_gradient(labelled_samples()), loss_and_gradient([*labelled_samples(), *unlabelled()])
    assert before[0] == pytest.approx(after[0], rel=1e-5)
    assert before[0] > 0.01
    for one, other in zip(before[1], after[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_every_layer_has_a_name_of_ours(case: str) -> None:
    for block in ("conv", "separable", "inverted_residual", "residual"):
        network = build_model(tiny_config(tiny.HEADS[case], block=block, dropout=0.1))
        automatic = [
            layer.name
            for layer in for_export(network, tiny_config(tiny.HEADS[case]).model.heads).layers
            if re.fullmatch(_snake(type(layer).__name__) + r"(_\d+)?", layer.name)
        ]
        assert not automatic


def _snake(name: str) -> str:
    return keras.src.utils.naming.to_snake_case(name)


def test_what_chooses_the_best_checkpoint_is_logged(case: str) -> None:
    config = tiny_config(tiny.HEADS[case])
    model = with_pixel_input(build_model(config))
    compile_model(model, config, steps_per_epoch=1)
    images, targets, weights = encode_batch(labelled_samples(), config.codecs())
    logs = model.evaluate(images, targets, sample_weight=weights, verbose=0, return_dict=True)
    assert monitored(config.model.heads).removeprefix("val_") in logs
    assert all(np.isfinite(value) for value in logs.values())


def test_a_loaded_model_gives_the_same_outputs(case: str, files_of: FilesOf) -> None:
    files = files_of(case)
    loaded = keras.saving.load_model(files.keras)
    images = noise(2) / np.float32(255)
    for name, value in files.network(images).items():
        np.testing.assert_array_equal(value, loaded(images)[name])


def test_the_float_file_agrees_with_keras(case: str, files_of: FilesOf) -> None:
    files = files_of(case)
    exported = for_export(files.network, files.card.heads)(noise(3) / np.float32(255))
    outputs = LiteRTRuntime(files.float).run(noise(3))
    assert set(outputs) == set(exported)
    for name, value in exported.items():
        np.testing.assert_allclose(outputs[name], value, rtol=1e-4, atol=max(1e-4, 1e-6 * np.abs(value).max()))


def _plain(value: Any) -> Any:
    """The numbers of a prediction."""
    numbers = [each for each in vars(value).values() if isinstance(each, np.ndarray | float)]
    return np.concatenate([np.atleast_1d(each).ravel() for each in numbers])


def test_the_float_file_decodes_to_the_predictions_of_keras(case: str, files_of: FilesOf) -> None:
    files = files_of(case)
    outputs = load_keras_runtime(files.keras).run(noise(3)), LiteRTRuntime(files.float).run(noise(3))
    for codec in files.card.codecs().values():
        for one, other in zip(*(codec.decode(output) for output in outputs), strict=True):
            np.testing.assert_allclose(_plain(one), _plain(other), atol=1e-4)


def test_the_int8_file_takes_pixels_less_128_and_every_output_is_its_own_tensor(case: str, files_of: FilesOf) -> None:
    files = files_of(case)
    interpreter = Interpreter(str(files.int8))
    [image] = interpreter.get_input_details()
    assert image["quantization"] == (pytest.approx(1 / 255, rel=1e-6), -128)
    assert image["dtype"] == np.int8
    assert image["name"] == "image"
    details = interpreter.get_output_details()
    assert {detail["name"] for detail in details} == set(for_export(files.network, files.card.heads).output)
    assert len({detail["index"] for detail in details}) == len(details)
    assert all(detail["dtype"] == np.int8 for detail in details)


def test_the_int8_file_stays_near_the_float_file(case: str, files_of: FilesOf) -> None:
    files = files_of(case)
    exact, rounded = LiteRTRuntime(files.float).run(noise(3)), LiteRTRuntime(files.int8).run(noise(3))
    for name, value in exact.items():
        assert np.abs(value - rounded[name]).mean() < 0.03 * np.abs(value).max()


def test_cards_come_back_from_the_files(case: str, files_of: FilesOf) -> None:
    files = files_of(case)
    assert read_keras_card(files.keras) == files.card
    assert read_litert_card(files.float) == files.card
    assert read_litert_card(files.int8) == files.card.with_changes(precision="int8")
    assert read_litert_card(files.float).parameters == files.network.count_params() - sum(
        int(np.prod(variable.shape)) for variable in files.network.non_trainable_variables
    )


def test_a_model_without_a_card_is_refused_with_a_cure(case: str, files_of: FilesOf, tmp_path: Any) -> None:
    files = files_of(case)
    files.network.save(tmp_path / "bare.keras")
    with pytest.raises(RunError, match=r"bare.keras carries no model.json.*Use the best.keras of a run folder"):
        read_keras_card(tmp_path / "bare.keras")
    for_export(files.network, files.card.heads)
    stripped = files.float.read_bytes().replace(b"detector.model.json", b"detector.other.json")
    (tmp_path / "bare.tflite").write_bytes(stripped)
    with pytest.raises(RunError, match=r"bare.tflite carries no model.json.*detector export RUN"):
        LiteRTRuntime(tmp_path / "bare.tflite")
