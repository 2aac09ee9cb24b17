"""THE TABLE: head name -> graph builder, losses, metrics, what to monitor, scores.

The codec stands in `codecs.CODECS` under the same name, so that configs can be read without importing keras. Adding
a head is one codec, one builder, one scoring module, one row here, one preset; `presence` is the smallest example:
codecs/presence.py, models/presence.py, scoring/presence.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from detector.codecs import Codec, HeadSettings
from detector.codecs.autoencoder import AutoencoderCodec
from detector.codecs.box import BoxCodec, BoxSettings
from detector.codecs.corners import CornersCodec, CornersSettings
from detector.codecs.grid import GridCodec
from detector.codecs.mask import MaskCodec, MaskSettings
from detector.codecs.presence import PresenceCodec
from detector.losses import (
    POINT_LOSSES,
    AlignedLoss,
    Alignment,
    BoxLoss,
    DistanceIoULoss,
    ElementCrossEntropy,
    FocalCrossEntropy,
    HeatmapCrossEntropy,
    LogitCrossEntropy,
    MaskLoss,
    PictureMSE,
)
from detector.metrics import (
    BestIoU,
    BoxError,
    DistanceIoU,
    HeatmapError,
    LogitAccuracy,
    MaskIoUError,
    PictureError,
    PointError,
)
from detector.models.autoencoder import build_autoencoder, make_spoiler
from detector.models.box import build_box, split_box
from detector.models.corners import build_corners, split_coordinates
from detector.models.grid import build_grid, split_grids
from detector.models.mask import build_mask, drop_coarse_masks
from detector.models.presence import build_presence
from detector.scoring.autoencoder import score_autoencoder, score_autoencoder_sample
from detector.scoring.box import score_box, score_box_sample
from detector.scoring.boxes import choose_boxes_threshold, score_boxes, score_boxes_sample
from detector.scoring.corners import score_corners, score_corners_sample
from detector.scoring.gate import Gate
from detector.scoring.mask import choose_mask_threshold, score_mask, score_mask_sample
from detector.scoring.presence import choose_presence_threshold, score_presence, score_presence_sample


@dataclass(frozen=True)
class OutputRow:
    """How one output is trained: its loss, the loss's weight, and the metrics to follow."""

    loss: keras.Loss
    weight: float
    metrics: tuple[keras.Metric, ...] = ()


def _unchanged(network: keras.Model, _: HeadSettings) -> keras.Model:
    return network


def _loss(_: HeadSettings) -> str:
    return "val_loss"  # Keras logs no loss by its output's name where there is but one output


@dataclass(frozen=True)
class Head:
    """One row of the table.

    Args:
        build: (scales, codec, backbone settings) -> output name -> tensor.
        outputs: codec -> output name -> `OutputRow`.
        monitor: settings -> the validation metric that chooses the best checkpoint; less is better.
        for_export: (model, settings) -> the model as it leaves the house, e.g. with outputs that fit 8 bits.
        score_sample: (sample, prediction, corner order) -> the row of one picture; `rank` orders the worst first.
        score: (rows, class names, the card's threshold or None) -> the reported scores, JSON data; all of them, without
            a value, where there are no rows.
        choose_threshold: rows of a validation set -> the probability from which the answer is yes.
        threshold_of: the output that the threshold belongs to; empty where the head answers no yes or no.
        gates: the scores that int8 must keep.
        spoiler: settings -> a layer that the pictures of training pass before the network sees them; None: nothing.
    """

    build: Callable[..., dict[str, Any]]
    outputs: Callable[[Any], dict[str, OutputRow]]
    score_sample: Callable[..., dict[str, Any]]
    score: Callable[..., dict[str, Any]]
    monitor: Callable[[Any], str] = _loss
    for_export: Callable[[keras.Model, Any], keras.Model] = _unchanged
    choose_threshold: Callable[..., float] = lambda _: 0.0
    threshold_of: str = ""
    gates: tuple[Gate, ...] = ()
    spoiler: Callable[[Any], keras.layers.Layer] | None = None


def _autoencoder_outputs(codec: AutoencoderCodec) -> dict[str, OutputRow]:
    return {"autoencoder_image": OutputRow(PictureMSE(), codec.settings.loss_weight, (PictureError(),))}


def _box_outputs(codec: BoxCodec) -> dict[str, OutputRow]:
    settings = codec.settings
    weights = (settings.coordinate_weight, settings.iou_weight)
    box = OutputRow(BoxLoss(settings.coordinate_loss, settings.iou_loss, weights), settings.loss_weight, (BoxError(),))
    presence = OutputRow(LogitCrossEntropy(), settings.presence_weight * settings.loss_weight, (_auc(),))
    if settings.method == "dense":
        return {"box_presence": presence, "box_coordinates": box}
    centre = OutputRow(
        HeatmapCrossEntropy(), settings.centre_weight * settings.loss_weight, (HeatmapError(radius=settings.reach),)
    )
    return {"box_presence": presence, "box_heatmap": centre, "box_offsets": box}


def _box_monitor(settings: BoxSettings) -> str:
    return f"val_{'box_offsets' if settings.method == 'map' else 'box_coordinates'}_iou_error_percent"


def _corners_outputs(codec: CornersCodec) -> dict[str, OutputRow]:
    settings = codec.settings
    presence = OutputRow(
        LogitCrossEntropy(name="presence_loss"), settings.presence_weight * settings.loss_weight, (_auc(),)
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


def _grid_outputs(codec: GridCodec) -> dict[str, OutputRow]:
    settings, weight = codec.settings, codec.settings.loss_weight
    if settings.assignment == "dynamic":
        loss = _aligned_loss(codec)
        return {"grid_places": OutputRow(loss, weight, (BestIoU(loss),))}
    objectness: keras.Loss = ElementCrossEntropy()
    if settings.objectness_loss == "focal":
        objectness = FocalCrossEntropy(settings.focal_gamma, settings.focal_alpha)
    rows = {"grid_objectness": OutputRow(objectness, weight * settings.object_weight, (_auc(),))}
    if settings.method == "boxes":
        boxes = DistanceIoULoss(settings.box_loss)
        rows["grid_boxes"] = OutputRow(boxes, weight * settings.box_weight, (DistanceIoU(),))
    if codec.classes:
        rows["grid_classes"] = OutputRow(ElementCrossEntropy(), weight * settings.class_weight, (LogitAccuracy(),))
    return rows


def _aligned_loss(codec: GridCodec) -> AlignedLoss:
    settings, places = codec.settings, codec.places
    alignment = Alignment(
        top_k=settings.top_k,
        score_power=settings.score_power,
        iou_power=settings.iou_power,
        gamma=settings.focal_gamma,
        box_kind=settings.box_loss,
        weights=(settings.object_weight, settings.box_weight, settings.class_weight),
        class_weights=tuple(settings.class_weights.get(name, 1.0) for name in codec.classes),
    )
    return AlignedLoss(places.centres, places.references, places.cells, alignment, codec.max_objects)


def _mask_outputs(codec: MaskCodec) -> dict[str, OutputRow]:
    settings = codec.settings
    loss = MaskLoss(
        settings.losses,
        codec.weights_of(settings.class_weights),
        (settings.boundary_weight, settings.boundary_radius),
        settings.focal_gamma,
    )
    return {
        name: OutputRow(loss, settings.loss_weight / 2**above, (MaskIoUError(codec.channels),))
        for above, name in enumerate(codec.strides)
    }


def _mask_monitor(settings: MaskSettings) -> str:
    output = "mask_logits_" if settings.deep_supervision else ""  # Keras names an output only where there are several
    return f"val_{output}iou_error_percent"


def _presence_outputs(codec: PresenceCodec) -> dict[str, OutputRow]:
    return {"presence_logit": OutputRow(LogitCrossEntropy(), codec.settings.loss_weight, (_auc(),))}


def _auc() -> keras.Metric:
    return keras.metrics.AUC(name="auc", from_logits=True, num_thresholds=100)


HEADS: dict[str, Head] = {
    "autoencoder": Head(
        build=build_autoencoder,
        outputs=_autoencoder_outputs,
        score_sample=score_autoencoder_sample,
        score=lambda rows, *_: score_autoencoder(rows),
        spoiler=make_spoiler,
    ),
    "box": Head(
        build=build_box,
        outputs=_box_outputs,
        monitor=_box_monitor,
        for_export=split_box,
        score_sample=score_box_sample,
        score=lambda rows, _, threshold: score_box(rows, threshold),
        choose_threshold=choose_presence_threshold,
        threshold_of="box_presence",
        gates=(Gate("box_iou_mean"), Gate("presence_roc_auc")),
    ),
    "corners": Head(
        build=build_corners,
        outputs=_corners_outputs,
        monitor=_corners_monitor,
        for_export=split_coordinates,
        score_sample=score_corners_sample,
        score=lambda rows, *_: score_corners(rows),
        choose_threshold=choose_presence_threshold,
        threshold_of="corners_presence",
        gates=(Gate("quad_iou_mean"), Gate("corner_error_percent_mean", worth=-0.1), Gate("presence_roc_auc")),
    ),
    "grid": Head(
        build=build_grid,
        outputs=_grid_outputs,
        for_export=split_grids,
        score_sample=score_boxes_sample,
        score=score_boxes,
        choose_threshold=choose_boxes_threshold,
        threshold_of="grid_objectness",
        gates=(Gate("map50"),),
    ),
    "mask": Head(
        build=build_mask,
        outputs=_mask_outputs,
        monitor=_mask_monitor,
        for_export=drop_coarse_masks,
        score_sample=score_mask_sample,
        score=score_mask,
        choose_threshold=choose_mask_threshold,
        threshold_of="mask_logits",
        gates=(Gate("iou_foreground"),),
    ),
    "presence": Head(
        build=build_presence,
        outputs=_presence_outputs,
        score_sample=score_presence_sample,
        score=lambda rows, *_: score_presence(rows),
        choose_threshold=choose_presence_threshold,
        threshold_of="presence_logit",
        gates=(Gate("presence_roc_auc"),),
    ),
}


def score_names() -> list[str]:
    """Every score that some head reports; a set without pictures has them all, without a value."""
    return list(dict.fromkeys(name for head in HEADS.values() for name in head.score([], (), None)))


def output_rows(codecs: Mapping[str, Codec]) -> dict[str, OutputRow]:
    """The rows of all outputs of all heads."""
    rows: dict[str, OutputRow] = {}
    for name, codec in codecs.items():
        rows |= HEADS[name].outputs(codec)
    return rows


def make_spoilers(heads: Mapping[str, HeadSettings]) -> list[keras.layers.Layer]:
    """The layers that the pictures of training pass before the network sees them."""
    made = ((HEADS[name].spoiler, settings) for name, settings in heads.items())
    return [make(settings) for make, settings in made if make]


def monitored(heads: dict[str, HeadSettings]) -> str:
    """The validation metric that chooses the best checkpoint: the head's own, or the loss where there are several."""
    if len(heads) > 1:
        return "val_loss"
    [(name, settings)] = heads.items()
    return HEADS[name].monitor(settings)
