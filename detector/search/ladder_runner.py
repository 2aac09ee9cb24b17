"""Rungs trained side by side, each in a process of its own; what is there already is read, what is late is stopped."""

from __future__ import annotations

import json
import logging
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.sources import SubsetSource
from detector.config import Config
from detector.runs import Run, RunError, write_json
from detector.search.ladder_record import OutOfTimeError
from detector.search.ladder_rungs import Finding, Rung, RungMaker

logger = logging.getLogger(__name__)

FINDING_NAME, LOG_NAME, PROBLEM_NAME = "rung.json", "log.txt", "problem.json"
TRAINING_SAMPLES = 200  # whose score tells overfitting from underfitting
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}
POLL_S = 0.1
WORKER = ["-m", "detector.search.ladder_runner"]


class RungRunner:
    """Trains rungs into the folders that their maker gives them.

    Args:
        maker: knows the folders.
        jobs: processes side by side; with two or more each has one thread.
        seconds: after which nothing is trained any more; None: no limit.
        note: called whenever rungs are finished.
    """

    def __init__(self, maker: RungMaker, jobs: int, seconds: float | None, note: Callable[[], None]) -> None:
        self.maker, self.jobs, self.note = maker, jobs, note
        self.deadline = time.monotonic() + (math.inf if seconds is None else seconds)

    def __call__(self, rungs: Sequence[Rung]) -> list[Finding]:
        """What was found of each.

        Raises:
            OutOfTimeError: there is no time left; it holds what was found of those that had ended. What had not is
                stopped, and goes on in the next search.
            RunError: a training failed for another reason than that it diverged; the message has its error.
        """
        missing = [rung for rung in rungs if not self._file(rung).is_file()]
        in_time = self._train(missing)
        self.note()
        findings = {rung.name: read_finding(self._file(rung)) for rung in rungs if self._file(rung).is_file()}
        if not in_time and len(findings) < len(rungs):
            raise OutOfTimeError(findings)
        return [findings[rung.name] for rung in rungs]

    def _file(self, rung: Rung) -> Path:
        return self.maker.folder_of(rung.name) / FINDING_NAME

    def _train(self, rungs: Sequence[Rung]) -> bool:
        """Whether there was time for all."""
        waiting, running = list(rungs), list[tuple[subprocess.Popen[str], Rung]]()
        try:
            while waiting or running:
                if time.monotonic() >= self.deadline:
                    return False
                while waiting and len(running) < self.jobs:
                    running.append((self._start(waiting[0]), waiting.pop(0)))
                time.sleep(POLL_S)
                for process, rung in [each for each in running if each[0].poll() is not None]:
                    running.remove((process, rung))
                    _end(process)
                    self._check(process.returncode, rung)
            return True
        finally:
            for process, _ in running:
                process.kill()
                _end(process)

    def _start(self, rung: Rung) -> subprocess.Popen[str]:
        folder = self.maker.folder_of(rung.name)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / PROBLEM_NAME).unlink(missing_ok=True)
        with (folder / LOG_NAME).open("a") as log:
            process = subprocess.Popen(
                [sys.executable, *WORKER],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                env=os.environ | (ONE_THREAD if self.jobs > 1 else {}),
            )
        task = {"config": rung.config.to_dict(), "folder": str(folder), "with_training": rung.phase != "overfit"}
        with suppress(BrokenPipeError):  # it ended before it read; `_check` says why
            process.stdin.write(json.dumps(task) + "\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
        return process

    def _check(self, code: int, rung: Rung) -> None:
        if self._file(rung).is_file():
            return
        folder = self.maker.folder_of(rung.name)
        problem = folder / PROBLEM_NAME
        reason = json.loads(problem.read_text(encoding="utf-8")) if problem.is_file() else f"it ended with code {code}."
        raise RunError(f"the rung {folder} was not trained: {reason} What it said is in {folder / LOG_NAME}.")


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(BrokenPipeError), process:  # closes the pipe, and waits
        pass


def read_finding(path: Path) -> Finding:
    """What `train_rung` wrote."""
    from detector.search.trial import TrialResult

    values = json.loads(path.read_text(encoding="utf-8"))
    result = TrialResult.from_json(values["result"]) if values["result"] else None
    return Finding(result, values["training"], values["diverged"])


def main() -> None:
    """The whole of a rung's process: its task is the first line of the input; the input ends with the search."""
    task = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    logging.basicConfig(level=logging.INFO)
    folder = Path(task["folder"])
    try:
        train_rung(Config.parse(task["config"], str(folder)), folder, with_training=task["with_training"])
    except (ValueError, RuntimeError, OSError) as error:
        write_json(folder / PROBLEM_NAME, str(error))
        raise


def _end_with_input() -> None:
    """Ends this process where the search that began it was killed, so that another one finds the rung free."""
    sys.stdin.read()
    os._exit(1)


def train_rung(config: Config, folder: Path, *, with_training: bool) -> None:
    """Trains and measures one rung, and writes rung.json.

    Args:
        config: the rung's.
        folder: the rung's.
        with_training: measure the int8 file on training pictures, too.
    """
    from detector.callbacks import DivergedError
    from detector.search.trial import run_trial

    try:
        result = run_trial(config, folder)
    except DivergedError as error:
        write_json(folder / FINDING_NAME, {"result": None, "training": {}, "diverged": str(error)})
        return
    training = training_scores(config, folder) if with_training else {}
    write_json(folder / FINDING_NAME, {"result": result.to_json(), "training": training, "diverged": ""})


def training_scores(config: Config, folder: Path) -> dict[str, Any]:
    """Scores of the int8 file on training pictures as they are, spread over the training data."""
    from detector.data import training_sources
    from detector.evaluation import evaluate_sources
    from detector.search.reference import int8_file

    source, _ = training_sources(config)
    indices = np.linspace(0, len(source) - 1, min(TRAINING_SAMPLES, len(source))).astype(int)
    return evaluate_sources(int8_file(Run(folder)), [SubsetSource(source, indices.tolist())]).scores


if __name__ == "__main__":
    main()
