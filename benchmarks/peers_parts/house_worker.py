"""Times our own network for `peers.py`, in a process of its own: its training steps, and its public prediction.

    python house_worker.py REQUEST.json RESULT.json

The request holds `verb`, the name of a function below, and its arguments.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import cv2

from detector.quiet import import_keras_quietly

STEPS = 60
WARM_UP = 20  # pictures before the clock starts

Result = dict[str, Any]


def pace(*, config: str, overrides: list[str], steps: int = STEPS) -> Result:
    """Trains for a moment, with augmentation and validation as `detector train` has them.

    Args:
        config: a YAML file or a preset.
        overrides: settings, `path.to.key=value`.
        steps: of each of two epochs, of which the second counts.

    Returns:
        What `budget.Pace` wants, `pictures` of an epoch, `parameters` and `macs`.
    """
    import keras

    from detector import api
    from detector.backend import prepare_backend
    from detector.batches import ValidationBatches
    from detector.build import build_model, compile_model, with_pixel_input
    from detector.config import read_config
    from detector.data import training_sources
    from detector.training import make_training_batches

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            self.begun = time.process_time()

        def on_test_begin(self, logs: Any = None) -> None:  # noqa: ARG002
            self.trained = time.process_time()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            self.checked = time.process_time()

    settings = read_config(config, overrides)
    cost = api.cost(settings)
    prepare_backend(deterministic=False)
    train, validation = training_sources(settings)
    size = settings.training.batch_size
    model = with_pixel_input(build_model(settings))
    compile_model(model, settings, steps)
    checks = ValidationBatches(validation, settings.input, settings.codecs(), size)
    batches, clock = make_training_batches(settings, train), Clock()
    how = {"epochs": 2, "steps_per_epoch": steps, "shuffle": False, "verbose": 0}
    model.fit(batches, validation_data=checks, callbacks=[clock], **how)
    return {
        "pictures_per_cpu_second": steps * size / (clock.trained - clock.begun),
        "start_cpu_seconds": time.process_time() - 2 * (clock.checked - clock.begun),
        "check_cpu_seconds": clock.checked - clock.trained,
        "pictures": settings.training.samples_per_epoch or len(train),
        "parameters": cost.parameters,
        "macs": cost.macs,
    }


def predict(*, model: str, pictures: list[str]) -> Result:
    """Asks `detector.api.predict` about pictures.

    Args:
        model: a run folder or file.
        pictures: paths.

    Returns:
        `ms` and `cpu_ms`: wall and CPU milliseconds of each picture, from its file to its boxes.
    """
    from detector import api

    times, begun = [], (time.perf_counter(), time.process_time())
    for answer in api.predict(model, [*pictures[:WARM_UP], *pictures]):
        answer.to_json()
        now = (time.perf_counter(), time.process_time())
        times.append([1000 * (end - start) for start, end in zip(begun, now, strict=True)])
        begun = (time.perf_counter(), time.process_time())
    wall, cpu = zip(*times[WARM_UP:], strict=True)
    return {"ms": wall, "cpu_ms": cpu}


VERBS = {verb.__name__: verb for verb in (pace, predict)}


def main() -> None:
    """Does what the request says."""
    request = json.loads(Path(sys.argv[1]).read_text())
    cv2.setNumThreads(1)
    import_keras_quietly()
    Path(sys.argv[2]).write_text(json.dumps(VERBS[request.pop("verb")](**request)))


if __name__ == "__main__":
    main()
