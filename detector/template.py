"""Settings with what they mean written beside them: configs for `detector init`, options for `detector formats`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import BaseModel

from data_generators.formats import find_format
from data_generators.settings import models_in
from detector.config import read_config
from detector.presets import preset_text

WIDTH = 110


def commented_config(preset: str) -> str:
    """The YAML text of a preset's resolved config, each setting with its description above it."""
    header = [line for line in preset_text(preset).splitlines() if line.startswith("#")]
    return "\n".join([*header, "", *_lines(read_config(preset), 0)]) + "\n"


def commented_options(name: str) -> str:
    """The YAML text of a format's options at their defaults, each with its description above it.

    Args:
        name: of a format of `data_generators.formats`.

    Raises:
        DataError: there is no such format.
    """
    entry = find_format(name, f"formats {name}")
    source = f"{name}:PATH{'[#SPLIT]' if entry.has_splits else ''}"
    use = "It has no options."
    if entry.options.model_fields:
        use = "Its options, for `options` of a source in a config and for `--set` of verbs that read sources."
    if entry.path_holds == "options":
        use += f" As they stand here they may also be a file, read as {name}:FILE.yaml."
    header = [f"# {line}" for text in (f"{source}. PATH: {entry.summary}.", use) for line in textwrap.wrap(text, WIDTH)]
    return "\n".join([*header, "", *_lines(entry.options.model_construct(), 0)]).rstrip("\n") + "\n"


def _lines(settings: BaseModel, indent: int) -> Iterator[str]:
    """A line a setting, and its description above it; of one that must be given and is not, what its parts are."""
    space = " " * indent
    for name, info in type(settings).model_fields.items():
        value = getattr(settings, name, None)
        if value is None and info.is_required():
            value = tuple(part.model_construct() for part in models_in(info.annotation))
        if info.description:
            for line in textwrap.wrap(" ".join(info.description.split()), WIDTH - indent):
                yield f"{space}# {line}"
        yield from _entry(name, value, indent)
        if indent == 0:
            yield ""


def _entry(name: str, value: Any, indent: int) -> Iterator[str]:
    space = " " * indent
    if isinstance(value, BaseModel):
        yield f"{space}{name}:"
        yield from _lines(value, indent + 2)
    elif isinstance(value, dict) and any(isinstance(item, BaseModel) for item in value.values()):
        yield f"{space}{name}:"
        for key, item in value.items():
            yield from _entry(key, item, indent + 2)
    elif isinstance(value, tuple) and any(isinstance(item, BaseModel) for item in value):
        yield f"{space}{name}:"
        for item in value:
            inner = list(_lines(item, indent + 4))
            first = next(number for number, line in enumerate(inner) if not line.lstrip().startswith("#"))
            inner[first] = f"{space}  - {inner[first].lstrip()}"
            yield from inner
    else:
        yield f"{space}{name}: {_flow(value)}"


def _flow(value: Any) -> str:
    return yaml.safe_dump(_plain(value), default_flow_style=True, width=10_000).removesuffix("...\n").strip()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
