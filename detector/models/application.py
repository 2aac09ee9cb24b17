"""A network of `keras.applications` as backbone, with random weights: its graph, cut into stages and named anew."""

from __future__ import annotations

import difflib
import inspect
from typing import Any

import keras
from keras import layers

from detector.models.blocks import Tensor
from detector.settings.model import APPLICATION_STAGES

PREPROCESSING = (layers.Rescaling, layers.Normalization)  # they take values up to 255; ours come in [0, 1]


def build_application(image: Tensor, name: str) -> dict[str, Tensor]:
    """The scales of a network of `keras.applications`: of all layers of a size, the last.

    Layers are called `stage<n>_<position>_<kind>`, so that stages can be frozen as those of our own backbone. Layers
    that prepare pictures of values up to 255 are left out.

    Args:
        image: (B, H, W, C) in [0, 1].
        name: as `keras.applications` has it, e.g. `ResNet50`.

    Returns:
        `P1` ... `P5`: scale `Pk` is (B, H / 2^k, W / 2^k, channels).

    Raises:
        ValueError: there is no such network, or it does not halve height and width exactly.
    """
    network = _make(name, image.shape[1:])
    stages = _stages_of(network)
    positions = {layer.name: position for position, layer in enumerate(network.layers)}

    def renamed(layer: Any) -> Any:
        if not isinstance(layer, layers.Layer):  # a sum of tensors
            return layer
        config = {"name": f"stage{stages[layer.name]}_{positions[layer.name]}_{type(layer).__name__.lower()}"}
        if isinstance(layer, PREPROCESSING):
            return layers.Activation("linear", **config)
        return type(layer).from_config(layer.get_config() | config)

    named = keras.models.clone_model(network, input_tensors=image, clone_function=renamed)
    scales = {}
    for stage in range(1, APPLICATION_STAGES + 1):
        size_hw = image.shape[1] >> stage, image.shape[2] >> stage
        fitting = [layer.output for layer in named.layers if tuple(layer.output.shape[1:-1]) == size_hw]
        if not fitting:
            raise ValueError(
                f"`model.backbone.application: {name}` has no scale P{stage} of {size_hw[0]} x {size_hw[1]}: it does "
                "not halve exactly. Choose a network that does, e.g. ResNet50, MobileNetV2, EfficientNetB0 or VGG16."
            )
        scales[f"P{stage}"] = fitting[-1]
    return scales


def _make(name: str, shape: tuple[int, ...]) -> keras.Model:
    known = [each for each in dir(keras.applications) if each[0].isupper()]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean `{near[0]}`?" if near else f"There are {', '.join(known)}."
        raise ValueError(f"`model.backbone.application`: keras.applications has no {name}. {hint}")
    make = getattr(keras.applications, name)
    own: dict[str, Any] = {"include_preprocessing": False} if "include_preprocessing" in _arguments(make) else {}
    return make(include_top=False, weights=None, input_shape=shape, **own)


def _arguments(make: Any) -> set[str]:
    return set(inspect.signature(make).parameters)


def _stages_of(network: keras.Model) -> dict[str, int]:
    """Stage of every layer by name: how often what it gives, or what it is made of, has been halved; at least 1."""
    height = network.input.shape[1]
    stages: dict[str, int] = {}
    for layer in network.operations:  # layers, and sums of tensors
        before = [stages[each.name] for each in _inputs_of(layer) if each.name in stages]
        shape = layer.output.shape
        halved = round(height / shape[1]).bit_length() - 1 if len(shape) == 4 and shape[1] > 1 else 1
        stages[layer.name] = min(APPLICATION_STAGES, max(1, *before, halved)) if before else 1
    return stages


def _inputs_of(layer: layers.Layer) -> list[Any]:
    """The layers that a layer takes its input from."""
    return [tensor._keras_history.operation for node in layer._inbound_nodes for tensor in node.input_tensors]
