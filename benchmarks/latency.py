"""How long does a picture take? LiteRT, one thread: preprocessing, the network alone, and with reading its result.

    python benchmarks/latency.py [MODEL ...] [--photo-hw 1536 2048] [--rounds 300] [--json latency.json]

MODEL is a run folder, a `.tflite` file or a shipped model; all shipped ones by default. Medians of CPU milliseconds.
"Network" is the interpreter's `invoke`; "with reading" is all between a uint8 frame and its corners and presence: to
int8 and back, and decoding; "resizing" brings a photo of the given size to the network's frame.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from data_generators.formats import open_source
from data_generators.transform.input_spec import fit_image
from detector.locate import find_model, shipped_names
from detector.quiet import quiet_stderr
from detector.runs import write_json
from detector.runtime import LiteRTRuntime

WARM_UP = 20
PHOTO_HW = (1536, 2048)


def main() -> None:
    """Prints a line a model, writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=shipped_names())
    parser.add_argument("--photo-hw", type=int, nargs=2, default=PHOTO_HW, help="size of the photo to resize")
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    rows = {name: measure_model(find_model(name), tuple(options.photo_hw), options.rounds) for name in options.models}
    print(f"{'CPU ms, median':24}{'bytes':>10}{'network':>10}{'with reading':>14}{'resizing':>10}")
    for name, row in rows.items():
        print(
            f"{name:24}{row['bytes']:10,}{row['network_ms']:10.3f}{row['with_reading_ms']:14.3f}{row['resizing_ms']:10.3f}"
        )
    if options.json:
        write_json(options.json, rows)


def measure_model(path: Path, photo_hw: tuple[int, int], rounds: int) -> dict[str, Any]:
    """Bytes of a model file, and its medians in CPU milliseconds, on a drawn scene."""
    runtime = LiteRTRuntime(path)
    spec, codecs = runtime.card.input, runtime.card.codecs()
    scene = open_source("documents:", count=1, negative_share=0.0, size_hw=spec.size_hw).sample(0).image
    frame = fit_image(scene, spec)
    photo = cv2.resize(scene, photo_hw[::-1])
    return {
        "bytes": path.stat().st_size,
        "photo_hw": photo_hw,
        "network_ms": median_ms(make_invoke(path), rounds),
        "with_reading_ms": median_ms(lambda: decode_all(codecs, runtime.run(frame[None])), rounds),
        "resizing_ms": median_ms(lambda: fit_image(photo, spec), rounds),
    }


def make_invoke(path: Path) -> Callable[[], None]:
    """The network alone, on one thread."""
    with quiet_stderr():
        interpreter = Interpreter(str(path), num_threads=1)
        interpreter.allocate_tensors()
    [details] = interpreter.get_input_details()
    interpreter.set_tensor(details["index"], np.zeros(details["shape"], details["dtype"]))
    return interpreter.invoke


def decode_all(codecs: dict[str, Any], outputs: dict[str, np.ndarray]) -> None:
    """Every head's prediction."""
    for codec in codecs.values():
        codec.decode(outputs)


def median_ms(work: Callable[[], Any], rounds: int) -> float:
    """Median CPU milliseconds of a call, after some to warm up."""
    times = []
    for _ in range(WARM_UP + rounds):
        begun = time.process_time()
        work()
        times.append(1000 * (time.process_time() - begun))
    return float(np.median(times[WARM_UP:]))


if __name__ == "__main__":
    main()
