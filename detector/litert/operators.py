"""The operators of a `.tflite` file as they stand in it, in the form in which those of a Keras network are foretold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from detector.litert.file import operator_kinds, unpack_litert
from detector.models.operators import Operator, OperatorGraph, Shape

ITEM_BYTES = {
    schema.TensorType.FLOAT32: 4,
    schema.TensorType.INT32: 4,
    schema.TensorType.INT64: 8,
    schema.TensorType.INT16: 2,
}  # others have one
WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")  # their second input is the kernel


def read_operators(path: Path) -> OperatorGraph:
    """The operators of a file, its tensors called by their number and name.

    Args:
        path: a `.tflite` file that is whole, as reading its card has shown.
    """
    model = unpack_litert(path)
    [part] = model.subgraphs
    kinds = operator_kinds(model)
    names = {index: f"{index} {tensor.name.decode()}" for index, tensor in enumerate(part.tensors)}
    graph = OperatorGraph(
        inputs=tuple(names[index] for index in part.inputs), outputs=tuple(names[index] for index in part.outputs)
    )
    for index in [*part.inputs, *(index for operator in part.operators for index in operator.outputs)]:
        graph.shapes[names[index]] = _shape(part.tensors[index])
        graph.item_bytes[names[index]] = ITEM_BYTES.get(part.tensors[index].type, 1)
    for operator in part.operators:
        kind = kinds[operator.opcodeIndex]
        graph.operators.append(
            Operator(
                kind=kind,
                layer=part.tensors[operator.outputs[0]].name.decode(),
                inputs=tuple(names[index] for index in operator.inputs if names.get(index) in graph.shapes),
                output=names[operator.outputs[0]],
                kernel=_shape(part.tensors[operator.inputs[1]]) if kind in WEIGHTED else (),
                stride=int(getattr(operator.builtinOptions, "strideH", 1)),
            )
        )
    return graph


def _shape(tensor: Any) -> Shape:
    return tuple(int(side) for side in tensor.shape)
