"""Workers of a sweep on a Ray cluster: this machine alone, or as many as have joined it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from data_generators.settings import SettingsError
from detector.runs import RunError
from detector.search.outcome import Job, Outcome
from detector.search.work import work

SECONDS_TO_ANSWER = 10.0


class RayWorkers:
    """A worker for each processor of a cluster. Trials go to the study folder, which all machines must see under the
    same path; the results come back through Ray.

    Args:
        address: of a cluster, e.g. 10.0.0.1:6379; `auto` takes the one that runs here, or starts one that ends with the
            sweep.
        count: workers at most; of a cluster started here its processors. None: one a processor.
        do: what a worker does with a job.

    Raises:
        SettingsError: ray is not installed.
        RunError: there is no cluster at the address.
    """

    def __init__(self, address: str, count: int | None = None, do: Callable[[Job], Outcome] = work) -> None:
        try:
            import ray
        except ImportError:
            raise SettingsError("--ray needs Ray. Install it: pip install 'detector[ray]'") from None
        from ray import exceptions

        self._ray, self._most = ray, count
        deaths = (exceptions.WorkerCrashedError, exceptions.NodeDiedError, exceptions.OutOfMemoryError)
        self.deaths: tuple[type[BaseException], ...] = deaths
        self._join(address)
        # dead workers are the sweep's affair, which counts them; a process does its jobs one after the other
        self._do = ray.remote(num_cpus=1, max_retries=0)(do)
        self._running: list[Any] = []

    def _join(self, address: str) -> None:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "warning"}
        if address != "auto":
            check_reachable(address)
        try:
            self._ray.init(address=address, **quiet)
        except ConnectionError as error:
            if address != "auto":
                raise RunError(f"--ray {address}: {error}") from None
            self._ray.init(num_cpus=self._most, include_dashboard=False, **quiet)

    @property
    def free(self) -> int:
        self._running = [each for each in self._running if not each.done()]
        processors = int(self._ray.cluster_resources().get("CPU", 1))  # machines come and go
        return min(processors, self._most or processors) - len(self._running)

    def submit(self, job: Job) -> Future[Outcome]:
        future: Future[Outcome] = self._do.remote(job).future()
        self._running.append(future)
        return future

    def stop(self) -> None:
        self._ray.shutdown()


def check_reachable(address: str) -> None:
    """Ray itself would try for many minutes.

    Raises:
        RunError: nobody answers there.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), SECONDS_TO_ANSWER).close()
    except (OSError, ValueError) as error:
        cure = "Give HOST:PORT as `ray start --head` prints it, or auto."
        raise RunError(f"--ray {address}: no cluster answers there ({error}). {cure}") from None
