"""Whether a network fits a target: memory, file, operators and input, before there is a file; training asks first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from data_generators.transform.input_spec import InputSpec
from detector.targets import Target

if TYPE_CHECKING:
    from detector.models.cost import Cost

CURES = {
    "TILE": "Enlarge with `UpSampling2D` bilinear, or with `Resizing` nearest.",
    "RELU_N": "End ReLU at 6, or nowhere.",
}
OTHER_CURE = "Choose another layer: convolution, batch norm, ReLU, pooling, bilinear enlarging, sum, concatenation."


class TargetError(ValueError):
    """A network that cannot run on the target that its config names; the message holds every reason with its cure."""


@dataclass(frozen=True)
class Fit:
    """How a network lies in a target.

    Args:
        target: the target's name.
        fits: whether it runs there.
        problems: why not: layer, limit and cure.
        needed_bytes: memory for arena and scratch, and for the model where it is copied there.
        usable_bytes: the memory that there is for that; None: as much as it wants.
        left_bytes: what is left of it, below 0 where it is too little.
        flash_left_bytes: what the file leaves of the room where it is read in place; None: there is no limit.
        model_in_memory: the file is too large for that room, and is copied into the memory.
    """

    target: str
    fits: bool
    problems: tuple[str, ...]
    needed_bytes: int
    usable_bytes: int | None
    left_bytes: int | None
    flash_left_bytes: int | None
    model_in_memory: bool

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def fit(cost: Cost, target: Target, spec: InputSpec | None = None, precision: str = "int8", refusal: str = "") -> Fit:
    """How a network lies in a target, with the target's headroom to spare.

    Args:
        cost: of the network as it is exported.
        target: where it is to run.
        spec: its input, which is checked too where it is given.
        precision: of the exported file, see `ExportSettings.precision`; boards run int8 alone.
        refusal: why TFLM cannot run its file, told where precision and operators do not explain it; empty where it
            can, or where nobody asked.
    """
    flash_left = None if target.largest_file_bytes is None else target.largest_file_bytes - cost.file_bytes_int8
    copied = flash_left is not None and flash_left < 0 and target.copies_larger_files
    needed = cost.arena_bytes_int8 + cost.scratch_bytes_int8[target.kernels] + copied * cost.file_bytes_int8
    usable = target.usable_bytes
    left = None if usable is None else usable - needed
    problems = [*_precision_problems(precision, target), *_operator_problems(cost, target)]
    if refusal and target.is_board and not problems:
        problems.append(refusal)
    problems.extend(_input_problems(spec, target))
    if flash_left is not None and flash_left < 0 and not copied:
        problems.append(_flash_problem(cost, target))
    if left is not None and left < 0:
        problems.append(_memory_problem(cost, target, needed, copied))
    return Fit(target.name, not problems, tuple(problems), needed, usable, left, flash_left, copied)


def require_fit(cost: Cost, target: Target, spec: InputSpec, precision: str = "int8") -> None:
    """Lets through what fits.

    Raises:
        TargetError: it does not; the message lists why, and what to do.
    """
    problems = fit(cost, target, spec, precision).problems
    if problems:
        raise TargetError("\n".join([f"The network does not fit `target: {target.name}`:", *problems]))


def _precision_problems(precision: str, target: Target) -> Iterator[str]:
    if target.is_board and precision != "int8":
        yield (
            f"`export.precision` is {precision}, but must be int8: {target.runtime} refuses dynamic range, and with "
            "activations of 16 bits RESIZE_BILINEAR and REDUCE_MAX. Set it so, or export with `--precision int8`."
        )


def _operator_problems(cost: Cost, target: Target) -> Iterator[str]:
    for kind in cost.operators:
        if target.operators is not None and kind not in target.operators:
            cure = CURES.get(kind, OTHER_CURE)
            yield f"Layer {cost.layers[kind]} becomes {kind}, which {target.runtime} does not know. {cure}"


def _input_problems(spec: InputSpec | None, target: Target) -> Iterator[str]:
    if spec and spec.fit not in target.fits:
        yield f"`input.fit` is {spec.fit}, but must be {' or '.join(target.fits)}. Set it so, and train with it."
    if spec and spec.channels not in target.channels:
        yield f"`input.channels` is {spec.channels}, but must be {' or '.join(map(str, target.channels))}. Set it so."


def _flash_problem(cost: Cost, target: Target) -> str:
    return (
        f"The file will have {cost.file_bytes_int8:,} bytes, and {target.largest_file_bytes:,} is the most there. Make "
        "`model.backbone.width` smaller, or leave out its last stage."
    )


def _memory_problem(cost: Cost, target: Target, needed: int, copied: bool) -> str:
    usable, scratch = target.usable_bytes or 0, cost.scratch_bytes_int8[target.kernels]
    parts = [f"the arena takes {cost.arena_bytes_int8:,}, most of it when layer {cost.peak_layer} runs"]
    if scratch:
        parts.append(f"scratch memory {scratch:,}")
    if copied:
        parts.append(
            f"a copy of the file {cost.file_bytes_int8:,}, for {target.largest_file_bytes:,} can be read in place"
        )
    return (
        f"{needed:,} bytes of memory are needed, {usable:,} are there with {target.headroom:.0%} to spare: "
        f"{'; '.join(parts)}. {_memory_cure(cost, usable, copied)}"
    )


def _memory_cure(cost: Cost, usable: int, copied: bool) -> str:
    room = usable - copied * cost.file_bytes_int8
    if room <= 0:
        return "Make `model.backbone.width` smaller."
    percent = math.floor(100 * min(1, room / cost.arena_bytes_int8) ** 0.5)
    return f"Make the sides of `input.size_hw` smaller, to about {percent} %, or `model.backbone.width`."
