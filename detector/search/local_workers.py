"""Workers of a sweep on this machine: processes that take one job after the other, and may die without harm."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from typing import Protocol

from data_generators.workers import begin_worker
from detector.search.outcome import Job, Outcome
from detector.search.work import work


class Workers(Protocol):
    """Where the jobs of a sweep are done.

    Attributes:
        deaths: what a future raises whose worker has died.
        free: workers that have no job.
    """

    deaths: tuple[type[BaseException], ...]

    @property
    def free(self) -> int: ...

    def submit(self, job: Job) -> Future[Outcome]:
        """Gives a job to a free worker."""

    def stop(self) -> None:
        """Ends all workers at once, with what they do."""


class LocalWorkers:
    """So many processes, each a pool of its own: the death of one does not touch the others.

    Args:
        count: of processes.
        do: what a worker does with a job.
    """

    deaths: tuple[type[BaseException], ...] = (BrokenExecutor,)

    def __init__(self, count: int, do: Callable[[Job], Outcome] = work) -> None:
        self._slots: list[_Slot | None] = [None] * count
        self._do = do

    @property
    def free(self) -> int:
        return sum(slot is None or slot.is_free for slot in self._slots)

    def submit(self, job: Job) -> Future[Outcome]:
        place = next(index for index, slot in enumerate(self._slots) if slot is None or slot.is_free)
        slot = self._slots[place] = self._slots[place] or _Slot()
        try:
            return slot.submit(self._do, job)
        except BrokenExecutor:  # it died at its last job, or since
            slot = self._slots[place] = _Slot()
            return slot.submit(self._do, job)

    def stop(self) -> None:
        for slot in self._slots:
            if slot is not None:
                slot.stop()
        self._slots = [None] * len(self._slots)


class _Slot:
    """A process, begun when it is made."""

    def __init__(self) -> None:
        # spawned: neither OpenCV nor TensorFlow survives a fork
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=begin_worker)
        self._pid = self._pool.submit(os.getpid)
        self._job: Future[Outcome] | None = None

    @property
    def is_free(self) -> bool:
        return self._job is None or self._job.done()

    def submit(self, do: Callable[[Job], Outcome], job: Job) -> Future[Outcome]:
        self._job = self._pool.submit(do, job)
        return self._job

    def stop(self) -> None:
        """Ends the process; a pool alone would wait for its job."""
        if not self.is_free:
            with suppress(BrokenExecutor, ProcessLookupError):
                os.kill(self._pid.result(), signal.SIGTERM)
        self._pool.shutdown(cancel_futures=True)
