"""Rungs in processes of their own: what is there is read, what is late is stopped, what fails is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from detector.config import Config
from detector.runs import RunError, write_json
from detector.search import ladder_runner
from detector.search.goals import Goal
from detector.search.ladder_record import Judges, OutOfTimeError, Record
from detector.search.ladder_rungs import Rung, RungMaker
from detector.search.ladder_runner import FINDING_NAME, RungRunner
from detector.search.ladder_shapes import Shape
from tests.conftest import REPOSITORY
from tests.detector.search.ladder_world import METRIC, VALUES, World, make_config, price_of

# stands in the place of the process that trains: the first line of its input is its task
WORKER = """
import json, pathlib, sys, time
task = json.loads(sys.stdin.readline())
folder = pathlib.Path(task["folder"])
epochs = task["config"]["training"]["epochs"]
if epochs == 99: time.sleep(99)
if epochs == 98: sys.exit("bad luck")
if epochs == 97: (folder / "problem.json").write_text('"the disk is full."'); sys.exit(1)
(folder / "rung.json").write_text((folder.parent.parent / "finding.json").read_text())
(folder / "began.json").write_text(json.dumps([time.time(), task["with_training"]]))
time.sleep(0.2)
"""


@pytest.fixture
def maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RungMaker:
    maker = RungMaker(make_config(), tmp_path)
    rung = make_rung(maker, 1)
    result = World(lambda _: (0.7, 0.8)).train([rung])[0].result
    assert result
    write_json(tmp_path / "finding.json", {"result": result.to_json(), "training": {METRIC: 0.8}, "diverged": ""})
    monkeypatch.setattr(ladder_runner, "WORKER", ["-c", WORKER])
    return maker


def make_rung(maker: RungMaker, epochs: int) -> Rung:
    return maker.full("generalise", Shape(8, (1, 2, 2), (96, 128)), epochs)


def test_rungs_are_trained_side_by_side_and_never_twice(maker: RungMaker) -> None:
    noted: list[int] = []
    runner = RungRunner(maker, 2, None, lambda: noted.append(1))
    rungs = [make_rung(maker, 1), make_rung(maker, 2), maker.overfit(make_rung(maker, 1).shape, 3)]
    findings = runner(rungs)
    assert [finding.result.metrics[METRIC] for finding in findings if finding.result] == [0.7] * 3
    assert findings[0].training == {METRIC: 0.8}
    began = [json.loads((maker.folder_of(rung.name) / "began.json").read_text()) for rung in rungs]
    assert [with_training for _, with_training in began] == [True, True, False]
    again = RungRunner(maker, 1, 0.0, lambda: noted.append(2))  # and no time: they are there
    assert again(rungs) == findings
    assert noted == [1, 2]


def test_what_is_late_is_stopped(maker: RungMaker) -> None:
    runner = RungRunner(maker, 2, 4.0, lambda: None)
    slow, quick = make_rung(maker, 99), make_rung(maker, 1)
    begun = time.monotonic()
    with pytest.raises(OutOfTimeError) as caught:
        runner([slow, quick])
    assert list(caught.value.findings) == [quick.name]
    assert time.monotonic() - begun < 30
    assert not (maker.folder_of(slow.name) / FINDING_NAME).exists()
    with pytest.raises(OutOfTimeError):
        runner([make_rung(maker, 5)])
    assert not maker.folder_of(make_rung(maker, 5).name).exists()


def test_what_ended_beside_it_counts(maker: RungMaker) -> None:
    slow, quick = make_rung(maker, 99), make_rung(maker, 1)
    told: list[str] = []
    for seconds in (4.0, 0.0):  # the second search reads what the first has left
        runner = RungRunner(maker, 2, seconds, lambda: None)
        record = Record(maker, Goal(METRIC, 0.6), Judges(runner, price_of, lambda _: "", jobs=2))
        record.tell = lambda outcome: told.append(outcome.rung.name)
        with pytest.raises(OutOfTimeError):
            record.attempt([slow, quick])
        best = record.best()
        assert best and best.rung == quick and list(record.outcomes) == [quick.name]
    assert told == [quick.name, quick.name]


@pytest.mark.parametrize(("epochs", "reason"), [(98, "it ended with code 1."), (97, "the disk is full.")])
def test_a_failure_stops_the_search_and_says_where(maker: RungMaker, epochs: int, reason: str) -> None:
    rung = make_rung(maker, epochs)
    with pytest.raises(RunError) as caught:
        RungRunner(maker, 1, None, lambda: None)([rung])
    folder = maker.folder_of(rung.name)
    assert str(caught.value) == f"the rung {folder} was not trained: {reason} What it said is in {folder / 'log.txt'}."


def test_the_process_of_a_rung_ends_with_the_search(tmp_path: Path) -> None:
    code = (
        "import detector.search.ladder_runner as runner, time\n"
        "runner.train_rung = lambda *_, **__: time.sleep(60)\n"
        "runner.main()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, cwd=REPOSITORY, env=os.environ)
    assert process.stdin  # for mypy
    task = {"config": Config.parse(VALUES).to_dict(), "folder": str(tmp_path), "with_training": False}
    process.stdin.write(json.dumps(task).encode() + b"\n")
    process.stdin.close()  # as at the end of the search's process
    assert process.wait(timeout=50) == 1
