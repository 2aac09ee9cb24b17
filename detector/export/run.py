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
from detector.data import ProgressFor, silent, training_sources
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
        GateError: int8 loses more than `export.max_loss` in the gate's score of a head; the files are kept.
    """
    run = Run.open(run_folder)
    config, checkpoint = run.config, Run.checkpoint_of(run_folder)
    train_source, validation = training_sources(config, progress)
    card = read_keras_card(checkpoint)
    network = for_export(keras.saving.load_model(checkpoint, compile=False), card.heads)
    pictures = calibration_pictures(config, train_source)
    card = card.with_changes(calibration=hashlib.sha256(pictures.tobytes()).hexdigest()[:16])
    write_float(network, card, run.exports / "float.tflite")
    int8_file = run.exports / "int8.tflite"
    card = card.with_changes(precision="int8")
    write_int8(network, card, pictures, int8_file)
    card = card.with_changes(thresholds=choose_thresholds(card, evaluate_sources(int8_file, [validation]).rows))
    write_litert_card(int8_file, card)
    with atomic_path(run.exports / CARD_NAME) as temporary:
        temporary.write_text(card.to_text())
    sources = [open_source(text, on_error) for text in data] or [validation]
    report = {name: evaluate_sources(path, sources).scores for name, path in exported_files(run).items()}
    write_json(run.exports / "report.json", report)
    _check_gate(report, card, config.export.max_loss)
    return report


def exported_files(run: Run) -> dict[str, Path]:
    """The checkpoint and the two files made of it, by the names of the report."""
    return {"keras": run.best, "float": run.exports / "float.tflite", "int8": run.exports / "int8.tflite"}


def calibration_pictures(config: Config, source: Source) -> np.ndarray:
    """Augmented training pictures, uint8 (N, H, W, C), the same for the same config."""
    batches = make_training_batches(config, source)
    count = config.export.calibration_samples
    needed = -(-count // batches.batch_size)
    return np.concatenate([batches[index][0] for index in range(needed)])[:count]


def _check_gate(report: dict[str, dict[str, Any]], card: ModelCard, max_loss: float) -> None:
    for name in card.heads:
        gate = HEADS[name].gate
        gate = f"{name}_{gate}" if f"{name}_{gate}" in report["float"] else gate
        reference, measured = report["float"].get(gate), report["int8"].get(gate)
        if reference is None or measured is None:
            logger.warning("%s: not checked, the data has no %s", name, gate)
        elif reference - measured > max_loss:
            raise GateError(
                f"int8 loses {reference - measured:.4f} of {gate} ({reference:.4f} -> {measured:.4f}); "
                f"export.max_loss allows {max_loss}. Train longer, or widen model.backbone.width."
            )
