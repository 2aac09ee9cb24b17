"""Scores of a model on labelled sources: the same code for a Keras model and for an exported file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from data_generators.cache import shrink_sample
from data_generators.errors import OnError
from data_generators.formats import open_source
from data_generators.sample import Sample
from data_generators.sources import CornerOrder, Source, readable_samples
from data_generators.vocabulary import in_vocabulary
from detector.card import ModelCard
from detector.heads import HEADS, score_names
from detector.looks import ONCE, Looks
from detector.prediction import predict_images
from detector.runs import finite
from detector.runtime import Runtime, load_runtime

BATCH_BYTES = 100_000_000  # of pictures that wait for each other
KEPT_SIDE_PX = 480


@dataclass(frozen=True)
class Judged:
    """One picture with the network's answer and its scores.

    Args:
        sample: the labelled picture; of those that are kept a smaller copy.
        predictions: head name -> prediction, in normalised coordinates of the picture.
        rows: head name -> scores of this picture.
    """

    sample: Sample
    predictions: dict[str, Any]
    rows: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Evaluation:
    """The scores of a set.

    Args:
        scores: what is reported, JSON data; a score without data, or of a head that the model lacks, is None. A name
            that an earlier head has taken gets its own head's in front.
        rows: head name -> one row a picture.
        worst: the pictures that were answered worst, worst first.
        thresholds: those of the model's card.
        class_names: those of the model's card, which the samples' labels index.
        groups: number of the source, and clip or document there, of each picture, in the order of the rows.
    """

    scores: dict[str, Any]
    rows: dict[str, list[dict[str, Any]]]
    worst: list[Judged]
    thresholds: dict[str, float]
    class_names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def evaluate(
    model: str | Path | Runtime,
    data: Sequence[str],
    *,
    on_error: OnError = "raise",
    looks: Looks = ONCE,
    worst: int = 16,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Evaluation:
    """Measures a model.

    Args:
        model: a run folder, a `.keras` or `.tflite` file, the name of a shipped model, or a loaded runtime.
        data: sources, `FORMAT:PATH[#SPLIT]`; their samples are scored together.
        on_error: what to do with a picture that cannot be read.
        looks: how often and how each picture is looked at; reported where it is not once.
        worst: how many of the worst pictures to return.
        progress: called with (samples done, samples in all).
        options: settings of the sources' formats, the same for all; reported where there are any.
    """
    sources = [open_source(source, on_error=on_error, **options) for source in data]
    scored = evaluate_sources(model, sources, looks=looks, worst=worst, progress=progress)
    told = {"options": options} if options else {}
    return replace(scored, scores={"data": list(data)} | told | looks.to_json() | scored.scores)


def evaluate_sources(
    model: str | Path | Runtime,
    sources: Sequence[Source],
    *,
    looks: Looks = ONCE,
    worst: int = 16,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Measures a model on sources that are open already; see `evaluate`.

    Args:
        looks: how often and how each picture is looked at.
        progress: called with (samples done, samples in all).
    """
    runtime = model if isinstance(model, Runtime) else load_runtime(model)
    total = sum(map(len, sources))
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in runtime.card.heads}
    kept: list[Judged] = []
    groups: list[str] = []
    for number, judged in ((place, each) for place, one in enumerate(sources) for each in _judge(runtime, one, looks)):
        groups.append(f"{number}:{judged.sample.group or len(groups)}")
        for name, row in judged.rows.items():
            rows[name].append(row)
        if len(kept) < worst or (kept and _rank(judged) < _rank(kept[-1])):
            small = replace(judged, sample=shrink_sample(judged.sample, KEPT_SIDE_PX))
            kept = sorted([*kept, small], key=_rank)[:worst]
        if progress:
            progress(len(groups), total)
    scores = {"samples": len(groups), **runtime.describe()} | dict.fromkeys(score_names()) | _score(rows, runtime.card)
    return Evaluation(finite(scores), rows, kept, runtime.card.thresholds, runtime.card.class_names, tuple(groups))


def _score(rows: dict[str, list[dict[str, Any]]], card: ModelCard) -> dict[str, Any]:
    scores: dict[str, Any] = {}
    for name in rows:
        head = HEADS[name]
        found = head.score(rows[name], card.class_names, card.thresholds.get(head.threshold_of))
        scores |= {f"{name}_{score}" if score in scores else score: value for score, value in found.items()}
    return scores


def _rank(judged: Judged) -> float:
    return min((row.get("rank", float("inf")) for row in judged.rows.values()), default=float("inf"))


def _judge(runtime: Runtime, source: Source, looks: Looks) -> Iterator[Judged]:
    codecs = runtime.card.codecs()
    source = in_vocabulary(source, runtime.card.class_names)
    for samples in _batches((sample for _, sample in readable_samples(source)), runtime.batch_size):
        answers = predict_images(runtime, [sample.image for sample in samples], codecs, looks)
        for sample, predictions in zip(samples, answers, strict=True):
            rows = {}
            for name, codec in codecs.items():
                order = _shared_order(codec.corner_order, source.corner_order)
                rows[name] = HEADS[name].score_sample(sample, predictions[name], order)
            yield Judged(sample, predictions, rows)


def _shared_order(wanted: CornerOrder, given: CornerOrder) -> CornerOrder:
    """`object` only where model and labels both mean the object's own corners; else corners match up to a shift."""
    return "object" if wanted == given == "object" else "image"


def _batches(samples: Iterator[Sample], size: int) -> Iterator[list[Sample]]:
    """Lists of at most so many samples; fewer where the pictures are large."""
    batch: list[Sample] = []
    for sample in samples:
        batch.append(sample)
        if len(batch) == size or sum(each.image.nbytes for each in batch) >= BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch
