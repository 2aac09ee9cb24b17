"""Whether a `.tflite` file fits a target: as `detector.fitting` says, with the arena that TFLM itself allocates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from detector.fitting import fit
from detector.quiet import import_keras_quietly
from detector.runs import RunError
from detector.targets import Target
from detector.tflm import arena_of, tflm_is_there

PREDICTED = "predicted, and not checked: TensorFlow Lite Micro is not installed here (pip install 'detector[tflm]')"
ALLOCATED = "as TensorFlow Lite Micro allocates it here"


def check_file(model: Path, target: Target) -> str:
    """What a file takes of a target, in a sentence.

    Args:
        model: a `.tflite` file with a card.
        target: where it is to run.

    Raises:
        RunError: it does not run there, or does not fit; the message lists why, and what to do.
    """
    if target.usable_bytes is None:
        return "Memory: as much as it wants."
    import_keras_quietly()  # takes seconds; not needed where memory does not matter
    from detector.costing import price

    priced, source = price(model), PREDICTED
    cost = priced.cost
    if tflm_is_there():
        cost, source = replace(cost, arena_bytes_int8=arena_of(model).total_bytes), ALLOCATED
    found = fit(cost, target, priced.input, priced.precision)
    if found.problems:
        raise RunError(f"{model} does not fit {target.title}: {' '.join(found.problems)}")
    copied = ", the copy of a file too large to be read in place" * found.model_in_memory
    return (
        f"Memory: {found.needed_bytes:,} of {found.usable_bytes:,} bytes, with {target.headroom:.0%} to spare: arena, "
        f"scratch memory{copied}. The arena is {source}."
    )
