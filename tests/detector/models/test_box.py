"""The box head: shapes, where training begins, and what leaves the house."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from detector.build import build_model, for_export
from tests.detector.tiny import noise, random_network, tiny_config

METHODS: dict[str, dict[str, Any]] = {
    "map": {"stride": 8, "channels": 8},
    "dense flatten": {"method": "dense", "hidden": [16]},
    "dense gap": {"method": "dense", "pooling": "gap"},
}


@pytest.mark.parametrize("case", METHODS)
@pytest.mark.parametrize("size_hw", [(32, 48), (64, 32)])
def test_training_begins_with_a_box_in_the_middle(case: str, size_hw: tuple[int, int]) -> None:
    config = tiny_config({"box": METHODS[case]}, size_hw=size_hw)
    outputs = build_model(config)(noise(2, size_hw) / np.float32(255))
    for answer in config.codecs()["box"].decode({name: np.asarray(value) for name, value in outputs.items()}):
        x0, y0, x1, y1 = answer.boxes[0]
        assert 0 <= x0 < x1 <= 1
        assert 0 <= y0 < y1 <= 1
        assert 0.1 < (x1 - x0) * (y1 - y0) < 0.6


@pytest.mark.parametrize("case", METHODS)
def test_the_exported_network_gives_the_same_boxes_in_ramps(case: str) -> None:
    config = tiny_config({"box": METHODS[case]})
    network = random_network(config)
    name = "box_offsets" if case == "map" else "box_coordinates"
    kernel, bias = network.get_layer(name).get_weights()
    network.get_layer(name).set_weights([0.1 * kernel, 0 * bias + (0.2 if case == "map" else 0.4)])
    exported = for_export(network, config.model.heads)
    assert name not in exported.output
    assert exported.output["box_ramps"].shape[1:] == ((4, 6, 16) if case == "map" else (16,))
    images, codec = noise(3) / np.float32(255), config.codecs()["box"]
    for one, other in zip(codec.decode(_numpy(network(images))), codec.decode(_numpy(exported(images))), strict=True):
        np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-5)
        assert one.presence == other.presence


def _numpy(outputs: dict[str, Any]) -> dict[str, np.ndarray]:
    return {name: np.asarray(value) for name, value in outputs.items()}


def test_a_map_finer_than_the_backbone_reaches_is_refused() -> None:
    with pytest.raises(ValueError, match=r"box.stride: 16` needs a backbone of 4 stages or more. Received 3"):
        build_model(tiny_config({"box": {}}))


def test_no_layer_is_beyond_a_microcontroller() -> None:
    config = tiny_config({"box": METHODS["map"]})
    kinds = {type(layer).__name__ for layer in for_export(build_model(config), config.model.heads).layers}
    assert kinds <= {
        *("InputLayer", "Conv2D", "BatchNormalization", "ReLU", "GlobalAveragePooling2D", "GlobalMaxPooling2D"),
        *("Dense", "UpSampling2D", "Add"),
    }
    assert isinstance(build_model(config), keras.Model)
