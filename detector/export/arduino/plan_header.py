"""The decode plan as `model_plan.h`: every constant that the C++ of an Arduino library needs."""

from __future__ import annotations

from detector.export.arduino.head_constants import head_files, head_lines
from detector.export.arduino.literals import number, real, whole
from detector.export.decode_plan import Plan
from detector.runs import RunError

VALUE_TYPES = {"int8": "int8_t", "int16": "int16_t", "float32": "float"}
OBJECT = "object"
MOST_PIXELS = 2048  # along a side of the input: sums of weighted pixels fit 32 bits


def plan_header(plan: Plan, arena_bytes: int, operators: int) -> str:
    """The text of `model_plan.h`.

    Args:
        plan: of `decode_plan.make_plan`.
        arena_bytes: memory of the interpreter.
        operators: their number.

    Raises:
        RunError: the plan asks for what the library cannot do.
    """
    heads = [part for name, head in plan["heads"].items() for part in head_lines(name, head, plan)]
    body = [*_of_input(plan), *_of_network(plan, arena_bytes, operators), *_of_ramps(plan), *heads]
    return "\n".join([_OPENING, *body, _CLOSING])


def source_files(plan: Plan) -> list[str]:
    """The names of the C++ files that decode the heads of a plan, headers too."""
    names = ["frame.h", "frame.cpp", "output_plan.h", "tensor.h", "print_json.h"]
    for name, head in plan["heads"].items():
        names += head_files(name, head)
    if _ramps_of(plan):
        names.append("ramps.h")
    return names


_OPENING = """\
// What the network takes in, what it gives, and every constant of the decoding; written with model_data.cpp.
#pragma once

#include "output_plan.h"

namespace detector {
namespace plan {
"""
_CLOSING = """
}  // namespace plan
}  // namespace detector
"""


def _of_input(plan: Plan) -> list[str]:
    image = plan["input"]
    height, width = image["size_hw"]
    if image["fit"] != "stretch":
        raise RunError(
            f"The Arduino library stretches frames to the input. The model wants `input.fit: {image['fit']}`. Train it "
            "with `input.fit: stretch`, as `target` demands."
        )
    if max(height, width) > MOST_PIXELS:
        raise RunError(
            f"The Arduino library takes inputs of up to {MOST_PIXELS} pixels a side. Received {height, width}."
        )
    if image["dtype"] == "int8" and (round(image["zero_point"]), round(255 * image["scale"], 4)) != (-128, 1.0):
        raise RunError("The int8 input must be pixel - 128. Export the model again with `detector export RUN`.")
    return [
        f"constexpr int kInputHeightPx = {height};",
        f"constexpr int kInputWidthPx = {width};",
        f"constexpr int kInputChannels = {image['channels']};  // 1: grey, 3: red, green, blue",
        f"typedef {VALUE_TYPES[image['dtype']]} InputValue;",
        "",
        "// What the network sees for a pixel of 0 to 255.",
        f"inline InputValue input_of_pixel(uint8_t pixel) {{ return {_input_value(image)}; }}",
    ]


def _input_value(image: Plan) -> str:
    """The C++ of what the input holds for a pixel."""
    if image["dtype"] == "int8":
        return "static_cast<InputValue>(pixel - 128)"
    if image["dtype"] == "float32":
        return "static_cast<float>(pixel) / 255.0f"
    return f"static_cast<InputValue>(static_cast<float>(pixel) * {number(1 / 255 / image['scale'])} + 0.5f)"


def _of_network(plan: Plan, arena_bytes: int, operators: int) -> list[str]:
    kinds = {output["dtype"] for output in plan["outputs"].values()}
    if len(kinds) > 1:
        raise RunError(
            f"The outputs must be of one type of numbers. Received {', '.join(sorted(kinds))}. Export again."
        )
    names = ", ".join(f'"{_escaped(name)}"' for name in plan["classes"] or [OBJECT])
    return [
        "",
        f"constexpr int kArenaBytes = {arena_bytes};",
        f"constexpr int kOperators = {operators};",
        f"constexpr int kOutputs = {len(plan['outputs'])};",
        f"typedef {VALUE_TYPES[kinds.pop()]} Value;  // of the outputs",
        f"constexpr const char* kClassNames[] = {{{names}}};",
    ]


def _escaped(name: str) -> str:
    """A name inside a C string."""
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _ramps_of(plan: Plan) -> list[Plan]:
    heads = plan["heads"].values()
    return [part["ramps"] for head in heads for part in [head, *head.get("grids", [])] if "ramps" in part]


def _of_ramps(plan: Plan) -> list[str]:
    return [
        line
        for ramps in _ramps_of(plan)[:1]
        for line in (whole("kRamps", ramps["count"]), real("kRampTop", ramps["top"]))
    ]
