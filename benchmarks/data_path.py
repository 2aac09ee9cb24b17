"""Does drawing, reading and augmenting keep up? Training from the data path against `fit` on arrays in memory.

    python benchmarks/data_path.py [--preset documents] [--rounds 5]

Both arms train the same network on the same machine in turn; the ratio of their pictures per second is what counts.
The target is 0.85 or more, with all cores busy.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from data_generators.cache import CachedSource, default_cache_directory
from data_generators.formats import open_source
from detector.backend import prepare_backend
from detector.batches import encode_batch
from detector.build import build_model, compile_model, with_pixel_input
from detector.config import read_config
from detector.quiet import import_keras_quietly
from detector.training import make_training_batches

COUNT = 1600


def main() -> None:
    """Prints pictures per second of both arms, their ratio, and the CPU milliseconds of each stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="documents")
    parser.add_argument("--rounds", type=int, default=5, help="times each arm is run; medians are printed")
    arguments = parser.parse_args()
    import_keras_quietly()
    config = read_config(arguments.preset)
    prepare_backend(deterministic=False)
    scenes = open_source("documents:", count=COUNT, seed=77)
    drawing = cpu_ms(lambda: [scenes.sample(index) for index in range(COUNT)])
    source = CachedSource(scenes, 320, default_cache_directory())
    batches = make_training_batches(config, source)
    steps = COUNT // batches.batch_size
    cached = cpu_ms(lambda: [source.sample(index) for index in range(COUNT)])
    batches[0]  # imports albumentations
    path = cpu_ms(lambda: [batches[index] for index in range(steps)])
    samples = [batches.augmentation.apply(source.sample(index), (0, 0, index)) for index in range(COUNT)]
    encode = cpu_ms(lambda: encode_batch(samples, batches.codecs))
    model = with_pixel_input(build_model(config))
    compile_model(model, config, steps)
    arrays = encode_batch(samples, batches.codecs)
    memory, training, memory_cpu = [], [], []
    for round_number in range(arguments.rounds + 1):
        seconds, cpu = timed(lambda: fit_arrays(model, arrays, batches.batch_size))
        from_path, _ = timed(lambda: model.fit(batches, steps_per_epoch=steps, shuffle=False, verbose=0))
        if round_number:  # the first compiles
            memory.append(COUNT / seconds)
            training.append(steps * batches.batch_size / from_path)
            memory_cpu.append(cpu / COUNT * 1000)
    ratio = np.array(training) / np.array(memory)
    print(f"drawing a scene, first time (pages included): {drawing:.2f} CPU ms")
    print(f"reading it from the cache: {cached:.3f} CPU ms; encoding targets: {encode:.3f} CPU ms")
    print(f"source + augmentation + encoding: {path:.3f} CPU ms a picture")
    print(f"training step on arrays in memory: {np.median(memory_cpu):.3f} CPU ms a picture")
    print(
        f"fit on arrays: {np.median(memory):.0f} pictures/s; fit on the data path: {np.median(training):.0f} pictures/s"
    )
    print(f"ratio of the medians: {np.median(training) / np.median(memory):.3f}")
    print(f"ratios round by round: median {np.median(ratio):.3f}, of {np.round(ratio, 3).tolist()}")


def fit_arrays(model, arrays, batch_size: int) -> None:
    """One epoch on arrays in memory."""
    images, targets, weights = arrays
    model.fit(images, targets, sample_weight=weights, batch_size=batch_size, shuffle=False, verbose=0)


def timed(work) -> tuple[float, float]:
    """Wall and CPU seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def cpu_ms(work) -> float:
    """CPU milliseconds a picture of a call that handles `COUNT` pictures."""
    return timed(work)[1] / COUNT * 1000


if __name__ == "__main__":
    main()
