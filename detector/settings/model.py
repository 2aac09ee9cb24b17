"""The part of a config that says what the network is: backbone, heads, classes."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from data_generators.settings import Settings
from detector.codecs import CODECS, HeadSettings

APPLICATION_STAGES = 5  # of all of `keras.applications`
BlockKind = Literal["conv", "separable", "inverted_residual", "residual"]
StageChannels = Annotated[int, Field(ge=4, multiple_of=4)]


class BackboneSettings(Settings):
    """Stages of blocks, each halving the picture: scale `Pn` is 2^n times smaller than the input."""

    application: str | None = None
    """A network of `keras.applications`, e.g. ResNet50, with random weights, in the place of the stages that the other
    settings describe; `block`, `normalisation` and `activation` are then those of the heads alone. Null: our own."""
    block: BlockKind = "conv"
    """Kind of block in all stages but the first, which is always a plain convolution."""
    stage_blocks: tuple[BlockKind, ...] = ()
    """A kind for each stage, in the place of `block`: plain convolutions where the maps are large, and separable ones
    where they are small, cost few parameters and little time. Heads have the kind of the last stage."""
    width: int = Field(16, ge=8, multiple_of=8)
    """The one size dial: channels of the first stage, from which the others follow."""
    growth: float = Field(1.5, ge=1, le=2)
    """Channels of a stage are those of the one before times this, rounded to a multiple of 8."""
    max_channels: int = Field(512, ge=8, multiple_of=8)
    """Ceiling of the channels of any stage."""
    channels: tuple[StageChannels, ...] = ()
    """Channels of each stage, multiples of 4, in the place of `width`, `growth` and `max_channels`; `detector prune`
    chooses them."""
    depths: tuple[int, ...] = Field((1, 1, 2, 2, 2), min_length=1, max_length=6)
    """Blocks a stage; the number of entries is the number of stages."""
    normalisation: Literal["batch", "instance", "none"] = "batch"
    """`batch` folds into the convolution at export; `instance` breaks the int8 path (the cost report says so)."""
    activation: Literal["relu", "relu6", "leaky_relu", "hard_swish"] = "relu"
    """The activation after every convolution."""
    downsample: Literal["stride", "max_pool"] = "stride"
    """`stride`: the first convolution of a stage halves. `max_pool`: the classic conv-BN-ReLU-pool."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Share of the deepest scale's channels that is dropped in training."""

    @field_validator("depths")
    @classmethod
    def _check_depths(cls, depths: tuple[int, ...]) -> tuple[int, ...]:
        if min(depths) < 1:
            raise ValueError("every stage needs at least one block")
        return depths

    @model_validator(mode="after")
    def _check_blocks(self) -> Self:
        if self.stage_blocks and len(self.stage_blocks) != len(self.depths):
            raise ValueError(
                f"`stage_blocks` must name a kind for each of the {len(self.depths)} stages of `depths`. "
                f"Received {len(self.stage_blocks)}"
            )
        if self.channels and len(self.channels) != len(self.depths):
            raise ValueError(
                f"`channels` must give a number for each of the {len(self.depths)} stages of `depths`. "
                f"Received {len(self.channels)}"
            )
        return self

    @property
    def stages(self) -> int:
        """Number of stages, and of scales."""
        return APPLICATION_STAGES if self.application else len(self.depths)

    def blocks(self) -> tuple[BlockKind, ...]:
        """The kind of block of each stage; that of the heads is the last."""
        kinds = self.stage_blocks or (self.block,) * len(self.depths)
        return ("conv", *kinds[1:]) if len(kinds) > 1 else kinds

    def stage_channels(self) -> list[int]:
        """Channels of each stage: those of `channels`, or what follows from `width`, multiples of 8."""
        if self.channels:
            return list(self.channels)
        wanted = [self.width * self.growth**stage for stage in range(len(self.depths))]
        return [min(self.max_channels, max(8, 8 * round(channels / 8))) for channels in wanted]


class ModelSettings(Settings):
    """One backbone and its heads."""

    backbone: BackboneSettings = BackboneSettings()
    """The part that all heads share."""
    heads: dict[str, Any] = Field(min_length=1)
    """Head name -> its settings."""
    classes: tuple[str, ...] = ()
    """Names of the classes that the heads tell apart. Labels are mapped by name; an object of a class that is not named
    here counts as background. Empty: every object is of the one class there is."""
    init_from: str | None = None
    """A run folder, a `.keras` file or a shipped model whose weights are taken over where name and shape fit."""
    prune: bool = False
    """true: `init_from` is a wider network of the same design, and of each layer's channels the most important are
    taken over, as many as there are here (Li et al. 2017); see `detector prune`."""

    @field_validator("classes")
    @classmethod
    def _check_classes(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(classes)) < len(classes):
            raise ValueError("every class may be named once")
        return classes

    @field_validator("heads")
    @classmethod
    def _parse_heads(cls, heads: dict[str, Any]) -> dict[str, HeadSettings]:
        return parse_heads(heads)

    @model_validator(mode="after")
    def _check_prune(self) -> Self:
        if self.prune and not self.init_from:
            raise ValueError("`prune` takes channels of a wider network: name it in `init_from`, or leave `prune` out")
        return self


def parse_heads(heads: dict[str, Any]) -> dict[str, HeadSettings]:
    """Head name -> plain data or settings, to head name -> settings of the class that its codec names.

    Raises:
        ValueError: there is no such head, or its settings do not validate.
    """
    parsed = {}
    for name, value in heads.items():
        if name not in CODECS:
            near = difflib.get_close_matches(name, CODECS, n=1)
            hint = f"Did you mean `{near[0]}`?" if near else f"The heads are {', '.join(sorted(CODECS))}."
            raise ValueError(f"there is no head `{name}`. {hint}")
        known = isinstance(value, HeadSettings)
        parsed[name] = value if known else CODECS[name].settings_class.parse(value or {}, f"model.heads.{name}")
    return parsed


def absolute_network(name: str | None) -> str | None:
    """The absolute path of a model file or run folder that is there; the name of a shipped model as it is."""
    there = name and (Path(name).is_file() or (Path(name) / "config.yaml").is_file())
    return str(Path(str(name)).absolute()) if there else name
