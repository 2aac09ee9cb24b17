"""Reads what a sweep is given: a config with its section `search`, or with a space from a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import yaml

from data_generators.settings import SettingsError
from data_generators.yaml_text import parse_yaml
from detector.config import Config, read_config
from detector.settings.search import SearchSettings


def read_sweep(
    config: str | Path, space: str | Path | None = None, overrides: Sequence[str] = ()
) -> tuple[Config, SearchSettings]:
    """A config and its search.

    Args:
        config: a YAML file or the name of a preset.
        space: a YAML file of `SearchSettings`, instead of the config's section `search`.
        overrides: `path.to.key=value` each, of either.

    Raises:
        SettingsError: a file is missing or wrong; there is no search.
    """
    settings = read_config(config, [*_as_override(space), *overrides])
    if settings.search is None:
        raise SettingsError(
            f"{config} has no section `search`. Write one (space, objectives), or give it in a file: --space FILE."
        )
    return settings, settings.search


def _as_override(space: str | Path | None) -> list[str]:
    if space is None:
        return []
    path = Path(space)
    if not path.is_file():
        raise SettingsError(f"--space {path}: no such file.")
    try:
        values = parse_yaml(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: not valid YAML: {error}") from None
    SearchSettings.parse(values, str(path))  # for a message that names the file
    return [f"search={yaml.safe_dump(values, default_flow_style=True, width=1_000_000)}"]
