"""Coordinates that survive 8 bits: the ramp code in which `method: dense` leaves an int8 network.

One int8 tensor over the whole range has steps of 1/255 of it, too coarse for a corner. The exported network instead
holds K copies of the last dense layer, each seeing its K-th of the range and clipped to it; their sum is the
coordinate, in steps of 1 / (255 K). Copies cost weights of the last layer only.
"""

from __future__ import annotations

from typing import Any

import numpy as np

RAMPS = 4
RAMP_TOP = 6.0  # the ceiling of ReLU6, which fuses into the dense layer
RANGE = (-0.25, 1.25)  # corners further outside are clipped

Limits = tuple[Any, Any]


def ramp_layer(kernel: np.ndarray, bias: np.ndarray, limits: Limits = RANGE) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias of the layer that, through ReLU6, gives the ramps of another linear layer's outputs.

    Args:
        kernel: (..., F, D) of the dense layer or convolution whose D outputs are coordinates.
        bias: (D,).
        limits: the least and the greatest coordinate, numbers or (D,).

    Returns:
        kernel (..., F, D * K) and bias (D * K,), ramps fastest: output d * K + k is clip(K * u_d - k, 0, 1) * 6, where
        u is the coordinate's place between the limits, from 0 to 1.
    """
    low, high = (np.broadcast_to(limit, bias.shape) for limit in limits)
    gain = RAMPS * RAMP_TOP / (high - low)
    biases = ((bias - low) * gain)[:, None] - RAMP_TOP * np.arange(RAMPS)
    return np.repeat(kernel * gain, RAMPS, axis=-1), biases.reshape(-1)


def decode_ramps(ramps: np.ndarray, limits: Limits = RANGE) -> np.ndarray:
    """Coordinates (...) from ramps (..., K) in [0, 6]; the inverse of `ramp_layer` between its limits."""
    low, high = limits
    return low + (high - low) * np.clip(ramps, 0, RAMP_TOP).sum(axis=-1) / (RAMPS * RAMP_TOP)
