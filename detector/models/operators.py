"""Operators of an int8 file and the tensors between them: arena, fit and cost report are computed of these."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Operator:
    """One operator of the file.

    Args:
        kind: its name in the file format, e.g. CONV_2D.
        layer: the layer that it comes from.
        inputs: names of the tensors that it reads, without constants.
        output: name of the tensor that it writes.
        kernel: shape of its weights as in the file: (out, H, W, in), depthwise (1, H, W, out), dense (out, in).
        stride: of a convolution, along both axes.
    """

    kind: str
    layer: str
    inputs: tuple[str, ...]
    output: str
    kernel: Shape = ()
    stride: int = 1


@dataclass
class OperatorGraph:
    """The operators in their order, and the tensors between them.

    Args:
        operators: as they run.
        shapes: tensor -> its shape, batch 1 included, in the order in which they are made.
        item_bytes: tensor -> bytes of a number, where it is not int8.
        inputs: tensors that come from outside.
        outputs: tensors that stay to the end.
    """

    operators: list[Operator] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)
    item_bytes: dict[str, int] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    def size(self, tensor: str) -> int:
        """Bytes of a tensor."""
        return math.prod(self.shapes[tensor]) * self.item_bytes.get(tensor, 1)

    def macs(self) -> int:
        """Multiply-accumulate operations of convolutions and dense layers."""
        return sum(
            math.prod(operator.kernel) * self._places(operator) for operator in self.operators if operator.kernel
        )

    def _places(self, operator: Operator) -> int:
        """At how many places a kernel is laid."""
        if operator.kind == "FULLY_CONNECTED":
            return 1
        tensor = operator.inputs[0] if operator.kind == "TRANSPOSE_CONV" else operator.output
        return math.prod(self.shapes[tensor][1:3])

    def kinds(self) -> tuple[str, ...]:
        """The kinds of operators, each once, as they first appear."""
        return tuple(dict.fromkeys(operator.kind for operator in self.operators))

    def first_layers(self) -> dict[str, str]:
        """Kind of operator -> the first layer that needs it."""
        return {operator.kind: operator.layer for operator in reversed(self.operators)}
