"""Machines that share a study in one database: who waits, who stops, who takes over, and who comes too late."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from detector.config import Config
from detector.data import silent
from detector.search import study as study_module
from detector.search import sweep as sweep_module
from detector.search.outcome import Outcome
from detector.search.study import Row, Study
from detector.search.sweep import Driver, PreparedData, SweepOptions, sweep
from tests.detector.search.sweeping import ThreadWorkers, fake_result, sweep_config

pytest.importorskip("optuna", reason="a sweep needs optuna")


def make_shared(folder: Path, monkeypatch: pytest.MonkeyPatch, **search: Any) -> Callable[[str], Study]:
    """Makes studies of several machines in one database; trials of the dead are taken over after ten minutes."""
    monkeypatch.setattr(study_module, "CONFIRM_SECONDS", 0.0)
    config, storage = sweep_config(**search), f"sqlite:///{folder / 'shared.db'}"
    return lambda name: Study(folder / name, config, storage)


def test_a_machine_that_waits_for_others_does_not_ask_without_a_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = make_shared(tmp_path, monkeypatch, trials=1)
    assert shared("busy").begin_trial() == 0
    monkeypatch.setattr(sweep_module, "POLL_SECONDS", 0.5)
    asked: list[int] = []
    monkeypatch.setattr(Study, "adopt", lambda _: asked.append(1) or [])  # type: ignore[func-returns-value]
    idle, workers = shared("idle"), ThreadWorkers(1)
    Driver(idle, sweep_config(trials=1), workers, lambda *_: None, lambda _: None).run(1.2)
    assert 1 <= len(asked) <= 3  # every 0.5 s


@pytest.mark.parametrize("ended_by", ["time", "interrupt"])
def test_who_stops_leaves_his_trials_to_others_at_once(
    ended_by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_module, "CONFIRM_SECONDS", 0.0)
    monkeypatch.setattr(sweep_module, "PreparedData", lambda _: lambda *_: None)
    stopped = threading.Event()
    workers = ThreadWorkers(2, lambda job: Outcome("complete", fake_result(job.config) if stopped.wait(60) else {}))
    monkeypatch.setattr(workers, "stop", lambda: stopped.set() or ThreadWorkers.stop(workers))  # type: ignore[func-returns-value]
    monkeypatch.setattr(sweep_module, "make_workers", lambda _: workers)
    storage = f"sqlite:///{tmp_path / 'shared.db'}"
    other = Study(tmp_path / "other", sweep_config(), storage)

    def show(rows: Sequence[Row]) -> None:
        if len(rows) == 2:
            assert other.adopt() == []
            if ended_by == "interrupt":
                raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        sweep(sweep_config(), tmp_path / "one", SweepOptions(storage=storage, seconds=2.0), show=show)
    left = [row.number for row in other.rows() if row.state == "running"]
    assert left == [0, 1] and other.adopt() == left
    assert Study(tmp_path / "third", sweep_config(), storage).adopt() == []  # they are taken


def test_of_two_who_take_over_a_trial_the_last_to_sign_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = make_shared(tmp_path, monkeypatch)
    left, early, late = shared("left"), shared("early"), shared("late")
    left.begin_trial()
    left.release()
    sleep = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: found.extend(late.adopt()))
    found: list[int] = []
    monkeypatch.setattr(late, "_is_stale", lambda _: True)  # it had looked before `early` signed
    monkeypatch.setattr(study_module, "time", sleep)
    monkeypatch.setattr(late, "_stale_seconds", 0.0)
    monkeypatch.setattr(late, "_sign", lambda trial: trial.set_user_attr("owner", ["late", 0]))
    assert early.adopt() == [] and found == [0]


@pytest.mark.parametrize("sampler", ["grid", "tpe"])
def test_a_trial_too_many_waits_until_there_are_to_be_more(
    sampler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = {"model.backbone.width": [8, 16, 24, 32]}
    shared = make_shared(tmp_path, monkeypatch, sampler=sampler, space=space, trials=3)
    one, other = shared("one"), shared("other")
    assert [one.begin_trial() for _ in range(3)] == [0, 1, 2]
    assert other.begin_trial() is None  # it counted two, before `one` took the third
    for number in range(3):
        one.choose_values(number)
        one.end_trial(number, Outcome("cut"))
    assert one.has_ended() and other.has_ended() and len(other.rows()) == 3 and other.adopt() == []
    more = sweep_config(sampler=sampler, space=space, trials=4)
    grown = Study(tmp_path / "one", more, f"sqlite:///{tmp_path / 'shared.db'}")
    assert grown.adopt() == [3] and grown.choose_values(3)


def test_a_machine_shows_its_life_while_it_makes_data(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[int, int]] = []

    @contextmanager
    def progress(_: str) -> Iterator[Callable[[int, int], None]]:
        yield lambda done, total: shown.append((done, total))

    def training_sources(_: Config, progress: Any) -> None:
        with progress("documents:#train") as report:
            report(1, 2)
            report(2, 2)

    monkeypatch.setattr(sweep_module, "training_sources", training_sources)
    signs: list[int] = []
    for each in (progress, silent):
        PreparedData(each)(sweep_config(), lambda: signs.append(1))
    assert shown == [(1, 2), (2, 2)] and len(signs) == 4
