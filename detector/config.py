"""One experiment is one validated document: every setting that a run depends on, read from YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, field_validator, model_validator

from data_generators.errors import OnError
from data_generators.settings import Settings, SettingsError
from data_generators.sources import CornerOrder
from data_generators.splits import GAP, SplitBy
from data_generators.transform.augment import AugmentSettings
from data_generators.transform.input_spec import InputSpec
from data_generators.transform.tiling import TileSettings
from detector.codecs import CODECS, Codec
from detector.distil_settings import DistilSettings
from detector.model_settings import ModelSettings
from detector.presets import preset_names, preset_text
from detector.search_settings import SearchSettings
from detector.shrink_settings import ShrinkSettings
from detector.targets import read_target

Precision = Literal["int8", "int16x8", "dynamic"]  # of an exported file that is not float32


class SourceSettings(Settings):
    """One source of samples, `FORMAT:PATH[#SPLIT]`."""

    source: str
    """E.g. `documents:`, `corners:photos#train`, `negatives:rooms`."""
    weight: float = Field(1.0, gt=0)
    """Share in the training mix, relative to the other sources; of validation sources every sample counts once."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Settings of the format, e.g. `count` and `seed` of drawn documents."""
    absent: tuple[str, ...] = ()
    """Classes of `model.classes` that its pictures are known not to show, though nobody labelled them: drawn documents
    teach a detector of cats what is no cat."""
    limit: int | None = Field(None, ge=1)
    """Only so many of its samples, spread evenly; null: all."""
    tiled: bool = True
    """false: pictures of this source stay whole where `data.tiles` cuts the others; they show objects as large as
    tiles do."""

    def with_absolute_paths(self) -> SourceSettings:
        """The same source, named so that it is found from any working directory."""
        name, colon, rest = self.source.partition(":")
        path, mark, split = rest.rpartition("#") if "#" in rest else (rest, "", "")
        options = {key: _absolute(value) for key, value in self.options.items()}
        return self.model_copy(update={"source": f"{name}{colon}{_absolute(path)}{mark}{split}", "options": options})


def _absolute(value: Any) -> Any:
    """The absolute path where a text names a file or folder that is there; anything else as it is."""
    return str(Path(value).absolute()) if isinstance(value, str) and value and Path(value).exists() else value


def _absolute_network(name: str | None) -> str | None:
    """The absolute path of a model file or run folder that is there; the name of a shipped model as it is."""
    there = name and (Path(name).is_file() or (Path(name) / "config.yaml").is_file())
    return _absolute(name) if there else name


class DataSettings(Settings):
    """Where samples come from."""

    train: tuple[SourceSettings, ...] = Field(min_length=1)
    """Sources to train on, mixed by weight."""
    validation: tuple[SourceSettings, ...] = ()
    """Sources to validate on; without one, `validation_share` of the training groups is held out."""
    validation_share: float = Field(0.1, gt=0, lt=1)
    """Share of the groups held out where `validation` is empty."""
    split_by: SplitBy = "group"
    """What is held out: whole groups (clips, documents); by `time` the last frames of every clip, `split_gap` frames
    after those to train on; by `frame` single frames, which leak: the run warns how many."""
    split_gap: int = Field(GAP, ge=0)
    """Of `split_by: time`: frames between, which are in neither."""
    tiles: TileSettings | None = None
    """How large pictures are cut, e.g. {rows: 2, columns: 3}: every tile is a sample of training and validation, and
    scores and predictions are those of all tiles of a picture together. Null: pictures stay whole."""
    on_error: OnError = "raise"
    """What to do with a picture that cannot be read: stop, or skip it with a warning."""
    cache_side_px: int | None = Field(None, ge=16)
    """Longest side of the decoded pictures in the cache; larger ones are shrunk once. Null: 2.5 times the input's."""
    cache_gigabytes: float = Field(20.0, gt=0)
    """The cache folder is kept under this size; the entries that were used longest ago go first."""

    @model_validator(mode="after")
    def _check_split(self) -> Self:
        if self.tiles and self.split_by != "group":
            raise ValueError(
                f"tiles are held out by group, not by {self.split_by}; name validation data, e.g. davis:FOLDER#val"
            )
        return self


class FreezeSettings(Settings):
    """Stages of a backbone taken over that stand still until the heads have learnt; batch norm's statistics too."""

    stages: Annotated[int, Field(ge=1)] | Literal["all"] = "all"
    """How many, counted from the picture, or `all`."""
    epochs: int = Field(5, ge=1)
    """Epochs after which they learn too, with a warm-up of their own; `training.epochs` keeps them still to the end."""


class TrainingSettings(Settings):
    """How `fit` runs."""

    epochs: int = Field(40, ge=1)
    """Epochs to train."""
    samples_per_epoch: int | None = Field(None, ge=1)
    """Training samples an epoch; by default one pass, in which every sample was seen at least once."""
    batch_size: int = Field(32, ge=1)
    """Pictures a step."""
    optimizer: Literal["adam", "adamw", "sgd"] = "adamw"
    """`sgd` has momentum 0.9."""
    learning_rate: float = Field(2e-3, gt=0)
    """The highest learning rate."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """`cosine` falls to zero over the epochs after the warm-up."""
    warmup_epochs: float = Field(1.0, ge=0)
    """Epochs over which the learning rate rises linearly from zero."""
    weight_decay: float = Field(1e-4, ge=0)
    """Decoupled weight decay; `adamw` only."""
    clip_norm: float | None = Field(5.0, gt=0)
    """Ceiling of the gradient's global norm."""
    freeze: FreezeSettings | None = None
    """What of a backbone taken over (`model.init_from`) stands still at first; null: nothing."""
    backbone_rate: float = Field(1.0, gt=0, le=1)
    """Share of the learning rate at which a backbone taken over learns; the heads learn at the whole."""
    distil: DistilSettings | None = None
    """A larger network that teaches this one beside the labels; null: nobody does."""
    early_stopping_epochs: int | None = Field(None, ge=1)
    """Stop after so many epochs without improvement of the monitored metric; those with frozen stages do not count."""
    picture_epochs: int = Field(5, ge=1)
    """Draw the same 16 validation samples every so many epochs, and at the end."""
    deterministic: bool = False
    """The same weights to the bit on the same machine, also after a resume; slower."""

    def frozen_stages(self, model: ModelSettings) -> int:
        """Stages that stand still at first."""
        if self.freeze is None:
            return 0
        return model.backbone.stages if self.freeze.stages == "all" else self.freeze.stages


class ExportSettings(Settings):
    """What leaves the house."""

    precision: Precision = "int8"
    """`int8`: weights and activations of 8 bits, for any device. `int16x8`: activations of 16 bits, twice the arena, for
    networks that 8 bits spoil. `dynamic`: weights of 8 bits, computing in float32; for phones, not for boards."""
    calibration_samples: int = Field(200, ge=1)
    """Augmented training pictures that calibrate the ranges of activations, besides an all-0 and an all-1 frame."""
    max_loss: float = Field(0.01, ge=0)
    """Export fails where the quantised file loses more than this in a head's own score against float: 0.01 is 1 point
    of IoU, mAP or AUC, or 0.1 % of corner error."""
    reference_samples: int = Field(100, ge=0)
    """Samples, spread evenly over the set, on which the slow kernels of microcontrollers are measured and compared byte
    for byte; 0: all."""
    notes: str = ""
    """Licence and attribution of the training data, written into the card of the model's files."""


class Config(Settings):
    """The whole experiment."""

    seed: int = Field(1, ge=0)
    """Seeds weights, order and augmentation."""
    target: str | None = None
    """Where the network will run, e.g. openmv-h7; `detector targets` lists them all. Training does not begin where the
    network would not fit there. Null: anywhere."""
    input: InputSpec
    """What the network sees."""
    data: DataSettings
    """Training and validation samples."""
    augment: AugmentSettings = AugmentSettings()
    """What is done to a training picture."""
    model: ModelSettings
    """Backbone and heads."""
    training: TrainingSettings = TrainingSettings()
    """Optimizer, schedule, epochs."""
    export: ExportSettings = ExportSettings()
    """int8 calibration and the gate."""
    shrink: ShrinkSettings | None = None
    """How `detector shrink` looks for the smallest network; null: by its defaults. No other verb reads it."""

    search: SearchSettings | None = None
    """What `detector sweep` varies in all this; null: nothing."""

    @field_validator("target")
    @classmethod
    def _check_target(cls, target: str | None) -> str | None:
        if target is not None:
            read_target(target)
        return target

    @model_validator(mode="after")
    def _check_size(self) -> Self:
        step = 2**self.model.backbone.stages
        if any(side % step for side in self.input.size_hw):
            raise ValueError(
                f"`input.size_hw` must be multiples of {step} for {self.model.backbone.stages} stages. "
                f"Received {self.input.size_hw}"
            )
        return self

    @model_validator(mode="after")
    def _check_transfer(self) -> Self:
        training, stages = self.training, self.model.backbone.stages
        if (training.freeze or training.backbone_rate < 1) and not self.model.init_from:
            raise ValueError(
                "`training.freeze` and `training.backbone_rate` hold back weights that were taken over, and random "
                "ones are not worth it. Name a run or a shipped model in `model.init_from`, or leave them out."
            )
        if training.frozen_stages(self.model) > stages:
            raise ValueError(f"`training.freeze.stages` must be at most {stages}, the stages of `model.backbone`.")
        return self

    def codecs(self) -> dict[str, Codec]:
        """The codec of every head."""
        return {
            name: CODECS[name](settings, self.input, self.model.classes) for name, settings in self.model.heads.items()
        }

    def corner_order(self) -> CornerOrder:
        """The corner order that the heads want; `none` where no head takes keypoints."""
        return next((codec.corner_order for codec in self.codecs().values() if codec.corner_order != "none"), "none")

    def with_absolute_paths(self) -> Config:
        """The same experiment, with its files named so that they are found from any working directory."""
        named = {
            part: tuple(entry.with_absolute_paths() for entry in getattr(self.data, part))
            for part in ("train", "validation")
        }
        model = self.model.model_copy(update={"init_from": _absolute_network(self.model.init_from)})
        training, distil = self.training, self.training.distil
        if distil:
            distil = distil.model_copy(update={"teacher": _absolute_network(distil.teacher)})
            training = training.model_copy(update={"distil": distil})
        return self.model_copy(
            update={"data": self.data.model_copy(update=named), "model": model, "training": training}
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data from which `Config.parse` makes the same config."""
        return self.model_dump(mode="json", serialize_as_any=True)


def read_config(source: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Reads an experiment.

    Args:
        source: a YAML file, or the name of a preset.
        overrides: `path.to.key=value` each, the value in YAML, e.g. `training.epochs=5`.

    Raises:
        SettingsError: the file is missing or not YAML, or a key or value is wrong; the message names key and cure.
    """
    text = _read_text(source)
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SettingsError(f"{source}: not valid YAML: {error}") from None
    if not isinstance(values, dict):
        raise SettingsError(f"{source}: expected a mapping of settings. Begin from `detector init`.")
    for override in overrides:
        apply_override(values, override)
    return Config.parse(values, str(source))


def _read_text(source: str | Path) -> str:
    if Path(source).is_file():
        return Path(source).read_text()
    if str(source) in preset_names():
        return preset_text(str(source))
    raise SettingsError(f"{source}: no such file, and no preset of that name; presets: {', '.join(preset_names())}.")


def apply_override(values: dict[str, Any], override: str) -> None:
    """Sets one value in nested plain data, as `--set` gives it.

    Args:
        values: changed in place.
        override: `path.to.key=value`, the value in YAML.

    Raises:
        SettingsError: it is no such text, or leads into what is not a group of settings.
    """
    path, equals, text = override.partition("=")
    if not equals:
        raise SettingsError(f"--set {override}: expected key=value, e.g. training.epochs=5.")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SettingsError(f"--set {override}: the value is not valid YAML: {error}") from None
    *parents, key = path.strip().split(".")
    node: Any = values
    for depth, parent in enumerate(parents, 1):
        place = _place_in(node, parent, override)
        if isinstance(node, dict) and node.get(parent) is None:
            node[parent] = {}
        node = node[place]
        if not isinstance(node, dict | list):
            raise SettingsError(f"--set {override}: `{'.'.join(parents[:depth])}` is not a group of settings.")
    node[_place_in(node, key, override)] = value


def _place_in(node: dict[str, Any] | list[Any], key: str, override: str) -> Any:
    """The key, or where `node` is a list the index that it stands for."""
    if isinstance(node, dict):
        return key
    if not key.isdecimal() or int(key) >= len(node):
        raise SettingsError(f"--set {override}: `{key}` must be an index below {len(node)}, counted from 0.")
    return int(key)
