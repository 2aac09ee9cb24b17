"""Every kind of block builds, scales have their sizes, and the one dial turns one way."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from detector.build import build_model
from detector.models.backbone import build_backbone
from detector.settings.model import BackboneSettings
from tests.detector.tiny import HEADS, tiny_config

BLOCKS = ("conv", "separable", "inverted_residual", "residual")


def network_of(**settings: Any) -> keras.Model:
    image = keras.Input((64, 96, 3), name="image")
    return keras.Model(image, build_backbone(image, BackboneSettings(width=8, depths=(1, 2, 1), **settings)))


@pytest.mark.parametrize("downsample", ["stride", "max_pool"])
@pytest.mark.parametrize("normalisation", ["batch", "instance", "none"])
@pytest.mark.parametrize("block", BLOCKS)
def test_scales_halve_each_time(block: str, normalisation: str, downsample: str) -> None:
    scales = network_of(block=block, normalisation=normalisation, downsample=downsample).output
    channels = BackboneSettings(width=8, depths=(1, 2, 1)).stage_channels()
    sizes = [(32, 48), (16, 24), (8, 12)]
    expected = {f"P{n}": (None, *size, c) for n, (size, c) in enumerate(zip(sizes, channels, strict=True), 1)}
    assert {name: scale.shape for name, scale in scales.items()} == expected


@pytest.mark.parametrize(("activation", "layer"), [("relu", "ReLU"), ("relu6", "ReLU"), ("leaky_relu", "LeakyReLU")])
@pytest.mark.parametrize("block", BLOCKS)
def test_the_activation_is_the_one_that_was_asked_for(block: str, activation: str, layer: str) -> None:
    network = network_of(block=block, activation=activation)
    active = [each for each in network.layers if each.name.endswith(("_act", "_out"))]
    assert active
    assert {type(each).__name__ for each in active} == {layer}
    assert {getattr(each, "max_value", None) for each in active} == {6.0 if activation == "relu6" else None}


@pytest.mark.parametrize("block", BLOCKS)
def test_hard_swish_is_keras_hard_silu(block: str) -> None:
    network = network_of(block=block, activation="hard_swish")
    active = [each for each in network.layers if each.name.endswith(("_act", "_out"))]
    assert active
    assert all(each.activation is keras.activations.hard_silu for each in active)


def test_channels_are_multiples_of_8_up_to_their_ceiling() -> None:
    for width in (8, 16, 24, 56):
        for growth in (1.0, 1.3, 1.5, 2.0):
            channels = BackboneSettings(width=width, growth=growth, depths=(1,) * 6, max_channels=128).stage_channels()
            assert all(c % 8 == 0 and 8 <= c <= 128 for c in channels)
            assert channels == sorted(channels)
            assert channels[0] == width


def test_a_wider_dial_costs_more() -> None:
    counts = [build_model(tiny_config(HEADS["corners heatmap"], width=w)).count_params() for w in (8, 16, 24, 48)]
    assert counts == sorted(set(counts))


def test_a_skip_is_added_where_the_shape_stays() -> None:
    network = network_of(block="inverted_residual")
    assert [layer.name for layer in network.layers if layer.name.endswith("_add")] == ["stage2_block2_add"]


def test_a_heatmap_needs_stages_enough() -> None:
    heads = {"corners": {"stride": 8, "channels": 8}}
    with pytest.raises(ValueError, match=r"corners.stride: 8` needs a backbone of 3 stages or more. Received 2"):
        build_model(tiny_config(heads, depths=[1, 1]))


@pytest.mark.parametrize("stages", [2, 3, 4, 5])
@pytest.mark.parametrize(("stride", "margin"), [(4, 0), (4, 1), (2, 2)])
def test_the_heatmap_has_the_shape_of_the_codecs_grid(stages: int, stride: int, margin: int) -> None:
    heads = {"corners": {"stride": stride, "margin": margin, "channels": 8}}
    config = tiny_config(heads, size_hw=(32, 64), depths=[1] * stages)
    grid = config.codecs()["corners"].grid  # type: ignore[attr-defined]
    assert build_model(config).output["corners_heatmap"].shape == (None, *grid.shape, 4)


def test_each_stage_may_have_a_kind_of_its_own() -> None:
    names = [layer.name for layer in network_of(stage_blocks=("separable", "conv", "separable")).layers]
    assert "stage3_block1_depthwise" in names
    assert not any("depthwise" in name for name in names if name.startswith(("stage1", "stage2")))
    with pytest.raises(ValueError, match=r"a kind for each of the 3 stages of `depths`\. Received 2"):
        BackboneSettings(stage_blocks=("conv", "separable"), depths=(1, 1, 2))
