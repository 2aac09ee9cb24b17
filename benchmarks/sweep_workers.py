"""Do two workers sweep nearly twice as fast as one, with the same results, and does a sweep survive kill -9?

    python benchmarks/sweep_workers.py [--trials 12] [--epochs 6] [--kills 10] [--runs FOLDER] [--json out.json]

Networks of 32 x 48 pixels and some thousand parameters, seconds a trial. Swept four times from the same config:
`one`, a single-threaded process; `two`, two workers of a Ray cluster that is started here; `dying`, the same, and each
of them is killed once in the middle of a trial; `killed`, `detector sweep` with two processes, killed with kill -9 at
random moments, up to as often as --kills says, and begun again each time. All four must end with the same results. The
rate is that after the first trial of each worker: the start of the cluster and the import of TensorFlow do not count.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from detector.config import Config
from detector.data import silent
from detector.runs import write_json
from detector.search.local_workers import LocalWorkers, Workers
from detector.search.ray_workers import RayWorkers
from detector.search.study import Row, Study
from detector.search.sweep import Driver, PreparedData
from detector.search.work import work

UNSTEADY = ("seconds", "milliseconds")  # what is not the same twice
KILL_BETWEEN = (4.0, 30.0)  # seconds after the start of the command
SEED = 3
TITLE = f"ray::{work.__name__}"  # of a Ray worker as long as it does a trial
SECONDS_TO_BEGIN = 5.0


def main() -> None:
    """Prints the rates and what the kills did, writes JSON where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--runs", type=Path, default=Path("runs/sweep-workers"), help="new or empty")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    config = tiny_sweep(options.trials, options.epochs)
    one, one_rate = swept(options.runs / "one", config, LocalWorkers(1), 1)
    two, two_rate = swept(options.runs / "two", config, RayWorkers("auto", 2), 2)
    dying, deaths = swept_with_deaths(options.runs / "dying", config)
    report = {
        "trials": options.trials,
        "trials_an_hour": {"one": round(one_rate), "two": round(two_rate)},
        "ratio": round(two_rate / one_rate, 3),
        "same_results": {"two": results(two) == results(one), "dying": results(dying) == results(one)},
        "workers_killed": deaths,
    }
    if options.kills:
        killed, kills, changed = swept_with_kills(options.runs / "killed", config, options.kills)
        report["same_results"]["killed"] = results(killed) == results(one)
        report |= {"sweeps_killed": kills, "finished_trials_lost_or_done_twice": changed}
    print(json.dumps(report, indent=2))
    if options.json:
        write_json(options.json, report)


def tiny_sweep(trials: int, epochs: int) -> Config:
    """A sweep over trials of seconds; one worker and two try the same, and each trial takes about as long."""
    return Config.parse(
        {
            "input": {"size_hw": [32, 48]},
            "data": {
                "train": [{"source": "documents:#train", "options": {"count": 256, "size_hw": [40, 60]}}],
                "validation": [{"source": "documents:#val", "options": {"count": 32, "size_hw": [40, 60]}}],
            },
            "model": {"backbone": {"width": 8, "depths": [1, 1, 1]}, "heads": {"corners": {"channels": 8}}},
            "training": {"epochs": epochs, "batch_size": 8, "picture_epochs": 99},
            "export": {"calibration_samples": 16, "max_loss": 1.0},
            "search": {
                "space": {"training.learning_rate": {"low": 5e-4, "high": 1e-2, "log": True}},
                "objectives": {"quad_iou_mean": "maximize", "int8_bytes": "minimize"},
                "trials": trials,
                "cut": False,
            },
        }
    )


def swept(folder: Path, config: Config, workers: Workers, count: int) -> tuple[list[Row], float]:
    """The trials of a sweep, and how many an hour there were after the first of each worker."""
    study = Study(folder, config)
    ends: list[float] = []

    def show(rows: Sequence[Row]) -> None:
        """Notes when each trial ends."""
        done = sum(row.state != "running" for row in rows)
        ends.extend([time.monotonic()] * (done - len(ends)))

    try:
        Driver(study, config, workers, PreparedData(silent), show).run()
    finally:
        workers.stop()
    return study.rows(), 3600 * (len(ends) - count) / (ends[-1] - ends[count - 1])


def swept_with_deaths(folder: Path, config: Config) -> tuple[list[Row], int]:
    """The trials of a sweep on Ray of which both workers are killed while they work, and how many were."""
    study, workers = Study(folder, config), RayWorkers("auto", 2)
    killed: list[int] = []

    def show(rows: Sequence[Row]) -> None:
        """Kills a worker after every second trial, as long as there is another."""
        running = sum(row.state == "running" for row in rows)
        if running < 2 or len(rows) - running <= 2 * len(killed) or len(killed) == 2:
            return
        at_work = workers_at_work(2)
        if len(at_work) == 2:
            time.sleep(1)  # into its trial
            at_work[len(killed)].send_signal(signal.SIGKILL)
            killed.append(at_work[len(killed)].pid)

    try:
        Driver(study, config, workers, PreparedData(silent), show).run()
    finally:
        workers.stop()
    return study.rows(), len(killed)


def workers_at_work(count: int) -> list[Any]:
    """The Ray workers that do a trial: so many, or fewer where no more do one within some seconds."""
    import psutil

    until = time.monotonic() + SECONDS_TO_BEGIN
    while True:
        at_work: list[Any] = []
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it has ended since
                if process.name().startswith(TITLE):
                    at_work.append(process)
        if len(at_work) >= count or time.monotonic() > until:
            return at_work
        time.sleep(0.1)


def swept_with_kills(folder: Path, config: Config, kills: int) -> tuple[list[Row], int, int]:
    """The trials of a sweep that is killed and begun again.

    Args:
        folder: of the study.
        config: of the sweep.
        kills: at most; a process that has ended before its moment comes is not killed.

    Returns:
        The trials, how often it was killed, and how many finished trials were lost or done twice.
    """
    chance, file = random.Random(SEED), folder.with_suffix(".yaml")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(config.to_dict()), encoding="utf-8")
    command = [sys.executable, "-m", "detector", "sweep", str(file), "--study", str(folder), "--jobs", "2"]
    finished: dict[int, tuple[Any, int]] = {}
    changed: set[int] = set()
    killed = 0
    for number in range(kills + 1):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if number < kills:
            try:
                process.wait(chance.uniform(*KILL_BETWEEN))
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
        process.wait()
        now = finished_trials(folder)
        changed |= {trial for trial, record in finished.items() if now.get(trial) != record}
        finished = now
    return Study(folder, config).rows(), killed, len(changed)


def finished_trials(folder: Path) -> dict[int, tuple[Any, int]]:
    """Number -> the recorded values, and when its result was written, of each trial that the study says is complete."""
    path = folder / "trials.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["trials"] if path.exists() else []
    complete = [row for row in rows if row["state"] == "complete"]
    written = {row["number"]: folder / "trials" / f"{row['number']:03d}" / "result.json" for row in complete}
    return {row["number"]: (row["objectives"], written[row["number"]].stat().st_mtime_ns) for row in complete}


def results(rows: Sequence[Row]) -> list[Any]:
    """What must be the same of each trial, as JSON has it: a study that is read again has lists for tuples."""
    kept = []
    for row in rows:
        values = {name: value for name, value in row.result.items() if name not in UNSTEADY}
        values["gate"] = bool(values["gate"])  # its text names the file
        values["metrics"] = {name: value for name, value in row.result["metrics"].items() if name != "model"}
        kept.append((row.number, row.state, row.values, row.objectives, values))
    return json.loads(json.dumps(kept))


if __name__ == "__main__":
    main()
