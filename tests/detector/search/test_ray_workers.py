"""Workers of a Ray cluster: they do jobs, and the death of one is told apart from an error of the job."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from detector.config import read_config
from detector.runs import RunError
from detector.search.outcome import Job
from detector.search.ray_workers import RayWorkers, check_reachable
from tests.detector.search.jobs import tell_process

pytest.importorskip("ray", reason="--ray needs Ray")


def job(number: int) -> Job:
    return Job(number, read_config("documents-demo"), str(Path()))


@pytest.mark.slow
def test_workers_of_a_cluster_that_is_started_here() -> None:
    workers = RayWorkers("auto", 2, tell_process)
    try:
        assert workers.free == 2
        dying, other = workers.submit(job(1)), workers.submit(job(0))
        assert other.result(120).result["process"] != os.getpid()
        with pytest.raises(workers.deaths):
            dying.result(120)
        assert workers.submit(job(0)).result(120).state == "complete"
        assert workers.free == 2
    finally:
        workers.stop()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nonsense"])
def test_an_address_where_no_cluster_is(address: str) -> None:
    with pytest.raises(
        RunError, match=rf"--ray {address}: no cluster answers there .* as `ray start --head` prints it"
    ):
        check_reachable(address)
