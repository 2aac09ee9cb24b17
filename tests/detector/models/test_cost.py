"""The cost of a network against counts by hand, and predicted file sizes against the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers

from detector.build import build_model, for_export
from detector.card import ModelCard
from detector.export.litert import write_float, write_int8
from detector.models.cost import measure_cost, peak_activation_elements
from tests.detector.tiny import DENSE, HEADS, HEATMAP, noise, random_network, tiny_config


def chain_with_a_skip() -> keras.Model:
    """Image (8, 12, 1) -> first (8, 12, 4) -> second (4, 6, 8) -> third (4, 6, 8), added to second -> pooled -> 2."""
    image = keras.Input((8, 12, 1), name="image")
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="first")(image)
    x = layers.ReLU(name="first_act")(layers.BatchNormalization(name="first_bn")(x))
    skip = layers.Conv2D(8, 1, strides=2, name="second")(x)
    x = layers.DepthwiseConv2D(3, padding="same", name="third")(skip)
    x = layers.ReLU(name="sum_act")(layers.Add(name="sum")([skip, x]))
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, {"answer": layers.Dense(2, name="answer")(x)})


def test_counts_by_hand() -> None:
    cost = measure_cost(chain_with_a_skip())
    assert cost.parameters == 9 * 4 + 2 * 4 + (4 * 8 + 8) + (9 * 8 + 8) + (8 * 2 + 2)
    assert cost.macs == 9 * 4 * 96 + 4 * 8 * 24 + 9 * 8 * 24 + 8 * 2
    assert cost.warnings == ()


def test_the_peak_counts_what_is_alive_at_once() -> None:
    """Image and first: 96 + 384; first and second: 384 + 192; with the skip: three of 192."""
    assert peak_activation_elements(chain_with_a_skip()) == 384 + 192


def test_a_skip_stays_alive_until_it_is_added() -> None:
    image = keras.Input((8, 12, 1), name="image")
    skip = layers.Conv2D(2, 3, padding="same", name="skip")(image)  # 192
    x = layers.Conv2D(3, 3, padding="same", name="wide")(skip)  # 288
    x = layers.Conv2D(2, 3, padding="same", name="back")(x)  # 192
    network = keras.Model(image, {"sum": layers.Add(name="sum")([skip, x])})
    assert peak_activation_elements(network) == 192 + 288 + 192


def test_an_output_stays_alive_to_the_end() -> None:
    image = keras.Input((8, 12, 1), name="image")
    early = layers.Reshape((96 * 3,), name="early")(layers.Conv2D(3, 1, name="conv")(image))  # 288
    x = layers.Dense(10, name="ten")(early)
    x = layers.Dense(20, name="twenty")(x)
    network = keras.Model(image, {"early": early, "late": layers.Dense(400, name="late")(x)})
    assert peak_activation_elements(network) == 288 + 20 + 400


@pytest.mark.parametrize("case", HEADS)
def test_parameters_are_the_trainable_count_whatever_is_exported(case: str) -> None:
    config = tiny_config(HEADS[case])
    network = build_model(config)
    expected = sum(int(variable.value.numpy().size) for variable in network.trainable_variables)
    assert measure_cost(network, for_export(network, config.model.heads)).parameters == expected


def test_instance_normalisation_is_warned_of() -> None:
    [warning] = measure_cost(build_model(tiny_config(HEADS["presence"], normalisation="instance"))).warnings
    assert "stage1_block1_norm" in warning
    assert "use `normalisation: batch`" in warning


def check_sizes(folder: Path, heads: dict[str, Any], size_hw: tuple[int, int], backbone: dict[str, Any]) -> None:
    config = tiny_config(heads, size_hw=size_hw, **backbone)
    network = random_network(config)  # zeros would share a buffer in the file
    exported, card = for_export(network, config.model.heads), ModelCard.of(config, 1)
    cost = measure_cost(network, exported)
    write_float(exported, card, folder / "float.tflite")
    write_int8(exported, card, noise(2, size_hw), folder / "int8.tflite")
    assert cost.file_bytes_float == pytest.approx((folder / "float.tflite").stat().st_size, rel=0.05)
    assert cost.file_bytes_int8 == pytest.approx((folder / "int8.tflite").stat().st_size, rel=0.05)


@pytest.mark.parametrize(
    ("heads", "backbone"),
    [
        ({"corners": DENSE}, {"block": "residual", "depths": [1, 2]}),
        ({"corners": HEATMAP | {"channels": 16}, "presence": {}}, {"block": "separable", "activation": "relu6"}),
        ({"mask": {"stride": 1, "upsampling": "transposed"}}, {"activation": "leaky_relu"}),
    ],
)
def test_predicted_file_sizes_are_within_5_percent(heads: Any, backbone: dict[str, Any], tmp_path: Path) -> None:
    check_sizes(tmp_path, heads, (32, 48), backbone)


@pytest.mark.slow
@pytest.mark.parametrize(
    "heads", [{"corners": HEATMAP}, {"corners": DENSE}, HEADS["corners dense gap"], {"presence": {}}]
)
@pytest.mark.parametrize(
    "backbone",
    [
        {"block": "conv", "depths": [1, 1, 2, 2, 1], "growth": 1.4, "width": 16},
        {"block": "conv", "depths": [1, 2, 3, 3], "activation": "leaky_relu", "downsample": "max_pool", "width": 24},
        {"block": "separable", "depths": [1, 2, 3, 3], "activation": "hard_swish", "normalisation": "none"},
        {"block": "inverted_residual", "depths": [1, 2, 2, 2, 2], "activation": "relu6", "width": 16},
        {"block": "residual", "depths": [1, 2, 3, 3], "width": 32},
        {"block": "separable", "depths": [1, 2, 2, 1]},
    ],
)
def test_predicted_file_sizes_of_many_networks(heads: Any, backbone: dict[str, Any], tmp_path: Path) -> None:
    check_sizes(tmp_path, heads, (64, 96), backbone)
