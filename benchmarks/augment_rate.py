"""CPU milliseconds a picture of augmentation, by stage: python benchmarks/augment_rate.py [--size 128] [--source 160].

Training takes about 3.5 ms a picture at 128 px, and augmentation may take 15 % of it: the goal is 0.6 ms on one core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import cv2
import numpy as np

from data_generators.sample import Sample, sample_with_corners
from data_generators.transform.augment import Augmentation, AugmentSettings
from data_generators.transform.camera_settings import CAMERAS
from data_generators.transform.input_spec import InputSpec, fit_sample

QUAD = np.array([[[0.2, 0.15], [0.8, 0.2], [0.85, 0.8], [0.15, 0.9]]])


def make_samples(side: int, count: int = 16) -> list[Sample]:
    """Pictures of soft noise with one quadrilateral each."""
    rng = np.random.default_rng(0)
    samples = []
    for index in range(count):
        noise = cv2.GaussianBlur(rng.integers(0, 256, (side, side, 3), dtype=np.uint8), (0, 0), 2)
        samples.append(sample_with_corners(noise, QUAD, group=str(index), origin=f"noise {index}"))
    return samples


def milliseconds(work: Callable[[int], object], count: int) -> float:
    """Mean CPU time of `work(index)`."""
    for index in range(20):
        work(index)
    start = time.process_time()
    for index in range(count):
        work(index)
    return (time.process_time() - start) / count * 1e3


def main() -> None:
    """Prints one line a stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=128, help="side of the network's frame, pixels")
    parser.add_argument("--source", type=int, default=160, help="side of the source's pictures, pixels")
    parser.add_argument("--count", type=int, default=1000, help="pictures a stage")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    spec, samples = InputSpec(size_hw=(options.size, options.size)), make_samples(options.source)
    print(f"{options.source} px -> {options.size} px RGB, CPU ms a picture, mean of {options.count}")
    fit = milliseconds(lambda index: fit_sample(samples[index % len(samples)], spec), options.count)
    print(f"{'fit only':<28}{fit:.3f}")
    off = {"geometry": False, "photometric": False, "camera": "none"}
    stages = {
        "geometry": {"photometric": False, "camera": "none"},
        "photometric, with fit": {"geometry": False, "camera": "none"},
        **{f"camera {name}, with fit": {**off, "camera": name} for name in CAMERAS if name != "none"},
        "all, default": {},
        "all, camera openmv": {"camera": "openmv"},
    }
    for name, values in stages.items():
        augmentation = Augmentation(AugmentSettings.parse(values), spec, "image")
        spent = milliseconds(lambda i, a=augmentation: a.apply(samples[i % len(samples)], (0, 0, i)), options.count)
        print(f"{name:<28}{spent:.3f}")


if __name__ == "__main__":
    main()
