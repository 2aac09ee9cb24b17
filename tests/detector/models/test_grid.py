"""The graph of the grid head: a tensor each for what leaves the house, and its shapes at every size."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from detector.build import build_model, for_export
from tests.detector.tiny import noise, random_network, tiny_config

BACKBONE: dict[str, Any] = {"depths": [1, 1, 1, 1, 1], "growth": 1.0}
TWO = {"scales": ["P4", "P5"], "anchors": 6, "channels": 8}


def test_every_grid_leaves_with_a_tensor_each() -> None:
    config = tiny_config({"grid": TWO}, size_hw=(64, 96), **BACKBONE)
    network = build_model(config)
    assert {name: value.shape[1:] for name, value in network.output.items()} == {
        "grid_objectness": (4 * 6 * 3 + 2 * 3 * 3,),
        "grid_boxes": (4 * 6 * 3 + 2 * 3 * 3, 4),
        "grid_classes": (4 * 6 * 3 + 2 * 3 * 3, 2),
    }
    exported = for_export(network, config.model.heads)
    assert {name: value.shape[1:] for name, value in exported.output.items()} == {
        "grid_objectness_p4": (4, 6, 3),
        "grid_ramps_p4": (4, 6, 3 * 4 * 4),
        "grid_classes_p4": (4, 6, 3 * 2),
        "grid_objectness_p5": (2, 3, 3),
        "grid_ramps_p5": (2, 3, 3 * 4 * 4),
        "grid_classes_p5": (2, 3, 3 * 2),
    }


@pytest.mark.parametrize("assignment", ["static", "dynamic"])
def test_what_is_exported_says_the_same(assignment: str) -> None:
    config = tiny_config({"grid": TWO | {"assignment": assignment, "score_floor": 0}}, size_hw=(64, 96), **BACKBONE)
    network, [codec] = random_network(config), config.codecs().values()
    images = noise(2, (64, 96)) / np.float32(255)
    answers = [
        codec.decode({name: np.asarray(value) for name, value in model(images).items()})
        for model in (network, for_export(network, config.model.heads))
    ]
    for one, other in zip(*answers, strict=True):
        assert len(one.boxes)
        np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-4)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)


def test_training_begins_with_few_objects_the_size_of_the_reference() -> None:
    config = tiny_config({"grid": {"channels": 8}}, size_hw=(64, 96), **BACKBONE)
    outputs = build_model(config)(noise(1, (64, 96)) / np.float32(255))
    np.testing.assert_allclose(outputs["grid_boxes"], 0.5, atol=0.2)
    assert np.abs(1 / (1 + np.exp(-outputs["grid_objectness"])) - 0.01).max() < 0.005


def test_a_grid_that_the_backbone_does_not_reach_is_refused() -> None:
    message = "`model.heads.grid.scales` names P5, but the backbone has 3 stages. Lengthen `model.backbone.depths`"
    with pytest.raises(ValueError, match=re.escape(message)):
        build_model(tiny_config({"grid": {"scales": ["P3", "P5"]}}))


def test_no_layer_is_beyond_a_microcontroller() -> None:
    config = tiny_config({"grid": TWO}, size_hw=(64, 96), **BACKBONE)
    kinds = {type(layer).__name__ for layer in for_export(build_model(config), config.model.heads).layers}
    assert kinds <= {"InputLayer", "Conv2D", "BatchNormalization", "ReLU", "UpSampling2D", "Add"}
