"""What a network costs before it is trained: parameters, MACs, peak activation bytes, file sizes in float and int8."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

# Bytes of a LiteRT file beside weights and biases, fitted to exported networks (tests/detector/test_export.py holds
# the prediction to the files): a tensor's name, shape and quantisation; an operator; the header and signature.
TENSOR_BYTES = {"float": 110, "int8": 190}
CHANNEL_BYTES = {"float": 0, "int8": 12}  # int8: a scale and a zero point an output channel of a convolution
OPERATOR_BYTES = 70
HEADER_BYTES = 5000
FOLDED = (layers.BatchNormalization, layers.ReLU, layers.Activation, layers.Dropout, layers.SpatialDropout2D)
WEIGHTED = (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)


@dataclass(frozen=True)
class Cost:
    """What a network costs, for one picture.

    Args:
        parameters: trainable parameters.
        macs: multiply-accumulate operations of convolutions and dense layers.
        peak_activation_bytes_int8: largest sum of the int8 activations that are alive at once, skips included. Norms
            and activations are counted as folded into their convolution.
        file_bytes_float: predicted size of the float32 `.tflite`.
        file_bytes_int8: predicted size of the int8 `.tflite`.
        warnings: what will not run well in int8.
    """

    parameters: int
    macs: int
    peak_activation_bytes_int8: int
    file_bytes_float: int
    file_bytes_int8: int
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def measure_cost(network: keras.Model) -> Cost:
    """The cost of a functional network whose sizes are all known but the batch."""
    parameters = sum(_count(variable) for variable in network.trainable_variables)
    macs = sum(_macs(layer) for layer in network.layers)
    files = {kind: _file_bytes(network, kind) for kind in ("float", "int8")}
    peak = peak_activation_elements(network)
    return Cost(parameters, macs, peak, files["float"], files["int8"], tuple(_int8_warnings(network)))


def _count(variable: Any) -> int:
    return int(np.prod(variable.shape))


def _macs(layer: layers.Layer) -> int:
    if not isinstance(layer, WEIGHTED):
        return 0
    kernel = _count(layer.kernel)
    if isinstance(layer, layers.Dense):
        return kernel
    return kernel * int(np.prod(layer.output.shape[1:3]))


def _file_bytes(network: keras.Model, kind: str) -> int:
    weighted = [layer for layer in network.layers if isinstance(layer, WEIGHTED)]
    operators = [layer for layer in network.layers if not _is_free(layer)]
    size = HEADER_BYTES + OPERATOR_BYTES * len(operators) + TENSOR_BYTES[kind] * (len(operators) + 2 * len(weighted))
    for layer in weighted:
        channels = layer.output.shape[-1]
        size += _count(layer.kernel) * (4 if kind == "float" else 1) + channels * (4 + CHANNEL_BYTES[kind])
    return size


def _is_free(layer: layers.Layer) -> bool:
    """Whether a layer folds into the operator before it, or only renames its input."""
    if isinstance(layer, layers.Activation) and layer.activation is keras.activations.hard_silu:
        return False
    return isinstance(layer, (*FOLDED, layers.InputLayer, layers.Reshape, layers.Flatten))


def peak_activation_elements(network: keras.Model) -> int:
    """Largest number of activation values alive at once, when the operators run in the graph's own order."""
    steps = _steps(network)
    last_use = {name: index for index, (_, inputs, _) in enumerate(steps) for name in inputs}
    ends = {tensor.name for tensor in network.outputs}
    alive: dict[str, int] = {}
    peak = 0
    for index, (output, inputs, size) in enumerate(steps):
        alive[output] = size
        peak = max(peak, sum(alive.values()))
        for name in inputs:
            if last_use[name] == index and name not in ends:
                alive.pop(name, None)
    return peak


def _steps(network: keras.Model) -> list[tuple[str, list[str], int]]:
    """(name of the output, names of the inputs, values in the output) of every operator, folded ones merged."""
    same: dict[str, str] = {}
    steps = []
    for nodes in (network._nodes_by_depth[depth] for depth in sorted(network._nodes_by_depth, reverse=True)):
        for node in nodes:
            inputs = [same.get(tensor.name, tensor.name) for tensor in node.input_tensors]
            [output] = node.output_tensors
            if inputs and _is_free(node.operation):
                same[output.name] = inputs[0]
                continue
            steps.append((output.name, inputs, int(np.prod(output.shape[1:]))))
    return steps


def _int8_warnings(network: keras.Model) -> Iterable[str]:
    for layer in network.layers:
        if isinstance(layer, layers.GroupNormalization):
            yield f"{layer.name}: instance normalisation leaves the int8 path; use `normalisation: batch` for devices."
            return
