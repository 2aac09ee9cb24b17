"""model.json: what a model file needs to be used; every `.keras` and `.tflite` that leaves this house carries it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator

from data_generators.settings import Settings
from data_generators.transform.input_spec import InputSpec
from data_generators.transform.tiling import TileSettings
from detector.codecs import CODECS, Codec
from detector.config import Config
from detector.runs import RunError, atomic_path
from detector.settings.model import parse_heads

CARD_NAME = "model.json"
CARD_VERSION = 1


class ModelCard(Settings):
    """The contract between a model file and whoever runs it."""

    card_version: int = CARD_VERSION
    """Version of this document."""
    input: InputSpec
    """Size, channels and fit of the input."""
    tiles: TileSettings | None = None
    """How large pictures are cut, as they were in training; null: they are not."""
    heads: dict[str, Any]
    """Head name -> settings, from which its codec is made."""
    class_names: tuple[str, ...] = ()
    """Names of the classes that the heads tell apart; empty where all objects are of one class."""
    thresholds: dict[str, float] = Field(default_factory=dict)
    """Output name -> probability above which the answer is yes, chosen on the validation set."""
    parameters: int = Field(ge=0)
    """Trainable parameters of the network."""
    precision: str = "float32"
    """`float32`, `int8`, `int16x8` or `dynamic`."""
    calibration: str = ""
    """Hash of the pictures that calibrated the ranges of activations."""
    trained_on: tuple[str, ...] = ()
    """The training sources."""
    notes: str = ""
    """Licence and attribution of the training data."""

    @field_validator("heads")
    @classmethod
    def _parse_heads(cls, heads: dict[str, Any]) -> dict[str, Any]:
        return parse_heads(heads)

    @classmethod
    def of(cls, config: Config, parameters: int) -> ModelCard:
        """The card of a network trained by a config."""
        return cls(
            input=config.input,
            tiles=config.data.tiles,
            heads=config.model.heads,
            class_names=config.model.classes,
            parameters=parameters,
            trained_on=tuple(entry.source for entry in config.data.train),
            notes=config.export.notes,
        )

    def codecs(self) -> dict[str, Codec]:
        """The codec of every head."""
        return {name: CODECS[name](settings, self.input, self.class_names) for name, settings in self.heads.items()}

    def with_changes(self, **changes: Any) -> ModelCard:
        """A copy with some fields changed."""
        return self.model_copy(update=changes)

    def to_text(self) -> str:
        """The JSON document."""
        return self.model_dump_json(indent=2, serialize_as_any=True)

    @classmethod
    def from_text(cls, text: str, path: Path) -> ModelCard:
        """Reads the JSON document that was found in `path`.

        Raises:
            RunError: it is newer than this installation, or does not validate.
        """
        version = _version_of(text)
        if version > CARD_VERSION:
            raise RunError(
                f"{path}: its {CARD_NAME} is of version {version}, and this installation reads {CARD_VERSION} at most. "
                "Update detector."
            )
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise RunError(f"{path}: its {CARD_NAME} does not validate ({error}). Export the model again.") from None


def _version_of(text: str) -> int:
    """The version of a document, of which nothing else need be known; 0 where it says none."""
    try:
        version = json.loads(text).get("card_version", 0)
    except (ValueError, AttributeError):
        return 0
    return version if isinstance(version, int) else 0


def write_keras_card(path: Path, card: ModelCard) -> None:
    """Puts the card into a `.keras` archive, replacing one that is there, and packs the archive; Keras ignores it."""
    with atomic_path(path) as temporary, zipfile.ZipFile(path) as old, zipfile.ZipFile(temporary, "w") as new:
        for item in old.infolist():
            if item.filename != CARD_NAME:
                new.writestr(item, old.read(item.filename), zipfile.ZIP_DEFLATED)
        new.writestr(zipfile.ZipInfo(CARD_NAME), card.to_text(), zipfile.ZIP_DEFLATED)


def read_keras_card(path: Path) -> ModelCard:
    """The card inside a `.keras` archive.

    Raises:
        RunError: the file is no archive, or holds no card.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return ModelCard.from_text(archive.read(CARD_NAME).decode(), path)
    except zipfile.BadZipFile:
        raise RunError(f"{path} is not a .keras file. Give a run folder, a .keras or a .tflite file.") from None
    except KeyError:
        raise RunError(
            f"{path} carries no {CARD_NAME}, so its input and heads are unknown. Use the best.keras of a run folder."
        ) from None
