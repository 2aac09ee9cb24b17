"""Run folder -> `export/float.tflite`, `export/int8.tflite`, model.json, and their scores side by side."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from data_generators.errors import OnError
from data_generators.formats import open_source
from data_generators.sources import Source
from detector.build import for_export
from detector.card import CARD_NAME, ModelCard, read_keras_card
from detector.config import Config
from detector.data import ProgressFor, silent, training_sources, validation_sources
from detector.evaluation import evaluate_sources
from detector.export.litert import write_float, write_int8
from detector.heads import HEADS
from detector.litert_file import write_litert_card
from detector.runs import Run, RunError, atomic_path, write_json
from detector.training import choose_thresholds, make_training_batches

logger = logging.getLogger(__name__)


class GateError(RunError):
    """int8 loses more than the config allows; the message holds the figures."""


def export(
    run_folder: str | Path,
    data: Sequence[str] = (),
    progress: ProgressFor = silent,
    *,
    on_error: OnError = "raise",
) -> dict[str, Any]:
    """Exports the best checkpoint of a run, and measures what was exported.

    Args:
        run_folder: a run that finished an epoch.
        data: sources to measure on, `FORMAT:PATH[#SPLIT]`; the run's validation set where none is given.
        progress: see `train`.
        on_error: what to do with a sample of `data` that cannot be read.

    Returns:
        `keras`, `float` and `int8`: the scores of each, also written to export/report.json.

    Raises:
        GateError: int8 loses more than `export.max_loss` in a gate's score of a head; it is kept as
            export/int8-rejected.tflite, which the run does not stand for.
        RunError: the run has no checkpoint; another process trains or exports it.
    """
    run = Run.open(run_folder)
    Run.checkpoint_of(run_folder)
    with run.lock():
        run.sweep()
        return _export(run, [open_source(text, on_error) for text in data], progress)


def _export(run: Run, sources: Sequence[Source], progress: ProgressFor) -> dict[str, Any]:
    files, new = exported_files(run), _unproven_files(run)
    try:
        card, validation = _write_files(run, new, progress)
        report = {}
        for name, path in new.items():
            with progress(f"scoring {name}") as show:
                scores = evaluate_sources(path, sources or validation, progress=show).scores
            report[name] = scores | {"model": str(files[name])}
        losses = _losses(report, card, run.config.export.max_loss)
        if losses:
            report["int8"]["model"] = str(_rejected(run))
        _move_into_place(run, card, rejected=bool(losses))
        write_json(run.exports / "report.json", report)
    finally:
        for name in ("float", "int8"):
            new[name].unlink(missing_ok=True)
    if losses:
        raise GateError(
            f"int8 loses {'; '.join(losses)}; export.max_loss allows {run.config.export.max_loss}. It is kept as "
            f"{_rejected(run)}, and the run stands for its checkpoint. Train longer, or widen model.backbone.width."
        )
    return report


def _write_files(run: Run, new: dict[str, Path], progress: ProgressFor) -> tuple[ModelCard, list[Source]]:
    """Writes both files under their temporary names; returns the card of int8, and the validation data."""
    config = run.config
    train_source, held_out = training_sources(config, progress)
    validation = validation_sources(config, held_out)
    card = read_keras_card(run.best)
    network = for_export(keras.saving.load_model(run.best, compile=False), card.heads)
    pictures = calibration_pictures(config, train_source)
    card = card.with_changes(calibration=hashlib.sha256(pictures.tobytes()).hexdigest()[:16])
    write_float(network, card, new["float"])
    card = card.with_changes(precision="int8")
    write_int8(network, card, pictures, new["int8"])
    with progress("choosing thresholds") as show:
        rows = evaluate_sources(new["int8"], validation, progress=show).rows
    card = card.with_changes(thresholds=choose_thresholds(card, rows))
    write_litert_card(new["int8"], card)
    return card, validation


def exported_files(run: Run) -> dict[str, Path]:
    """The checkpoint and the two files made of it, by the names of the report."""
    return {"keras": run.best, "float": run.exports / "float.tflite", "int8": run.exports / "int8.tflite"}


def _unproven_files(run: Run) -> dict[str, Path]:
    """The same, by the names that the files have until they are measured; `Run.sweep` removes what a kill leaves."""
    return {"keras": run.best, "float": run.exports / ".float.new.tflite", "int8": run.exports / ".int8.new.tflite"}


def _rejected(run: Run) -> Path:
    return run.exports / "int8-rejected.tflite"


def _move_into_place(run: Run, card: ModelCard, *, rejected: bool) -> None:
    """What was measured replaces what was exported before; of int8 either the good or the rejected file stays."""
    files, new, card_file = exported_files(run), _unproven_files(run), run.exports / CARD_NAME
    new["float"].replace(files["float"])
    if rejected:
        files["int8"].unlink(missing_ok=True)
        card_file.unlink(missing_ok=True)
        new["int8"].replace(_rejected(run))
        return
    with atomic_path(card_file) as temporary:
        temporary.write_text(card.to_text(), encoding="utf-8")
    new["int8"].replace(files["int8"])
    _rejected(run).unlink(missing_ok=True)


def calibration_pictures(config: Config, source: Source) -> np.ndarray:
    """Augmented training pictures, uint8 (N, H, W, C), the same for the same config."""
    batches = make_training_batches(config, source)
    count = config.export.calibration_samples
    needed = -(-count // batches.batch_size)
    return np.concatenate([batches[index][0] for index in range(needed)])[:count]


def _losses(report: dict[str, dict[str, Any]], card: ModelCard, max_loss: float) -> list[str]:
    """What int8 loses more of than is allowed."""
    losses = []
    for name, gate in ((head, gate) for head in card.heads for gate in HEADS[head].gates):
        score = f"{name}_{gate}" if f"{name}_{gate}" in report["float"] else gate
        reference, measured = report["float"][score], report["int8"][score]
        if reference is None or measured is None:
            logger.warning("%s: not checked, the data has no %s", name, score)
        elif reference - measured > max_loss:
            losses.append(f"{reference - measured:.4f} of {score} ({reference:.4f} -> {measured:.4f})")
    return losses
