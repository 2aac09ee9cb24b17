"""What the workers of PyTorch peers share; runs in their environment, without `detector`."""

from __future__ import annotations

import sys
from typing import Any

import torch

NMS = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def declare_torchvision_operators() -> Any:
    """Where torchvision's library does not fit torch, its operators are declared, so that it can be imported.

    Returns:
        What keeps the declaration alive, or None where torchvision is whole.
    """
    try:
        import torchvision

        torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
    except (ImportError, RuntimeError, AttributeError):
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
    else:
        return None
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(name + NMS)
    return library


def count_parameters(network: torch.nn.Module) -> int:
    """Trainable numbers of a network."""
    return sum(parameter.numel() for parameter in network.parameters())


def count_macs(network: torch.nn.Module, picture: torch.Tensor) -> int:
    """Multiply-accumulates of all convolutions and dense layers, for one picture; attention products are left out."""
    counts = []

    def count(layer: torch.nn.Module, _: Any, output: torch.Tensor) -> None:
        places = output.shape[2:].numel() if output.dim() == 4 else 1
        counts.append(layer.weight.numel() * places)

    kinds = (torch.nn.Conv2d, torch.nn.Linear)
    hooks = [layer.register_forward_hook(count) for layer in network.modules() if isinstance(layer, kinds)]
    with torch.no_grad():
        network(picture)
    for hook in hooks:
        hook.remove()
    return sum(counts)
