"""An int8 `.tflite` behind float32 ends, for runtimes that take no int8: browsers, phones. Written without TensorFlow.

A QUANTIZE operator goes before the network and a DEQUANTIZE operator behind each output; all between stays as it is, so
that the answers are those of the int8 file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ai_edge_litert import schema_py_generated as schema

from detector.litert.file import pack_litert, read_litert_card, unpack_litert, write_litert_card
from detector.runs import atomic_path

FLOAT_IO = "-float-io"  # behind the precision in the card
_QUANTIZE, _DEQUANTIZE = schema.BuiltinOperator.QUANTIZE, schema.BuiltinOperator.DEQUANTIZE
_OPTIONS = {
    _QUANTIZE: (schema.BuiltinOptions.QuantizeOptions, schema.QuantizeOptionsT),
    _DEQUANTIZE: (schema.BuiltinOptions.DequantizeOptions, schema.DequantizeOptionsT),
}
_WIDE_VERSION = {_QUANTIZE: 2, _DEQUANTIZE: 3}  # of the operators, for 16 bits; for 8 bits one less
_QUANTISED = (schema.TensorType.INT8, schema.TensorType.INT16)


def write_float_io(model: Path, path: Path) -> None:
    """Writes a file that takes the picture as float32 in [0, 1] and gives float32 outputs, with the card of the other.

    Args:
        model: a `.tflite` file with card; one whose ends are float32 is copied.
        path: `.tflite` file to write, atomically; its card has the precision `int8-float-io`.

    Raises:
        RunError: the file is no LiteRT model, is cut off, or carries no card.
    """
    card, network = read_litert_card(model), unpack_litert(model)
    graph = network.subgraphs[0]
    inputs = _float_ends(network, graph.inputs, _QUANTIZE)
    if inputs != list(graph.inputs):
        card = card.with_changes(precision=f"{card.precision}{FLOAT_IO}")
    graph.inputs, graph.outputs = inputs, _float_ends(network, graph.outputs, _DEQUANTIZE)
    with atomic_path(path) as temporary:
        temporary.write_bytes(pack_litert(network))
        write_litert_card(temporary, card)


def _float_ends(network: schema.ModelT, ends: Sequence[int], kind: int) -> list[int]:
    """The tensors of a graph's inputs or outputs, with a float32 one in the place of each that is quantised."""
    types = [network.subgraphs[0].tensors[index].type for index in ends]
    pairs = zip(ends, types, strict=True)
    return [_add_end(network, index, kind) if dtype in _QUANTISED else int(index) for index, dtype in pairs]


def _add_end(network: schema.ModelT, index: int, kind: int) -> int:
    """Adds a float32 tensor, named as the quantised one is, and the operator between them; returns its index."""
    graph = network.subgraphs[0]
    quantised, end, operator = graph.tensors[index], schema.TensorT(), schema.OperatorT()
    end.name, end.shape, end.type, end.buffer = quantised.name, quantised.shape, schema.TensorType.FLOAT32, 0
    quantised.name = quantised.name + b"_quantised"
    added = len(graph.tensors)
    graph.tensors.append(end)
    operator.opcodeIndex = _operator_code(network, kind, wide=quantised.type == schema.TensorType.INT16)
    operator.inputs, operator.outputs = ([added], [index]) if kind == _QUANTIZE else ([index], [added])
    operator.builtinOptionsType, options = _OPTIONS[kind]
    operator.builtinOptions = options()
    graph.operators.insert(0 if kind == _QUANTIZE else len(graph.operators), operator)
    _move_signature(network, index, added)
    return added


def _operator_code(network: schema.ModelT, kind: int, *, wide: bool) -> int:
    """Index of an operator in the table of the file, where it is added if it is not there yet."""
    version = _WIDE_VERSION[kind] if wide else _WIDE_VERSION[kind] - 1
    for index, code in enumerate(network.operatorCodes):
        if (code.builtinCode, code.version) == (kind, version):
            return index
    code = schema.OperatorCodeT()
    code.builtinCode, code.deprecatedBuiltinCode, code.version = kind, kind, version
    network.operatorCodes.append(code)
    return len(network.operatorCodes) - 1


def _move_signature(network: schema.ModelT, index: int, added: int) -> None:
    for signature in network.signatureDefs or []:
        for end in [*(signature.inputs or []), *(signature.outputs or [])]:
            if end.tensorIndex == index:
                end.tensorIndex = added
