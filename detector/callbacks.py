"""Keras callbacks: checkpoints from which a training goes on exactly, metrics to files, live validation pictures."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import keras
from keras import ops

from detector.runs import Run, RunError, atomic_path

Logs = dict[str, float] | None
SAMPLES_NAMED = 8


class DivergedError(RuntimeError):
    """The loss is no longer a number; the message names epoch, batch and samples."""


class Checkpoints(keras.callbacks.Callback):
    """Writes the best model, and after each epoch everything that a resume needs; stops early if told so.

    `state.json` is replaced last and names its checkpoint, so a kill at any moment leaves a pair that fits. It must
    be the last callback of all: an epoch that the state calls complete has its metrics and pictures too.

    Args:
        run: the run folder.
        save_best: path -> writes the network as it is to be kept, without the training's pixel input.
        monitor: the metric that chooses the best; less is better.
        patience: epochs without improvement after which to stop; None never stops.
        counts_from: epochs at the beginning that do not count as without improvement, e.g. with a frozen backbone.
    """

    def __init__(
        self,
        run: Run,
        save_best: Callable[[Path], None],
        monitor: str,
        patience: int | None = None,
        counts_from: int = 0,
    ) -> None:
        super().__init__()
        self.run, self.save_best, self.monitor = run, save_best, monitor
        self.patience, self.counts_from = patience, counts_from
        self.best, self.waited = math.inf, 0

    def resume(self, model: keras.Model) -> int:
        """Loads the state of the last complete epoch into a compiled model; returns the number of epochs done.

        Raises:
            RunError: the checkpoint that the state names is gone.
        """
        state = self.run.read_state()
        if state is None:
            return 0
        path = self.run.checkpoints / state["checkpoint"]
        if not path.is_file():
            raise RunError(
                f"{path} is gone, and {self.run.state_file} goes on from it. Put it back, or begin another run; its "
                f"model.init_from={self.run.directory} takes over the weights."
            )
        model.optimizer.build(model.trainable_variables)  # else its state is not loaded
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Skipping variable loading")
            model.load_weights(path)
        for variable, value in zip(_seed_states(model), state["seed_states"], strict=True):
            variable.assign(value)
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
        if not math.isfinite(value):
            raise DivergedError(
                f"{self.monitor} is not a number after epoch {epoch + 1}, though the training loss is. "
                "Lower training.learning_rate; begin another run."
            )
        self.waited += epoch >= self.counts_from
        if value < self.best:
            self.best, self.waited = float(value), 0
            with atomic_path(self.run.best) as temporary:
                self.save_best(temporary)
                self.run.drop_exports()
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
                "seed_states": [ops.convert_to_numpy(variable).tolist() for variable in _seed_states(self.model)],
            }
        )
        for old in self.run.checkpoints.glob("last-*.keras"):
            if old != last:
                old.unlink()


def _seed_states(model: keras.Model) -> list[keras.Variable]:
    """The states of Dropout's and its like's seed generators, which no checkpoint format of Keras saves."""
    return [variable for variable in model.variables if variable.name == "seed_generator_state"]


class MetricsToFile(keras.callbacks.Callback):
    """Appends the metrics of each epoch, its learning rate and its seconds to metrics.jsonl."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run, self._begun = run, 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
        self._begun = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        rate = float(self.model.optimizer.learning_rate)
        row = {"epoch": epoch + 1, "seconds": round(time.perf_counter() - self._begun, 2), "learning_rate": rate}
        self.run.append_metrics(row | {name: float(value) for name, value in (logs or {}).items()})


class StopOnNaN(keras.callbacks.Callback):
    """Raises at the first batch whose loss is not a number, naming it.

    Args:
        describe: batch index counted from the start of `fit` -> a line on each of its samples.
        steps_per_epoch: batches an epoch.
    """

    def __init__(self, describe: Callable[[int], list[str]], steps_per_epoch: int) -> None:
        super().__init__()
        self.describe, self.steps = describe, steps_per_epoch
        self._epoch, self._seen = 0, 0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._seen += 1
        if math.isfinite((logs or {}).get("loss", 0.0)):
            return
        broken = [name for name, value in (logs or {}).items() if not math.isfinite(value)]
        lines = self.describe(self._seen - 1)
        raise DivergedError(
            f"The loss is not a number at batch {batch + 1} of {self.steps} in epoch {self._epoch} "
            f"({', '.join(broken)}). "
            f"Its samples: {'; '.join(lines[:SAMPLES_NAMED])}{' ...' if len(lines) > SAMPLES_NAMED else ''}. "
            "Look at them with `detector preview`; else lower training.learning_rate. Begin another run then."
        )


class LivePictures(keras.callbacks.Callback):
    """Draws the same validation samples with the network's answer every few epochs.

    Args:
        draw: epochs done -> writes the picture of that epoch.
        every: epochs between pictures.
    """

    def __init__(self, draw: Callable[[int], None], every: int) -> None:
        super().__init__()
        self.draw, self.every = draw, every

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
        if (epoch + 1) % self.every == 0:
            self.draw(epoch + 1)
