"""The raw outputs of the network as numbers; what all heads share."""

import math

from ulab import numpy as np

LIMIT = 30.0  # of logits: beyond it a probability is 0 or 1


class Output:
    """An output of the network: raw values in a row, and what a step of them means."""

    def __init__(self, array, spec):
        self.raw = array.flatten()
        self.scale = spec["scale"]
        self.zero = float(spec["zero_point"])  # a float, or int8 arithmetic overflows

    def values(self, start, stop, step=1):
        """Some of the values, as an array of floats."""
        return (self.raw[start:stop:step] - self.zero) * self.scale

    def value(self, index):
        """One value."""
        return (self.raw[index] - self.zero) * self.scale


def probability(logit):
    """The logistic function of a number."""
    return 1.0 / (1.0 + math.exp(-max(-LIMIT, min(LIMIT, logit))))


def probabilities(logits):
    """The logistic function of an array."""
    return 1.0 / (1.0 + np.exp(np.clip(logits, -LIMIT, LIMIT) * -1.0))


def presence_of(head, outputs):
    """Presence as a probability, and whether it reaches the threshold."""
    presence = probability(outputs[head["presence"]].value(0))
    return {"presence": presence, "present": presence >= head["threshold"]}


def from_ramps(output, first, ramps, low, high):
    """A coordinate from the ramps that begin at index `first`."""
    top, total = ramps["top"], 0.0
    for index in range(first, first + ramps["count"]):
        total += max(0.0, min(top, output.value(index)))
    return low + (high - low) * total / (ramps["count"] * top)


def inside(value):
    """A coordinate no further out than the picture's edge."""
    return max(0.0, min(1.0, value))
