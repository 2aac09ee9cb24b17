"""Networks of `keras.applications` as backbones: their scales, their names, and what is refused."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from detector.build import build_model
from detector.models.application import build_application
from detector.models.cost import measure_cost
from detector.settings.model import BackboneSettings
from detector.transfer import freeze_stages
from tests.detector.tiny import noise, tiny_config

SIZE_HW = (64, 96)
HEADS: dict[str, dict[str, Any]] = {"mask": {"channels": 8}, "presence": {}}


def make_small(
    include_top: bool, weights: None, input_shape: tuple[int, int, int], padding: str = "same"
) -> keras.Model:
    """Rescaling, five strided convolutions with norm and activation, the third with its channels weighed, and a sum."""
    assert (include_top, weights) == (False, None)
    image = keras.Input(input_shape)
    x = layers.Rescaling(1 / 255)(image)
    for stage in range(1, 6):
        x = layers.Conv2D(4 * stage, 3, 2, padding)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        if stage == 3:
            squeezed = layers.GlobalAveragePooling2D(keepdims=True)(x)
            x = layers.Multiply()([x, layers.Conv2D(12, 1, activation="sigmoid")(squeezed)])
    return keras.Model(image, x + 1.0)


def make_crooked(include_top: bool, weights: None, input_shape: tuple[int, int, int]) -> keras.Model:
    return make_small(include_top, weights, input_shape, padding="valid")


def make_patches(include_top: bool, weights: None, input_shape: tuple[int, int, int]) -> keras.Model:
    """As ConvNeXt: it begins with patches of 4 x 4 pixels, and has nothing at a stride of 2."""
    assert (include_top, weights) == (False, None)
    image = keras.Input(input_shape)
    x = layers.Conv2D(4, 4, 4)(image)
    for stage in range(3, 6):
        x = layers.Conv2D(4 * stage, 2, 2, activation="gelu")(x)
    return keras.Model(image, x)


@pytest.fixture
def _small_applications(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.applications, "Small", make_small, raising=False)
    monkeypatch.setattr(keras.applications, "Crooked", make_crooked, raising=False)
    monkeypatch.setattr(keras.applications, "Patches", make_patches, raising=False)


def build(application: str = "Small") -> keras.Model:
    return build_model(tiny_config(HEADS, size_hw=SIZE_HW, application=application))


@pytest.mark.usefixtures("_small_applications")
def test_scales_halve_five_times_and_heads_read_their_channels() -> None:
    network = build()
    joined = {level: network.get_layer(f"mask_skip{level}").input[1].shape[1:] for level in range(1, 5)}
    assert joined == {1: (32, 48, 4), 2: (16, 24, 8), 3: (8, 12, 12), 4: (4, 6, 16)}
    assert network.get_layer("presence_pool").input.shape[1:] == (2, 3, 20)
    assert BackboneSettings(application="Small", depths=(1,)).stages == 5


@pytest.mark.usefixtures("_small_applications")
def test_layers_are_named_by_stage_and_place_the_same_each_time() -> None:
    network, again = build(), build()
    assert [variable.path for variable in network.weights] == [variable.path for variable in again.weights]
    assert [layer.name for layer in network.layers if "conv2d" in layer.name] == [
        *("stage1_2_conv2d", "stage2_5_conv2d", "stage3_8_conv2d", "stage3_12_conv2d", "stage4_14_conv2d"),
        "stage5_17_conv2d",
    ]
    freeze_stages(network, 2)
    frozen = {layer.name[:6] for layer in network.layers if layer.weights and not layer.trainable}
    assert frozen == {"stage1", "stage2"}


@pytest.mark.usefixtures("_small_applications")
def test_pictures_come_in_0_to_1_and_are_not_scaled_again() -> None:
    assert not any(isinstance(layer, layers.Rescaling) for layer in build().layers)


@pytest.mark.usefixtures("_small_applications")
def test_it_costs_learns_and_comes_back(tmp_path: Any) -> None:
    config = tiny_config({"mask": {"channels": 8}}, size_hw=SIZE_HW, application="Small")
    network = build_model(config)
    cost = measure_cost(network)
    assert cost.parameters == sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)
    assert cost.macs > 32 * 48 * 27 * 4
    images = noise(2, SIZE_HW) / np.float32(255)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(network(images, training=True)["mask_logits"] - 1.0))
    assert all(np.abs(gradient).max() > 0 for gradient in tape.gradient(loss, network.trainable_variables)[:3])
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", compile=False)
    np.testing.assert_array_equal(loaded(images)["mask_logits"], network(images)["mask_logits"])


@pytest.mark.usefixtures("_small_applications")
def test_only_scales_that_a_head_uses_must_be_there() -> None:
    config = tiny_config({"mask": {"channels": 8, "stride": 4}, "presence": {}}, size_hw=SIZE_HW, application="Patches")
    network = build_model(config)
    assert network.output["mask_logits"].shape == (None, 16, 24, 1)
    message = (
        r"application: Patches` has no scale P1 of 32 x 48: .* Ask for a coarser one, e\.g\. `stride: 4` of a mask"
    )
    with pytest.raises(ValueError, match=message):
        build("Patches")


@pytest.mark.usefixtures("_small_applications")
def test_what_is_no_backbone_is_refused() -> None:
    image = keras.Input((*SIZE_HW, 3), name="image")
    with pytest.raises(ValueError, match=r"keras\.applications has no ResNet5\. Did you mean `ResNet50`\?"):
        build_application(image, "ResNet5")
    with pytest.raises(ValueError, match=r"application: Crooked` has no scale P5 of 2 x 3: it does not halve exactly"):
        build_application(image, "Crooked")
    with pytest.raises(ValueError, match=r"`input\.size_hw` must be multiples of 32 for 5 stages"):
        tiny_config(HEADS, application="ResNet50", depths=[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    "application", ["ResNet50", "MobileNetV2", "MobileNetV3Small", "EfficientNetB0", "DenseNet121"]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_networks_of_keras_are_backbones(application: str, channels: int) -> None:
    image = keras.Input((*SIZE_HW, channels), name="image")
    scales = build_application(image, application)
    assert [scale.shape[1:3] for scale in scales.values()] == [(64 >> n, 96 >> n) for n in range(1, 6)]


@pytest.mark.slow
def test_convnext_is_a_backbone_of_coarse_masks() -> None:
    config = tiny_config({"mask": {"channels": 8, "stride": 4}}, size_hw=SIZE_HW, application="ConvNeXtTiny")
    assert build_model(config).output["mask_logits"].shape == (None, 16, 24, 1)
