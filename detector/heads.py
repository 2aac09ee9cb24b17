"""THE TABLE: head name -> graph builder, losses, metrics, what to monitor, scores.

The codec stands in `codecs.CODECS` under the same name, so that configs can be read without importing keras. Adding
a head is one codec, one builder, one scoring module, one row here, one preset; `presence` is the smallest example:
codecs/presence.py, models/presence.py, scoring/presence.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras

from detector.codecs import HeadSettings
from detector.codecs.corners import CornersSettings
from detector.codecs.presence import PresenceSettings
from detector.losses import POINT_LOSSES, HeatmapCrossEntropy, LogitCrossEntropy
from detector.metrics import HeatmapError, PointError
from detector.models.corners import build_corners, split_coordinates
from detector.models.presence import build_presence
from detector.scoring.corners import score_corners, score_corners_sample
from detector.scoring.presence import choose_presence_threshold, score_presence, score_presence_sample


@dataclass(frozen=True)
class OutputRow:
    """How one output is trained: its loss, the loss's weight, and the metrics to follow."""

    loss: keras.Loss
    weight: float
    metrics: tuple[keras.Metric, ...] = ()


@dataclass(frozen=True)
class Head:
    """One row of the table.

    Args:
        build: (scales, settings, backbone settings) -> output name -> tensor.
        outputs: settings -> output name -> `OutputRow`.
        monitor: settings -> the validation metric that chooses the best checkpoint; less is better.
        for_export: (model, settings) -> the model as it leaves the house, e.g. with outputs that fit 8 bits.
        score_sample: (sample, prediction, corner order) -> the row of one picture; `rank` orders the worst first.
        score: (rows, class names, the card's threshold or None) -> the reported scores, JSON data; all of them, without
            a value, where there are no rows.
        choose_threshold: rows of a validation set -> the probability from which the answer is yes.
        threshold_of: the output that the threshold belongs to.
        gates: the scores that int8 must keep; more is better.
    """

    build: Callable[..., dict[str, Any]]
    outputs: Callable[[Any], dict[str, OutputRow]]
    monitor: Callable[[Any], str]
    for_export: Callable[[keras.Model, Any], keras.Model]
    score_sample: Callable[..., dict[str, Any]]
    score: Callable[..., dict[str, Any]]
    choose_threshold: Callable[..., float]
    threshold_of: str
    gates: tuple[str, ...]


def _corners_outputs(settings: CornersSettings) -> dict[str, OutputRow]:
    presence = OutputRow(
        LogitCrossEntropy(name="presence_loss"),
        settings.presence_weight * settings.loss_weight,
        (_auc(),),
    )
    if settings.method == "heatmap":
        return {"corners_presence": presence, "corners_heatmap": _map_row(settings, settings.window_radius)}
    if settings.method == "simcc":
        radius = settings.window_radius * settings.bins_per_cell
        return {"corners_presence": presence} | {f"corners_simcc_{axis}": _map_row(settings, radius) for axis in "xy"}
    points = OutputRow(POINT_LOSSES[settings.loss](), settings.loss_weight, (PointError(),))
    return {"corners_presence": presence, "corners_coordinates": points}


def _map_row(settings: CornersSettings, radius: int) -> OutputRow:
    return OutputRow(HeatmapCrossEntropy(), settings.loss_weight, (HeatmapError(radius=radius),))


def _corners_monitor(settings: CornersSettings) -> str:
    if settings.method == "simcc":
        return "val_loss"  # the points are in two outputs
    output = "corners_heatmap" if settings.method == "heatmap" else "corners_coordinates"
    return f"val_{output}_error_percent"


def _presence_outputs(settings: PresenceSettings) -> dict[str, OutputRow]:
    return {"presence_logit": OutputRow(LogitCrossEntropy(), settings.loss_weight, (_auc(),))}


def _auc() -> keras.Metric:
    return keras.metrics.AUC(name="auc", from_logits=True, num_thresholds=100)


def _unchanged(network: keras.Model, _: HeadSettings) -> keras.Model:
    return network


HEADS: dict[str, Head] = {
    "corners": Head(
        build=build_corners,
        outputs=_corners_outputs,
        monitor=_corners_monitor,
        for_export=split_coordinates,
        score_sample=score_corners_sample,
        score=lambda rows, *_: score_corners(rows),
        choose_threshold=choose_presence_threshold,
        threshold_of="corners_presence",
        gates=("quad_iou_mean", "presence_roc_auc"),
    ),
    "presence": Head(
        build=build_presence,
        outputs=_presence_outputs,
        monitor=lambda _: "val_loss",  # Keras logs no loss by its output's name where there is but one output
        for_export=_unchanged,
        score_sample=score_presence_sample,
        score=lambda rows, *_: score_presence(rows),
        choose_threshold=choose_presence_threshold,
        threshold_of="presence_logit",
        gates=("presence_roc_auc",),
    ),
}


def score_names() -> list[str]:
    """Every score that some head reports; a set without pictures has them all, without a value."""
    return list(dict.fromkeys(name for head in HEADS.values() for name in head.score([], (), None)))


def output_rows(heads: dict[str, HeadSettings]) -> dict[str, OutputRow]:
    """The rows of all outputs of all heads."""
    rows: dict[str, OutputRow] = {}
    for name, settings in heads.items():
        rows |= HEADS[name].outputs(settings)
    return rows


def monitored(heads: dict[str, HeadSettings]) -> str:
    """The validation metric that chooses the best checkpoint: the head's own, or the loss where there are several."""
    if len(heads) > 1:
        return "val_loss"
    [(name, settings)] = heads.items()
    return HEADS[name].monitor(settings)
