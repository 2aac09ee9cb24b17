"""Configs one can read, each with its command, time, size and score in the header."""

from __future__ import annotations

import difflib
from importlib import resources

from data_generators.settings import SettingsError


def preset_names() -> list[str]:
    """The presets that come with the installation."""
    files = resources.files("detector.presets").iterdir()
    return sorted(path.name.removesuffix(".yaml") for path in files if path.name.endswith(".yaml"))


def preset_text(name: str) -> str:
    """The YAML text of a preset, comments and all.

    Raises:
        SettingsError: there is no such preset; the message offers the nearest name.
    """
    if name not in preset_names():
        near = difflib.get_close_matches(name, preset_names(), n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise SettingsError(f"there is no preset {name!r}. {hint}Presets: {', '.join(preset_names())}.")
    return (resources.files("detector.presets") / f"{name}.yaml").read_text(encoding="utf-8")
