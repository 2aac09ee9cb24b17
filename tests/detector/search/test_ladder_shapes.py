"""Shapes of the ladder: one dial for backbone and heads, and the steps beside it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from data_generators.settings import SettingsError
from detector.config import read_config
from detector.search.ladder_shapes import (
    Shape,
    shallower_depths,
    shape_of,
    smaller_inputs,
    steps_down,
    widths,
    with_shape,
)
from detector.settings.shrink import ShrinkSettings
from tests.detector.search.ladder_world import make_config, weights_of

SETTINGS = ShrinkSettings()


def test_the_config_itself_is_a_shape() -> None:
    config = make_config()
    assert shape_of(config) == Shape(16, (1, 2, 2), (96, 128), "conv")
    assert with_shape(config, shape_of(config)) == config


@pytest.mark.parametrize("preset", ["documents", "cats", "cat-mask", "certificates"])
def test_the_dial_scales_backbone_and_heads(preset: str) -> None:
    config = read_config(preset)
    own = shape_of(config)
    sizes = [
        with_shape(config, replace(own, width=width)).model.backbone.stage_channels()
        for width in (4, own.width / 2, own.width, 2 * own.width)
    ]
    assert sizes[0][0] == 4 and sizes[2] == config.model.backbone.stage_channels()
    assert all(sum(below) <= sum(above) for below, above in pairwise(sizes))
    [(name, head)] = config.model.heads.items()
    narrow = with_shape(config, replace(own, width=own.width / 2)).model.heads[name]
    assert abs(narrow.channels - head.channels / 2) <= 4


def test_turns_of_the_dial_are_between_least_and_most() -> None:
    turns = widths(make_config(), SETTINGS)
    assert turns[0] == 4 and turns[-1] == 32 and turns == sorted(set(turns))
    given = ShrinkSettings(widths=(8, 16, 24))
    assert widths(make_config(), given) == [8, 16, 24]
    with pytest.raises(SettingsError, match="begins at width 40 and ends at 32; swap the two"):
        widths(make_config(), ShrinkSettings(width=40))


def test_inputs_and_depths_below() -> None:
    config = make_config()
    assert smaller_inputs(config, SETTINGS) == [(72, 96), (48, 64)]
    assert shallower_depths(config, SETTINGS) == [(1, 2, 1), (1, 1, 1)]
    deep = read_config("documents")
    assert shallower_depths(deep, SETTINGS)[-1] == (1, 1, 1) and (1, 1, 1, 1) in shallower_depths(deep, SETTINGS)
    given = ShrinkSettings(input_sizes=((32, 64),), depths=((1, 1, 1),))
    assert smaller_inputs(config, given) == [(32, 64)] and shallower_depths(config, given) == [(1, 1, 1)]


def test_steps_down_change_one_thing() -> None:
    config = make_config()
    shape = shape_of(config)
    assert steps_down(shape, config, ShrinkSettings(blocks=("separable",))) == [
        replace(shape, size_hw=(72, 96)),
        replace(shape, depths=(1, 2, 1)),
        replace(shape, block="separable"),
    ]
    least = Shape(4, (1, 1, 1), (48, 64), "separable")
    assert not steps_down(least, config, SETTINGS)
    assert weights_of(with_shape(config, replace(shape, block="separable"))) < weights_of(config)


def test_an_own_kind_for_each_stage_stays_and_may_be_left() -> None:
    config = make_config()
    backbone = config.model.backbone.model_copy(update={"stage_blocks": ("conv", "conv", "separable")})
    config = config.model_copy(update={"model": config.model.model_copy(update={"backbone": backbone})})
    shape = shape_of(config)
    assert shape.block == "mixed"
    assert with_shape(config, replace(shape, width=8)).model.backbone.blocks() == ("conv", "conv", "separable")
    assert with_shape(config, replace(shape, block="separable")).model.backbone.blocks()[1] == "separable"


def test_within_means_in_no_respect_larger() -> None:
    shape = Shape(8, (1, 2, 1), (64, 96))
    assert shape.is_within(shape) and shape.is_within(Shape(9, (1, 2, 1, 1), (96, 96)))
    for larger in (Shape(7, (1, 2, 1), (64, 96)), Shape(8, (1, 1, 2), (64, 96)), Shape(8, (1, 2, 1), (96, 64))):
        assert not shape.is_within(larger)
    assert not shape.is_within(replace(shape, block="separable"))


def test_a_network_of_applications_has_no_dial() -> None:
    config = make_config()
    backbone = config.model.backbone.model_copy(update={"application": "ResNet50"})
    config = config.model_copy(update={"model": config.model.model_copy(update={"backbone": backbone})})
    with pytest.raises(SettingsError, match="ResNet50 has no width and depths to shrink"):
        shape_of(config)
