"""Config -> run folder: opens the data, builds and compiles the network, lets Keras `fit` it, and reports."""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from data_generators.preview import write_png
from data_generators.sources import Source
from data_generators.transform.augment import Augmentation
from detector.anchors import with_found_anchors
from detector.backend import prepare_backend
from detector.batches import TrainingBatches, ValidationBatches, check_monitored
from detector.build import build_model, compile_model, with_pixel_input
from detector.callbacks import Checkpoints, LivePictures, MetricsToFile, StopOnNaN
from detector.card import ModelCard, read_keras_card, write_keras_card
from detector.class_balance import with_found_weights
from detector.codecs import Codec
from detector.compression.distillation import describe_teacher, with_teacher
from detector.compression.pruning import prune_from
from detector.config import Config
from detector.costing import check_target
from detector.data import ProgressFor, describe_data, silent, training_sources, validation_sources
from detector.evaluation import evaluate_sources
from detector.heads import HEADS, make_spoilers, monitored
from detector.locate import find_checkpoint
from detector.looks import UNCUT
from detector.pictures import draw_answers, draw_worst
from detector.prediction import predict_images
from detector.runs import Run, RunError, WriteError, write_json
from detector.runtime import NetworkRuntime
from detector.transfer import check_held_back, freeze_stages, init_from, thawed, training_phases

logger = logging.getLogger(__name__)

PICTURES = 16
LOOKED_AT, NOTICEABLE = 400, 0.02  # training samples that tell, and the share of objects from which on it is said


def train(
    config: Config | None,
    directory: str | Path,
    *,
    resume: bool = False,
    progress: ProgressFor = silent,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Run:
    """Trains a network.

    Args:
        config: the experiment; with `resume` None, or the run's own.
        directory: the run folder; without `resume` it must hold no run that finished an epoch.
        resume: go on after the last complete epoch of a run that was stopped or killed; a finished run is reported
            again.
        progress: description -> a context that gives the callback (samples done, in all), for the making of caches.
        callbacks: more callbacks for `fit`, called before the checkpoints of an epoch are written.

    Returns:
        The run, with its best checkpoint, metrics, pictures and report.

    Raises:
        RunError: there is a run already, or none to resume; another process trains into it; the config differs from
            that of the run to resume; the disk is full.
        DivergedError: the loss is no longer a number.
    """
    if config is None and not resume:
        raise ValueError("`config` must be given where no run is resumed. Read one with `detector.read_config`.")
    run = Run.open(directory) if resume else Run(directory)
    config = config.with_absolute_paths() if config else None  # a resume or an export may come from another folder
    with run.lock():
        if resume and config is not None:
            run.check_config(config)
        elif config is not None:
            run.begin(config)
        run.sweep()
        try:
            _train_in(run, run.config, progress, callbacks)
        except WriteError as error:
            raise RunError(f"{error} The training goes on with --resume after its last complete epoch.") from error
    return run


def _train_in(run: Run, config: Config, progress: ProgressFor, callbacks: Sequence[keras.callbacks.Callback]) -> None:
    prepare_backend(config.training.deterministic)
    check_target(config)
    donor = config.model.init_from if run.read_state() is None else None
    if donor:
        find_checkpoint(donor)  # before minutes of drawing: it may not be there
    train_source, validation = training_sources(config, progress)
    run.note_data(describe_data(train_source, validation) | describe_teacher(config))
    config = with_found_weights(with_found_anchors(config, train_source), train_source)
    logger.info("%d training samples, %d validation samples", len(train_source), len(validation))
    warn_of_lost(config, train_source)
    warn_of_outside(config, train_source)
    keras.utils.set_random_seed(config.seed)  # here, so that nothing that opens the data draws from it
    network = build_model(config)
    if donor:
        take_over = prune_from if config.model.prune else init_from
        check_held_back(config, take_over(network, donor))
    card = ModelCard.of(config, count_trainable(network))
    _fit(run, config, (network, card), (train_source, validation), callbacks)
    _report(run, validation_sources(config, validation), progress)


def warn_of_lost(config: Config, source: Source) -> None:
    """Says how many training objects the targets have no room for, as they lie in their pictures."""
    for name, codec in config.codecs().items():
        if type(codec).count_lost is Codec.count_lost:
            continue
        lost: Counter[str] = Counter()
        for index in range(len(source)):
            lost.update(codec.count_lost([source.sample(index)]))
        for reason, count in lost.items():
            if count:
                text = "model.heads.%s has no room for %d training objects, which %s"
                logger.warning(text, name, count, reason)


def warn_of_outside(config: Config, source: Source) -> None:
    """Says what share of the training objects has a keypoint that the targets cannot hold, as they lie in their
    pictures; a sample of them tells."""
    for name, codec in config.codecs().items():
        if type(codec).find_outside is Codec.find_outside:
            continue
        indices = np.linspace(0, len(source) - 1, min(len(source), LOOKED_AT)).astype(int).tolist()
        outside = np.concatenate([codec.find_outside([source.sample(index)]) for index in indices])
        if outside.sum() > NOTICEABLE * len(outside):
            logger.warning(
                "model.heads.%s: %.1f %% of the training objects have a keypoint further outside the frame than its "
                "`margin` holds, and which is not learnt (%d objects looked at). Raise `margin`, which costs memory, "
                "or draw scenes with a smaller `placement.overhang`.",
                *(name, 100 * outside.mean(), len(outside)),
            )


def count_trainable(model: keras.Model) -> int:
    """Trainable parameters of a model."""
    return sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)


def _fit(
    run: Run,
    config: Config,
    model_and_card: tuple[keras.Model, ModelCard],
    sources: tuple[Source, Source],
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    (network, card), training = model_and_card, config.training
    steps = max(1, (training.samples_per_epoch or len(sources[0])) // training.batch_size)
    validation = ValidationBatches(sources[1], config.input, config.codecs(), training.batch_size)
    monitor = monitored(config.model.heads)
    check_monitored(monitor, validation)
    model = with_teacher(with_pixel_input(network, make_spoilers(config.model.heads)), config)
    save = partial(_save_network, network, card)
    phases = training_phases(config)
    checkpoints = Checkpoints(run, save, monitor, training.early_stopping_epochs, counts_from=phases[-1].begin)
    done = (run.read_state() or {}).get("epoch", 0)
    run.keep_metrics_until(done)
    sheet = _LiveSheet(run, network, card, sources[1])
    for phase in phases:
        if done > phase.end:
            continue
        freeze_stages(network, phase.frozen_stages)
        compile_model(model, config, steps, phase.begin * steps)
        if phase.begin < done:
            checkpoints.resume(model)
        if done < phase.end and not checkpoints.has_stopped():
            batches = make_training_batches(config, sources[0], done * steps)
            model.fit(
                batches,
                epochs=phase.end,
                initial_epoch=done,
                steps_per_epoch=steps,
                shuffle=False,
                validation_data=validation,
                callbacks=[*_callbacks(run, config, sheet, batches, steps), *callbacks, checkpoints],
                verbose=1 if sys.stdout.isatty() else 2,
            )
            done = phase.end
    sheet.draw_last()


def _callbacks(
    run: Run, config: Config, sheet: _LiveSheet, batches: TrainingBatches, steps: int
) -> list[keras.callbacks.Callback]:
    return [
        StopOnNaN(batches.describe, steps),
        MetricsToFile(run),
        LivePictures(sheet.draw, config.training.picture_epochs),
        *_tensorboard(run),
    ]


def _save_network(network: keras.Model, card: ModelCard, path: Path) -> None:
    with thawed(network):
        network.save(path)
    write_keras_card(path, card)


def make_training_batches(config: Config, source: Source, first_step: int = 0) -> TrainingBatches:
    """The augmented stream that `fit` sees, from a step on."""
    return TrainingBatches(
        source,
        Augmentation(config.augment, config.input, config.corner_order()),
        config.codecs(),
        config.training.batch_size,
        seed=config.seed,
        first_step=first_step,
    )


def _tensorboard(run: Run) -> list[keras.callbacks.Callback]:
    if importlib.util.find_spec("tensorflow") is None:  # training on another backend, on a machine without it
        return []
    return [keras.callbacks.TensorBoard(run.directory / "tensorboard", write_graph=False)]


class _LiveSheet:
    """Draws the same validation samples, spread over the set, with what the network says of them now."""

    def __init__(self, run: Run, network: keras.Model, card: ModelCard, validation: Source) -> None:
        self.run, self.runtime = run, NetworkRuntime(network, card)
        indices = np.linspace(0, len(validation) - 1, min(PICTURES, len(validation))).astype(int)
        self.samples = [validation.sample(int(index)) for index in indices]

    def draw(self, epoch: int) -> None:
        """Writes the sheet after so many epochs."""
        answers = predict_images(self.runtime, [sample.image for sample in self.samples], looks=UNCUT)
        write_png(self._path(epoch), draw_answers(self.samples, answers, {}, self.runtime.card.class_names))

    def draw_last(self) -> None:
        """Writes the sheet of the last epoch, where `picture_epochs` did not."""
        epoch = (self.run.read_state() or {}).get("epoch", 0)
        if not self._path(epoch).exists():
            self.draw(epoch)

    def _path(self, epoch: int) -> Path:
        return self.run.pictures / f"epoch-{epoch:04d}.png"


def _report(run: Run, validation: Sequence[Source], progress: ProgressFor) -> None:
    """Scores the best checkpoint on the pictures as they are: the card's thresholds, report.json, the worst ones."""
    with progress("scoring") as report:
        evaluation = evaluate_sources(run.best, validation, progress=report)
    card = read_keras_card(run.best)
    thresholds = choose_thresholds(card, evaluation.rows)
    write_keras_card(run.best, card.with_changes(thresholds=thresholds))
    write_json(run.directory / "report.json", evaluation.scores | {"bytes": run.best.stat().st_size})
    draw_worst(replace(evaluation, thresholds=thresholds), run.pictures / "worst.png")


def choose_thresholds(card: ModelCard, rows: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """The threshold of each yes-or-no output that the scores of a validation set suggest."""
    answering = [(HEADS[name], rows[name]) for name in card.heads if HEADS[name].threshold_of]
    return {head.threshold_of: head.choose_threshold(of_head) for head, of_head in answering}
