"""The codec of the `box` head: presence, and the box of the largest object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import Field

from data_generators.geometry import box_area
from data_generators.sample import Sample
from data_generators.sources import CornerOrder
from data_generators.transform.input_spec import InputSpec
from detector.codecs.base import Arrays, Codec, HeadSettings, probability_of
from detector.codecs.boxes import BoxesPrediction, holds_object
from detector.codecs.heatmap import HeatmapGrid, encode_heatmaps
from detector.codecs.ramps import decode_ramps

OUTWARDS = np.array([-1, -1, 1, 1], np.float32)  # from distances to the four sides to offsets of the corners


class BoxSettings(HeadSettings):
    """Presence and one box: of the largest object that is not to be ignored."""

    method: Literal["map", "dense"] = "map"
    """`map`: every cell tells where the four sides lie, and the cells near the peak of a map of centres are heard.
    `dense`: one regression for the whole frame."""
    of: tuple[str, ...] = ()
    """Names of those of `model.classes` that count; empty: all of them."""
    coordinate_loss: Literal["mae", "huber"] = "mae"
    """Loss of each coordinate: L1, or quadratic below 5 % of the frame."""
    iou_loss: Literal["giou", "ciou", "diou", "iou"] = "giou"
    """Loss of the box as a whole."""
    coordinate_weight: float = Field(5.0, ge=0)
    """Weight of the coordinate loss."""
    iou_weight: float = Field(1.0, ge=0)
    """Weight of the IoU loss."""
    presence_weight: float = Field(0.5, ge=0)
    """Weight of the presence loss."""
    centre_weight: float = Field(0.5, ge=0)
    """map: weight of the loss of the map of centres."""
    stride: Literal[8, 16, 32] = 16
    """map: pixels a cell."""
    sigma_cells: float = Field(1.0, gt=0.3, le=4)
    """map: standard deviation in cells of the target's Gaussian around the centre."""
    channels: int = Field(32, ge=8, multiple_of=8)
    """map: channels of the decoder."""
    pooling: Literal["flatten", "gap"] = "flatten"
    """dense: what stands between the backbone and the dense layers; `gap` is global average pooling."""
    hidden: tuple[int, ...] = ()
    """dense: units of the dense layers before the last."""

    @property
    def reach(self) -> int:
        """map: cells on each side of the peak that are heard, those that the target's Gaussian covers."""
        return max(1, round(2 * self.sigma_cells))


@dataclass(frozen=True)
class BoxPrediction(BoxesPrediction):
    """One box, whose score is the probability that there is an object.

    Args:
        wanted: labels in the model's vocabulary that count as the object; empty for all.
    """

    wanted: frozenset[int] = frozenset()

    @classmethod
    def of_looks(cls, predictions: Sequence[BoxesPrediction], windows: np.ndarray) -> BoxesPrediction:
        """One prediction of several looks at a picture: the mean presence, and the best of the fused boxes."""
        presence = float(np.mean([each.presence for each in predictions]))
        return _one_box(super().of_looks(predictions, windows), predictions, presence)

    @classmethod
    def of_tiles(cls, predictions: Sequence[BoxesPrediction], windows: np.ndarray) -> BoxesPrediction:
        """One prediction of the tiles of a picture: the surest object, put together where tiles cut it."""
        presence = max(each.presence for each in predictions)
        return _one_box(super().of_tiles(predictions, windows), predictions, presence)


class BoxCodec(Codec):
    """Presence, and the box of the largest object of the wanted classes that is not to be ignored."""

    name = "box"
    settings_class = BoxSettings
    settings: BoxSettings

    def __init__(self, settings: BoxSettings, spec: InputSpec, classes: tuple[str, ...] = ()) -> None:
        super().__init__(settings, spec, classes)
        unknown = [name for name in settings.of if name not in classes]
        if unknown:
            raise ValueError(
                f"`model.heads.box.of` must name some of `model.classes`: {', '.join(classes) or 'none'}. "
                f"Received {', '.join(unknown)}. Add it to `model.classes`, or leave it out."
            )

    @property
    def corner_order(self) -> CornerOrder:
        return "none"

    @cached_property
    def wanted(self) -> frozenset[int]:
        """Labels that count; empty where there are no names, for then every object does."""
        return frozenset(self.classes.index(name) for name in self.settings.of or self.classes)

    @cached_property
    def grid(self) -> HeatmapGrid:
        """The cells of the map."""
        return HeatmapGrid(self.spec.size_hw, self.settings.stride, 0)

    @cached_property
    def centres(self) -> np.ndarray:
        """The cells' centres, twice: float32 (GH, GW, 4), x y x y, normalised."""
        rows, columns = self.grid.shape
        cells = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1)
        return np.tile(self.grid.from_cells(cells), 2).astype(np.float32)

    def encode(self, samples: Sequence[Sample]) -> tuple[Arrays, Arrays]:
        answers = [holds_object(sample, self.wanted) for sample in samples]
        present = np.array([answer is True for answer in answers], np.float32)
        labelled = np.array([answer is not None for answer in answers], np.float32)
        boxes = np.stack([self._box(*pair) for pair in zip(samples, answers, strict=True)])  # (B, 4)
        targets, weights = self._encode_boxes(boxes, present)
        return {"box_presence": present[:, None]} | targets, {"box_presence": labelled} | weights

    def _box(self, sample: Sample, present: bool | None) -> np.ndarray:
        """The part of the box that lies in the frame, (4,); the middle of the frame where there is none."""
        if not present:
            return np.full(4, 0.5, np.float32)
        return sample.boxes[largest_box(sample, self.wanted)].clip(0, 1)

    def _encode_boxes(self, boxes: np.ndarray, present: np.ndarray) -> tuple[Arrays, Arrays]:
        if self.settings.method == "dense":
            return {"box_coordinates": boxes}, {"box_coordinates": present}
        centre = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2  # (B, 1, 2)
        inside = np.minimum(centre, 1 - 1e-6)  # else a box at the very edge has its centre on no cell
        heatmap, _ = encode_heatmaps(inside, self.grid, self.settings.sigma_cells)
        targets = {"box_heatmap": heatmap, "box_offsets": boxes[:, None, None] - self.centres}
        near = heatmap[..., 0] * present[:, None, None]  # as much as decoding will listen to each cell
        return targets, {"box_heatmap": present[:, None], "box_offsets": near}

    def decode(self, outputs: Mapping[str, np.ndarray]) -> list[BoxPrediction]:
        presence = probability_of(outputs["box_presence"].reshape(-1))
        boxes = self._decode_boxes(outputs).clip(0, 1).astype(np.float32)
        names = self.settings.of or self.classes
        return [
            BoxPrediction(
                boxes=box[None],
                scores=np.array([probability], np.float32),
                labels=np.zeros(1, np.int64),
                classes=names if len(names) == 1 else (),
                output="box_presence",
                wanted=self.wanted,
            )
            for box, probability in zip(boxes, presence, strict=True)
        ]

    def _decode_boxes(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Boxes (B, 4) of a network as it is trained, or as it is exported: then distances leave as ramps."""
        if self.settings.method == "dense":
            if "box_ramps" in outputs:
                return decode_ramps(outputs["box_ramps"].reshape(len(outputs["box_ramps"]), 4, -1))
            return outputs["box_coordinates"]
        logits = outputs["box_heatmap"]
        limits, reach = distance_limits(self.grid.shape, self.settings), self.settings.reach
        if "box_ramps" in outputs:
            distances = decode_ramps(outputs["box_ramps"].reshape(*logits.shape[:3], 4, -1), limits)
        else:
            distances = np.clip(OUTWARDS * outputs["box_offsets"], *limits)  # as ramps are
        return np.einsum("byx,byxc->bc", _near_peak(logits[..., 0], reach), self.centres + OUTWARDS * distances)


def distance_limits(grid_hw: tuple[int, int], settings: BoxSettings) -> tuple[np.ndarray, float]:
    """The least (4,) and the greatest distance from a cell that is heard to the sides of a box, in shares of the frame.

    The least is negative: a small box may lie beside the cell.
    """
    rows, columns = grid_hw
    return -(settings.reach + 0.5) / np.array([columns, rows, columns, rows], np.float32), 1.0


def _near_peak(logits: np.ndarray, reach: int) -> np.ndarray:
    """Softmax (B, GH, GW) over the cells at most so far from the highest, 0 elsewhere."""
    batch, rows, columns = logits.shape
    row, column = np.divmod(logits.reshape(batch, -1).argmax(axis=1), columns)
    near_row = np.abs(np.arange(rows) - row[:, None]) <= reach
    near_column = np.abs(np.arange(columns) - column[:, None]) <= reach
    weights = np.exp(logits - logits.max(axis=(1, 2), keepdims=True)) * near_row[:, :, None] * near_column[:, None]
    return weights / weights.sum(axis=(1, 2), keepdims=True)


def _one_box(fused: BoxesPrediction, predictions: Sequence[BoxesPrediction], presence: float) -> BoxesPrediction:
    """The first of the fused boxes, or that of the surest prediction where fusion left none, with this presence."""
    chosen = fused if len(fused.boxes) else max(predictions, key=lambda each: each.presence)
    return replace(chosen, boxes=chosen.boxes[:1], scores=np.array([presence], np.float32), labels=chosen.labels[:1])


def largest_box(sample: Sample, wanted: frozenset[int]) -> int:
    """Index of the largest object of the wanted classes that is not to be ignored; there must be one.

    Args:
        sample: the labels.
        wanted: labels that count; empty for all.
    """
    counts = ~sample.ignore & (np.isin(sample.labels, list(wanted)) if wanted else True)
    return int(np.argmax(np.where(counts, box_area(sample.boxes), -1.0)))
