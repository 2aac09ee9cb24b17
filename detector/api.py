"""The verbs of the command line as functions: `from detector import api`, then `api.train("documents", "runs/mine")`.

Heavy modules are imported inside the verbs, so that this one is imported at once. Samples are drawn and decoded in
processes of their own: a script that trains wants its calls below `if __name__ == "__main__":`. A `config` is a
`Config`, a YAML file or the name of a preset; a `model` is a run folder, a `.keras` or `.tflite` file, or the name of
a shipped model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_generators.cache import Progress
from data_generators.errors import DataError, OnError
from data_generators.real.quads import QuadOrder
from detector.config import Config, read_config
from detector.data import ProgressFor, open_cut, silent, training_view
from detector.looks import ONCE, Looks
from detector.settings.data import SourceSettings
from detector.settings.export import Precision
from detector.template import commented_config

if TYPE_CHECKING:
    from data_generators.inspection.inspection import Inspection
    from detector.comparison import Comparison
    from detector.evaluation import Evaluation
    from detector.export.bundles import Bundle
    from detector.fitting import Fit
    from detector.labelling.server import LabelServer
    from detector.models.cost import Cost
    from detector.prediction import Answer
    from detector.pseudo_labels.queue import LabelQueue
    from detector.runs import Run
    from detector.search.study import Row
    from detector.search.sweep import SweepOptions

AnyConfig = Config | str | Path


def _resolve(config: AnyConfig) -> Config:
    return config if isinstance(config, Config) else read_config(config)


def init(task: str = "documents") -> str:
    """The YAML text of a config for a task, every setting with its meaning above it.

    Raises:
        SettingsError: there is no such preset.
    """
    return commented_config(task)


def preview(
    config: AnyConfig = "documents", data: Sequence[str] = (), *, count: int = 16, on_error: OnError | None = None
) -> Iterator[tuple[str, int, np.ndarray]]:
    """Samples as they are and as training sees them, labels on top.

    Args:
        config: its training data, where `data` is empty, and its augmentation.
        data: sources, `FORMAT:PATH[#SPLIT]`.
        count: samples to draw of each source.
        on_error: instead of that of the config.

    Yields:
        For each source its text, its number of samples, and a sheet uint8 (H, W, 3).
    """
    from data_generators.preview import preview_sheet

    settings = _resolve(config)
    for entry in [SourceSettings(source=text) for text in data] or settings.data.train:
        source = open_cut(entry, settings, on_error)
        yield entry.source, len(source), preview_sheet(source, training_view(settings, source), count, settings.seed)


def inspect(data: Sequence[str], *, on_error: OnError = "raise", progress: ProgressFor = silent) -> Inspection:
    """Counts, suspicious labels and near-duplicates of sources; see `data_generators.inspection.inspection`.

    `inspection.write("folder")` leaves them there as JSON data and pictures.

    Args:
        data: sources, `FORMAT:PATH[#SPLIT]`; several are compared with each other.
        on_error: at a label or picture that cannot be used.
        progress: description -> a context that gives the callback (done, in all).
    """
    from data_generators.inspection.inspection import inspect as run_inspection

    return run_inspection(data, on_error, progress)


def generate(
    source: str,
    directory: str | Path,
    split: str = "",
    *,
    quality: int | None = None,
    on_error: OnError = "raise",
    progress: Progress | None = None,
    **options: Any,
) -> tuple[int, int]:
    """Writes a synthetic set to disk as corner CSV; called again it goes on after a stop.

    Args:
        source: `documents:` or `documents:SETTINGS.yaml`, with `#train`, `#val` or `#test`.
        directory: the folder to write.
        split: the value of the column `split`.
        quality: JPEG quality, 1 to 100; None writes PNG.
        on_error: what to do with a template or background that cannot be read.
        progress: called with (samples done, in all).
        options: settings of the scenes, e.g. `count` and `seed`.

    Returns:
        The number of samples written now, and of all in the set.
    """
    from data_generators.formats import open_source
    from data_generators.real.corner_csv_writer import write_corner_csv_set

    scenes = open_source(source, on_error=on_error, **options)
    return write_corner_csv_set(scenes, directory, split, quality, progress), len(scenes)


def convert(
    source: str,
    format_name: str,
    directory: str | Path,
    splits: Sequence[str] = (),
    *,
    quality: int | None = None,
    on_error: OnError = "raise",
    progress: Progress | None = None,
    **options: Any,
) -> tuple[list[str], list[str]]:
    """Writes labelled pictures in another format.

    Args:
        source: `FORMAT:PATH[#SPLIT]`.
        format_name: see `data_generators.writers.WRITERS`.
        directory: the folder, new or empty.
        splits: names to write, each read as `source#NAME`; none writes the source as it is, without splits.
        quality: writes all pictures as JPEG of this quality, 1 to 100; None copies picture files, and else writes PNG.
        on_error: what to do with a label or picture that cannot be used.
        progress: called with (samples done, in all).
        options: settings of the source's format.

    Returns:
        What reads the folder again, `FORMAT:PATH[#SPLIT]` each, and what the format could not hold, a sentence each.

    Raises:
        DataError: a format, path or split is unknown, the folder is not empty, or a label cannot be read or written.
    """
    from data_generators.formats import open_source
    from data_generators.writers import writer_of

    writer = writer_of(format_name)
    path, _, own = source.rpartition("#") if "#" in source else (source, "", "")
    if own and splits:
        raise DataError(source, "the source names a split already.", f"Leave #{own} out, or name no other splits.")
    texts = {name: f"{path}#{name}" for name in splits} or {"": source}
    parts = {name: open_source(text, on_error=on_error, **options) for name, text in texts.items()}
    lost = writer.write(parts, Path(directory).expanduser(), quality, progress)
    return writer.sources(directory, parts), lost


def cost(config: AnyConfig) -> Cost:
    """What a network costs before it is trained."""
    from detector.costing import cost_of_config

    return cost_of_config(_resolve(config))


def fits(what: AnyConfig) -> dict[str, Fit]:
    """Target -> how a network lies in it.

    Args:
        what: a config, or a model: a run folder, which stands for its int8 file, a `.keras` or `.tflite` file.
    """
    from detector.costing import price

    return price(what).fits()


def train(config: AnyConfig | None, run: str | Path, *, resume: bool = False, progress: ProgressFor = silent) -> Run:
    """Trains a network; see `detector.training.train`."""
    from detector.training import train as run_training

    return run_training(None if config is None else _resolve(config), run, resume=resume, progress=progress)


def evaluate(
    model: str | Path,
    data: Sequence[str],
    *,
    on_error: OnError = "raise",
    looks: Looks = ONCE,
    worst: int = 16,
    progress: Progress | None = None,
) -> Evaluation:
    """Measures a model on labelled sources; see `detector.evaluation.evaluate`."""
    from detector.evaluation import evaluate as measure

    return measure(model, data, on_error=on_error, looks=looks, worst=worst, progress=progress)


def compare(
    models: Sequence[str | Path],
    data: Sequence[str],
    *,
    on_error: OnError = "raise",
    looks: Looks = ONCE,
    resamples: int = 500,
    progress: Progress | None = None,
) -> Comparison:
    """Compares models on the same labelled pictures; see `detector.comparison.compare`."""
    from detector.comparison import compare as compare_models

    return compare_models(models, data, on_error=on_error, looks=looks, resamples=resamples, progress=progress)


def predict(
    model: str | Path,
    inputs: Sequence[str],
    every: int = 1,
    on_error: OnError = "raise",
    template: str | Path | None = None,
    *,
    looks: Looks = ONCE,
) -> Iterator[Answer]:
    """Asks a model about files, folders, globs and videos; see `detector.prediction.predict`."""
    from detector.prediction import predict as ask

    return ask(model, inputs, every, on_error, template, looks=looks)


def export(
    run: str | Path,
    data: Sequence[str] = (),
    *,
    precision: Precision | None = None,
    on_error: OnError = "raise",
    progress: ProgressFor = silent,
) -> dict[str, Any]:
    """Writes LiteRT float and int8 files and measures them; see `detector.export.run.export`."""
    from detector.export.run import export as run_export

    return run_export(run, data, progress, precision=precision, on_error=on_error)


def bundle(model: str | Path, output: str | Path, target: str | None = None, kind: str = "") -> Bundle:
    """Writes a folder with a model and all that runs it on a device; see `detector.export.bundles`.

    Args:
        model: a run folder, a model file, or the name of a shipped model.
        output: the folder, new, empty, or an earlier bundle that nobody has changed.
        target: name of a target; not needed where `kind` is given.
        kind: of `detector.export.bundles.BUNDLES`; the target's where it is empty.
    """
    from detector.export.bundles import write_bundle
    from detector.targets import read_target

    return write_bundle(model, Path(output), read_target(target) if target else None, kind)


def label(
    directory: str | Path,
    *,
    model: str | Path | None = "documents",
    order: QuadOrder | None = None,
    port: int = 0,
) -> LabelServer:
    """A page at `server.url` on which a person puts the corners of documents where they belong, or, where the folder
    is one of `pseudo_label`, accepts and rejects what is there.

    `with api.label("photos") as server: server.serve_forever()` serves it until it is interrupted.

    Args:
        directory: the folder; see `detector.labelling.label_store.LabelStore` for what is read and written there.
        model: suggests corners; None suggests nothing.
        order: of the corners; None takes what the folder's generator.json says, else `image`.
        port: of 127.0.0.1; 0 takes a free one.
    """
    from data_generators.real.pseudo_file import QUEUE_NAME
    from detector.labelling.label_store import LabelStore
    from detector.labelling.review import ReviewSession
    from detector.labelling.server import LabelServer
    from detector.labelling.session import LabellingSession
    from detector.labelling.suggestion import load_suggest

    if (Path(directory).expanduser() / QUEUE_NAME).is_file():
        return LabelServer(ReviewSession(Path(directory).expanduser()), port)
    store = LabelStore(directory, order)
    return LabelServer(LabellingSession(store, None if model is None else load_suggest(model)), port)


def pseudo_label(
    model: str | Path,
    images: str | Path,
    out: str | Path,
    *,
    head: str = "",
    looks: Looks = ONCE,
    anew: bool = False,
    on_error: OnError = "raise",
    progress: Progress | None = None,
) -> LabelQueue:
    """Labels pictures with a model, the worst first; see `detector.pseudo_labels.asking.label_pictures`.

    Args:
        model: asked about every picture.
        images: the folder of pictures.
        out: the folder of the labels; `pseudo:OUT` is the source of those that a person accepts.
        head: the head that labels; empty takes the only one that can.
        looks: without second looks, all that the head can take.
        anew: asks again about every picture whose label is not accepted.
        on_error: what to do with a picture that cannot be read.
        progress: called with (pictures done, in all).
    """
    from detector.pseudo_labels.asking import LabelModel, label_pictures
    from detector.runtime import load_runtime

    asked = LabelModel(load_runtime(model), head, looks)
    return label_pictures(asked, images, out, anew=anew, on_error=on_error, progress=progress)


def benchmark(
    model: str | Path, threads: Sequence[int] = (), rounds: int = 50, *, progress: Progress | None = None
) -> dict[str, Any]:
    """Times a picture in every runtime that is there; see `detector.benchmark.benchmark`."""
    from detector.benchmark import benchmark as measure

    return measure(model, threads, rounds, progress)


def report(folders: Sequence[str | Path], output: str | Path = "report.html") -> Path:
    """Writes one HTML page about runs, sweeps and ladders; see `detector.report.writing.write_report`."""
    from detector.report.writing import write_report

    return write_report(folders, output)


def sweep(
    config: AnyConfig, study: str | Path, options: SweepOptions | None = None, *, progress: ProgressFor = silent
) -> list[Row]:
    """Runs the trials of a config's `search` in a study folder; see `detector.search.sweep.sweep`."""
    from detector.search.sweep import SweepOptions
    from detector.search.sweep import sweep as run_sweep

    return run_sweep(_resolve(config), study, options or SweepOptions(), progress=progress)
