"""Processes that do jobs: one after the other, killed without harm to the others, stopped at once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from detector.config import read_config
from detector.search.local_workers import LocalWorkers
from detector.search.outcome import Job, Outcome
from tests.detector.search.jobs import tell_process


@pytest.fixture
def workers() -> Iterator[LocalWorkers]:
    made = LocalWorkers(2, tell_process)
    yield made
    made.stop()


def job(number: int, folder: Path = Path()) -> Job:
    return Job(number, read_config("documents-demo"), str(folder))


def test_workers_live_on_and_die_alone_and_are_stopped(workers: LocalWorkers, tmp_path: Path) -> None:
    assert workers.free == 2
    first = workers.submit(job(0)).result(60).result["process"]
    assert first != os.getpid() and workers.free == 2
    dying: Future[Outcome] = workers.submit(job(1))
    other: Future[Outcome] = workers.submit(job(0))
    with pytest.raises(workers.deaths):
        dying.result(60)
    assert other.result(60).state == "complete"
    assert workers.submit(job(0)).result(60).result["process"] != first
    busy = workers.submit(job(2, tmp_path / "begun"))
    assert workers.free == 1
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    workers.stop()
    assert busy.done() and workers.free == 2
