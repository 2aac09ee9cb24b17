"""One trial of a search: a config is trained, exported to int8, and measured as the device runs it; never twice."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from detector.build import build_model, for_export
from detector.config import Config
from detector.data import ProgressFor, silent
from detector.export.run import GateError, export
from detector.heads import monitored
from detector.models.cost import Cost, measure_cost
from detector.runs import Run, write_json
from detector.runtime import LiteRTRuntime
from detector.search.space import check_precision
from detector.training import train

RESULT_NAME = "result.json"
WARM_UP, ROUNDS = 5, 50
REFERENCE_SAMPLES = 8  # no figure of a trial comes from the slow kernels: enough to see that they compute the same


@dataclass(frozen=True)
class TrialResult:
    """What a trial has found.

    Args:
        metrics: scores of the int8 file on the validation data, as `detector evaluate` reports them, through LiteRT.
        parameters: trainable parameters.
        int8_bytes: size of the int8 file.
        arena_bytes: what TFLM will allocate for the int8 file, foretold from the network.
        macs: multiply-accumulate operations a picture.
        milliseconds: median of a picture on one thread of this processor, LiteRT, in CPU time.
        seconds: training, export and measuring.
        curve: the monitored validation metric after each epoch; less is better.
        gate: why int8 was refused by the gate, "" where it was not. The metrics are those of the refused file then.
    """

    metrics: dict[str, Any]
    parameters: int
    int8_bytes: int
    arena_bytes: int
    macs: int
    milliseconds: float
    seconds: float
    curve: tuple[float, ...] = ()
    gate: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data from which `from_json` makes the same result."""
        return asdict(self) | {"curve": list(self.curve)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> TrialResult:
        """The result that `to_json` wrote."""
        return cls(**values | {"curve": tuple(values["curve"])})


def run_trial(
    config: Config,
    folder: str | Path,
    *,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    progress: ProgressFor = silent,
) -> TrialResult:
    """Trains a config into a folder, exports it and measures the int8 file.

    A folder whose trial has finished is read; one whose trial was killed goes on after its last complete epoch. What
    the gate says against int8 is a part of the result; the slow kernels of microcontrollers see a few samples only.

    Args:
        config: the experiment.
        folder: of this trial alone; a run folder with result.json in it at the end.
        callbacks: see `train`; one that raises ends the trial, which then has no result.
        progress: see `train`.

    Raises:
        RunError: the folder holds the trial of another config; another process works in it; the disk is full.
        DivergedError: the loss is no longer a number.
        SettingsError: the config exports no int8 file.
    """
    check_precision(config)
    run, config, begun = Run(folder), _of_trial(config), time.perf_counter()
    known = read_result(folder)
    if known is not None:
        run.check_config(config)
        return known
    keras.utils.clear_session()  # of the trial before, in this process
    begun -= sum(row["seconds"] for row in run.read_metrics())
    train(config, folder, resume=run.read_state() is not None, progress=progress, callbacks=callbacks)
    scores, gate = _export(run, progress)
    result = _measure(run, scores, gate, time.perf_counter() - begun)
    write_json(run.directory / RESULT_NAME, result.to_json())
    return result


def _of_trial(config: Config) -> Config:
    """The config of a trial's run folder."""
    export = config.export.model_copy(update={"reference_samples": REFERENCE_SAMPLES})
    return config.with_absolute_paths().model_copy(update={"export": export})


def read_result(folder: str | Path) -> TrialResult | None:
    """The result that a finished trial has left in its folder; None where there is none."""
    path = Path(folder) / RESULT_NAME
    return TrialResult.from_json(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def predict_cost(config: Config) -> Cost:
    """What the network of a config will cost, before it is trained."""
    network = build_model(config)
    return measure_cost(network, for_export(network, config.model.heads))


def _export(run: Run, progress: ProgressFor) -> tuple[dict[str, Any], str]:
    """The scores of int8, and what the gate has against it."""
    try:
        return export(run.directory, progress=progress)["int8"], ""
    except GateError as error:
        report = json.loads((run.exports / "report.json").read_text(encoding="utf-8"))
        return report["int8"], str(error)


def _measure(run: Run, scores: dict[str, Any], gate: str, seconds: float) -> TrialResult:
    config, file = run.config, Path(scores["model"])
    cost, monitor = predict_cost(config), monitored(config.model.heads)
    return TrialResult(
        metrics=scores,
        parameters=scores["parameters"],
        int8_bytes=file.stat().st_size,
        arena_bytes=cost.arena_bytes_int8,
        macs=cost.macs,
        milliseconds=round(measure_milliseconds(file), 4),
        seconds=round(seconds, 2),
        curve=tuple(row[monitor] for row in run.read_metrics()),
        gate=gate,
    )


def measure_milliseconds(file: Path, rounds: int = ROUNDS) -> float:
    """Median CPU milliseconds of a picture through a `.tflite` file, LiteRT on one thread."""
    runtime = LiteRTRuntime(file)
    spec = runtime.card.input
    picture = np.zeros((1, *spec.size_hw, spec.channels), np.uint8)
    times = []
    for _ in range(WARM_UP + rounds):
        begun = time.process_time()
        runtime.run(picture)
        times.append(1000 * (time.process_time() - begun))
    return float(np.median(times[WARM_UP:]))
