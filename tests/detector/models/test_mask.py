"""The UNet of the mask head: its levels, its sizes, and what leaves the house."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from detector.build import build_model, for_export
from detector.codecs.mask import MaskSettings
from detector.models.cost import measure_cost
from detector.models.mask import level_channels
from tests.detector.tiny import noise, tiny_config


def build(size_hw: tuple[int, int] = (32, 48), **mask: Any) -> keras.Model:
    return build_model(tiny_config({"mask": {"channels": 8} | mask}, size_hw=size_hw))


@pytest.mark.parametrize("upsampling", ["bilinear", "transposed"])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_cells_are_stride_pixels_wide_and_every_scale_is_joined(stride: int, upsampling: str) -> None:
    network = build(stride=stride, upsampling=upsampling)
    assert network.output["mask_logits"].shape[1:] == (32 // stride, 48 // stride, 1)
    joined = sorted(layer.name for layer in network.layers if layer.name.startswith("mask_skip"))
    assert joined == [f"mask_skip{level}" for level in (1, 2) if 2**level >= stride]
    kinds = {type(layer).__name__ for layer in network.layers}
    assert ("Conv2DTranspose" in kinds) == (upsampling == "transposed")
    assert ("UpSampling2D" in kinds) == (upsampling == "bilinear")


def test_channels_grow_towards_the_coarse_up_to_a_ceiling() -> None:
    settings = MaskSettings(channels=12, growth=1.5, max_channels=32)
    assert [level_channels(settings, above) for above in range(4)] == [12, 16, 28, 32]
    assert level_channels(MaskSettings(channels=4, growth=1), 3) == 4


def test_the_width_dial_goes_down_to_5_thousand_parameters() -> None:
    backbone = {"width": 8, "growth": 1.25, "depths": [1, 1, 1, 1, 1], "block": "separable"}
    small = tiny_config({"mask": {"channels": 8, "growth": 1.0}}, size_hw=(128, 128), **backbone)
    large = tiny_config({"mask": {"channels": 16, "depth": 2}}, size_hw=(128, 128), **backbone)
    assert measure_cost(build_model(small)).parameters < 5000
    assert measure_cost(build_model(large)).parameters > 5000


def test_coarser_masks_are_there_in_training_alone() -> None:
    config = tiny_config({"mask": {"channels": 8, "deep_supervision": 1}})
    network = build_model(config)
    assert {name: value.shape[1:] for name, value in network.output.items()} == {
        "mask_logits": (16, 24, 1),
        "mask_logits_4": (8, 12, 1),
    }
    exported = for_export(network, config.model.heads)
    assert set(exported.output) == {"mask_logits"}
    images = noise(2) / np.float32(255)
    np.testing.assert_array_equal(exported(images)["mask_logits"], network(images)["mask_logits"])
    assert "mask_logits_4" not in [layer.name for layer in exported.layers]


def test_macs_of_a_transposed_convolution_are_those_of_its_input() -> None:
    image = keras.Input((8, 12, 3), name="image")
    doubled = keras.layers.Conv2DTranspose(4, 2, 2, name="doubled")(image)
    cost = measure_cost(keras.Model(image, {"doubled": doubled}))
    assert cost.macs == 8 * 12 * 3 * 4 * 2 * 2
    assert cost.parameters == 3 * 4 * 4 + 4
    assert cost.peak_activation_bytes_int8 == 8 * 12 * 3 + 16 * 24 * 4


@pytest.mark.parametrize(("mask", "stages"), [({"deep_supervision": 2}, 4), ({"stride": 4, "deep_supervision": 3}, 6)])
def test_a_backbone_too_short_for_the_strides_is_refused(mask: dict[str, Any], stages: int) -> None:
    with pytest.raises(
        ValueError, match=rf"`model\.heads\.mask` with masks at strides .* needs a backbone of {stages} "
    ):
        build(**mask)
