"""The channels of a wider network that a narrower one of the same design keeps: `model.prune` takes them over."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from detector.compression.channels import ChannelTrace, trace_channels
from detector.compression.importance import channel_importance
from detector.locate import find_checkpoint
from detector.models.backbone import stage_of
from detector.runs import RunError
from detector.transfer import Takeover

logger = logging.getLogger(__name__)

READ, WRITTEN = "read", "written"
# What the axes of a variable are: channels that the layer reads or writes; the others are the same in both networks.
AXES: dict[type[layers.Layer], dict[str, dict[int, str]]] = {
    layers.Conv2D: {"kernel": {2: READ, 3: WRITTEN}, "bias": {0: WRITTEN}},
    layers.Conv2DTranspose: {"kernel": {2: WRITTEN, 3: READ}, "bias": {0: WRITTEN}},
    layers.Dense: {"kernel": {0: READ, 1: WRITTEN}, "bias": {0: WRITTEN}},
    layers.DepthwiseConv2D: {"kernel": {2: READ}, "bias": {0: READ}},
    layers.BatchNormalization: {name: {0: READ} for name in ("gamma", "beta", "moving_mean", "moving_variance")},
    layers.GroupNormalization: {name: {0: READ} for name in ("gamma", "beta")},
}


def prune_from(model: keras.Model, source: str | Path) -> Takeover:
    """Takes over the most important channels of a wider network of the same design.

    Args:
        model: receives the weights; the backbone has the layers of the other network, with as many channels or fewer.
        source: a run folder (its best checkpoint), a `.keras` file, or the name of a shipped model.

    Returns:
        The paths of the variables taken, and of those of heads that the other network does not have.

    Raises:
        RunError: the other network is narrower somewhere, or of another design.
    """
    donor = keras.saving.load_model(find_checkpoint(source), compile=False)
    _check_design(model, donor, source)
    trace = trace_channels(donor)
    kept = choose_channels(trace, channel_importance(donor, trace), _wanted(model, trace, source))
    values = pruned_values(donor, trace, kept)
    takeover = Takeover()
    for variable in model.weights:
        value = values.get(variable.path)
        if value is None:
            takeover.left.append(f"{variable.path}: not in {source}")
        elif value.shape != tuple(variable.shape):
            takeover.left.append(f"{variable.path}: {value.shape} after pruning, {tuple(variable.shape)} here")
        else:
            variable.assign(value)
            takeover.taken.append(variable.path)
    _check_backbone(takeover, source)
    logger.info("pruned from %s: %d of %d channels kept", source, kept.sum(), kept.size)
    for line in takeover.left:
        logger.info("  left %s", line)
    return takeover


def choose_channels(trace: ChannelTrace, importance: np.ndarray, wanted: Mapping[str, int]) -> np.ndarray:
    """The channels that stay.

    Args:
        trace: of the wider network.
        importance: of each of its channels, (N,).
        wanted: layer name -> number of channels that it writes in the narrower network; layers that are not named keep
            all.

    Returns:
        bool (N,).
    """
    kept = np.ones(trace.count, bool)
    for numbers, names in trace.groups():
        count = min([wanted[name] for name in names if name in wanted], default=len(numbers))
        order = np.argsort(-importance[numbers], kind="stable")
        kept[numbers[order[count:]]] = False
    return kept


def pruned_values(network: keras.Model, trace: ChannelTrace, kept: np.ndarray) -> dict[str, np.ndarray]:
    """Path of every variable -> its value with the kept channels alone."""
    values = {}
    for layer in network.layers:
        axes = AXES.get(type(layer), {})
        chosen = {READ: trace.reads.get(layer.name), WRITTEN: trace.writes.get(layer.name)}
        for variable in layer.weights:
            value = np.asarray(variable)
            for axis, side in axes.get(variable.name, {}).items():
                value = np.compress(kept[chosen[side]], value, axis=axis)
            values[variable.path] = value
    return values


def _wanted(model: keras.Model, trace: ChannelTrace, source: str | Path) -> dict[str, int]:
    """Layer name -> channels that it writes here, of the layers that both networks have."""
    wanted = {layer.name: _width(layer) for layer in model.layers if layer.name in trace.writes and layer.weights}
    for name, count in wanted.items():
        if count > len(trace.writes[name]):
            raise RunError(
                f"`model.prune` keeps channels of {source}, and {name} has {len(trace.writes[name])} there, {count} "
                "here. Give model.backbone.channels and the channels of the heads at most the widths of that network."
            )
    return wanted


def _width(layer: Any) -> int:
    return int(layer.output.shape[-1])


def _check_design(model: keras.Model, donor: keras.Model, source: str | Path) -> None:
    ours, theirs = ({layer.name for layer in each.layers if stage_of(layer.name)} for each in (model, donor))
    if ours != theirs:
        raise RunError(
            f"`model.prune` needs a network of the same design, and the backbone of {source} has other layers: "
            f"{', '.join(sorted(ours ^ theirs)[:4])} are in one of the two alone. Give model.backbone the block, "
            "depths, normalisation and downsample of that network."
        )


def _check_backbone(takeover: Takeover, source: str | Path) -> None:
    left = [line for line in takeover.left if stage_of(line)]
    if left:
        raise RunError(
            f"`model.prune` could not take over the backbone of {source}: {'; '.join(left)}. Give input.channels and "
            "model.backbone.block the values of that network."
        )
