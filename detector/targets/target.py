"""One place where a network runs, as `targets.yaml` describes it; configs, the fit and the bundles read it by name."""

from __future__ import annotations

import datetime
import difflib
from functools import cache
from importlib import resources
from typing import Any, Literal, Self, get_args

import yaml
from pydantic import Field, model_validator

from data_generators.settings import Settings, SettingsError, Share

Kernels = Literal["reference", "cmsis-nn-dsp", "cmsis-nn-mve"]
KERNELS: tuple[Kernels, ...] = get_args(Kernels)
BOARD_BUNDLES = ("openmv", "arduino")
FILE = "targets.yaml"


class Fact(Settings):
    """Where a figure of a target comes from."""

    source: str
    """File, page or measurement; what is assumed, and what nobody states."""
    date: datetime.date
    """When it was read there."""


class Target(Settings):
    """A board, or a program that runs LiteRT files."""

    name: str
    """What configs and the command line call it."""
    title: str
    """Its name for a person, with the processor."""
    runtime: str
    """What runs the file there."""
    bundle: Literal["openmv", "arduino", "web", "phone", "onnx"]
    """The kind of bundle that is copied there."""
    memory_bytes: int | None = Field(None, gt=0)
    """The largest piece of memory that the arena can have; null: as much as it wants."""
    reserved_bytes: int = Field(0, ge=0)
    """What else has to lie in that piece, e.g. the camera's picture."""
    headroom: Share = 0.1
    """Share of the memory that is to stay free."""
    flash_bytes: int | None = Field(None, gt=0)
    """The room in which files are read where they lie, without a copy in memory; null: there is always enough."""
    flash_reserved_bytes: int = Field(0, ge=0)
    """What else has to lie in that room, e.g. the scripts that decode the outputs."""
    copies_larger_files: bool = False
    """Whether a larger file can be loaded too, by a copy in the memory of the arena."""
    kernels: Kernels = "reference"
    """The kernels of the runtime, which decide about scratch memory; the arena itself is that of TFLM."""
    operators: tuple[str, ...] | None = None
    """Operators of the file format that the runtime knows; null: all of LiteRT."""
    channels: tuple[Literal[1, 3], ...] = (1, 3)
    """Channels that the picture may have."""
    fits: tuple[Literal["stretch", "letterbox"], ...] = ("stretch", "letterbox")
    """How the picture may be brought to the input's size."""
    input_dtype: Literal["int8", "float32"] = "int8"
    """Numbers that the input of the file must have."""
    accelerator: str | None = None
    """The name of an accelerator, as `vela` takes it, that a compiled copy of the file runs on."""
    facts: dict[str, Fact]
    """Field -> where its value comes from."""

    @model_validator(mode="after")
    def _check_facts(self) -> Self:
        unknown = sorted(set(self.facts) - set(type(self).model_fields))
        if unknown:
            raise ValueError(f"`facts` must name fields of the target. Received {', '.join(unknown)}")
        return self

    @property
    def is_board(self) -> bool:
        """Whether it is TFLM that runs the file there: what TFLM refuses on a computer does not run."""
        return self.bundle in BOARD_BUNDLES

    @property
    def usable_bytes(self) -> int | None:
        """Memory for arena, scratch and a copied model: without what is reserved and what is to stay free."""
        if self.memory_bytes is None:
            return None
        return int(self.memory_bytes * (1 - self.headroom)) - self.reserved_bytes

    @property
    def largest_file_bytes(self) -> int | None:
        """The largest model that is read where it lies, beside what is reserved there; None: any."""
        return None if self.flash_bytes is None else self.flash_bytes - self.flash_reserved_bytes


@cache
def _all_values() -> dict[str, Any]:
    text = (resources.files("detector.targets") / FILE).read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    return {name: value for name, value in values.items() if not name.startswith("_")}


def target_names() -> list[str]:
    """The names of all targets, as the file orders them."""
    return list(_all_values())


def read_target(name: str) -> Target:
    """The target of a name.

    Raises:
        SettingsError: there is none; the message offers the nearest name.
    """
    known = _all_values()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean `{near[0]}`?" if near else f"The targets are {', '.join(known)}."
        raise SettingsError(f"there is no target `{name}`. {hint}")
    return Target.parse(known[name] | {"name": name}, f"{FILE}: {name}")
