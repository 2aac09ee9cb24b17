"""How much a channel matters to a trained network: the norm of the filter that writes it, as it is after folding."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from detector.compression.channels import WRITERS, ChannelTrace


def channel_importance(network: keras.Model, trace: ChannelTrace) -> np.ndarray:
    """Importance of every channel of a trace, float64 (N,), 0 or more.

    The L1 norm of the channel's filter (Li et al. 2017, Pruning Filters for Efficient ConvNets, section 3.1): it needs
    no data, and there is no better choice once the network is trained further (their section 4.4). The filter is taken
    with batch norm folded in, for what a norm behind it rescales says nothing by itself; filters whose outputs are
    added count together.
    """
    importance = np.zeros(trace.count)
    for layer in network.layers:
        if isinstance(layer, WRITERS):
            importance[trace.writes[layer.name]] += _filter_norms(layer, trace)
    return importance


def _filter_norms(layer: layers.Layer, trace: ChannelTrace) -> np.ndarray:
    """L1 norm of each filter of a convolution or dense layer, (C,)."""
    kernel = np.abs(np.asarray(layer.kernel, np.float64))
    written = -2 if isinstance(layer, layers.Conv2DTranspose) else -1
    norms = np.moveaxis(kernel, written, -1).reshape(-1, kernel.shape[written]).sum(axis=0)
    norm = trace.norms.get(layer.name)
    if norm is None:
        return norms
    scale = 1 / np.sqrt(np.asarray(norm.moving_variance, np.float64) + norm.epsilon)
    return norms * scale * (np.abs(np.asarray(norm.gamma)) if norm.scale else 1)
