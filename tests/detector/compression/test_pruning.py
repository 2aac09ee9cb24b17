"""Channels taken over from a wider network: exactly the chosen ones, for every head and kind of block."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from data_generators.settings import SettingsError
from detector.build import build_model
from detector.codecs import CODECS
from detector.compression.channels import WRITERS, ChannelTrace, trace_channels
from detector.compression.importance import channel_importance
from detector.compression.pruning import AXES, READ, WRITTEN, prune_from
from detector.config import Config
from detector.runs import RunError
from tests.detector.compression.head_sets import HEAD_SETS
from tests.detector.small_run import small_values
from tests.detector.tiny import HEADS, noise, random_network, settle_norms, tiny_config

WIDE, NARROW = (12, 12, 16), (8, 4, 12)
BLOCKS = ["separable", "inverted_residual", "residual"]


def make_config(heads: dict[str, Any], channels: tuple[int, ...], halved: bool, **backbone: Any) -> Config:
    """A tiny network, its heads 16 channels wide, or 8 where they are halved."""
    wide = {
        name: settings | {"channels": 8 if halved else 16} if "channels" in settings else settings
        for name, settings in heads.items()
    }
    return tiny_config(wide, channels=channels, **backbone)


def silence(network: keras.Model, trace: ChannelTrace, narrow: keras.Model) -> None:
    """Channels of a network, drawn at random, answer 0 to everything: as many as the narrow one lacks."""
    rng = np.random.default_rng(3)
    widths = {layer.name: layer.output.shape[-1] for layer in narrow.layers if layer.weights}
    for numbers, names in trace.groups():
        dropped = rng.permutation(numbers)[: len(numbers) - min(widths.get(name, len(numbers)) for name in names)]
        for layer in network.layers:
            if isinstance(layer, WRITERS):
                zero(layer, WRITTEN, np.isin(trace.writes[layer.name], dropped))
            elif isinstance(layer, layers.BatchNormalization):
                zero(layer, READ, np.isin(trace.reads[layer.name], dropped))


def zero(layer: layers.Layer, side: str, dropped: np.ndarray) -> None:
    """Sets what some channels of a layer have to 0; of a norm all but the variance."""
    for variable in layer.weights:
        if variable.name != "moving_variance":
            [axis] = [axis for axis, each in AXES[type(layer)][variable.name].items() if each == side]
            value = np.moveaxis(np.array(variable), axis, -1)
            value[..., dropped] = 0
            variable.assign(np.moveaxis(value, -1, axis))


def check_pruned(heads: dict[str, Any], folder: Path, **backbone: Any) -> None:
    """A network of which some channels are silent answers as the narrower one that was pruned from it."""
    wide = random_network(make_config(heads, WIDE, halved=False, **backbone))
    settle_norms(wide, (32, 48))
    narrow = build_model(make_config(heads, NARROW, halved=True, **backbone))
    silence(wide, trace_channels(wide), narrow)
    wide.save(folder / "wide.keras")
    takeover = prune_from(narrow, folder / "wide.keras")
    assert not takeover.left
    assert len(takeover.taken) == len(narrow.weights)
    pixels = noise(2).astype(np.float32) / 255
    answers, expected = narrow(pixels), wide(pixels)
    for name, value in expected.items():
        np.testing.assert_allclose(answers[name], value, rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("heads", HEAD_SETS)
def test_a_network_of_every_head_answers_as_before_without_its_silent_channels(heads: str, tmp_path: Path) -> None:
    check_pruned(HEAD_SETS[heads], tmp_path)


def test_the_networks_have_every_head() -> None:
    assert {name for heads in HEAD_SETS.values() for name in heads} == set(CODECS)


@pytest.mark.parametrize("block", BLOCKS)
def test_a_network_of_every_block_answers_as_before_without_its_silent_channels(block: str, tmp_path: Path) -> None:
    check_pruned({"presence": {}}, tmp_path, block=block, depths=[1, 1, 2])


def test_without_norms_and_with_pooling_too(tmp_path: Path) -> None:
    check_pruned(HEADS["presence"], tmp_path, normalisation="none", downsample="max_pool")


def test_what_a_sum_adds_up_has_one_number_and_what_is_joined_keeps_its_own() -> None:
    image = keras.Input((8, 8, 3), name="image")
    first = layers.Conv2D(2, 1, name="first")(image)
    second = layers.Conv2D(2, 1, name="second")(image)
    joined = layers.Concatenate(name="joined")([layers.Add(name="sum")([first, second]), image])
    dense = layers.Dense(4, name="dense")(layers.Flatten(name="flat")(joined))
    trace = trace_channels(keras.Model(image, dense))
    np.testing.assert_array_equal(trace.writes["first"], trace.writes["second"])
    five = np.concatenate([trace.writes["first"], trace.writes["image"]])
    np.testing.assert_array_equal(trace.reads["dense"], np.tile(five, 64))
    assert sorted(names for _, names in trace.groups()) == [["dense"], ["first", "second"], ["image"]]


def test_importance_is_that_of_the_folded_filters() -> None:
    image = keras.Input((8, 8, 3), name="image")
    x = layers.BatchNormalization(name="bn")(layers.Conv2D(2, 1, use_bias=False, name="conv")(image))
    network = keras.Model(image, layers.Conv2DTranspose(2, 2, 2, name="up")(x))
    network.get_layer("conv").kernel.assign(np.reshape([1, -2, 1, 2, 1, 2], (1, 1, 3, 2)))
    bn = network.get_layer("bn")
    bn.gamma.assign([-6.0, 1.0])
    bn.moving_variance.assign([4.0 - 1e-3, 0.25 - 1e-3])
    trace = trace_channels(network)
    importance = channel_importance(network, trace)
    np.testing.assert_allclose(importance[trace.writes["conv"]], [9, 12], rtol=1e-6)
    kernel = np.abs(np.asarray(network.get_layer("up").kernel))  # (2, 2, written, read)
    np.testing.assert_allclose(importance[trace.writes["up"]], kernel.sum(axis=(0, 1, 3)), rtol=1e-6)


def test_a_head_that_the_other_network_lacks_begins_from_nothing(tmp_path: Path) -> None:
    build_model(make_config(HEADS["presence"], WIDE, halved=False)).save(tmp_path / "wide.keras")
    narrow = build_model(make_config(HEADS["corners heatmap"] | HEADS["presence"], NARROW, halved=True))
    takeover = prune_from(narrow, tmp_path / "wide.keras")
    assert takeover.left
    assert all(line.startswith("corners_") and "not in" in line for line in takeover.left)
    assert "presence_logit/kernel" in takeover.taken


@pytest.mark.parametrize(
    ("channels", "backbone", "message"),
    [
        ((16, 12, 16), {}, r"stage1_block1_conv has 12 there, 16 here\. Give model\.backbone\.channels"),
        (NARROW, {"depths": [1, 2, 1]}, r"has other layers: stage2_block2_act, stage2_block2_bn, .* Give model\.backb"),
    ],
)
def test_another_design_is_refused(
    channels: tuple[int, ...], backbone: dict[str, Any], message: str, tmp_path: Path
) -> None:
    build_model(tiny_config(HEADS["presence"], channels=WIDE)).save(tmp_path / "wide.keras")
    narrow = build_model(tiny_config(HEADS["presence"], channels=channels, **backbone))
    with pytest.raises(RunError, match=message):
        prune_from(narrow, tmp_path / "wide.keras")


def test_grey_pictures_do_not_take_over_colour(tmp_path: Path) -> None:
    config = tiny_config(HEADS["presence"])
    build_model(config).save(tmp_path / "wide.keras")
    grey = config.model_copy(update={"input": config.input.model_copy(update={"channels": 1})})
    with pytest.raises(RunError, match=r"stage1_block1_conv/kernel: .* Give input\.channels"):
        prune_from(build_model(grey), tmp_path / "wide.keras")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"prune": True}, "`prune` takes channels of a wider network: name it in `init_from`"),
        (
            {"backbone": {"depths": [1, 1], "channels": [8]}},
            "a number for each of the 2 stages of `depths`. Received 1",
        ),
        ({"backbone": {"depths": [1], "channels": [6]}}, "multiple of 4"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(model: dict[str, Any], message: str) -> None:
    values = small_values(Path())
    values["model"] |= model
    with pytest.raises(SettingsError, match=message):
        Config.parse(values)
