"""Trials: configs trained once into folders named by their content, exported to int8 and measured on sources."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.formats import open_source
from data_generators.sources import Source, hash_content
from data_generators.workers import end_with_parent
from detector.config import Config
from detector.data import open_entry
from detector.locate import find_checkpoint
from detector.quiet import import_keras_quietly
from detector.runs import Run, write_json

SCORES_NAME = "scores.json"
CACHE_GIGABYTES = 4.0  # scenes of one trial are seldom those of another
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}
# 34,661 parameters at 96 px: small enough to train in minutes on one core, large enough that the data decides
SMALL = [
    "input={size_hw: [96, 96], channels: 3, fit: stretch}",
    "model={backbone: {block: conv, width: 8, growth: 1.5, depths: [1, 1, 2, 2, 1]}, "
    "heads: {corners: {method: heatmap, stride: 4, channels: 16}}}",
    f"data.cache_gigabytes={CACHE_GIGABYTES}",
    "export.max_loss=1",  # a trial reports what int8 loses, it does not refuse it
]
SCENE_SIDE_PX = 120

Scores = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """A training, and what to measure it on.

    Args:
        name: for the progress line.
        config: the experiment.
        data: sources `FORMAT:PATH[#SPLIT]` on which int8 is measured.
        score: the one that the progress line shows.
    """

    name: str
    config: Config
    data: tuple[str, ...]
    score: str = "quad_iou_mean"


def trial_folder(root: Path, config: Config) -> Path:
    """The run folder of a config under `root`; another config, other samples or other starting weights give another.

    Raises:
        DataError, SettingsError: a source of the config cannot be opened.
    """
    sources = [open_entry(entry, config).content() for entry in (*config.data.train, *config.data.validation)]
    donor = config.model.init_from
    weights = hash_content(find_checkpoint(donor).read_bytes().hex()) if donor else None
    settings = config.model_copy(update={"model": config.model.model_copy(update={"init_from": None})}).to_dict()
    return root / hash_content([settings, sources, weights])


def run_trial(root: Path, trial: Trial) -> dict[str, Scores]:
    """Trains, exports and measures, each where it is not done yet; an interrupted training is taken up.

    Returns:
        Source -> scores of the int8 file on it, and under `validation` those on the config's own validation data.
    """
    folder = trial_folder(root, trial.config)
    path = folder / SCORES_NAME
    scores: dict[str, Scores] = json.loads(path.read_text()) if path.exists() else {}
    sources = {text: open_source(text) for text in trial.data}
    for text, source in sources.items():
        if scores.get(text, {}).get("fingerprint") != source.fingerprint():
            scores[text] = measure(_exported(folder, trial.config), source)
    scores["validation"] = json.loads((_exported(folder, trial.config).parent / "report.json").read_text())["int8"]
    write_json(path, scores)
    return {name: scores[name] for name in ("validation", *trial.data)}


def _exported(folder: Path, config: Config) -> Path:
    """The int8 file of a trial, trained and exported where it is not there; what is said goes to log.txt."""
    path = Run(folder).exports / "int8.tflite"
    if path.exists():
        return path
    import keras  # which the parent of the worker processes does without

    from detector.export.run import export
    from detector.training import train

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log.txt").open("a") as log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        train(config, folder, resume=(folder / "state.json").exists())
        export(folder)
    keras.backend.clear_session()  # else the graphs of all trials stay in memory
    return path


def measure(model: Path, source: Source) -> Scores:
    """Scores of a model file on a source: those that `evaluate` reports."""
    from detector.evaluation import evaluate_sources

    return {"fingerprint": source.fingerprint()} | evaluate_sources(model, [source], worst=0).scores


def run_trials(root: Path, trials: Sequence[Trial], jobs: int = 1) -> list[dict[str, Scores]]:
    """Runs trials in processes of one thread each, and prints a line for each that is done.

    Args:
        root: where the run folders lie, and the cache of their scenes.
        trials: in any order; the same trial twice is run once.
        jobs: processes.

    Returns:
        The scores of each trial, in the order of `trials`.
    """
    os.environ.update(ONE_THREAD | {"TF_CPP_MIN_LOG_LEVEL": "3", "DETECTOR_CACHE": str(root / "cache")})
    folders = [trial_folder(root, trial.config) for trial in trials]
    unique = dict(zip(folders, trials, strict=True))
    done: dict[Path, dict[str, Scores]] = {}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin_worker) as pool:
        pending = {pool.submit(partial(run_trial, root), trial): folder for folder, trial in unique.items()}
        try:
            for future in as_completed(pending):
                folder = pending[future]
                done[folder] = future.result()
                print(f"{len(done):3} of {len(pending)}  {_line(unique[folder], done[folder])}", flush=True)
        finally:
            pool.shutdown(cancel_futures=True)  # after an error or Ctrl-C, what has not begun does not begin
    return [done[folder] for folder in folders]


def _begin_worker() -> None:
    end_with_parent()  # else it would go on and train all that is queued
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns that every trial has graphs of its own
    import_keras_quietly()


def _line(trial: Trial, scores: dict[str, Scores]) -> str:
    figures = [f"{found[trial.score]:.4f} on {short_name(text)}" for text, found in scores.items()]
    return f"{trial.name}: {', '.join(figures)}"


def short_name(source: str) -> str:
    """`corners:/photos/desks#val` -> `desks#val`."""
    path, _, split = source.partition(":")[2].partition("#")
    return Path(path).name + (f"#{split}" if split else "") if path else source


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Mean, and its standard error over the seeds; NaN where there is one seed alone."""
    array = np.asarray(values, float)
    error = array.std(ddof=1) / len(array) ** 0.5 if len(array) > 1 else float("nan")
    return float(array.mean()), float(error)
