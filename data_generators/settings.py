"""The base of every validated setting: unknown keys raise and the nearest known name is offered."""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

MOST_HINTS = 3


class SettingsError(ValueError):
    """A configuration that does not validate; the message lists each wrong key with its cure."""


def ordered(limits: tuple[float, float]) -> tuple[float, float]:
    """The range itself, for a validator.

    Raises:
        ValueError: it runs from greatest to least.
    """
    if not limits[0] <= limits[1]:
        raise ValueError(f"the range must run from least to greatest, received {limits}; swap the two")
    return limits


Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Range = Annotated[tuple[float, float], AfterValidator(ordered)]
PositiveRange = Annotated[tuple[Positive, Positive], AfterValidator(ordered)]


class Settings(BaseModel):
    """A frozen group of settings that refuses unknown keys. Subclasses document each field with a docstring."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @classmethod
    def parse(cls, values: Any, where: str = "config") -> Self:
        """Validates plain data.

        Args:
            values: nested dicts and lists, as read from YAML or JSON.
            where: the file or option that the values come from, for the message.

        Raises:
            SettingsError: names every wrong key, what was expected, and the nearest known name.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingsError("\n".join([f"{where} is not valid:", *_explain(cls, error)])) from None


def _explain(model: type[BaseModel], error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors():
        path = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            near = _nearest(str(item["loc"][-1]), _known_names(model))
            hint = f"Did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else "Remove it."
            lines.append(f"  {path}: there is no such setting. {hint}")
        else:
            lines.append(f"  {path}: {item['msg'].removesuffix('.')}. Received {item['input']!r}.")
    return lines


def _nearest(key: str, names: list[str]) -> list[str]:
    """The names that a mistyped key may mean: those of which it is a part, as `weights` of `class_weights` and
    `picture_weights`, where they are few; else the nearest one, or none."""
    longer = [name for name in dict.fromkeys(names) if key in name.split("_")]
    return longer if 1 < len(longer) <= MOST_HINTS else difflib.get_close_matches(key, names, n=1)


def _known_names(model: type[BaseModel]) -> list[str]:
    """Names of all fields of a model and of the models nested in it."""
    names: list[str] = []
    stack, seen = [model], set()
    while stack:
        current = stack.pop()
        if current in seen:
            continue
        seen.add(current)
        for name, info in current.model_fields.items():
            names.append(name)
            stack += models_in(info.annotation)
    return names


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The groups of settings that a type annotation names, e.g. `A` of `tuple[A, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in models_in(part)]
