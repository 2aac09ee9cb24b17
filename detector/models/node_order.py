"""In which order the converter writes the layers of a network: it decides which tensors are alive together."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import keras


def nodes_in_order(network: keras.Model) -> list[Any]:
    """The nodes of a functional network as TensorFlow's importer of graphs hands them to the converter.

    It is the reverse of the order in which a depth-first search leaves them that looks at the last name first
    (`GetReversePostOrder` in tensorflow/core/graph/algorithm.cc, with the nodes after a fork sorted by name).
    """
    nodes = [node for depth in network._nodes_by_depth.values() for node in depth]
    readers: dict[str, list[Any]] = defaultdict(list)
    for node in nodes:
        for tensor in node.input_tensors:
            readers[tensor.name].append(node)
    left: list[Any] = []
    seen: set[int] = set()
    stack = [(node, False) for node in nodes if not node.input_tensors]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            left.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            after = {id(each): each for tensor in node.output_tensors for each in readers[tensor.name]}
            stack += [(node, True), *((each, False) for each in sorted(after.values(), key=_traced_name))]
    return left[::-1]


def _traced_name(node: Any) -> str:
    """How the operations of a layer begin in the traced graph."""
    return f"{node.operation.name}_1/"
