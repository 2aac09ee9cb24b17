"""The verbs for a network: price, train, measure, compare, ask and export it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_generators.cache import Progress
from data_generators.errors import OnError
from detector.api.resolving import AnyConfig, resolve
from detector.data import ProgressFor, silent
from detector.looks import ONCE, Looks
from detector.settings.export import Precision

if TYPE_CHECKING:
    from detector.comparison import Comparison
    from detector.evaluation import Evaluation
    from detector.fitting import Fit
    from detector.models.cost import Cost
    from detector.prediction import Answer, Inputs
    from detector.runs import Run


def cost(config: AnyConfig) -> Cost:
    """What a network costs before it is trained."""
    from detector.costing import cost_of_config

    return cost_of_config(resolve(config))


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

    return run_training(None if config is None else resolve(config), run, resume=resume, progress=progress)


def evaluate(
    model: str | Path,
    data: Sequence[str],
    *,
    on_error: OnError = "raise",
    looks: Looks = ONCE,
    worst: int = 16,
    progress: Progress | None = None,
    **options: Any,
) -> Evaluation:
    """Measures a model on labelled sources; see `detector.evaluation.evaluate`."""
    from detector.evaluation import evaluate as measure

    return measure(model, data, on_error=on_error, looks=looks, worst=worst, progress=progress, **options)


def compare(
    models: Sequence[str | Path],
    data: Sequence[str],
    *,
    on_error: OnError = "raise",
    looks: Looks = ONCE,
    resamples: int = 500,
    progress: Progress | None = None,
    **options: Any,
) -> Comparison:
    """Compares models on the same labelled pictures; see `detector.comparison.compare`."""
    from detector.comparison import compare as compare_models

    return compare_models(
        models, data, on_error=on_error, looks=looks, resamples=resamples, progress=progress, **options
    )


def predict(
    model: str | Path,
    inputs: Inputs,
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
