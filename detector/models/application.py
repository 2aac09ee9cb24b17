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


class ApplicationScales(dict[str, Tensor]):
    """Scales by name; one that the network does not have is None, and refused as soon as a head asks for it.

    Args:
        scales: `P1` ... `P5`.
        name: of the network, for messages.
        size_hw: height and width of the input.
    """

    def __init__(self, scales: dict[str, Tensor], name: str, size_hw: tuple[int, int]) -> None:
        super().__init__(scales)
        self._name, self._size_hw = name, size_hw

    def __getitem__(self, scale: str) -> Tensor:
        found = super().__getitem__(scale)
        if found is None:
            height, width = (side >> int(scale[1:]) for side in self._size_hw)
            raise ValueError(
                f"`model.backbone.application: {self._name}` has no scale {scale} of {height} x {width}: it does not "
                "halve exactly. Ask for a coarser one, e.g. `stride: 4` of a mask behind ConvNeXtTiny, or choose a "
                "network that does, e.g. ResNet50, MobileNetV2, EfficientNetB0 or VGG16."
            )
        return found


def build_application(image: Tensor, name: str) -> ApplicationScales:
    """The scales of a network of `keras.applications`: of all layers of a size, the last.

    Layers are called `stage<n>_<position>_<kind>`, so that stages can be frozen as those of our own backbone. Layers
    that prepare pictures of values up to 255 are left out.

    Args:
        image: (B, H, W, C) in [0, 1].
        name: as `keras.applications` has it, e.g. `ResNet50`.

    Returns:
        `P1` ... `P5`: scale `Pk` is (B, H / 2^k, W / 2^k, channels). Networks that begin with a stride of 4 have no
        `P1`, which is refused where a head needs it.

    Raises:
        ValueError: there is no such network, or it does not reach the deepest scale exactly.
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
        scales[f"P{stage}"] = fitting[-1] if fitting else None
    found = ApplicationScales(scales, name, image.shape[1:3])
    _ = found[f"P{APPLICATION_STAGES}"]  # every head begins there
    return found


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
