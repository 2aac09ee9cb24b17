"""The operators that the converter will make of a Keras network, in the order in which the int8 file runs them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from detector.models.node_order import nodes_in_order
from detector.models.operators import Operator, OperatorGraph, Shape

WEIGHTED = {
    "Conv2D": "CONV_2D",
    "DepthwiseConv2D": "DEPTHWISE_CONV_2D",
    "Conv2DTranspose": "TRANSPOSE_CONV",
    "Dense": "FULLY_CONNECTED",
}
PLAIN = {
    "Add": ("ADD",),
    "Subtract": ("SUB",),
    "Multiply": ("MUL",),
    "Maximum": ("MAXIMUM",),
    "Minimum": ("MINIMUM",),
    "Concatenate": ("CONCATENATION",),
    "MaxPooling2D": ("MAX_POOL_2D",),
    "AveragePooling2D": ("AVERAGE_POOL_2D",),
    "GlobalAveragePooling2D": ("MEAN",),
    "GlobalMaxPooling2D": ("REDUCE_MAX",),
    "ZeroPadding2D": ("PAD",),
    "Cropping2D": ("STRIDED_SLICE",),
    "Flatten": ("RESHAPE",),
    "Reshape": ("RESHAPE",),
    "Permute": ("TRANSPOSE",),
    "LeakyReLU": ("LEAKY_RELU",),
    "PReLU": ("PRELU",),
    "ELU": ("ELU",),
    "Softmax": ("SOFTMAX",),
    "Rescaling": ("MUL", "ADD"),
    "Normalization": ("SUB", "MUL"),
}
ACTIVATIONS = {
    "hard_silu": "HARD_SWISH",
    "hard_swish": "HARD_SWISH",
    "sigmoid": "LOGISTIC",
}  # others are called in the file as in Keras
NOTHING = ("Dropout", "SpatialDropout2D", "GaussianNoise", "Identity")
TAKES_SCALE = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")  # batch norm folds into them
TAKES_RELU = (*TAKES_SCALE, "ADD", "SUB", "MUL", "MAX_POOL_2D", "AVERAGE_POOL_2D")
# Instance normalisation leaves int8 in between: operator, what it reads, what it writes; "x" is the layer's input,
# capitals are as large as it, "." marks floats.
GROUP_NORM = (
    *(("RESHAPE", "x", "X"), ("MEAN", "X", "m")),
    *(("DEQUANTIZE", "m", "m."), ("NEG", "m.", "n."), ("QUANTIZE", "n.", "n")),
    *(("SUB", "X m", "D"), ("DEQUANTIZE", "D", "D."), ("SQUARE", "D.", "S."), ("QUANTIZE", "S.", "S")),
    *(("MEAN", "S", "v"), ("ADD", "v", "e"), ("RSQRT", "e", "r"), ("MUL", "r", "f"), ("MUL", "n f", "o")),
    *(("ADD", "o", "b"), ("MUL", "X f", "Y"), ("ADD", "Y b", "Z"), ("RESHAPE", "Z", "")),
)


def foretell_operators(network: keras.Model) -> OperatorGraph:
    """The operators that the converter makes of a network.

    Batch norms fold into the weights before them, ReLUs into the operator before them, and what is computed twice is
    computed once. A layer that is not known stays under its own name, which no target has.

    Args:
        network: functional, as it is exported (`build.for_export`), all sizes known but the batch.
    """
    return _Translation(network).graph


class _Translation:
    """Goes through a network once, node by node."""

    def __init__(self, network: keras.Model) -> None:
        self.graph = OperatorGraph()
        self._same: dict[str, str] = {}  # Keras tensor -> tensor of the file
        self._makers: dict[str, str] = {}  # tensor of the file -> kind of its operator
        self._open: set[str] = set()  # tensors of the file that still take an activation
        self._done: dict[tuple[Any, ...], str] = {}  # what was computed of what -> tensor of the file
        self._uses: dict[str, int] = defaultdict(int)  # Keras tensor -> how many read it
        nodes = nodes_in_order(network)
        ends = [tensor.name for tensor in network.outputs]
        for name in [tensor.name for node in nodes for tensor in node.input_tensors] + ends:
            self._uses[name] += 1
        for node in nodes:
            self._translate(node)
        self.graph.inputs = tuple(self._same[tensor.name] for tensor in network.inputs)
        self.graph.outputs = tuple(dict.fromkeys(self._same[name] for name in ends))

    def _translate(self, node: Any) -> None:
        operation, [output] = node.operation, node.output_tensors
        name = type(operation).__name__
        sources = [self._same[tensor.name] for tensor in node.input_tensors]
        alone = all(self._uses[tensor.name] == 1 for tensor in node.input_tensors)
        if name == "InputLayer":
            made = self._tensor(output.name, output.shape)
        elif name in NOTHING:
            [made] = sources
        elif name in WEIGHTED:
            made = self._weighted(operation, sources[0], output)
        elif name == "SeparableConv2D":
            made = self._separable(operation, sources[0], output)
        elif name == "BatchNormalization":
            made = self._batch_norm(operation, sources[0], output, alone)
        elif name == "GroupNormalization":
            made = self._group_norm(operation, sources[0], output)
        elif name in ("Activation", "ReLU"):
            made = self._activate(operation, sources[0], output, alone)
        else:
            made = self._plain(operation, sources, output)
        self._same[output.name] = made

    def _tensor(self, name: str, shape: Any, item_bytes: int = 1) -> str:
        self.graph.shapes[name] = (1, *shape[1:])
        if item_bytes > 1:
            self.graph.item_bytes[name] = item_bytes
        return name

    def _add(self, kind: str, layer: str, sources: Sequence[str], output: str, **about: Any) -> str:
        self._makers[output] = kind
        if kind in TAKES_RELU:
            self._open.add(output)
        self.graph.operators.append(Operator(kind, layer, tuple(sources), output, **about))
        return output

    def _chain(self, kinds: Sequence[str], layer: str, sources: Sequence[str], output: Any) -> str:
        """Operators one after the other, all of whose results are shaped as the last."""
        for number, kind in enumerate(kinds, 1 - len(kinds)):
            made = self._tensor(f"{output.name}{number or ''}", output.shape)
            sources = [self._add(kind, layer, sources, made)]
        return sources[0]

    def _weighted(self, layer: layers.Layer, source: str, output: Any) -> str:
        kind, stride = WEIGHTED[type(layer).__name__], getattr(layer, "strides", (1,))[0]
        made = self._tensor(output.name, output.shape)
        self._add(kind, layer.name, [source], made, kernel=kernel_in_file(layer), stride=stride)
        return self._activate(layer, made, output)

    def _separable(self, layer: layers.SeparableConv2D, source: str, output: Any) -> str:
        height, width, channels, multiplier = layer.depthwise_kernel.shape
        inner = self._tensor(f"{output.name} depthwise", (*output.shape[:3], channels * multiplier))
        kernels = (1, height, width, channels * multiplier), (output.shape[-1], 1, 1, channels * multiplier)
        self._add("DEPTHWISE_CONV_2D", layer.name, [source], inner, kernel=kernels[0], stride=layer.strides[0])
        made = self._tensor(output.name, output.shape)
        self._add("CONV_2D", layer.name, [inner], made, kernel=kernels[1])
        return self._activate(layer, made, output)

    def _batch_norm(self, layer: layers.Layer, source: str, output: Any, alone: bool) -> str:
        if alone and source in self._open and self._makers[source] in TAKES_SCALE:
            return source
        return self._chain(("MUL", "ADD"), layer.name, [source], output)

    def _group_norm(self, layer: layers.Layer, source: str, output: Any) -> str:
        tensors = {"x": source}
        for kind, reads, writes in GROUP_NORM:
            shape = output.shape if writes in ("", writes.upper()) else (1, output.shape[-1])
            made = self._tensor(f"{output.name} {writes}".strip(), shape, 4 if "." in writes else 1)
            tensors[writes] = self._add(kind, layer.name, [tensors[read] for read in reads.split()], made)
        self._open.add(tensors[""])  # the sum before takes it
        return tensors[""]

    def _activate(self, layer: Any, source: str, output: Any, alone: bool = True) -> str:
        """The tensor with its activation: folded where it can be, else by operators of its own."""
        name = _activation_of(layer)
        if name == "linear":
            return source
        if name in ("relu", "relu6") and alone and source in self._open:
            self._open.remove(source)
            return source
        made = self._tensor(f"{output.name} {name}", output.shape)
        if name in ("silu", "swish"):
            gate = self._tensor(f"{output.name} gate", output.shape)
            return self._add("MUL", layer.name, [source, self._add("LOGISTIC", layer.name, [source], gate)], made)
        return self._add(ACTIVATIONS.get(name, name.upper()), layer.name, [source], made)

    def _plain(self, operation: Any, sources: list[str], output: Any) -> str:
        """Layers without weights; of the same layers above the same tensors the first stays."""
        settings = operation.get_config() if isinstance(operation, layers.Layer) else {"id": id(operation)}
        key = (type(operation), *sources, repr(settings | {"name": ""}))
        if key not in self._done:
            self._done[key] = self._chain(_kinds_of(operation, len(sources)), operation.name, sources, output)
        return self._done[key]


def _activation_of(layer: Any) -> str:
    """The name of a layer's activation; of a ReLU that ends anywhere but at 6 one that no target knows."""
    if isinstance(layer, layers.ReLU):
        return {None: "relu", 6.0: "relu6"}.get(layer.max_value, "relu_n")
    return getattr(layer.activation, "__name__", type(layer.activation).__name__)


def _kinds_of(operation: Any, reads: int) -> tuple[str, ...]:
    name = type(operation).__name__
    if name in ("UpSampling2D", "Resizing"):
        if operation.interpolation == "bilinear":
            return ("RESIZE_BILINEAR",)
        return ("RESIZE_NEAREST_NEIGHBOR",) if name == "Resizing" else ("TILE",)
    if name == "Add" and reads > 2:
        return ("ADD",) * (reads - 1)
    return PLAIN.get(name, (name.upper(),))


def kernel_in_file(layer: layers.Layer) -> Shape:
    """The shape of a layer's kernel as the file has it."""
    shape = tuple(layer.kernel.shape)
    if isinstance(layer, layers.Dense):
        return shape[::-1]
    height, width, inner, outer = shape
    if isinstance(layer, layers.DepthwiseConv2D):
        return (1, height, width, inner * outer)
    return (inner, height, width, outer) if isinstance(layer, layers.Conv2DTranspose) else (outer, height, width, inner)
