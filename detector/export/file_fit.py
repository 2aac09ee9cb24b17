"""Whether a `.tflite` file runs on a target: its operators, its input, and its arena as TFLM itself allocates it."""

from __future__ import annotations

from pathlib import Path

from ai_edge_litert import schema_py_generated as schema

from detector.card import ModelCard
from detector.litert_file import read_litert_card
from detector.runs import RunError
from detector.targets import Target
from detector.tflm import arena_of, tflm_is_there

SHRINK = "Train with a smaller `input.size_hw` or `model.backbone.width`"


def check_file(model: Path, target: Target) -> str:
    """What a file takes of a target, in a sentence.

    Args:
        model: a `.tflite` file with a card.
        target: where it is to run.

    Raises:
        RunError: it does not run there, or does not fit; the message lists why, and what to do.
    """
    card = read_litert_card(model)
    arena = arena_of(model).total_bytes if target.memory_bytes and tflm_is_there() else None
    copied = _copied_bytes(model, target)
    problems = [*_input_problems(card, target), *_operator_problems(model, target)]
    if target.flash_bytes and copied and not target.copies_larger_files:
        problems.append(f"the file has {copied:,} bytes, and {target.flash_bytes:,} is the largest there. {SHRINK}.")
    usable = target.usable_bytes
    if usable is None:
        note = "Memory: as much as it wants."
    elif arena is None:
        note = "Memory: not checked, TensorFlow Lite Micro is not installed here (pip install 'detector[tflm]')."
    else:
        note = f"Memory: arena {arena:,} bytes{_with_copy(copied)} of {usable:,}, with {target.headroom:.0%} to spare."
        if arena + copied > usable:
            problems.append(f"the arena takes {arena:,} bytes{_with_copy(copied)}, of {usable:,} usable. {SHRINK}.")
    if problems:
        raise RunError(f"{model} does not fit {target.title}: " + " ".join(problems))
    return note


def _with_copy(copied: int) -> str:
    return f" and a copy of the file {copied:,}" if copied else ""


def _copied_bytes(model: Path, target: Target) -> int:
    """Bytes of the file where it cannot be read in place, else 0."""
    size = model.stat().st_size
    return size if target.flash_bytes and size > target.flash_bytes else 0


def _input_problems(card: ModelCard, target: Target) -> list[str]:
    problems = []
    if card.input.fit not in target.fits:
        problems.append(f"it wants `input.fit: {card.input.fit}`, there it is {target.fits[0]}. Train with that.")
    if card.input.channels not in target.channels:
        problems.append(f"it wants {card.input.channels} channels, there are {target.channels}. Train with those.")
    return problems


def _operator_problems(model: Path, target: Target) -> list[str]:
    unknown = sorted(operators_of(model) - set(target.operators)) if target.operators is not None else []
    return [f"its operators {', '.join(unknown)} are unknown there. Choose other blocks."] if unknown else []


def operators_of(model: Path) -> set[str]:
    """Names of a file's operators as the file format has them, e.g. CONV_2D."""
    file = schema.Model.GetRootAsModel(model.read_bytes(), 0)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
    codes = [file.OperatorCodes(index) for index in range(file.OperatorCodesLength())]
    return {names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())] for code in codes}
