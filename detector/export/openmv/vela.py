"""A `.tflite` file compiled for the Ethos-U55 of an OpenMV AE3, with what the compiler expects of it.

The compiler is `ethos-u-vela` (extra `vela`), with OpenMV's own arguments where Arm's description of a system has them
(openmv/openmv boards/OPENMV_AE3/romfs_config.json, read 2026-11: ethos-u55-256, Shared_Sram, Performance). Alif's
description of the memories, RTSS_HP_DTCM_MRAM, does not come with the compiler: times are those of Arm's example system
at 500 MHz, reckoned over to the 400 MHz of the AE3's fast NPU.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from detector.litert.file import operator_kinds, unpack_litert
from detector.runs import RunError

CLOCK_HZ = 400e6  # docs.openmv.io, OpenMV AE3: 400 MHz / 204 GOPS HP NPU, which is 256 MACs
SYSTEM = "Ethos_U55_High_End_Embedded"
MISSING = "The compiler of the Ethos-U is not installed. Install it with `pip install 'detector[vela]'`."


@dataclass(frozen=True)
class Estimate:
    """What the compiler expects.

    Args:
        sram_bytes: memory of the activations.
        cycles: of the NPU for a picture.
        cpu_operators: operators that stay with the processor.
        outputs: names of the outputs in the order of the compiled file, which may be another.
    """

    sram_bytes: int
    cycles: int
    cpu_operators: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def milliseconds(self) -> float:
        """Time of the NPU for a picture."""
        return 1000 * self.cycles / CLOCK_HZ


def compile_for_ethos(model: Path, path: Path, accelerator: str) -> Estimate:
    """Writes the compiled file.

    Args:
        model: an int8 `.tflite` file.
        path: where to write.
        accelerator: as the compiler calls it, e.g. `ethos-u55-256`.

    Raises:
        RunError: the compiler is missing, or cannot compile the file; the message holds what it says.
    """
    if find_spec("ethosu") is None:
        raise RunError(MISSING)
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "ethosu.vela", str(model), "--output-dir", folder]
        words += ["--accelerator-config", accelerator, "--system-config", SYSTEM, "--memory-mode", "Shared_Sram"]
        words += ["--optimise", "Performance", "--config", "Arm/vela.ini"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        compiled = Path(folder) / f"{model.stem}_vela.tflite"
        if done.returncode or not compiled.is_file():
            said = " ".join((done.stderr or done.stdout).split())[-300:]
            raise RunError(f"{model} cannot be compiled for {accelerator}: {said}")
        [summary] = Path(folder).glob(f"{model.stem}_summary_*.csv")
        with summary.open(newline="") as file:
            [row] = csv.DictReader(file)
        path.write_bytes(compiled.read_bytes())
    operators, outputs = _read_compiled(path)
    return Estimate(round(float(row["sram_memory_used"]) * 1024), int(row["cycles_total"]), operators, outputs)


def _read_compiled(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Operators left to the processor, and the outputs' names in order."""
    model = unpack_litert(path)
    graph, kinds = model.subgraphs[0], operator_kinds(model)
    left = [kinds[operator.opcodeIndex] for operator in graph.operators]
    outputs = tuple(graph.tensors[index].name.decode() for index in graph.outputs)
    return tuple(sorted({name for name in left if name != "CUSTOM"})), outputs
