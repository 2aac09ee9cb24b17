"""What of a library is the network itself: its bytes as an array, its operators, the memory that it takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ai_edge_litert import schema_py_generated as schema

from detector.runs import RunError
from detector.tflm import arena_of, tflm_is_there

if TYPE_CHECKING:
    from detector.targets.target import Target

BYTES_A_LINE = 20
ALIGNMENT = 16
HEADROOM = 1.1  # a Cortex-M build and CMSIS-NN's scratch take other sizes than the wheel's interpreter
IRREGULAR = {"PADV2": "PadV2", "BATCH_MATMUL": "BatchMatMul"}  # operators whose method is not named as they are
OPENING = "// The network, a .tflite file byte for byte.\n"


@dataclass(frozen=True)
class Arena:
    """Memory for the interpreter.

    Args:
        size_bytes: a multiple of 16.
        source: how it was found, for a person.
    """

    size_bytes: int
    source: str


def find_arena(model: Path, target: Target | None) -> Arena:
    """The arena of a file: what TFLM's interpreter takes and a tenth; without the wheel, all that the target leaves.

    Raises:
        RunError: TFLM is missing and there is no target; or it cannot run the file.
    """
    if tflm_is_there():
        used = arena_of(model).total_bytes
        return Arena(_aligned(used * HEADROOM), f"{used} in TFLM's interpreter on a PC, and a tenth")
    if target is None or target.usable_bytes is None:
        raise RunError("The arena is not known. Give a --target with memory, or `pip install 'detector[tflm]'`.")
    return Arena(target.usable_bytes // ALIGNMENT * ALIGNMENT, f"not measured: all that {target.title} leaves for it")


def _aligned(size: float) -> int:
    return -(-int(size) // ALIGNMENT) * ALIGNMENT


def operators_of(model: Path) -> list[str]:
    """The operators that a file holds, by their names in its format, e.g. CONV_2D; sorted.

    Raises:
        RunError: one is not of the format's own.
    """
    file = schema.Model.GetRootAsModel(model.read_bytes(), 0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    codes = [file.OperatorCodes(index) for index in range(file.OperatorCodesLength())]
    found = {names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())] for code in codes}
    if "CUSTOM" in found:
        raise RunError(
            f"{model}: TensorFlow Lite Micro has no operators but its own, and the file holds a custom one. Give the "
            "file before it was compiled for an accelerator."
        )
    return sorted(found)


def operators_header(operators: list[str]) -> str:
    """The text of `operators.h`: a function that adds the operators to a resolver."""
    calls = " &&\n         ".join(f"resolver->Add{_method(name)}() == kTfLiteOk" for name in operators)
    return (
        "// The operators that the network needs, and no others.\n#pragma once\n\nnamespace detector {\n\n"
        "// False: the resolver has no room for one.\ntemplate <typename Resolver>\nbool add_operators(Resolver* "
        f"resolver) {{\n  return {calls};\n}}\n\n}}  // namespace detector\n"
    )


def _method(operator: str) -> str:
    """CONV_2D -> Conv2D, as methods of the resolver are named."""
    words = operator.split("_")
    return IRREGULAR.get(operator) or "".join(word if word[0].isdigit() else word.capitalize() for word in words)


def data_header() -> str:
    """The text of `model_data.h`."""
    return (
        f"{OPENING}#pragma once\n\n#include <stdint.h>\n\nnamespace detector {{\n\n"
        "extern const uint8_t kModelData[];\nextern const int kModelBytes;\n\n}  // namespace detector\n"
    )


def data_source(content: bytes) -> str:
    """The text of `model_data.cpp`."""
    rows = [content[start : start + BYTES_A_LINE] for start in range(0, len(content), BYTES_A_LINE)]
    lines = "\n".join("    " + " ".join(f"{byte}," for byte in row) for row in rows)
    return (
        f'{OPENING}#include "model_data.h"\n\nnamespace detector {{\n\n'
        f"alignas({ALIGNMENT}) const uint8_t kModelData[] = {{\n{lines}\n}};\n"
        f"const int kModelBytes = {len(content)};\n\n}}  // namespace detector\n"
    )
