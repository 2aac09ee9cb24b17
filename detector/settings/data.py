"""The part of a config that says where samples come from: sources, splits, tiles, cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from data_generators.errors import OnError
from data_generators.settings import Settings
from data_generators.splits import GAP, SplitBy
from data_generators.transform.tiling import TileSettings


class SourceSettings(Settings):
    """One source of samples, `FORMAT:PATH[#SPLIT]`."""

    source: str
    """E.g. `documents:`, `corners:photos#train`, `negatives:rooms`."""
    weight: float = Field(1.0, gt=0)
    """Share in the training mix, relative to the other sources; of validation sources every sample counts once."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Settings of the format, e.g. `count` of drawn documents; `detector formats documents` prints all of them."""
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
