"""A sweep without trainings: a config with a space, results that follow from it, and workers that are threads."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from detector.config import Config
from detector.search.outcome import Job, Outcome
from tests.detector.tiny import tiny_config

SPACE: dict[str, Any] = {
    "model.backbone.width": {"low": 8, "high": 64, "step": 8},
    "training.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True},
    "model.backbone.depths": [[1, 1, 1], [1, 2, 1], [1, 2, 2]],
}
OBJECTIVES = {"quad_iou_mean": "maximize", "macs": "minimize"}


def sweep_config(**search: Any) -> Config:
    """A config with a search of twelve trials, changed."""
    values = tiny_config({"corners": {"method": "heatmap", "channels": 8}}).to_dict()
    return Config.parse(
        values | {"search": {"space": SPACE, "objectives": OBJECTIVES, "trials": 12, "lag": 3, "seed": 4} | search}
    )


def fake_result(config: Config) -> dict[str, Any]:
    """What `TrialResult.to_json` might give: wide networks are good, and cost more."""
    backbone, rate = config.model.backbone, config.training.learning_rate
    size = backbone.width * sum(backbone.depths)
    score = size / (size + 20) - abs(rate - 2e-3) * 10
    return {
        "metrics": {"quad_iou_mean": score, "presence_ap": None},
        "parameters": 10 * size,
        "int8_bytes": 11 * size,
        "arena_bytes": 50 * size,
        "macs": 100 * size,
        "milliseconds": 0.5,
        "seconds": 1.0,
        "curve": [1 - score / 2, 1 - score],
        "gate": "",
    }


class WorkerDiedError(RuntimeError):
    """What `ThreadWorkers` call a death."""


class ThreadWorkers:
    """Workers that are threads; each job takes its own time, so that they do not end in order.

    Args:
        count: of threads.
        do: instead of `fake_result`.
    """

    deaths: tuple[type[BaseException], ...] = (WorkerDiedError,)

    def __init__(self, count: int, do: Callable[[Job], Outcome] | None = None) -> None:
        self._count, self._pool = count, ThreadPoolExecutor(count)
        self._do = do or (lambda job: Outcome("complete", fake_result(job.config)))
        self._running: list[Future[Outcome]] = []
        self.done: list[int] = []

    @property
    def free(self) -> int:
        self._running = [each for each in self._running if not each.done()]
        return self._count - len(self._running)

    def submit(self, job: Job) -> Future[Outcome]:
        future = self._pool.submit(self._work, job)
        self._running.append(future)
        return future

    def _work(self, job: Job) -> Outcome:
        time.sleep(0.02 * (job.number * 7 % 4))
        outcome = self._do(job)
        self.done.append(job.number)
        return outcome

    def stop(self) -> None:
        self._pool.shutdown()
