"""The sizes that a ladder is made of: one dial, the width, and depth, input size and block kind beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from data_generators.settings import SettingsError
from detector.codecs import HeadSettings
from detector.config import Config
from detector.settings.model import BlockKind
from detector.settings.shrink import ShrinkSettings

CHANNEL_STEP = 4
LEAST_STAGES, LEAST_SIDE_PX = 3, 32
HEAD_CHANNELS = ("channels", "max_channels")  # settings of heads that the width scales
DIAL_STEP = 1.03


@dataclass(frozen=True)
class Shape:
    """Where a network stands on the ladder.

    Args:
        width: the dial: channels of the first stage, from which all others follow; not rounded.
        depths: blocks a stage.
        size_hw: height and width of the input in pixels.
        block: kind of block; of a config that names one a stage, `mixed`.
    """

    width: float
    depths: tuple[int, ...]
    size_hw: tuple[int, int]
    block: BlockKind | str = "conv"

    def is_within(self, other: Shape) -> bool:
        """Whether it is in no respect larger than another of the same blocks, which then can do all that it can."""
        pairs = zip(self.depths, other.depths, strict=False)
        return (
            self.block == other.block
            and self.width <= other.width
            and len(self.depths) <= len(other.depths)
            and all(mine <= theirs for mine, theirs in pairs)
            and all(mine <= theirs for mine, theirs in zip(self.size_hw, other.size_hw, strict=True))
        )

    def __str__(self) -> str:
        depths = ".".join(map(str, self.depths))
        return f"w{self.width:.4g}-d{depths}-{self.size_hw[0]}x{self.size_hw[1]}-{self.block}"


def shape_of(config: Config) -> Shape:
    """The shape of a config's own network.

    Raises:
        SettingsError: its backbone is a network of `keras.applications`, which has no such dials.
    """
    backbone = config.model.backbone
    if backbone.application:
        raise SettingsError(
            f"model.backbone.application: {backbone.application} has no width and depths to shrink. Leave it out, and "
            "give model.backbone a width."
        )
    block = "mixed" if backbone.stage_blocks else backbone.block
    return Shape(backbone.stage_channels()[0], backbone.depths, config.input.size_hw, block)


def with_shape(config: Config, shape: Shape) -> Config:
    """The experiment of a config with the network of a shape; its own shape gives its own network.

    Channels of backbone and heads are those of the config times one ratio, in multiples of 4 or what the head asks for.
    """
    own = shape_of(config)
    if shape == own:
        return config
    backbone, ratio = config.model.backbone, shape.width / own.width
    stages = len(shape.depths)
    channels = tuple(_round_to(each * ratio, CHANNEL_STEP) for each in backbone.stage_channels()[:stages])
    changes: dict[str, Any] = {"channels": channels, "depths": shape.depths}
    if shape.block != "mixed":
        changes |= {"block": shape.block, "stage_blocks": ()}
    else:
        changes["stage_blocks"] = backbone.stage_blocks[:stages]
    values = config.to_dict()
    values["model"]["backbone"] |= changes
    values["input"]["size_hw"] = shape.size_hw
    for name, settings in config.model.heads.items():
        values["model"]["heads"][name] |= _scaled_channels(settings, ratio)
    return Config.parse(values, f"the rung {shape}")


def _scaled_channels(settings: HeadSettings, ratio: float) -> dict[str, Any]:
    scaled: dict[str, Any] = {}
    for name in HEAD_CHANNELS:
        if hasattr(settings, name):
            steps = [getattr(each, "multiple_of", None) for each in type(settings).model_fields[name].metadata]
            scaled[name] = _round_to(getattr(settings, name) * ratio, next((step for step in steps if step), 1))
    if hasattr(settings, "hidden"):
        scaled["hidden"] = [_round_to(units * ratio, CHANNEL_STEP) for units in settings.hidden]
    return scaled


def _round_to(value: float, step: int) -> int:
    """The nearest multiple, of two the larger one, that is not 0."""
    return max(step, step * int(value / step + 0.5))


def widths(config: Config, settings: ShrinkSettings) -> list[float]:
    """All turns of the dial from the least to the most, each of which may be another network."""
    if settings.widths:
        return sorted(settings.widths)
    most = settings.most_width or 2 * shape_of(config).width
    if most < settings.width:
        raise SettingsError(
            f"shrink: the ladder begins at width {settings.width:g} and ends at {most:g}; swap the two."
        )
    turns, width = [], settings.width
    while width < most:
        turns.append(round(width, 3))
        width *= DIAL_STEP
    return [*turns, most]


def smaller_inputs(config: Config, settings: ShrinkSettings) -> list[tuple[int, int]]:
    """The input sizes to go down to, largest first."""
    own, step = config.input.size_hw, 2**config.model.backbone.stages
    if settings.input_sizes is not None:
        sizes = list(settings.input_sizes)
    else:
        sizes = [(_round_to(own[0] * share, step), _round_to(own[1] * share, step)) for share in (0.75, 0.5)]
    sizes = [size for size in dict.fromkeys(sizes) if size != own and min(size) >= LEAST_SIDE_PX]
    return sorted(sizes, key=lambda size: -size[0] * size[1])


def shallower_depths(config: Config, settings: ShrinkSettings) -> list[tuple[int, ...]]:
    """The depths to go down to, deepest first: a block less at a time, from the deepest stage that has most; then a
    stage less."""
    if settings.depths is not None:
        return list(settings.depths)
    depths, found = config.model.backbone.depths, []
    while max(depths) > 1 or len(depths) > LEAST_STAGES:
        if max(depths) > 1:
            last = len(depths) - 1 - depths[::-1].index(max(depths))
            depths = (*depths[:last], depths[last] - 1, *depths[last + 1 :])
        else:
            depths = depths[:-1]
        found.append(depths)
    return found


def steps_down(shape: Shape, config: Config, settings: ShrinkSettings) -> list[Shape]:
    """The shapes one step below, but for the width: smaller input, fewer blocks, other blocks."""
    inputs = [size for size in smaller_inputs(config, settings) if size < shape.size_hw]
    smaller = [replace(shape, size_hw=inputs[0])] if inputs else []
    shallower = [replace(shape, depths=depths) for depths in _below(shape, config, settings)[:1]]
    return [*smaller, *shallower, *_other_blocks(shape, config, settings)]


def other_designs(shape: Shape, config: Config, settings: ShrinkSettings) -> list[Shape]:
    """The shapes of all fewer blocks, and of other blocks, at the same input."""
    shallower = [replace(shape, depths=depths) for depths in _below(shape, config, settings)]
    return [*shallower, *_other_blocks(shape, config, settings)]


def _below(shape: Shape, config: Config, settings: ShrinkSettings) -> list[tuple[int, ...]]:
    return [each for each in shallower_depths(config, settings) if _fewer(each, shape.depths)]


def _other_blocks(shape: Shape, config: Config, settings: ShrinkSettings) -> list[Shape]:
    if shape.block != shape_of(config).block:
        return []
    return [replace(shape, block=block) for block in settings.blocks if block != shape.block]


def _fewer(depths: tuple[int, ...], than: tuple[int, ...]) -> bool:
    return depths != than and len(depths) <= len(than) and all(a <= b for a, b in zip(depths, than, strict=False))
