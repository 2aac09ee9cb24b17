"""Trains a FOMO-like network for `peers.py`: MobileNetV2 with alpha 0.35, cut where a cell is 8 pixels wide.

    python fomo_worker.py REQUEST.json RESULT.json

As Edge Impulse describes FOMO: a softmax over background and classes in every cell, the cell of an object's centre
being its target, and objects weighing 100 times as much as background. Weights begin at random; pictures, augmentation
and input size are those of the config.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.formats import open_source
from data_generators.sample import Sample
from data_generators.transform.input_spec import fit_image
from detector.codecs.nms import find_centroids
from detector.quiet import import_keras_quietly

ALPHA = 0.35
CUT = "block_6_expand_relu"  # 1/8 of the input's size
CHANNELS = 32
OBJECT_WEIGHT = 100.0
STRIDE = 8
LEARNING_RATE = 1e-3
TRIAL_STEPS = 20
LOWEST_SCORE = 0.01

Arrays = dict[str, np.ndarray]


class CellCodec:
    """The class of every cell: 0 is background, 1 + k an object of class k has its centre there.

    Args:
        size_hw: of the input.
        classes: K.
    """

    def __init__(self, size_hw: tuple[int, int], classes: int) -> None:
        self.shape, self.classes = (size_hw[0] // STRIDE, size_hw[1] // STRIDE), classes

    def encode(self, samples: Sequence[Sample]) -> tuple[Arrays, Arrays]:
        """`cells` float32 (B, GH, GW, 1 + K), and a weight of 1 for each sample."""
        targets = np.zeros((len(samples), *self.shape, 1 + self.classes), np.float32)
        targets[..., 0] = 1
        rows, columns = self.shape
        for target, sample in zip(targets, samples, strict=True):
            counted = (sample.labels >= 0) & ~sample.ignore
            centres = (sample.boxes[counted, :2] + sample.boxes[counted, 2:]) / 2  # (N, 2)
            for (x, y), label in zip(centres, sample.labels[counted], strict=True):
                place = min(int(y * rows), rows - 1), min(int(x * columns), columns - 1)
                target[place] = np.eye(1 + self.classes)[1 + label]
        return {"cells": targets}, {"cells": np.ones(len(samples), np.float32)}


def build(size_hw: tuple[int, int], classes: int) -> Any:
    """pixels uint8 (B, H, W, 3) -> `cells` (B, H / 8, W / 8, 1 + K), softmax."""
    import keras
    from keras import layers

    pixels = keras.Input((*size_hw, 3), dtype="uint8", name="pixels")
    scaled = layers.Rescaling(1 / 127.5, offset=-1, name="rescale")(pixels)
    whole = keras.applications.MobileNetV2((*size_hw, 3), alpha=ALPHA, include_top=False, weights=None)
    trunk = keras.Model(whole.input, whole.get_layer(CUT).output, name="trunk")
    x = layers.Conv2D(CHANNELS, 1, activation="relu", name="head")(trunk(scaled))
    cells = layers.Conv2D(1 + classes, 1, activation="softmax", name="cells")(x)
    return keras.Model(pixels, {"cells": cells}, name="fomo")


def weighted_cross_entropy(target: Any, output: Any) -> Any:
    """Mean cross-entropy of a picture's cells, those of objects weighing more: (B,)."""
    from keras import ops

    weights = 1 + (OBJECT_WEIGHT - 1) * (1 - target[..., 0])
    return ops.mean(weights * ops.categorical_crossentropy(target, output), axis=(1, 2))


def train(*, config: str, overrides: list[str], data: str, cpu_seconds: float) -> dict[str, Any]:
    """Trains until the CPU seconds are spent, with a cosine, and asks about the validation pictures.

    Args:
        config: a YAML file or a preset: input, augmentation, batch size, classes.
        overrides: settings, `path.to.key=value`, the same as for our own network.
        data: the source of the validation pictures.
        cpu_seconds: of this process until training ends.

    Returns:
        `parameters`, `pictures` trained on, `pictures_per_cpu_second`, and `answers` as a peer gives them.
    """
    import keras

    from detector.backend import prepare_backend
    from detector.batches import TrainingBatches
    from detector.config import read_config
    from detector.data import training_sources, training_view

    settings = read_config(config, overrides)
    prepare_backend(deterministic=False)
    keras.utils.set_random_seed(settings.seed)
    source, size, classes = training_sources(settings)[0], settings.training.batch_size, settings.model.classes
    codec: Any = CellCodec(settings.input.size_hw, len(classes))
    stream = partial(TrainingBatches, source, training_view(settings, source), {"cells": codec}, size)

    def fit(steps: int) -> tuple[Any, float]:
        network, rate = build(settings.input.size_hw, len(classes)), keras.optimizers.schedules
        network.compile(keras.optimizers.Adam(rate.CosineDecay(LEARNING_RATE, steps)), weighted_cross_entropy)
        clock = _StepClock()
        how = {"steps_per_epoch": steps, "shuffle": False, "verbose": 0, "callbacks": [clock.callback()]}
        network.fit(stream(seed=settings.seed), **how)
        return network, size * clock.per_second()

    _, rate = fit(TRIAL_STEPS)
    steps = max(TRIAL_STEPS, int((cpu_seconds - time.process_time()) * rate / size))
    network, rate = fit(steps)
    return {
        "parameters": sum(int(np.prod(variable.shape)) for variable in network.trainable_variables),
        "pictures": steps * size,
        "pictures_per_cpu_second": rate,
        "answers": list(_answers(network, settings, data)),
    }


class _StepClock:
    """CPU time from the end of the third step to that of the last."""

    def __init__(self) -> None:
        self.ends: list[float] = []

    def callback(self) -> Any:
        import keras

        return keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: self.ends.append(time.process_time())  # noqa: ARG005
        )

    def per_second(self) -> float:
        return (len(self.ends) - 3) / (self.ends[-1] - self.ends[2])


def _answers(network: Any, settings: Any, data: str) -> Any:
    """An object a peak, as a box of one cell around it."""
    source = open_source(data, on_error=settings.data.on_error)
    for index in range(len(source)):
        sample = source.sample(index)
        [cells] = np.asarray(network.predict_on_batch(fit_image(sample.image, settings.input)[None])["cells"])
        height, width = sample.size_hw
        half_px = np.array([width / cells.shape[1], height / cells.shape[0]]) / 2
        objects = [
            {"box_px": [*(point - half_px), *(point + half_px)], "score": float(score), "class": name}
            for point, score, name in _peaks(cells, settings.model.classes, (width, height))
        ]
        yield {"file": sample.origin, "objects": objects}


def _peaks(cells: np.ndarray, classes: Sequence[str], size_px: tuple[int, int]) -> Any:
    points, scores, labels = find_centroids(cells[..., 1:], LOWEST_SCORE)
    return zip(points * size_px, scores, [classes[label] for label in labels], strict=True)


def main() -> None:
    """Does what the request says."""
    request = json.loads(Path(sys.argv[1]).read_text())
    import_keras_quietly()
    request.pop("verb")
    Path(sys.argv[2]).write_text(json.dumps(train(**request)))


if __name__ == "__main__":
    main()
