"""Constants of a decode plan as C++ text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from detector.export.decode_plan import Plan


def camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def whole(name: str, value: int, comment: str = "") -> str:
    return f"constexpr int {name} = {value};" + (f"  // {comment}" if comment else "")


def real(name: str, value: float, comment: str = "") -> str:
    return f"constexpr float {name} = {number(value)};" + (f"  // {comment}" if comment else "")


def output(name: str, output: str, plan: Plan) -> str:
    return f"constexpr OutputPlan {name} = {initialiser(output, plan)};  // {output} {plan['outputs'][output]['shape']}"


def initialiser(output: str, plan: Plan) -> str:
    values = plan["outputs"][output]
    return f"{{{list(plan['outputs']).index(output)}, {number(values['scale'])}, {values['zero_point']}}}"


def reals(values: Sequence[float]) -> str:
    return "{" + ", ".join(number(value) for value in values) + "}"


def number(value: Any) -> str:
    """A float literal that reads as the same 32 bits."""
    number = float(np.float32(value))
    if not math.isfinite(number):
        raise ValueError(f"A constant of the plan must be finite. Received {value}.")
    text = f"{number:.9g}"
    return f"{text}f" if set(text) & {".", "e"} else f"{text}.0f"
