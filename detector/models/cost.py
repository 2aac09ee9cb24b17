"""What a network costs before it is trained: parameters, MACs, operators, memory, file sizes in float and int8."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from detector.models.arena import foretell_arena
from detector.models.foretelling import foretell_operators
from detector.models.operators import OperatorGraph
from detector.targets import KERNELS

# Bytes of a LiteRT file beside kernels and biases: least squares of the relative errors over 42 files of 11 kB to 4 MB,
# seven backbones with six heads, to which the prediction keeps within 2.7 % (tests/detector/models/test_cost.py: 5 %).
HEADER_BYTES = {"float": 90, "int8": 980}  # with the card
OPERATOR_BYTES = {"float": 58, "int8": 99}  # with the operator's output tensor
WEIGHTED_BYTES = {"float": 384, "int8": 345}  # the two tensors of kernel and bias
CHANNEL_BYTES = {"float": 4.0, "int8": 14.5}  # a bias; int8: also two scales, their zero points are written once
KERNEL_BYTES = {"float": 4, "int8": 1}
FOLDED = (layers.BatchNormalization, layers.ReLU, layers.Activation, layers.Dropout, layers.SpatialDropout2D)
WEIGHTED = (layers.Conv2D, layers.Conv2DTranspose, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.Dense)


@dataclass(frozen=True)
class Cost:
    """What a network costs, for one picture.

    Args:
        parameters: trainable parameters.
        macs: multiply-accumulate operations of convolutions and dense layers.
        peak_activation_bytes_int8: largest sum of the int8 activations that are alive at once, skips included. Norms
            and activations are counted as folded into their convolution.
        arena_bytes_int8: what TFLM allocates for the int8 file, scratch memory of the reference kernels included.
        scratch_bytes_int8: kernels -> what their scratch memory adds to that, estimated.
        peak_layer: the layer that runs when most of the arena is in use.
        operators: names in the file format, each once, as they first appear.
        layers: operator -> the first layer that needs it.
        file_bytes_float: predicted size of the float32 `.tflite`; None where an int8 file was measured.
        file_bytes_int8: predicted size of the int8 `.tflite`.
        warnings: what will not run well in int8.
    """

    parameters: int
    macs: int
    peak_activation_bytes_int8: int
    arena_bytes_int8: int
    scratch_bytes_int8: dict[str, int]
    peak_layer: str
    operators: tuple[str, ...]
    layers: dict[str, str]
    file_bytes_float: int | None
    file_bytes_int8: int
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def measure_cost(network: keras.Model, exported: keras.Model | None = None) -> Cost:
    """The cost of a functional network whose sizes are all known but the batch.

    Args:
        network: as it is trained; its trainable parameters are counted.
        exported: as it leaves the house (`build.for_export`), where that differs; the rest is measured on it.
    """
    exported = exported or network
    return Cost(
        **_memory_costs(foretell_operators(exported)),
        parameters=sum(_count(variable) for variable in network.trainable_variables),
        macs=sum(_macs(layer) for layer in exported.layers),
        peak_activation_bytes_int8=peak_activation_elements(exported),
        file_bytes_float=_file_bytes(exported, "float"),
        file_bytes_int8=_file_bytes(exported, "int8"),
        warnings=tuple(_int8_warnings(exported)),
    )


def measure_file(graph: OperatorGraph, parameters: int, size: int) -> Cost:
    """The cost of a quantised file of which the operators are known.

    Args:
        graph: its operators.
        parameters: trainable parameters, as its card has them.
        size: bytes of the file.
    """
    return Cost(
        **_memory_costs(graph),
        parameters=parameters,
        macs=graph.macs(),
        peak_activation_bytes_int8=foretell_arena(graph).peak_bytes,
        file_bytes_float=None,
        file_bytes_int8=size,
        warnings=(),
    )


def _memory_costs(graph: OperatorGraph) -> dict[str, Any]:
    """The fields of `Cost` that follow from the operators alone."""
    arena = foretell_arena(graph)
    scratch = {kernels: foretell_arena(graph, kernels).head_bytes - arena.head_bytes for kernels in KERNELS}
    return {
        "arena_bytes_int8": arena.total_bytes,
        "scratch_bytes_int8": {kernels: max(0, size) for kernels, size in scratch.items()},
        "peak_layer": arena.peak_layer,
        "operators": graph.kinds(),
        "layers": graph.first_layers(),
    }


def _count(variable: Any) -> int:
    return int(np.prod(variable.shape))


def _kernel_count(layer: layers.Layer) -> int:
    return sum(_count(variable) for variable in layer.weights if len(variable.shape) > 1)


def _macs(layer: layers.Layer) -> int:
    if not isinstance(layer, WEIGHTED):
        return 0
    kernel = _kernel_count(layer)
    if isinstance(layer, layers.Dense):
        return kernel
    place = layer.input if isinstance(layer, layers.Conv2DTranspose) else layer.output
    return kernel * int(np.prod(place.shape[1:3]))


def _file_bytes(network: keras.Model, kind: str) -> int:
    weighted = [layer for layer in network.layers if isinstance(layer, WEIGHTED)]
    operators = [layer for layer in network.layers if isinstance(layer, layers.Flatten) or not _is_free(layer)]
    size = HEADER_BYTES[kind] + OPERATOR_BYTES[kind] * len(operators) + WEIGHTED_BYTES[kind] * len(weighted)
    for layer in weighted:
        size += _kernel_count(layer) * KERNEL_BYTES[kind] + round(layer.output.shape[-1] * CHANNEL_BYTES[kind])
    return size


def _is_free(layer: layers.Layer) -> bool:
    """Whether a layer folds into the operator before it, or only renames its input."""
    if isinstance(layer, layers.Activation) and layer.activation is keras.activations.hard_silu:
        return False
    return isinstance(layer, (*FOLDED, layers.InputLayer, layers.Reshape, layers.Flatten))


def peak_activation_elements(network: keras.Model) -> int:
    """Largest number of activation values alive at once, when the operators run in the graph's own order."""
    steps, same = _steps(network)
    last_use = {name: index for index, (_, inputs, _) in enumerate(steps) for name in inputs}
    ends = {same.get(tensor.name, tensor.name) for tensor in network.outputs}
    alive: dict[str, int] = {}
    peak = 0
    for index, (output, inputs, size) in enumerate(steps):
        alive[output] = size
        peak = max(peak, sum(alive.values()))
        for name in inputs:
            if last_use[name] == index and name not in ends:
                alive.pop(name, None)
    return peak


def _steps(network: keras.Model) -> tuple[list[tuple[str, list[str], int]], dict[str, str]]:
    """The operators in order, folded ones merged.

    Returns:
        steps: (name of the output, names of the inputs, values in the output).
        same: output of a folded layer -> the tensor that it is merged with.
    """
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
    return steps, same


def _int8_warnings(network: keras.Model) -> Iterable[str]:
    for layer in network.layers:
        if isinstance(layer, layers.GroupNormalization):
            yield f"{layer.name}: instance normalisation leaves the int8 path; use `normalisation: batch` for devices."
            return
