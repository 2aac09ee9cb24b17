"""What a ladder is to be as good as: a run, measured on the samples that judge the rungs, or a file of scores."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from data_generators.sources import Source
from detector.config import Config
from detector.data import ProgressFor, silent, training_sources, validation_sources
from detector.evaluation import evaluate_sources
from detector.runs import Run, RunError
from detector.settings.data import SourceSettings

logger = logging.getLogger(__name__)


def reference_scores(config: Config, reference: str | Path, progress: ProgressFor = silent) -> dict[str, Any]:
    """The int8 scores of a reference.

    Args:
        config: that is to shrink; its validation data judge the rungs.
        reference: a run folder with an int8 file, which is measured; or a JSON file of `detector evaluate` or of an
            export, which is read, with a warning where it speaks of other samples.
        progress: see `train`.

    Raises:
        RunError: there is no such file, or it holds no scores; the run has no int8 file, or one without its card.
    """
    path, config = Path(reference), config.with_absolute_paths()
    if path.is_dir():
        file, sources = int8_file(Run.open(path)), judging_sources(config, progress)
        with progress(f"measuring {path}") as show:
            return evaluate_sources(file, sources, progress=show).scores
    scores = _read_scores(path)
    difference = _difference(scores, config)
    if difference:
        logger.warning(
            "%s %s: the goal may be easier or harder to reach than it looks. Give --of the run folder, which is "
            "measured on the samples of the rungs.",
            *(path, difference),
        )
    return scores


def int8_file(run: Run) -> Path:
    """The int8 file of a run, also one that the gate has refused.

    Raises:
        RunError: there is none.
    """
    files = [run.exports / "int8.tflite", run.exports / "int8-rejected.tflite"]
    file = next((path for path in files if path.is_file()), None)
    if file is None:
        raise RunError(
            f"{files[0]}: no such file, and a search compares in int8. Export the run: detector export {run.directory} "
            "--precision int8."
        )
    return file


def judging_sources(config: Config, progress: ProgressFor = silent) -> list[Source]:
    """The validation samples of a config as an export opens them; drawn or decoded first where it names none."""
    named = config.data.validation or config.data.tiles
    return validation_sources(config, None if named else training_sources(config, progress)[1])


def _read_scores(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise RunError(
            f"{path}: no such file. Give --of a run folder, or a JSON file that detector evaluate --json has written."
        )
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        values = None
    scores = values.get("int8", values) if isinstance(values, dict) else None
    if not isinstance(scores, dict):
        raise RunError(
            f"{path}: expected scores in JSON. Give --of a run folder, or a file that detector evaluate --json has "
            "written."
        )
    return scores


def _difference(scores: dict[str, Any], config: Config) -> str:
    """In what a file of scores speaks of other samples than those of the rungs; "" where nobody knows of any."""
    entries = config.data.validation
    if not entries:
        return ""
    data, options = scores.get("data"), scores.get("options", {})
    if isinstance(data, list):
        theirs = [SourceSettings(source=text, options=options).with_absolute_paths() for text in data]
        if [_name(each) for each in theirs] != [_name(each) for each in entries]:
            return f"was measured on {', '.join(map(_name, theirs))}, the rungs on {', '.join(map(_name, entries))}"
    samples, own = scores.get("samples"), sum(map(len, judging_sources(config)))
    return f"counts {samples} samples, the rungs {own}" if samples not in (None, own) else ""


def _name(entry: SourceSettings) -> str:
    options = [f"{key}={value}" for key, value in sorted(entry.options.items())]
    return f"{entry.source} ({', '.join(options)})" if options else entry.source
