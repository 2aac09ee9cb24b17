"""The errors of layers name the one in which accuracy is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np

from detector.build import for_export
from detector.export.layer_errors import IDEAL_DB, layer_errors, read_layers, worst_layers
from detector.export.litert import write_float, write_int8
from tests.detector.tiny import HEADS, Files, noise, random_network, tiny_config

FilesOf = Callable[[str], Files]
SPOILED = "stage2_block1"


def spoil(network: keras.Model, factor: float) -> None:
    """Scales a channel of a stage, and takes it back in the convolution behind: the network computes the same."""
    norm = network.get_layer(f"{SPOILED}_bn")
    for variable in (norm.gamma, norm.beta):
        values = np.array(variable)
        values[0] *= factor
        variable.assign(values)
    kernel = network.get_layer("stage3_block1_conv").kernel
    values = np.array(kernel)
    values[:, :, 0] /= factor
    kernel.assign(values)


def test_the_layer_with_a_spoiled_channel_is_named(tmp_path: Path, files_of: FilesOf) -> None:
    config = tiny_config(HEADS["presence"])
    network = random_network(config)
    before = np.array(network(noise(1) / np.float32(255))["presence_logit"])
    spoil(network, 1000.0)
    np.testing.assert_allclose(network(noise(1) / np.float32(255))["presence_logit"], before, rtol=1e-3)
    exported, card = for_export(network, config.model.heads), files_of("presence").card
    paths = tmp_path / "float.tflite", tmp_path / "int8.tflite"
    write_float(exported, card, paths[0])
    write_int8(exported, card.with_changes(precision="int8"), noise(8), paths[1])
    worst, second, *_ = layer_errors(*paths, noise(4))
    assert worst.layer.startswith(SPOILED)
    assert worst.operator == "CONV_2D"
    assert worst.lost_db > second.lost_db + 10
    assert worst.maximum > 100


def test_every_operator_is_measured_and_none_is_spoiled(files_of: FilesOf, tmp_path: Path) -> None:
    files = files_of("two heads")
    errors = layer_errors(files.float, files.int8, noise(4))
    assert {error.operator for error in errors} >= {"CONV_2D", "RESIZE_BILINEAR", "FULLY_CONNECTED"}
    assert {"corners_heatmap", "corners_presence"} < {error.layer for error in errors}
    assert [error.lost_db for error in errors] == sorted((error.lost_db for error in errors), reverse=True)
    assert all(20 < error.sqnr_db <= IDEAL_DB and error.lost_db < 20 for error in errors)
    ranges = [error.maximum - error.minimum for error in errors if error.operator == "CONV_2D"]
    scales = [error.scale for error in errors if error.operator == "CONV_2D"]
    assert all(100 < size / scale < 300 for size, scale in zip(ranges, scales, strict=True))
    path = tmp_path / "layers.json"
    path.write_text(json.dumps([asdict(error) for error in errors]))
    assert read_layers(path) == errors
    table = worst_layers(errors, 2)
    assert list(table["lost dB"].values()) == [error.lost_db for error in errors[:2]]
    assert set(table) == {"operator", "lost dB", "SQNR dB", "range"}


def test_a_file_has_no_error_against_itself(files_of: FilesOf) -> None:
    path = files_of("presence").float
    assert {error.sqnr_db for error in layer_errors(path, path, noise(2))} == {IDEAL_DB}
