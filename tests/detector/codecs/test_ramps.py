"""The ramp code: coordinates that leave an int8 network with a rounding error of at most 0.1 % of the frame."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from detector.build import for_export
from detector.card import ModelCard
from detector.codecs.corners import CornersSettings
from detector.codecs.ramps import RAMPS, RANGE, decode_ramps, ramp_layer
from detector.export.litert import write_int8
from detector.runtime import LiteRTRuntime
from tests.detector.tiny import DENSE, tiny_config

SIDE = 16


def ramps_of(coordinates: np.ndarray) -> np.ndarray:
    """What the exported layer gives for a dense layer with these outputs."""
    kernel, bias = ramp_layer(np.eye(len(coordinates)), np.zeros(len(coordinates)))
    return np.clip(coordinates @ kernel + bias, 0, 6).reshape(-1, RAMPS)


@given(st.lists(st.floats(*RANGE), min_size=1, max_size=8))
def test_ramps_are_decoded_to_the_coordinates(values: list[float]) -> None:
    np.testing.assert_allclose(decode_ramps(ramps_of(np.array(values))), values, atol=1e-9)


def test_coordinates_outside_the_range_are_clipped() -> None:
    np.testing.assert_allclose(decode_ramps(ramps_of(np.array([-3.0, 4.0]))), RANGE)


def test_ramps_fill_one_after_the_other() -> None:
    np.testing.assert_allclose(ramps_of(np.array([0.5])), [[6, 6, 0, 0]], atol=1e-9)
    np.testing.assert_allclose(ramps_of(np.array([0.6875])), [[6, 6, 3, 0]], atol=1e-9)


@given(st.lists(st.floats(*RANGE), min_size=1, max_size=8))
def test_ramps_rounded_to_8_bits_keep_a_thousandth(values: list[float]) -> None:
    rounded = np.round(ramps_of(np.array(values)) * 255 / 6) * 6 / 255
    assert np.abs(decode_ramps(rounded) - values).max() <= 0.75e-3


def brightness_network() -> keras.Model:
    """A network whose eight coordinates are known: the mean brightness of the picture's quarters, and 1 less it.

    Pooling to 2 x 2 gives four brightnesses, which the dense layer copies or turns round.
    """
    image = keras.Input((SIDE, SIDE, 1), name="image")
    x = layers.AveragePooling2D(SIDE // 2, name="quarters")(image)
    x = layers.Flatten(name="corners_flatten")(x)
    dense = layers.Dense(8, name="corners_dense")
    points = layers.Reshape((4, 2), name="corners_coordinates")(dense(x))
    presence = layers.Dense(1, name="corners_presence")(x)
    dense.set_weights([np.hstack([np.eye(4), -np.eye(4)]), np.repeat([0.0, 1.0], 4)])
    return keras.Model(image, {"corners_presence": presence, "corners_coordinates": points})


def test_coordinates_of_a_real_int8_file_are_within_a_thousandth_of_the_frame(tmp_path: Path) -> None:
    config = tiny_config({"corners": DENSE})
    settings = config.model.heads["corners"]
    assert isinstance(settings, CornersSettings)
    card = ModelCard.of(config, 0).with_changes(input=config.input.model_copy(update={"channels": 1}))
    network = for_export(brightness_network(), config.model.heads)
    brightness = np.random.default_rng(3).integers(0, 256, (200, 2, 2, 1)).astype(np.uint8)
    pictures = brightness.repeat(SIDE // 2, axis=1).repeat(SIDE // 2, axis=2)
    write_int8(network, card, pictures[:20], tmp_path / "int8.tflite")

    outputs = LiteRTRuntime(tmp_path / "int8.tflite").run(pictures)
    [codec] = card.codecs().values()
    found = np.stack([prediction.keypoints for prediction in codec.decode(outputs)]).reshape(-1, 8)
    quarters = brightness.reshape(-1, 4) / 255
    expected = np.hstack([quarters, 1 - quarters])
    assert expected.min() == 0
    assert expected.max() == 1
    assert np.abs(found - expected).max() <= 1e-3
    assert outputs["corners_ramps"].max() == pytest.approx(6, abs=1e-3)
