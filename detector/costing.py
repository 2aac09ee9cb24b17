"""What a network costs, of a config or of a model file, and where it fits; training asks before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from data_generators.transform.input_spec import InputSpec
from detector.build import build_model, for_export
from detector.card import read_keras_card
from detector.config import Config, read_config
from detector.fitting import Fit, fit, require_fit
from detector.litert.file import read_litert_card
from detector.litert.operators import read_operators
from detector.locate import find_model
from detector.models.cost import Cost, measure_cost, measure_file
from detector.runs import RunError
from detector.targets import read_target, target_names
from detector.tflm import refusal_of


@dataclass(frozen=True)
class Priced:
    """A network with its price.

    Args:
        cost: what it costs as it is exported.
        input: what it sees.
        precision: of its exported file.
        file: its `.tflite` file, where there is one.
        refusal: why TFLM cannot run that; empty where it can, or is not installed.
    """

    cost: Cost
    input: InputSpec
    precision: str = "int8"
    file: Path | None = None
    refusal: str = ""

    def fits(self) -> dict[str, Fit]:
        """Target -> how the network lies in it."""
        return {
            name: fit(self.cost, read_target(name), self.input, self.precision, self.refusal) for name in target_names()
        }


def price(what: Config | str | Path, overrides: Sequence[str] = ()) -> Priced:
    """Prices a config or a model.

    Args:
        what: a config, its file or a preset's name; or a run folder, which stands for its int8 file, a `.keras` or an
            int8 `.tflite` file, of which everything but the arena is measured.
        overrides: `path.to.key=value` each, of a config.

    Raises:
        RunError: a file carries no card, or holds floats.
    """
    if isinstance(what, Config) or not (Path(what).is_dir() or Path(what).suffix in (".keras", ".tflite")):
        config = what if isinstance(what, Config) else read_config(what, overrides)
        return Priced(cost_of_config(config), config.input, config.export.precision)
    path = find_model(what)
    if path.suffix == ".tflite":
        return _price_of_file(path)
    card = read_keras_card(path)
    network = keras.saving.load_model(path, compile=False)
    return Priced(measure_cost(network, for_export(network, card.heads)), card.input)


def _price_of_file(path: Path) -> Priced:
    card = read_litert_card(path)
    if card.precision == "float32":
        raise RunError(f"{path}: expected an int8 file, received floats. Give the int8 file, or the .keras file.")
    cost = measure_file(read_operators(path), card.parameters, path.stat().st_size)
    return Priced(cost, card.input, card.precision, path, refusal_of(path))


def cost_of_config(config: Config) -> Cost:
    """What the network of a config will cost, before it is trained."""
    network = build_model(config)
    return measure_cost(network, for_export(network, config.model.heads))


def check_target(config: Config) -> None:
    """Lets a config through whose network fits its target, or that names none.

    Raises:
        TargetError: it does not fit; the message names layer, limit and cure.
    """
    if config.target:
        require_fit(cost_of_config(config), read_target(config.target), config.input, config.export.precision)
