"""Scratch memory that the kernels of a runtime ask for while an operator runs, besides its tensors."""

from __future__ import annotations

import math

from detector.models.operators import Operator, OperatorGraph
from detector.targets import Kernels

INT16, INT32 = 2, 4
MVE_CHANNELS = 124  # CH_IN_BLOCK_MVE of CMSIS-NN


def scratch_of(operator: Operator, graph: OperatorGraph, kernels: Kernels) -> list[int]:
    """Bytes of each scratch buffer of an operator.

    The reference kernels are those of TFLM (tensorflow/lite/micro/kernels/transpose_conv.cc, reduce_common.cc). What
    CMSIS-NN asks for comes on top, by `arm_convolve_wrapper_s8_get_buffer_size` and its likes for depthwise, dense and
    average pooling, as of March 2026. For transposed convolutions the reference asks for more, and stays.

    Args:
        operator: of the graph.
        graph: for the shapes.
        kernels: `cmsis-nn-dsp` for Cortex-M4 and M7, `cmsis-nn-mve` for Cortex-M55.
    """
    sizes = _reference_scratch(operator, graph)
    extra = 0 if kernels == "reference" else _cmsis_scratch(operator, graph, mve=kernels == "cmsis-nn-mve")
    return sizes + [extra] * bool(extra)


def _reference_scratch(operator: Operator, graph: OperatorGraph) -> list[int]:
    if operator.kind in ("TRANSPOSE_CONV", "MEAN", "SUM"):
        return [INT32 * math.prod(graph.shapes[operator.output])]
    if operator.kind == "REDUCE_MAX":
        return [INT32 * len(graph.shapes[operator.inputs[0]]), INT32 * 2]
    return []


def _cmsis_scratch(operator: Operator, graph: OperatorGraph, *, mve: bool) -> int:
    if operator.kind == "CONV_2D":
        return _convolution(operator, mve=mve)
    if operator.kind == "DEPTHWISE_CONV_2D":
        return _depthwise(operator, graph, mve=mve)
    if operator.kind == "FULLY_CONNECTED":
        return INT32 * operator.kernel[0] if mve else 0
    if operator.kind == "AVERAGE_POOL_2D":
        return 0 if mve else INT32 * graph.shapes[operator.inputs[0]][-1]
    return 0


def _convolution(operator: Operator, *, mve: bool) -> int:
    """Columns of the picture, laid out for the product of matrices: two of int16, or four of int8."""
    _, height, width, channels = operator.kernel
    values = height * width * channels
    if height == width == 1:
        return 0 if mve or operator.stride > 1 else 2 * channels * INT16
    return 4 * 16 * math.ceil(values / 16) if mve else 2 * 4 * math.ceil(values / 4) * INT16


def _depthwise(operator: Operator, graph: OperatorGraph, *, mve: bool) -> int:
    _, height, width, channels = operator.kernel
    if graph.shapes[operator.inputs[0]][-1] != channels:
        return 0
    if mve:
        return 4 * MVE_CHANNELS * height * width
    return 0 if height == width == 3 else channels * height * width * INT16
