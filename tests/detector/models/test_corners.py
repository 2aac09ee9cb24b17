"""The corners head at every input size: shapes, margins, and what the profiles are made of."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from detector.build import build_model, for_export
from tests.detector.tiny import DENSE, HEATMAP, QUAD, SIMCC, tiny_config

BACKBONE: dict[str, Any] = {"depths": [1, 1, 1, 1, 1], "growth": 1.0}


def corners_network(settings: dict[str, Any], size_hw: tuple[int, int] = (32, 64), **backbone: Any) -> keras.Model:
    return build_model(tiny_config({"corners": settings}, size_hw=size_hw, **(BACKBONE | backbone)))


@pytest.mark.parametrize("method", [HEATMAP, SIMCC, DENSE], ids=lambda settings: settings["method"])
@pytest.mark.parametrize("size_hw", [(96, 128), (160, 192), (224, 256)])
def test_every_size_from_96_to_256_has_targets_of_the_network_s_shape(
    method: dict[str, Any], size_hw: tuple[int, int]
) -> None:
    config = tiny_config({"corners": method}, size_hw=size_hw, **BACKBONE)
    codec, network = config.codecs()["corners"], build_model(config)
    targets = codec._encode_points(QUAD[None])[0]  # type: ignore[attr-defined]
    assert {name: network.output[name].shape[1:] for name in targets} == {n: t.shape[1:] for n, t in targets.items()}
    outputs = {n: t if n.endswith("coordinates") else np.log(np.maximum(t, 1e-12)) for n, t in targets.items()}
    [answer] = codec.decode({"corners_presence": np.zeros((1, 1))} | outputs)
    np.testing.assert_allclose(answer.keypoints, QUAD, atol=1e-4)


@pytest.mark.parametrize(("stride", "bins", "margin"), [(2, 1, 1), (4, 2, 0), (8, 8, 2)])
def test_profiles_have_the_bins_of_the_codecs_grid(stride: int, bins: int, margin: int) -> None:
    network = corners_network(SIMCC | {"stride": stride, "bins_per_cell": bins, "margin": margin, "points": 3})
    cells = [bins * (side + 2 * 16 * margin) // stride for side in (64, 32)]
    assert network.output["corners_simcc_x"].shape == (None, cells[0], 3)
    assert network.output["corners_simcc_y"].shape == (None, cells[1], 3)


def test_a_profile_is_the_image_s_own_axis() -> None:
    """What is bright in one column moves along x alone when it is moved along x, margin and bins included."""
    network = corners_network(SIMCC | {"bins_per_cell": 2}, (64, 96))
    image = np.zeros((2, 64, 96, 3), np.float32)
    image[0, 20:28, 32:40] = image[1, 20:28, 64:72] = 1  # by 32 pixels: 16 bins
    outputs = network(image)
    along_x, along_y = (np.asarray(outputs[f"corners_simcc_{axis}"]) for axis in "xy")
    assert np.abs(along_x[0] - along_x[1]).max() > 1e-3
    change = np.abs(along_x - np.median(along_x, axis=1, keepdims=True)).sum(axis=-1)
    centre = change @ np.arange(change.shape[1]) / change.sum(axis=1)
    assert 8 < centre[1] - centre[0] < 20
    assert np.abs(along_y[0] - along_y[1]).max() < np.abs(along_x[0] - along_x[1]).max()


def test_profiles_and_heatmaps_leave_as_they_are() -> None:
    for settings in (SIMCC, HEATMAP):
        config = tiny_config({"corners": settings})
        network = build_model(config)
        assert for_export(network, config.model.heads) is network


def test_no_layer_of_the_profiles_is_beyond_a_microcontroller() -> None:
    kinds = {type(layer).__name__ for layer in corners_network(SIMCC).layers}
    assert kinds <= {
        *("InputLayer", "Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D", "GlobalAveragePooling2D", "Dense"),
        *("UpSampling2D", "ZeroPadding2D", "Add", "Reshape"),
    }
