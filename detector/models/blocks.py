"""The blocks that backbones and heads are made of; each folds into few int8 operators (conv -> BN -> activation)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import layers

from detector.settings.model import BackboneSettings

Tensor = Any
EXPANSION = 4


def activation_layer(kind: str, name: str) -> layers.Layer:
    """The layer of an activation named in the config."""
    if kind == "relu":
        return layers.ReLU(name=name)
    if kind == "relu6":
        return layers.ReLU(max_value=6.0, name=name)
    if kind == "leaky_relu":
        return layers.LeakyReLU(negative_slope=0.1, name=name)
    return layers.Activation("hard_silu", name=name)


def normalise(x: Tensor, settings: BackboneSettings, name: str) -> Tensor:
    """Batch norm, instance norm (a group norm with a group a channel), or nothing."""
    if settings.normalisation == "batch":
        return layers.BatchNormalization(momentum=0.97, name=f"{name}_bn")(x)
    if settings.normalisation == "instance":
        return layers.GroupNormalization(groups=-1, name=f"{name}_norm")(x)
    return x


def conv_unit(
    x: Tensor,
    channels: int,
    settings: BackboneSettings,
    name: str,
    *,
    kernel: int | tuple[int, int] = 3,
    stride: int = 1,
    active: bool = True,
) -> Tensor:
    """Convolution, normalisation, activation: (B, H, W, C) -> (B, H / stride, W / stride, channels)."""
    bias = settings.normalisation == "none"
    x = layers.Conv2D(
        channels, kernel, stride, "same", use_bias=bias, kernel_initializer="he_normal", name=f"{name}_conv"
    )(x)
    x = normalise(x, settings, name)
    return activation_layer(settings.activation, f"{name}_act")(x) if active else x


def depthwise_unit(x: Tensor, settings: BackboneSettings, name: str, *, stride: int = 1) -> Tensor:
    """Depthwise 3x3 convolution, normalisation, activation."""
    bias = settings.normalisation == "none"
    x = layers.DepthwiseConv2D(
        3, stride, "same", use_bias=bias, depthwise_initializer="he_normal", name=f"{name}_depthwise"
    )(x)
    return activation_layer(settings.activation, f"{name}_depthwise_act")(normalise(x, settings, f"{name}_depthwise"))


def conv_block(x: Tensor, channels: int, settings: BackboneSettings, name: str, stride: int = 1) -> Tensor:
    """A plain 3x3 convolution."""
    return conv_unit(x, channels, settings, name, stride=stride)


def separable_block(x: Tensor, channels: int, settings: BackboneSettings, name: str, stride: int = 1) -> Tensor:
    """Depthwise 3x3, then pointwise 1x1 (MobileNet, Howard et al. 2017)."""
    return conv_unit(depthwise_unit(x, settings, name, stride=stride), channels, settings, name, kernel=1)


def inverted_residual_block(x: Tensor, channels: int, settings: BackboneSettings, name: str, stride: int = 1) -> Tensor:
    """Expand 1x1, depthwise 3x3, project linearly, add (MobileNetV2, Sandler et al. 2018)."""
    inner = conv_unit(x, x.shape[-1] * EXPANSION, settings, f"{name}_expand", kernel=1)
    inner = depthwise_unit(inner, settings, name, stride=stride)
    inner = conv_unit(inner, channels, settings, f"{name}_project", kernel=1, active=False)
    return layers.Add(name=f"{name}_add")([x, inner]) if inner.shape == x.shape else inner


def residual_block(x: Tensor, channels: int, settings: BackboneSettings, name: str, stride: int = 1) -> Tensor:
    """Two 3x3 convolutions and a shortcut, which is projected where the shape changes (ResNet, He et al. 2015)."""
    inner = conv_unit(x, channels, settings, f"{name}_first", stride=stride)
    inner = conv_unit(inner, channels, settings, f"{name}_second", active=False)
    if inner.shape != x.shape:
        x = conv_unit(x, channels, settings, f"{name}_shortcut", kernel=1, stride=stride, active=False)
    return activation_layer(settings.activation, f"{name}_out")(layers.Add(name=f"{name}_add")([x, inner]))


BLOCKS: dict[str, Callable[..., Tensor]] = {
    "conv": conv_block,
    "separable": separable_block,
    "inverted_residual": inverted_residual_block,
    "residual": residual_block,
}
