"""C++ of the Arduino library, compiled by g++ as strictly as it goes, with sanitizers, and run."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detector.export.arduino.plan_header import plan_header, source_files
from detector.export.decode_plan import Plan

HERE = Path(__file__).parent
STUBS = HERE / "stubs"  # the few names of Arduino and TensorFlow Lite Micro that the library uses
COMPILER = shutil.which("g++")
NEEDS_COMPILER = pytest.mark.skipif(COMPILER is None, reason="there is no g++ here: C++ is not tested")
STRICT = (
    "-std=c++11 -fno-exceptions -fno-rtti -Wall -Wextra -Wpedantic -Wshadow -Wdouble-promotion -Wconversion -Werror"
)
SANITIZERS = "-fsanitize=address,undefined -fno-sanitize-recover=all"


def compile_cpp(sources: Sequence[Path], includes: Sequence[Path], output: Path, options: str = SANITIZERS) -> Path:
    """Compiles and links; the compiler's words are the error's."""
    flags = [*STRICT.split(), *options.split(), *(f"-I{folder}" for folder in includes)]
    done = subprocess.run(
        [str(COMPILER), *flags, *map(str, sources), "-o", str(output)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return output


def write_sources(plan: Plan, folder: Path) -> Path:
    """The files that decode a plan's heads, and its header, in a folder."""
    cpp = resources.files("detector.export.arduino") / "cpp"
    for name in source_files(plan):
        (folder / name).write_text((cpp / name).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "model_plan.h").write_text(plan_header(plan, 1024, 1), encoding="utf-8")
    return folder


class DecodeProgram:
    """The decoding of a plan as a program of its own.

    Args:
        plan: of a file.
        folder: an empty one.
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._names = list(plan["outputs"])
        write_sources(plan, folder)
        main = folder / "one_unit.cpp"  # a unit is compiled in half the time of six
        parts = [*(path.name for path in folder.glob("*.cpp")), *(f"{head}_json.h" for head in plan["heads"])]
        text = "".join(f'#include "{part}"\n' for part in [*sorted(parts), "decode_main.cpp"])
        main.write_text(text, encoding="utf-8")
        heads = " ".join(f"-DHEAD_{head.upper()}" for head in plan["heads"])
        self._program = compile_cpp([main], [folder, HERE, STUBS], folder / "decode", f"{SANITIZERS} {heads}")

    def run(self, pictures: Sequence[dict[str, np.ndarray]]) -> list[dict[str, Any]]:
        """The answers of pictures, each by its raw outputs."""
        sizes = [str(pictures[0][name].nbytes) for name in self._names]
        raw = b"".join(outputs[name].tobytes() for outputs in pictures for name in self._names)
        done = subprocess.run([str(self._program), *sizes], input=raw, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return [json.loads(line) for line in done.stdout.decode().splitlines()]
