"""Run folder -> `export/float.tflite`, `export/int8.tflite`, model.json, their scores side by side, and the gate."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
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
from detector.export.gate import Parity, find_problems, measure_kernels, spread
from detector.export.layer_errors import LayerError, layer_errors
from detector.export.litert import QUANTISERS, write_float
from detector.export.sampled_losses import find_sure_losses
from detector.litert.file import write_litert_card
from detector.runs import Run, RunError, atomic_path, write_json
from detector.settings.export import PRECISIONS, ExportSettings, Precision
from detector.targets import read_target
from detector.training import choose_thresholds, make_training_batches

LAYERS_NAME = "layers.json"
LAYER_PICTURES = 16  # on which the errors of layers are measured


class GateError(RunError):
    """The quantised file loses more than the config allows, or boards compute something else; with the figures."""


def export(
    run_folder: str | Path,
    data: Sequence[str] = (),
    progress: ProgressFor = silent,
    *,
    precision: Precision | None = None,
    on_error: OnError = "raise",
) -> dict[str, Any]:
    """Exports the best checkpoint of a run, and measures what was exported; what was exported before is replaced.

    Args:
        run_folder: a run that finished an epoch.
        data: sources to measure on, `FORMAT:PATH[#SPLIT]`; the run's validation set where none is given.
        progress: see `train`.
        precision: instead of that of the config.
        on_error: what to do with a sample of `data` that cannot be read.

    Returns:
        Column -> scores: `keras`, `float`, `int8` (or another precision), and on `export.reference_samples` of the
        samples `int8-reference` and `tflm`; under `parity` whether the last two gave the same bytes, see `Parity`.
        All is written to export/report.json, and the errors of all layers to export/layers.json.

    Raises:
        GateError: the quantised file loses more than `export.max_loss` in a gate's score of a head, TFLM computes
            something else, or refuses it though the config's target is a board; it is kept as
            export/int8-rejected.tflite, which the run does not stand for.
        RunError: the run has no checkpoint; another process trains or exports it.
    """
    run = Run.open(run_folder)
    Run.checkpoint_of(run_folder)
    settings = run.config.export
    settings = settings.model_copy(update={"precision": precision or settings.precision})
    with run.lock():
        run.sweep()
        return _export(run, settings, [open_source(text, on_error) for text in data], progress)


def _export(run: Run, settings: ExportSettings, sources: Sequence[Source], progress: ProgressFor) -> dict[str, Any]:
    precision = settings.precision
    files, new = exported_files(run, precision), _unproven_files(run, precision)
    try:
        card, validation, layers = _write_files(run, new, precision, progress)
        columns, parity, losses = _measure(new, sources or validation, settings, progress)
        target = run.config.target
        on_board = target is not None and read_target(target).is_board
        problems = find_problems(columns, parity, list(card.heads), settings.max_loss, on_board) + losses
        kept = files | ({precision: _rejected(run, precision)} if problems else {})
        for name, scores in columns.items():
            scores["model"] = str(kept.get(name, kept[precision]))
        _move_into_place(run, new, kept, None if problems else card)
        report = columns | {"parity": asdict(parity)}
        write_json(run.exports / "report.json", report)
        write_json(run.exports / LAYERS_NAME, [asdict(layer) for layer in layers])
    finally:
        for name in ("float", precision):
            new[name].unlink(missing_ok=True)
    if problems:
        may_take_16_bits = precision == "int8" and not on_board
        raise GateError(_verdict(problems, layers[0], kept[precision], may_take_16_bits))
    return report


def _verdict(problems: list[str], worst: LayerError, path: Path, may_take_16_bits: bool) -> str:
    cure = "Train longer, widen model.backbone.width, or export with --precision int16x8."
    return (
        f"{'; '.join(problems)}. Most is lost in the layer {worst.layer} ({worst.operator}, {worst.lost_db} dB); see "
        f"{path.with_name(LAYERS_NAME)}. It is kept as {path}, and the run stands for its checkpoint. "
        f"{cure if may_take_16_bits else 'Train longer, or widen model.backbone.width.'}"
    )


def _write_files(
    run: Run, new: dict[str, Path], precision: Precision, progress: ProgressFor
) -> tuple[ModelCard, list[Source], list[LayerError]]:
    """Writes both files under their temporary names.

    Returns:
        The card of the quantised file, the validation data, and the errors of the layers.
    """
    config = run.config
    train_source, held_out = training_sources(config, progress)
    validation = validation_sources(config, held_out)
    card = read_keras_card(run.best)
    network = for_export(keras.saving.load_model(run.best, compile=False), card.heads)
    pictures = calibration_pictures(config, train_source)
    card = card.with_changes(calibration=hashlib.sha256(pictures.tobytes()).hexdigest()[:16])
    write_float(network, card, new["float"])
    card = card.with_changes(precision=precision)
    QUANTISERS[precision](network, card, pictures, new[precision])
    with progress("choosing thresholds") as show:
        rows = evaluate_sources(new[precision], validation, progress=show).rows
    card = card.with_changes(thresholds=choose_thresholds(card, rows))
    write_litert_card(new[precision], card)
    return card, validation, layer_errors(new["float"], new[precision], pictures[:LAYER_PICTURES])


def _measure(
    new: dict[str, Path], sources: Sequence[Source], settings: ExportSettings, progress: ProgressFor
) -> tuple[dict[str, Any], Parity, list[str]]:
    """Column -> scores; of the kernels of microcontrollers whether they agree, and what they lose on their samples."""
    columns = {}
    for name, path in new.items():
        with progress(f"scoring {name}") as show:
            columns[name] = evaluate_sources(path, sources, progress=show).scores
    chosen = spread(sources, settings.reference_samples)
    kernels = measure_kernels(new[settings.precision], chosen, progress)
    losses = []
    if sum(map(len, chosen)) < sum(map(len, sources)):
        with progress("scoring float on the samples of the slow kernels") as show:
            exact = evaluate_sources(new["float"], chosen, progress=show)
        found = find_sure_losses(exact, kernels.reference, settings.max_loss)
        losses = [f"{settings.precision}-reference loses {each}" for each in found]
    return columns | kernels.columns, kernels.parity, losses


def exported_files(run: Run, precision: Precision = "int8") -> dict[str, Path]:
    """The checkpoint and the two files made of it, by the names of the report; the quantised one is the last."""
    names = {name: run.exports / f"{name}.tflite" for name in ("float", precision)}
    return {"keras": run.best} | names


def _unproven_files(run: Run, precision: Precision) -> dict[str, Path]:
    """The same, by the names that the files have until they are measured; `Run.sweep` removes what a kill leaves."""
    names = {name: run.exports / f".{name}.new.tflite" for name in ("float", precision)}
    return {"keras": run.best} | names


def _rejected(run: Run, precision: Precision) -> Path:
    return run.exports / f"{precision}-rejected.tflite"


def _move_into_place(run: Run, new: dict[str, Path], kept: dict[str, Path], card: ModelCard | None) -> None:
    """What was measured replaces what was exported before; without a card, the quantised file was rejected."""
    old = {file for each in PRECISIONS for file in (exported_files(run, each)[each], _rejected(run, each))}
    card_file = run.exports / CARD_NAME
    if card is None:
        card_file.unlink(missing_ok=True)
    else:
        with atomic_path(card_file) as temporary:
            temporary.write_text(card.to_text(), encoding="utf-8")
    for name in ("float", [*new][-1]):
        new[name].replace(kept[name])
    for file in old - set(kept.values()):
        file.unlink(missing_ok=True)


def calibration_pictures(config: Config, source: Source) -> np.ndarray:
    """Augmented training pictures, uint8 (N, H, W, C), the same for the same config."""
    batches = make_training_batches(config, source)
    count = config.export.calibration_samples
    needed = -(-count // batches.batch_size)
    return np.concatenate([batches[index][0] for index in range(needed)])[:count]
