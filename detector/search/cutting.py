"""Cuts hopeless trials short, by a rule for several objectives: each is measured against those that cost no more.

Optuna's own median pruner knows one objective alone, and would want every worker to reach the study.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

import keras

from detector.search.outcome import Rival

FEWEST_RIVALS = 4
SPARED = 3  # the first of so many parts of the epochs


class CutError(RuntimeError):
    """A trial that is not worth its time; the message says why."""


def no_costlier(rivals: Sequence[Rival], costs: Mapping[str, float]) -> list[Rival]:
    """The rivals that cost no more than a trial in any respect."""
    return [rival for rival in rivals if all(value <= costs[name] for name, value in rival.costs.items())]


class CutHopeless(keras.callbacks.Callback):
    """Ends a training whose best value so far is worse than the median of its rivals' best values by that epoch.

    Args:
        rivals: finished trials of the same number of epochs or more.
        monitor: the metric; less is better.
        epochs: of the training; in the first third none is cut.
    """

    def __init__(self, rivals: Sequence[Rival], monitor: str, epochs: int) -> None:
        super().__init__()
        self.rivals = [rival.curve for rival in rivals if len(rival.curve) >= epochs]
        self.monitor, self.epochs = monitor, epochs
        self.best = float("inf")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        done = epoch + 1
        self.best = min(self.best, (logs or {})[self.monitor])
        if len(self.rivals) < FEWEST_RIVALS or done * SPARED < self.epochs or done == self.epochs:
            return
        bar = median(min(curve[:done]) for curve in self.rivals)
        if self.best > bar:
            raise CutError(
                f"after {done} of {self.epochs} epochs its {self.monitor} was {self.best:.4g}, and {bar:.4g} that of "
                f"the middle one of {len(self.rivals)} trials that cost no more"
            )
