"""Operators foretold from Keras graphs, by hand: what folds, what does not, and in which order it runs."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import layers

from detector.models.foretelling import foretell_operators
from detector.models.operators import OperatorGraph


def picture() -> Any:
    return keras.Input((8, 12, 3), name="image")


def operators_of(image: Any, *ends: Any) -> OperatorGraph:
    return foretell_operators(keras.Model(image, {f"end{number}": end for number, end in enumerate(ends)}))


def kinds(graph: OperatorGraph) -> list[str]:
    return [operator.kind for operator in graph.operators]


def test_norm_and_relu_fold_into_the_convolution_before_them() -> None:
    image = picture()
    x = layers.BatchNormalization(name="norm")(layers.Conv2D(4, 3, 2, "same", name="conv")(image))
    graph = operators_of(image, layers.ReLU(max_value=6, name="act")(x))
    [operator] = graph.operators
    assert (operator.kind, operator.layer, operator.kernel, operator.stride) == ("CONV_2D", "conv", (4, 3, 3, 3), 2)
    assert graph.shapes[operator.output] == (1, 4, 6, 4)
    assert graph.inputs == operator.inputs
    assert graph.outputs == (operator.output,)


def test_what_somebody_else_reads_does_not_fold() -> None:
    image = picture()
    x = layers.Conv2D(4, 1, name="conv")(image)
    graph = operators_of(image, layers.ReLU(name="act")(layers.BatchNormalization(name="norm")(x)), x)
    assert kinds(graph) == ["CONV_2D", "MUL", "ADD"]


def test_norm_after_an_activation_is_computed() -> None:
    image = picture()
    x = layers.Conv2D(4, 1, activation="relu", name="conv")(image)
    assert kinds(operators_of(image, layers.BatchNormalization(name="norm")(x))) == ["CONV_2D", "MUL", "ADD"]


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("relu6", []),
        ("leaky_relu", ["LEAKY_RELU"]),
        ("hard_silu", ["HARD_SWISH"]),
        ("silu", ["LOGISTIC", "MUL"]),
        ("sigmoid", ["LOGISTIC"]),
        ("mish", ["MISH"]),  # no target knows it
    ],
)
def test_activations(activation: str, expected: list[str]) -> None:
    image = picture()
    x = layers.Dense(2, activation=activation, name="dense")(layers.GlobalAveragePooling2D(name="pool")(image))
    assert kinds(operators_of(image, x)) == ["MEAN", "FULLY_CONNECTED", *expected]


def test_kernels_are_shaped_as_in_the_file() -> None:
    image = picture()
    x = layers.DepthwiseConv2D((3, 5), name="depthwise")(image)
    x = layers.Conv2DTranspose(4, 2, 2, name="transposed")(x)
    x = layers.Dense(7, name="dense")(layers.Flatten(name="flat")(x))
    kernels = {operator.kind: operator.kernel for operator in operators_of(image, x).operators}
    assert kernels["DEPTHWISE_CONV_2D"] == (1, 3, 5, 3)
    assert kernels["TRANSPOSE_CONV"] == (4, 2, 2, 3)
    assert kernels["FULLY_CONNECTED"] == (7, 12 * 16 * 4)
    assert kernels["RESHAPE"] == ()


def test_nearest_enlarging_becomes_tile_unless_it_is_resizing() -> None:
    image = picture()
    sizes = layers.UpSampling2D(2, name="up"), layers.Resizing(16, 24, interpolation="nearest", name="resize")
    assert [kinds(operators_of(image, layer(image))) for layer in sizes] == [["TILE"], ["RESIZE_NEAREST_NEIGHBOR"]]
    bilinear = layers.UpSampling2D(2, interpolation="bilinear", name="smooth")(image)
    assert kinds(operators_of(image, bilinear)) == ["RESIZE_BILINEAR"]


def test_after_a_fork_the_first_name_runs_first() -> None:
    """The order of the calls and the depth of the branches do not matter."""
    image = picture()
    stem = layers.Conv2D(4, 1, name="stem")(image)
    late = layers.Conv2D(4, 1, name="zebra")(stem)
    early = layers.Conv2D(4, 3, padding="same", name="ape_second")(layers.Conv2D(4, 1, name="ape")(stem))
    graph = operators_of(image, layers.Add(name="sum")([late, early]))
    assert [operator.layer for operator in graph.operators] == ["stem", "ape", "ape_second", "zebra", "sum"]


def test_what_is_asked_twice_is_computed_once() -> None:
    image = picture()
    pools = [layers.GlobalAveragePooling2D(name=f"pool{number}")(image) for number in range(2)]
    graph = operators_of(image, *(layers.Dense(1, name=f"dense{number}")(pool) for number, pool in enumerate(pools)))
    assert kinds(graph) == ["MEAN", "FULLY_CONNECTED", "FULLY_CONNECTED"]
    smaller = [layers.MaxPooling2D(size, name=f"max{size}")(image) for size in (2, 4)]
    assert kinds(operators_of(image, *smaller)) == ["MAX_POOL_2D", "MAX_POOL_2D"]


def test_instance_normalisation_runs_on_floats_in_between() -> None:
    image = picture()
    graph = operators_of(image, layers.GroupNormalization(groups=-1, name="norm")(image))
    floats = {graph.shapes[name] for name, size in graph.item_bytes.items() if size == 4}
    assert floats == {(1, 3), (1, 8, 12, 3)}
    assert {"DEQUANTIZE", "SQUARE", "RSQRT", "QUANTIZE"} <= set(graph.kinds())
    assert graph.first_layers()["RSQRT"] == "norm"


def test_macs_by_hand() -> None:
    image = picture()
    x = layers.Conv2D(4, 3, 2, "same", name="conv")(image)
    x = layers.Conv2DTranspose(2, 2, 2, name="transposed")(x)
    x = layers.Dense(5, name="dense")(layers.GlobalAveragePooling2D(name="pool")(x))
    assert operators_of(image, x).macs() == 9 * 3 * 4 * 24 + 4 * 4 * 2 * 24 + 2 * 5
