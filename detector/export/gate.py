"""The parity gate: does the quantised file keep the float network's scores, and do boards compute what was measured?"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from data_generators.sources import Source, SubsetSource
from detector.data import ProgressFor
from detector.evaluation import Evaluation, evaluate_sources
from detector.heads import HEADS
from detector.litert.file import operator_kinds, unpack_litert
from detector.runs import RunError
from detector.runtime import FileRuntime, LiteRTRuntime, Outputs
from detector.tflm import MISSING, TFLMRuntime, arena_of, tflm_is_there

logger = logging.getLogger(__name__)

# Operators that the two round differently. FULLY_CONNECTED: LiteRT's reference kernel scales its sums in float, that of
# TFLM in integers, which round twice; up to 7 % of the outputs differ by 1 (google-ai-edge/LiteRT issue 8567).
INEXACT = frozenset({"ELU", "DEPTH_TO_SPACE", "FULLY_CONNECTED", "SOFTMAX"})
INEXACT_LSB = 2
Scores = dict[str, Any]


@dataclass(frozen=True)
class Parity:
    """What TensorFlow Lite Micro computes, against LiteRT's reference kernels.

    Args:
        status: `equal`, to within `allowed_lsb`; `differs`; `refused`: TFLM does not run the file; or `not checked`.
        reason: why it was refused or not checked.
        pictures: that both were given.
        values: numbers that were compared.
        greatest_lsb: output name -> greatest difference, in steps of the output's quantisation.
        allowed_lsb: output name -> greatest difference that passes, see `allowed_differences`.
    """

    status: Literal["equal", "differs", "refused", "not checked"]
    reason: str = ""
    pictures: int = 0
    values: int = 0
    greatest_lsb: dict[str, int] = field(default_factory=dict)
    allowed_lsb: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.status == "not checked":
            return f"TFLM against LiteRT's reference kernels: not checked. {self.reason}"
        if self.status == "refused":
            return f"TFLM refuses the file, so that no board runs it: {self.reason}"
        word = "equal to" if self.status == "equal" else "differs from"
        parts = [f"{name} {steps} ({self.allowed_lsb[name]} allowed)" for name, steps in self.greatest_lsb.items()]
        return (
            f"TFLM {word} LiteRT's reference kernels: {self.values:,} outputs of {self.pictures} pictures; greatest "
            f"difference in LSB: {', '.join(parts)}"
        )


class ComparedRuntime(FileRuntime):
    """A file on TFLM, each of its answers compared with that of LiteRT's reference kernels.

    Args:
        path: a `.tflite` file with quantised outputs.
    """

    name = "tflm"

    def __init__(self, path: Path) -> None:
        self._tflm, self._reference = TFLMRuntime(path), LiteRTRuntime(path, reference=True)
        self.path, self.card, self.quantisation = path, self._tflm.card, self._tflm.quantisation
        self._pictures = self._values = 0
        self._greatest = dict.fromkeys(self.quantisation, 0)

    def run_raw(self, image: np.ndarray) -> Outputs:
        outputs = self._tflm.run_raw(image)
        for name, expected in self._reference.run_raw(image).items():
            steps = int(np.abs(outputs[name].astype(np.int32) - expected).max())
            self._greatest[name] = max(self._greatest[name], steps)
            self._values += expected.size
        self._pictures += 1
        return outputs

    def parity(self) -> Parity:
        """The verdict on all that was computed."""
        if not self._pictures:
            return Parity("not checked", "There was no picture to compare.")
        allowed = allowed_differences(self.path)
        equal = all(steps <= allowed[name] for name, steps in self._greatest.items())
        status: Literal["equal", "differs"] = "equal" if equal else "differs"
        return Parity(status, "", self._pictures, self._values, dict(self._greatest), allowed)


def allowed_differences(path: Path) -> dict[str, int]:
    """How far TFLM may be from LiteRT's reference kernels.

    Args:
        path: a `.tflite` file.

    Returns:
        Output name -> steps of its quantisation: 2 behind an operator of `INEXACT`, else 0.
    """
    model = unpack_litert(path)
    kinds, [graph], [signature] = operator_kinds(model), model.subgraphs, model.signatureDefs
    behind: set[int] = set()
    for operator in graph.operators:  # in the order in which they are computed
        if kinds[operator.opcodeIndex] in INEXACT or behind.intersection(operator.inputs.tolist()):
            behind.update(operator.outputs.tolist())
    return {each.name.decode(): INEXACT_LSB * (each.tensorIndex in behind) for each in signature.outputs}


@dataclass(frozen=True)
class Kernels:
    """What the kernels of microcontrollers make of a quantised file.

    Args:
        columns: column -> scores: `<precision>-reference`, and `tflm` with the arena in `arena_bytes` where it ran.
        reference: the first of them, picture by picture.
        parity: whether the two computed the same.
    """

    columns: dict[str, Scores]
    reference: Evaluation
    parity: Parity


def measure_kernels(path: Path, sources: Sequence[Source], progress: ProgressFor) -> Kernels:
    """Scores of a quantised file on the kernels of microcontrollers.

    Args:
        path: the `.tflite` file.
        sources: the samples, see `spread`.
        progress: description -> a context that gives the callback (done, in all).
    """
    runtime = LiteRTRuntime(path, reference=True)
    column = f"{runtime.card.precision}-reference"
    with progress(f"scoring {column}") as show:
        reference = evaluate_sources(runtime, sources, progress=show)
    columns = {column: reference.scores | {"runtime": f"litert-{column}"}}
    if runtime.card.precision == "dynamic":
        return Kernels(columns, reference, Parity("refused", "It is of dynamic range. Export int8."))
    if not tflm_is_there():
        return Kernels(columns, reference, Parity("not checked", MISSING))
    try:
        compared = ComparedRuntime(path)
    except RunError as error:
        return Kernels(columns, reference, Parity("refused", str(error)))
    with progress("scoring tflm") as show:
        scores = evaluate_sources(compared, sources, progress=show).scores
    columns |= {"tflm": scores | {"arena_bytes": arena_of(path).total_bytes}}
    return Kernels(columns, reference, compared.parity())


def spread(sources: Sequence[Source], count: int) -> list[Source]:
    """So many samples of all sources together, spread evenly; all of them where there are no more, or for 0."""
    total = sum(map(len, sources))
    if not 0 < count < total:
        return list(sources)
    wanted, start = np.arange(count) * total // count, 0
    chosen: list[Source] = []
    for source in sources:
        inside = wanted[(wanted >= start) & (wanted < start + len(source))] - start
        start += len(source)
        if len(inside):
            chosen.append(SubsetSource(source, inside.tolist()))
    return chosen


def find_losses(before: Scores, after: Scores, heads: Iterable[str], max_loss: float) -> list[str]:
    """What a quantised file loses more of than is allowed, a phrase with figures each.

    Args:
        before: scores of the float file.
        after: scores of the quantised file, on the same samples.
        heads: names of its heads, whose rows in the table say which scores are guarded.
        max_loss: 0.01 allows one point; see `Gate`.
    """
    losses = []
    for name, gate in ((head, gate) for head in heads for gate in HEADS[head].gates):
        score = f"{name}_{gate.score}" if f"{name}_{gate.score}" in before else gate.score
        reference, measured = before[score], after[score]
        if reference is None or measured is None:
            logger.warning("%s: not checked, the data has no %s", name, score)
        elif gate.loss(reference, measured) > max_loss:
            allowed = f"{max_loss / abs(gate.worth):g} allowed"
            losses.append(f"{abs(reference - measured):.4f} of {score} ({reference:.4f} -> {measured:.4f}, {allowed})")
    return losses


def find_problems(
    report: Mapping[str, Scores], parity: Parity, heads: Sequence[str], max_loss: float, on_board: bool
) -> list[str]:
    """Everything that speaks against a quantised file, a sentence without its full stop each; empty: it passes.

    The kernels of microcontrollers are judged here where they saw the whole set, else by `find_sure_losses`.

    Args:
        report: column -> scores: `float`, the quantised file by its precision, then what `measure_kernels` returns.
        parity: the verdict of `measure_kernels`.
        heads: names of the network's heads.
        max_loss: see `find_losses`.
        on_board: the file is meant for a board: it fails where TFLM refuses it.
    """
    problems, before = [], report["float"]
    judged = [column for column in report if column not in ("keras", "float", "tflm")]
    for column in judged:
        same = report[column]["samples"] == before["samples"]
        losses = find_losses(before, report[column], heads, max_loss) if same else []
        problems += [f"{column} loses {'; '.join(losses)}"] if losses else []
    wrong = ("differs", "refused") if on_board else ("differs",)
    return problems + ([str(parity).removesuffix(".")] if parity.status in wrong else [])
