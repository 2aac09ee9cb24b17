"""Which channels of a network are the same from layer to layer: what pruning must keep or drop together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers

WRITERS = (layers.Conv2D, layers.Conv2DTranspose, layers.Dense)  # each output channel is a sum over all input channels
PER_CHANNEL = (layers.BatchNormalization, layers.GroupNormalization, layers.DepthwiseConv2D)


@dataclass
class ChannelTrace:
    """The channels of a network, numbered through it.

    A number is one channel from where a layer writes it, through norms, activations, resizing and joins, to every layer
    that reads it. What a sum adds up has one number.

    Attributes:
        reads: layer name -> numbers along the last axis of its input, int (C,).
        writes: layer name -> numbers along the last axis of its output, int (C,).
        norms: name of a convolution -> the batch norm that follows it.
    """

    reads: dict[str, np.ndarray] = field(default_factory=dict)
    writes: dict[str, np.ndarray] = field(default_factory=dict)
    norms: dict[str, layers.BatchNormalization] = field(default_factory=dict)
    count: int = 0

    def groups(self) -> Iterable[tuple[np.ndarray, list[str]]]:
        """The numbers of channels that are chosen together, and the layers that write them."""
        writers: dict[bytes, list[str]] = {}
        for name, numbers in self.writes.items():
            writers.setdefault(numbers.tobytes(), []).append(name)
        return ((self.writes[names[0]], names) for names in writers.values())

    def renumber(self, kept: np.ndarray, dropped: np.ndarray) -> np.ndarray:
        """Gives channels the numbers of others; returns the new number of every old one."""
        numbers = np.arange(self.count)
        numbers[dropped] = kept
        for table in (self.reads, self.writes):
            table.update({name: numbers[each] for name, each in table.items()})
        return numbers


def trace_channels(network: keras.Model) -> ChannelTrace:
    """Numbers the channels of a functional network."""
    trace = ChannelTrace()
    tensors: dict[str, np.ndarray] = {}  # name -> numbers along the last axis
    for nodes in (network._nodes_by_depth[depth] for depth in sorted(network._nodes_by_depth, reverse=True)):
        for node in nodes:
            inputs = [tensors[tensor.name] for tensor in node.input_tensors]
            for other in inputs[1:]:
                if isinstance(node.operation, layers.Concatenate) or len(other) != len(inputs[0]):
                    break
                numbers = trace.renumber(inputs[0], other)
                tensors.update({name: numbers[each] for name, each in tensors.items()})
            inputs = [tensors[tensor.name] for tensor in node.input_tensors]
            for output in node.output_tensors:
                tensors[output.name] = _follow(trace, node.operation, node.input_tensors, inputs, output)
    return trace


def _follow(trace: ChannelTrace, layer: Any, tensors: list[Any], inputs: list[np.ndarray], output: Any) -> np.ndarray:
    """The numbers along the last axis of a layer's output; notes what it reads and writes."""
    width = output.shape[-1]
    if inputs and isinstance(layer, (*WRITERS, *PER_CHANNEL)):
        trace.reads[layer.name] = inputs[0]
    if isinstance(layer, layers.BatchNormalization):
        trace.norms[tensors[0]._keras_history.operation.name] = layer
    if isinstance(layer, layers.Concatenate) and sum(map(len, inputs)) == width:
        return np.concatenate(inputs)
    if isinstance(layer, layers.Flatten):
        return np.tile(inputs[0], width // len(inputs[0]))
    if inputs and len(inputs[0]) == width and not isinstance(layer, WRITERS):
        return inputs[0]
    trace.count += width
    numbers = np.arange(trace.count - width, trace.count)
    trace.writes[layer.name] = numbers
    return numbers
