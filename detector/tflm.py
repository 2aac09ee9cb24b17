"""TensorFlow Lite Micro on this machine: what a board computes, to the byte, and how much memory it takes for it.

The interpreter is that of the `tflite-micro` wheel (extra `tflm`), compiled for this processor: outputs are those of
the reference kernels on any, the arena is that of a board less the scratch memory of its own kernels.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from detector.litert.file import read_litert_card
from detector.runs import RunError
from detector.runtime import FileRuntime, Outputs, input_values

ARENA_BYTES = 256 * 2**20  # only what is touched takes memory
MISSING = (
    "TensorFlow Lite Micro is not installed. Install it with `pip install 'detector[tflm]'` (CPython 3.11, x86-64)."
)


def tflm_is_there() -> bool:
    """Whether the wheel is installed; without it nothing about microcontrollers can be checked here."""
    return find_spec("tflite_micro") is not None


class TFLMRuntime(FileRuntime):
    """A `.tflite` file on TensorFlow Lite Micro.

    Args:
        path: the file.

    Raises:
        RunError: the wheel is missing, or TFLM cannot run the file; the message holds what TFLM says.
    """

    name = "tflm"

    def __init__(self, path: Path) -> None:
        self.path, self.card = path, read_litert_card(path)
        self._interpreter = _load(path)
        detail = self._interpreter.get_input_details(0)
        self._input_of_pixel = input_values(detail["dtype"], *_quantisation(detail))
        self.quantisation = {
            name: _quantisation(self._interpreter.get_output_details(index))
            for index, name in enumerate(_output_names(path))
        }

    def run_raw(self, image: np.ndarray) -> Outputs:
        self._interpreter.set_input(self._input_of_pixel.take(image[None]), 0)
        self._interpreter.invoke()
        return {name: self._interpreter.get_output(index) for index, name in enumerate(self.quantisation)}


@dataclass(frozen=True)
class ArenaUse:
    """Memory that TFLM's interpreter takes besides the file.

    Args:
        total_bytes: head and tail.
        head_bytes: activations and scratch memory, laid over each other.
        tail_bytes: what lives as long as the interpreter.
    """

    total_bytes: int
    head_bytes: int
    tail_bytes: int


def arena_of(path: Path) -> ArenaUse:
    """Memory that TFLM takes for a file, as its own recording allocator counts it.

    Raises:
        RunError: the wheel is missing, or TFLM cannot run the file; the message holds what TFLM says.
    """
    _, said = _hear(_load(path).print_allocations)  # the interpreter has no other way to tell
    found = {part: int(size) for part, size in re.findall(r"Arena allocation (\w+) (\d+) bytes", said)}
    return ArenaUse(found["total"], found["head"], found["tail"])


def refusal_of(path: Path) -> str:
    """Why TFLM cannot run a file, in its words; empty where it can, or where the wheel is missing and nobody knows."""
    if not tflm_is_there():
        return ""
    try:
        _load(path)
    except RunError as error:
        return str(error)
    return ""


def _load(path: Path) -> Any:
    if not tflm_is_there():
        raise RunError(MISSING)
    from tflite_micro import runtime

    def begin() -> Any:
        interpreter = runtime.Interpreter.from_file(str(path), arena_size=ARENA_BYTES)
        interpreter.invoke()  # some kernels refuse a type only then
        return interpreter

    interpreter, said = _hear(begin)
    if interpreter is None:
        reason = " ".join(said.split()) or "it gives no reason"
        raise RunError(
            f"{path}: TensorFlow Lite Micro cannot run it: {reason} Export int8, and leave out what `detector cost` "
            "warns of."
        )
    return interpreter


def _hear(act: Callable[[], Any]) -> tuple[Any, str]:
    """What an action returns, None where TFLM fails in it, and what TFLM writes to file descriptor 2 meanwhile."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as file:
        try:
            os.dup2(file.fileno(), 2)
            result = act()
        except RuntimeError:
            result = None
        finally:
            os.dup2(saved, 2)
            os.close(saved)
        file.seek(0)
        return result, file.read().decode(errors="replace")


def _quantisation(detail: dict[str, Any]) -> tuple[float, int]:
    scales, zeros = (detail["quantization_parameters"][name] for name in ("scales", "zero_points"))
    return (1.0, 0) if detail["dtype"] == np.float32 else (float(scales[0]), int(zeros[0]))


def _output_names(path: Path) -> list[str]:
    """Names of the outputs in the order of the file, in which TFLM counts them."""
    interpreter = Interpreter(str(path))
    [signature] = interpreter.get_signature_list()
    details = interpreter.get_signature_runner(signature).get_output_details()
    names = {detail["index"]: name for name, detail in details.items()}
    return [names[detail["index"]] for detail in interpreter.get_output_details()]
