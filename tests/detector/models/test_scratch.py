"""Scratch memory of kernels, by hand from the formulas of TFLM and CMSIS-NN."""

from __future__ import annotations

import pytest

from detector.models.operators import Operator, OperatorGraph, Shape
from detector.models.scratch import scratch_of
from detector.targets import Kernels


def scratch(
    kind: str, kernels: Kernels, *, kernel: Shape = (), stride: int = 1, given: Shape = (1, 8, 12, 6)
) -> list[int]:
    operator = Operator(kind, "layer", ("in",), "out", kernel, stride)
    return scratch_of(operator, OperatorGraph([operator], {"in": given, "out": (1, 4, 6, 10)}), kernels)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("TRANSPOSE_CONV", [4 * 240]), ("MEAN", [4 * 240]), ("REDUCE_MAX", [4 * 4, 4 * 2]), ("CONV_2D", []), ("ADD", [])],
)
def test_reference_kernels(kind: str, expected: list[int]) -> None:
    assert scratch(kind, "reference", kernel=(10, 2, 2, 6)) == expected
    if kind != "CONV_2D":
        assert scratch(kind, "cmsis-nn-dsp", kernel=(10, 2, 2, 6)) == expected


def test_convolutions_lay_out_columns() -> None:
    """3 * 3 * 6 = 54 values: two columns of int16, each of a multiple of 4; or four of int8, of a multiple of 16."""
    assert scratch("CONV_2D", "cmsis-nn-dsp", kernel=(10, 3, 3, 6)) == [2 * 56 * 2]
    assert scratch("CONV_2D", "cmsis-nn-mve", kernel=(10, 3, 3, 6)) == [4 * 64]


def test_pointwise_convolutions_need_two_columns_at_most() -> None:
    assert scratch("CONV_2D", "cmsis-nn-dsp", kernel=(10, 1, 1, 6)) == [2 * 6 * 2]
    assert scratch("CONV_2D", "cmsis-nn-dsp", kernel=(10, 1, 1, 6), stride=2) == []
    assert scratch("CONV_2D", "cmsis-nn-mve", kernel=(10, 1, 1, 6)) == []


def test_depthwise_convolutions() -> None:
    assert scratch("DEPTHWISE_CONV_2D", "cmsis-nn-dsp", kernel=(1, 3, 3, 6)) == []
    assert scratch("DEPTHWISE_CONV_2D", "cmsis-nn-dsp", kernel=(1, 5, 5, 6)) == [6 * 25 * 2]
    assert scratch("DEPTHWISE_CONV_2D", "cmsis-nn-mve", kernel=(1, 3, 3, 6)) == [4 * 124 * 9]
    assert scratch("DEPTHWISE_CONV_2D", "cmsis-nn-mve", kernel=(1, 3, 3, 12)) == []  # two outputs a channel


def test_dense_layers_and_average_pooling() -> None:
    assert scratch("FULLY_CONNECTED", "cmsis-nn-mve", kernel=(10, 6)) == [4 * 10]
    assert scratch("FULLY_CONNECTED", "cmsis-nn-dsp", kernel=(10, 6)) == []
    assert scratch("AVERAGE_POOL_2D", "cmsis-nn-dsp") == [4 * 6]
