"""From a search space to configs: paths that are checked, the engine's distributions, and the config at a point."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from data_generators.settings import SettingsError
from detector.config import Config
from detector.settings.search import ParameterSettings

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution

PRECISION = ("export", "precision")
FREE = "options"  # of a source: each format has its own, and shows only those that were given
Space = Mapping[str, ParameterSettings]


def check_paths(config: Config, space: Space) -> None:
    """Refuses a space with a path that leads to no setting of the config.

    Raises:
        SettingsError: names each such path, and the nearest one that there is.
    """
    values = config.to_dict()
    wrong = [path for path in space if not _leads(values, path.split("."))]
    if wrong:
        known = list(_paths(values))
        lines = [f"  {path}: there is no such setting. {_hint(path, known)}" for path in wrong]
        raise SettingsError("\n".join(["search.space is not valid:", *lines]))


def _leads(node: Any, keys: list[str]) -> bool:
    if not keys or node is None:  # what lies below a null is checked where a value is put there
        return True
    if isinstance(node, list):
        return keys[0].isdecimal() and int(keys[0]) < len(node) and _leads(node[int(keys[0])], keys[1:])
    if not isinstance(node, dict) or keys[0] not in node:
        return False
    return keys[0] == FREE or _leads(node[keys[0]], keys[1:])


def _paths(node: Any, path: str = "") -> Iterator[str]:
    """Every path in nested plain data."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield f"{path}{key}"
        yield from _paths(value, f"{path}{key}.")


def _hint(path: str, known: list[str]) -> str:
    near = difflib.get_close_matches(path, known, n=1) or [
        each for each in known if each.split(".")[-1] == path.split(".")[-1]
    ]
    return f"Did you mean `{near[0]}`?" if near else "`detector init` writes a config with all settings."


def config_at(config: Config, values: Mapping[str, Any]) -> Config:
    """The config with some of its settings changed, and without its search.

    Args:
        config: the experiment that is varied.
        values: path -> value.

    Raises:
        SettingsError: the values make no valid config.
    """
    plain = config.to_dict() | {"search": None}
    for path, value in values.items():
        _put(plain, path.split("."), value)
    point = ", ".join(f"{path}={json.dumps(value)}" for path, value in values.items())
    return Config.parse(plain, f"the config with {point}")


def _put(node: Any, keys: list[str], value: Any) -> None:
    *parents, last = (int(key) if key.isdecimal() else key for key in keys)
    for key in parents:
        if isinstance(node, dict) and node.get(key) is None:
            node[key] = {}
        node = node[key]
    node[last] = value


def check_precision(config: Config, space: Space = MappingProxyType({})) -> None:
    """Refuses a config, or a point of a space, that exports no int8 file: all trials are judged in int8.

    Raises:
        SettingsError: names the precision and what to do.
    """
    paths = [path for path in space if tuple(path.split(".")) in (PRECISION[:1], PRECISION)]
    tried = [config_at(config, {path: value}) for path in paths for value in space[path].choices] or [config]
    wrong = sorted({each.export.precision for each in tried} - {"int8"})
    if wrong:
        raise SettingsError(
            f"export.precision: a search judges its networks in int8, but here is {', '.join(wrong)}. Set it to int8, "
            f"and export what the search finds once more: detector export RUN --precision {wrong[0]}."
        )


def make_distributions(space: Space) -> dict[str, BaseDistribution]:
    """Optuna's name for every parameter of a space."""
    return {path: _distribution(parameter) for path, parameter in space.items()}


def _distribution(parameter: ParameterSettings) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if parameter.choices:
        return CategoricalDistribution([_to_choice(value) for value in parameter.choices])
    low, high, step = parameter.low or 0, parameter.high or 0, parameter.step
    if parameter.whole:
        return IntDistribution(int(low), int(high), parameter.log, int(step or 1))
    return FloatDistribution(low, high, parameter.log, step)


def suggest(trial: optuna.Trial, path: str, parameter: ParameterSettings) -> Any:
    """The value that a trial has, or gets, of a parameter, as the engine has it."""
    if parameter.choices:
        return trial.suggest_categorical(path, [_to_choice(value) for value in parameter.choices])
    low, high, step = parameter.low or 0, parameter.high or 0, parameter.step
    if parameter.whole:
        return trial.suggest_int(path, int(low), int(high), step=int(step or 1), log=parameter.log)
    return trial.suggest_float(path, low, high, step=step, log=parameter.log)


def _to_choice(value: Any) -> str | int | float | bool | None:
    """The value itself, or its JSON text where the engine could not store it."""
    return value if isinstance(value, str | int | float | None) else json.dumps(value)


def to_values(space: Space, params: Mapping[str, Any]) -> dict[str, Any]:
    """What the engine has chosen, as values of the config; in the order of the space."""
    return {path: _to_value(space[path], params[path]) for path in space if path in params}


def _to_value(parameter: ParameterSettings, param: Any) -> Any:
    choices = [value for value in parameter.choices if _to_choice(value) == param]
    return choices[0] if choices else param


def grid_params(space: Space, number: int) -> dict[str, Any]:
    """The point of a grid of that number, as the engine takes it; the last parameter changes quickest."""
    values = [parameter.grid() or [] for parameter in space.values()]
    place = np.unravel_index(number, [len(each) for each in values])
    return {path: _to_choice(each[int(index)]) for path, each, index in zip(space, values, place, strict=True)}
