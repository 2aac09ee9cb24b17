"""Keras callbacks: checkpoints from which a training goes on exactly, metrics to files, live validation pictures."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from detector.runs import Run, atomic_path

Logs = dict[str, float] | None


class DivergedError(RuntimeError):
    """The loss is no longer a number; the message names the batch."""


class Checkpoints(keras.callbacks.Callback):
    """Writes the best model, and after each epoch everything that a resume needs; stops early if told so.

    `state.json` is replaced last and names its checkpoint, so a kill at any moment leaves a pair that fits.

    Args:
        run: the run folder.
        save_best: path -> writes the network as it is to be kept, without the training's pixel input.
        monitor: the metric that chooses the best; less is better.
        patience: epochs without improvement after which to stop; None never stops.
    """

    def __init__(self, run: Run, save_best: Callable[[Path], None], monitor: str, patience: int | None) -> None:
        super().__init__()
        self.run, self.save_best, self.monitor, self.patience = run, save_best, monitor, patience
        self.best, self.waited = math.inf, 0

    def resume(self, model: keras.Model) -> int:
        """Loads the state of the last complete epoch into a compiled model; returns the number of epochs done."""
        state = self.run.read_state()
        if state is None:
            return 0
        model.optimizer.build(model.trainable_variables)
        model.load_weights(self.run.checkpoints / state["checkpoint"])
        for generator, value in zip(_seed_generators(model), state["seed_generators"], strict=True):
            generator.state.assign(value)
        self.best = math.inf if state["best"] is None else state["best"]
        self.waited = state["waited"]
        return state["epoch"]

    def has_stopped(self) -> bool:
        """Whether the run had already stopped early when it was resumed."""
        return self.patience is not None and self.waited >= self.patience

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        value = (logs or {}).get(self.monitor)
        if value is None:
            raise KeyError(f"the monitored metric {self.monitor} is not among {sorted(logs or {})}")
        self.waited += 1
        if value < self.best:
            self.best, self.waited = float(value), 0
            with atomic_path(self.run.best) as temporary:
                self.save_best(temporary)
        self._write_last(epoch + 1)
        if self.has_stopped():
            self.model.stop_training = True

    def _write_last(self, epochs_done: int) -> None:
        last = self.run.checkpoints / f"last-{epochs_done:04d}.keras"
        with atomic_path(last) as temporary:
            self.model.save(temporary)
        self.run.write_state(
            {
                "epoch": epochs_done,
                "checkpoint": last.name,
                "best": None if math.isinf(self.best) else self.best,
                "monitor": self.monitor,
                "waited": self.waited,
                "seed_generators": [[int(v) for v in g.state.numpy()] for g in _seed_generators(self.model)],
            }
        )
        for old in self.run.checkpoints.glob("last-*.keras"):
            if old != last:
                old.unlink()


def _seed_generators(model: keras.Model) -> list[Any]:
    """The seed generators of Dropout and its like; their state is saved in no checkpoint format of Keras."""
    found = []
    for layer in model._flatten_layers():
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            found.append(generator)
    return found


class MetricsToFile(keras.callbacks.Callback):
    """Appends the metrics of each epoch, its learning rate and its seconds to metrics.jsonl."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run, self._begun = run, 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
        self._begun = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        rate = float(self.model.optimizer.learning_rate)
        row = {"epoch": epoch, "seconds": round(time.perf_counter() - self._begun, 2), "learning_rate": rate}
        self.run.append_metrics(row | {name: float(value) for name, value in (logs or {}).items()})


class StopOnNaN(keras.callbacks.Callback):
    """Raises at the first batch whose loss is not a number, naming it.

    Args:
        describe: batch index counted from the start of `fit` -> where its samples come from.
        steps_per_epoch: batches an epoch.
    """

    def __init__(self, describe: Callable[[int], list[str]], steps_per_epoch: int) -> None:
        super().__init__()
        self.describe, self.steps = describe, steps_per_epoch
        self._epoch = 0
        self._first_epoch: int | None = None

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
        self._first_epoch = epoch if self._first_epoch is None else self._first_epoch
        self._epoch = epoch - self._first_epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if math.isfinite((logs or {}).get("loss", 0.0)):
            return
        origins = self.describe(self._epoch * self.steps + batch)
        raise DivergedError(
            f"The loss is not a number at batch {batch} of epoch {self._epoch + (self._first_epoch or 0) + 1}. "
            f"Its samples: {'; '.join(origins[:8])}{' ...' if len(origins) > 8 else ''}. "
            "Look at them with `detector preview`; else lower training.learning_rate."
        )


class LivePictures(keras.callbacks.Callback):
    """Draws the same validation samples with the network's answer every few epochs, and after the last.

    Args:
        draw: epoch -> writes the picture of that epoch.
        every: epochs between pictures.
    """

    def __init__(self, draw: Callable[[int], None], every: int) -> None:
        super().__init__()
        self.draw, self.every, self._last = draw, every, 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
        self._last = epoch + 1
        if self._last % self.every == 0:
            self.draw(self._last)

    def on_train_end(self, logs: Logs = None) -> None:  # noqa: ARG002
        if self._last % self.every:
            self.draw(self._last)
