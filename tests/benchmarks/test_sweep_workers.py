"""The sweep that the benchmark measures: two workers find what one finds, and ten kills change nothing."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("optuna", reason="a sweep needs optuna")


def test_a_finished_trial_is_known_by_its_values_and_its_file(tmp_path: Path) -> None:
    from sweep_workers import finished_trials

    assert finished_trials(tmp_path) == {}
    for number in (0, 1):
        result = tmp_path / "trials" / f"{number:03d}" / "result.json"
        result.parent.mkdir(parents=True)
        result.write_text("{}")
        os.utime(result, ns=(5, 5))
    states = [{"number": 0, "state": "complete", "objectives": {"macs": 3.0}}, {"number": 1, "state": "running"}]
    (tmp_path / "trials.json").write_text(json.dumps({"trials": states}))
    assert finished_trials(tmp_path) == {0: ({"macs": 3.0}, 5)}


def test_a_sweep_that_ended_before_it_was_killed_counts_as_no_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sweep_workers

    class Sweep:
        """Two of its processes are killed, all others end by themselves."""

        killed = 0

        def __init__(self, *_: object, **__: object) -> None: ...

        def wait(self, timeout: float | None = None) -> None:
            if timeout is not None and Sweep.killed < 2:
                raise subprocess.TimeoutExpired("sweep", timeout)

        def kill(self) -> None:
            Sweep.killed += 1

    monkeypatch.setattr(sweep_workers.subprocess, "Popen", Sweep)
    rows, kills, changed = sweep_workers.swept_with_kills(tmp_path / "killed", sweep_workers.tiny_sweep(2, 1), kills=10)
    assert (rows, kills, changed) == ([], 2, 0)


@pytest.mark.slow
def test_killed_ten_times_no_finished_trial_is_lost_or_done_twice(tmp_path: Path) -> None:
    from sweep_workers import results, swept, swept_with_kills, tiny_sweep

    from detector.search.local_workers import LocalWorkers

    config = tiny_sweep(trials=8, epochs=4)
    expected, _ = swept(tmp_path / "undisturbed", config, LocalWorkers(1), 1)
    rows, kills, changed = swept_with_kills(tmp_path / "killed", config, kills=10)
    assert kills > 0 and changed == 0
    assert results(rows) == results(expected)


@pytest.mark.slow
def test_two_ray_workers_find_what_one_process_finds_and_killed_ones_too(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="--ray needs Ray")
    from sweep_workers import results, swept, swept_with_deaths, tiny_sweep

    from detector.search.local_workers import LocalWorkers

    config = tiny_sweep(trials=8, epochs=4)
    expected, _ = swept(tmp_path / "one", config, LocalWorkers(1), 1)
    rows, deaths = swept_with_deaths(tmp_path / "ray", config)
    assert deaths == 2
    assert results(rows) == results(expected)
