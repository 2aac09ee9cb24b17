"""Asks the network about a made-up picture and compares its outputs with those of the computer that wrote this folder.

Run it once: it tells whether the network runs on this board as it was measured, and how long a picture takes.
"""

import time

import ml
from detector_plan import CHECK, PLAN
from detector_postprocess import model_path

RAMP = bytes(range(256))


def ramp(buffer, shape, dtype):
    """Fills the input with the bytes from 0 to 255, again and again."""
    for start in range(0, len(buffer), 256):
        end = min(start + 256, len(buffer))
        buffer[start:end] = RAMP[: end - start]


def collect(model, inputs, outputs):
    """Mean of the raw values of every output."""
    means = {}
    for name, array in zip(PLAN["order"], outputs):
        values = array.flatten()
        means[name] = sum(values) / len(values)
    return means


model = ml.Model(model_path(), postprocess=collect)
model.predict([ramp])
begin = time.ticks_ms()
means = model.predict([ramp])
print("a picture takes", time.ticks_diff(time.ticks_ms(), begin), "ms")
for name, expected in CHECK.items():
    verdict = "ok" if abs(means[name] - expected) < 0.5 else "WRONG"
    print(verdict, name, "mean", means[name], "expected", expected)
