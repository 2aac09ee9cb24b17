"""The memory that TFLM's interpreter will allocate for a network, foretold from its operators before there is a file.

The arena has a head, in which the tensors lie as long as they are needed, and a tail of what each operator keeps. The
head is planned here as TFLM plans it (`GreedyMemoryPlanner`; tensorflow/lite/micro/memory_planner), to the byte; the
sizes of what is kept are those of the `tflite-micro` wheel on 64 bits, of which a board with 32 bits needs less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from detector.models.operators import Operator, OperatorGraph
from detector.models.scratch import scratch_of
from detector.targets import Kernels

ALIGNMENT = 16
TENSOR_BYTES = 24  # of every tensor, constants included
NODE_BYTES = 64  # of every operator
END_BYTES = 104  # of every input and output: a tensor with its quantisation, and the pointer to it
HANDLE_BYTES = 8  # of every scratch buffer
FIXED_BYTES = 528  # allocator, planner, subgraph
PER_CHANNEL = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")  # keep multipliers and shifts
# Operator -> bytes of its data, and of its parameters; measured with the wheel 0.dev20261023182759.
KEPT_BYTES = {
    "ADD": (60, 8),
    "CONCATENATION": (80, 8),
    "CONV_2D": (80, 28),
    "DEPTHWISE_CONV_2D": (80, 28),
    "FULLY_CONNECTED": (72, 36),
    "HARD_SWISH": (20, 0),
    "DEQUANTIZE": (32, 0),
    "LEAKY_RELU": (24, 4),
    "LOGISTIC": (32, 0),
    "MAX_POOL_2D": (32, 40),
    "MEAN": (44, 24),
    "MUL": (64, 8),
    "NEG": (0, 0),
    "PAD": (56, 0),
    "QUANTIZE": (48, 0),
    "REDUCE_MAX": (44, 4),
    "RESHAPE": (0, 40),
    "RESIZE_BILINEAR": (0, 8),
    "RSQRT": (48, 0),
    "SQUARE": (48, 0),
    "SUB": (60, 8),
    "TRANSPOSE_CONV": (88, 28),
}
KEPT_BY_OTHERS = (96, 40)  # more than any that was seen
CONSTANTS = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3}  # kernel, bias, shape
NO_CONSTANTS = (
    *("CONCATENATION", "DEQUANTIZE", "HARD_SWISH", "LEAKY_RELU", "LOGISTIC", "MAX_POOL_2D", "NEG", "QUANTIZE"),
    *("RSQRT", "SQUARE"),
)
OF_TWO = ("ADD", "MUL", "SUB")  # of two tensors, of which one may be constant


@dataclass(frozen=True)
class Arena:
    """What TFLM allocates.

    Args:
        head_bytes: tensors and scratch buffers, as they share the memory.
        tail_bytes: what is kept between two pictures.
        peak_layer: the layer that runs when most memory is alive.
        peak_bytes: tensors and scratch buffers that are alive then; the head is no less.
    """

    head_bytes: int
    tail_bytes: int
    peak_layer: str
    peak_bytes: int

    @property
    def total_bytes(self) -> int:
        """Head and tail."""
        return self.head_bytes + self.tail_bytes


@dataclass(frozen=True)
class Buffer:
    """A piece of the head: its bytes, and the first and last step at which it is needed."""

    size: int
    first: int
    last: int


def foretell_arena(graph: OperatorGraph, kernels: Kernels = "reference") -> Arena:
    """The arena of a network.

    Args:
        graph: its operators.
        kernels: whose scratch buffers are counted; the wheel on a computer has those of `reference`.
    """
    buffers = _buffers(graph, kernels)
    alive = [
        sum(buffer.size for buffer in buffers if buffer.first <= step <= buffer.last)
        for step in range(1, len(graph.operators) + 1)
    ]
    peak = max(range(len(alive)), key=alive.__getitem__)
    tail = _tail_bytes(graph)
    return Arena(plan_head(buffers), tail, graph.operators[peak].layer, alive[peak])


def _buffers(graph: OperatorGraph, kernels: Kernels) -> list[Buffer]:
    """Tensors in the order of the file, then scratch buffers, each with the steps in which it is alive."""
    made = dict.fromkeys(graph.inputs, 0)
    needed = dict.fromkeys(graph.inputs, 0)
    scratch = []
    for step, operator in enumerate(graph.operators, 1):
        made[operator.output] = step
        needed |= dict.fromkeys((*operator.inputs, operator.output), step)
        scratch += [Buffer(_aligned(size), step, step) for size in scratch_of(operator, graph, kernels)]
    needed |= dict.fromkeys(graph.outputs, len(graph.operators))
    return [Buffer(_aligned(graph.size(name)), first, needed[name]) for name, first in made.items()] + scratch


def plan_head(buffers: Sequence[Buffer]) -> int:
    """Bytes of the head when every buffer, the largest first, takes the lowest gap that is free while it is needed.

    Of buffers of one size the later one goes first, as in `GreedyMemoryPlanner::CalculateOffsetsIfNeeded`.
    """
    placed: list[tuple[int, Buffer]] = []
    for _, buffer in sorted(enumerate(buffers), key=lambda entry: (-entry[1].size, -entry[0])):
        offset = 0
        for other_offset, other in sorted(placed, key=_offset_of):
            if other.first > buffer.last or buffer.first > other.last:
                continue
            if other_offset - offset >= buffer.size:
                break
            offset = max(offset, other_offset + other.size)
        placed.append((offset, buffer))
    return max((offset + buffer.size for offset, buffer in placed), default=0)


def _offset_of(entry: tuple[int, Buffer]) -> int:
    return entry[0]


def _tail_bytes(graph: OperatorGraph) -> int:
    operators = graph.operators
    constants = sum(map(_constants, operators))
    handles = sum(len(scratch_of(operator, graph, "reference")) for operator in operators)
    return _aligned(
        FIXED_BYTES
        + TENSOR_BYTES * (len(graph.shapes) + constants)
        + NODE_BYTES * len(operators)
        + END_BYTES * (len(graph.inputs) + len(graph.outputs))
        + HANDLE_BYTES * handles
        + sum(map(_kept_bytes, operators))
    )


def _constants(operator: Operator) -> int:
    """Tensors of constants that an operator has of its own, at most; those of a like shape may be shared."""
    if operator.kind in OF_TWO:
        return max(0, 2 - len(operator.inputs))
    return CONSTANTS.get(operator.kind, int(operator.kind not in NO_CONSTANTS))


def _kept_bytes(operator: Operator) -> int:
    data, parameters = KEPT_BYTES.get(operator.kind, KEPT_BY_OTHERS)
    channels = _channels(operator) if operator.kind in PER_CHANNEL else 0
    return _aligned(data) + parameters + 2 * _aligned(4 * channels)


def _channels(operator: Operator) -> int:
    return operator.kernel[-1] if operator.kind == "DEPTHWISE_CONV_2D" else operator.kernel[0]


def _aligned(size: int) -> int:
    return math.ceil(size / ALIGNMENT) * ALIGNMENT
