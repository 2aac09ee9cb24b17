"""One experiment is one validated document: every setting that a run depends on, read from YAML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import Field, field_validator, model_validator

from data_generators.settings import Settings, SettingsError
from data_generators.sources import CornerOrder
from data_generators.transform.augment import AugmentSettings
from data_generators.transform.input_spec import InputSpec
from data_generators.yaml_text import parse_yaml
from detector.codecs import CODECS, Codec
from detector.presets import preset_names, preset_text
from detector.settings.data import DataSettings
from detector.settings.export import ExportSettings
from detector.settings.model import ModelSettings, absolute_network
from detector.settings.search import SearchSettings
from detector.settings.shrink import ShrinkSettings
from detector.settings.training import TrainingSettings
from detector.targets import read_target


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
        model = self.model.model_copy(update={"init_from": absolute_network(self.model.init_from)})
        training, distil = self.training, self.training.distil
        if distil:
            distil = distil.model_copy(update={"teacher": absolute_network(distil.teacher)})
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
        values = parse_yaml(text)
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


def read_source_options(texts: Sequence[str], flag: str = "--set") -> dict[str, Any]:
    """Options of a source as the command line gives them, `key=value` each; see `apply_override`."""
    options: dict[str, Any] = {}
    for text in texts:
        apply_override(options, text, flag)
    return options


def apply_override(values: dict[str, Any], override: str, flag: str = "--set") -> None:
    """Sets one value in nested plain data, as `--set` gives it.

    Args:
        values: changed in place.
        override: `path.to.key=value`, the value in YAML.
        flag: of the command line that gave it, for messages.

    Raises:
        SettingsError: it is no such text, or leads into what is not a group of settings.
    """
    path, equals, text = override.partition("=")
    if not equals:
        raise SettingsError(f"{flag} {override}: expected key=value, e.g. training.epochs=5.")
    try:
        value = parse_yaml(text)
    except yaml.YAMLError as error:
        raise SettingsError(f"{flag} {override}: the value is not valid YAML: {error}") from None
    *parents, key = path.strip().split(".")
    node: Any = values
    for depth, parent in enumerate(parents, 1):
        place = _place_in(node, parent, f"{flag} {override}")
        if isinstance(node, dict) and node.get(parent) is None:
            node[parent] = {}
        node = node[place]
        if not isinstance(node, dict | list):
            raise SettingsError(f"{flag} {override}: `{'.'.join(parents[:depth])}` is not a group of settings.")
    node[_place_in(node, key, f"{flag} {override}")] = value


def _place_in(node: dict[str, Any] | list[Any], key: str, where: str) -> Any:
    """The key, or where `node` is a list the index that it stands for."""
    if isinstance(node, dict):
        return key
    if not key.isdecimal() or int(key) >= len(node):
        raise SettingsError(f"{where}: `{key}` must be an index below {len(node)}, counted from 0.")
    return int(key)
