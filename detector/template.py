"""A config with every setting and what it means written beside it: what `detector init` puts into a file."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import yaml
from pydantic import BaseModel

from detector.config import read_config
from detector.presets import preset_text

WIDTH = 110


def commented_config(preset: str) -> str:
    """The YAML text of a preset's resolved config, each setting with its description above it."""
    header = [line for line in preset_text(preset).splitlines() if line.startswith("#")]
    return "\n".join([*header, "", *_lines(read_config(preset), 0)]) + "\n"


def _lines(settings: BaseModel, indent: int) -> Iterator[str]:
    space = " " * indent
    for name, info in type(settings).model_fields.items():
        value = getattr(settings, name)
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
