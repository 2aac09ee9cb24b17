"""The codec of the `corners` head: one object with P keypoints, and whether it is there at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from data_generators.geometry import apply_homography, order_corners_image
from data_generators.sample import Sample
from data_generators.sources import CornerOrder
from data_generators.transform.input_spec import fit_homography
from detector.codecs.base import Arrays, Codec, HeadSettings, probability_of, says_whether
from detector.codecs.consensus import mean_of_agreeing
from detector.codecs.heatmap import HeatmapGrid, decode_heatmaps, encode_heatmaps
from detector.codecs.peaks import Window
from detector.codecs.ramps import RANGE, decode_ramps
from detector.codecs.simcc import decode_simcc, encode_simcc

MARGIN_STRIDE = 16
MIRRORED = [1, 0, 3, 2]  # the corners of a mirrored quadrilateral, in the sense that they had before


class CornersSettings(HeadSettings):
    """One object with P keypoints: a map a point (`heatmap`), two profiles (`simcc`), or coordinates (`dense`)."""

    method: Literal["heatmap", "simcc", "dense"] = "heatmap"
    """`heatmap`: small, sub-pixel. `simcc`: a class along x and one along y (Li et al. 2022). `dense`: a regression."""
    points: int = Field(4, ge=1, le=64)
    """Keypoints an object; 4 for the corners of a quadrilateral."""
    order: Literal["image", "object"] = "image"
    """`image`: clockwise on the screen from the corner of least x + y. `object`: from the page's own top left."""
    presence_weight: float = Field(0.3, ge=0)
    """Weight of the presence loss beside the corners' loss."""
    loss: Literal["cross_entropy", "mae", "mse", "huber", "wing"] = "cross_entropy"
    """`cross_entropy` for heatmap and simcc; `mae`, `mse`, `huber` or `wing` for dense coordinates."""
    stride: Literal[2, 4, 8] = 4
    """heatmap, simcc: pixels a cell."""
    margin: int = Field(1, ge=0, le=8)
    """heatmap, simcc: how far they reach beyond the frame, in units of 16 pixels; corners further out have no place."""
    sigma_cells: float = Field(1.0, gt=0.3, le=8)
    """heatmap, simcc: standard deviation of the target's Gaussian, in cells."""
    window_radius: int = Field(3, ge=1, le=16)
    """heatmap, simcc: half width in cells of what belongs to a peak; its share is the score, the next lies outside."""
    channels: int = Field(24, ge=8, multiple_of=8)
    """heatmap, simcc: channels of the decoder."""
    bins_per_cell: int = Field(2, ge=1, le=8)
    """simcc: classes that a cell is cut into along each axis."""
    pooling: Literal["flatten", "gap"] = "flatten"
    """dense: what stands between the backbone and the dense layers; `gap` is global average pooling."""
    hidden: tuple[int, ...] = ()
    """dense: units of the dense layers before the last."""

    @model_validator(mode="after")
    def _check_loss(self) -> Self:
        if (self.loss == "cross_entropy") == (self.method == "dense"):
            wanted = "mae, mse, huber or wing" if self.method == "dense" else "cross_entropy"
            raise ValueError(f"`method: {self.method}` goes with `loss: {wanted}`, not `loss: {self.loss}`")
        return self


@dataclass(frozen=True)
class CornersPrediction:
    """What the network says of one picture.

    Args:
        presence: probability in [0, 1] that the object is in the picture.
        keypoints: float32 (P, 2) normalised xy; meaningful where presence is high.
        scores: float32 (P,) in [0, 1]; the share of each map or profile that lies around its peak, for dense 1.
    """

    presence: float
    keypoints: np.ndarray
    scores: np.ndarray

    def mapped(self, homography: np.ndarray) -> CornersPrediction:
        """The prediction in other coordinates, e.g. from the network's frame to the picture.

        Four corners run in the same sense on the screen as before, also where the homography mirrors.
        """
        points, scores = apply_homography(homography, self.keypoints).astype(np.float32), self.scores
        if len(points) == 4 and np.linalg.det(homography) < 0:
            points, scores = points[MIRRORED], scores[MIRRORED]
        return CornersPrediction(self.presence, points, scores)

    @classmethod
    def of_looks(cls, predictions: Sequence[CornersPrediction], windows: np.ndarray) -> CornersPrediction:  # noqa: ARG003
        """One prediction of several looks at a picture: the mean presence, and the corners of the surest looks that
        agree, see `consensus.mean_of_agreeing`."""
        presence = np.array([each.presence for each in predictions])
        points = np.stack([each.keypoints for each in predictions])
        mean, scores = mean_of_agreeing(points, np.stack([each.scores for each in predictions]), presence)
        return cls(float(presence.mean()), mean.astype(np.float32), scores.astype(np.float32))

    @classmethod
    def of_tiles(cls, predictions: Sequence[CornersPrediction], windows: np.ndarray) -> CornersPrediction:  # noqa: ARG003
        """One prediction of the tiles of a picture: that of the tile which is surest of the object.

        Corners of an object that spans tiles are no tile's to tell: take the whole picture as a tile, too.
        """
        return max(predictions, key=lambda each: each.presence)

    def is_present(self, thresholds: Mapping[str, float]) -> bool:
        """Whether presence reaches the threshold of the model's card, 0.5 where it has none."""
        return self.presence >= thresholds.get("corners_presence", 0.5)

    def describe(self, thresholds: Mapping[str, float]) -> str:
        """The prediction in a few words, for captions."""
        return f"{'found' if self.is_present(thresholds) else 'nothing found'}, presence {self.presence:.2f}"

    def to_sample(self, image: np.ndarray, thresholds: Mapping[str, float]) -> Sample:
        """The prediction as labels of its picture, for drawing."""
        points = self.keypoints[None] if self.is_present(thresholds) else self.keypoints[None][:0]
        boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=-1)
        return Sample(
            image=image,
            boxes=boxes.astype(np.float32),
            labels=np.zeros(len(points), np.int64),
            ignore=np.zeros(len(points), bool),
            keypoints=points.astype(np.float32),
            has=frozenset({"keypoints"}),
        )

    def to_json(self, thresholds: Mapping[str, float]) -> dict[str, Any]:
        """Plain data; `keypoints` normalised by width and height, whether the object is there or not."""
        return {
            "present": self.is_present(thresholds),
            "presence": round(self.presence, 5),
            "keypoints": np.round(self.keypoints.astype(float), 6).tolist(),
            "scores": np.round(self.scores.astype(float), 4).tolist(),
        }


def largest_object(sample: Sample) -> int:
    """Index of the largest object that is not to be ignored; the sample must hold an object."""
    sides = sample.boxes[:, 2:] - sample.boxes[:, :2]
    return int(np.argmax(np.where(sample.ignore, -1.0, np.prod(sides, axis=1))))


class CornersCodec(Codec):
    """Presence and P keypoints of the largest object of a sample."""

    name = "corners"
    settings_class = CornersSettings
    settings: CornersSettings

    @property
    def corner_order(self) -> CornerOrder:
        return self.settings.order

    @property
    def may_mirror(self) -> bool:
        """Four corners in image order: they are found whichever way round the page is."""
        return self.settings.order == "image" and self.settings.points == 4

    @cached_property
    def grid(self) -> HeatmapGrid:
        """The cells of heatmaps and profiles."""
        pad = self.settings.margin * MARGIN_STRIDE // self.settings.stride
        return HeatmapGrid(self.spec.size_hw, self.settings.stride, pad)

    @cached_property
    def window(self) -> Window:
        """What is read around a peak."""
        return Window(self.settings.window_radius, self.settings.sigma_cells)

    def encode(self, samples: Sequence[Sample]) -> tuple[Arrays, Arrays]:
        labelled = np.array([says_whether(sample, "keypoints") for sample in samples], np.float32)  # (B,)
        points = np.stack([self._largest(sample) for sample in samples])  # (B, P, 2)
        present = np.array([len(sample.keypoints) > 0 for sample in samples], np.float32) * labelled
        targets, known = self._encode_points(points)
        weights = dict.fromkeys(targets, known * present[:, None])
        return {"corners_presence": present[:, None]} | targets, {"corners_presence": labelled} | weights

    def _encode_points(self, points: np.ndarray) -> tuple[Arrays, np.ndarray]:
        """Targets of points (B, P, 2), and float32 (B, P): 1 where a point has a place in them."""
        settings = self.settings
        if settings.method == "heatmap":
            target, known = encode_heatmaps(points, self.grid, settings.sigma_cells)
            return {"corners_heatmap": target}, known
        if settings.method == "simcc":
            along_x, along_y, known = encode_simcc(points, self.grid, settings.sigma_cells, settings.bins_per_cell)
            return {"corners_simcc_x": along_x, "corners_simcc_y": along_y}, known
        finite = np.all(np.isfinite(points), axis=-1)
        target = np.where(finite[..., None], points, 0.5).astype(np.float32)
        return {"corners_coordinates": target}, finite.astype(np.float32)

    def _largest(self, sample: Sample) -> np.ndarray:
        """Keypoints (P, 2) of the largest object that is not to be ignored; NaN where there is none.

        Image order is made anew: in a letterboxed frame the corner of least x + y may be another than in the picture.
        """
        count = self.settings.points
        if "keypoints" not in sample.has or not len(sample.keypoints):
            return np.full((count, 2), np.nan, np.float32)
        if sample.keypoints.shape[1] != count:
            raise ValueError(
                f"{sample.origin}: the `corners` head wants {count} keypoints an object. Received "
                f"{sample.keypoints.shape[1]}. Set `model.heads.corners.points`."
            )
        points = sample.keypoints[largest_object(sample)]
        if self.settings.order == "image" and count == 4 and np.all(np.isfinite(points)):
            return order_corners_image(points)
        return points

    def find_outside(self, samples: Sequence[Sample]) -> np.ndarray:
        if self.settings.method == "dense":
            return super().find_outside(samples)
        frames = [fit_homography(self.spec, sample.size_hw) for sample in samples]
        mapped = [apply_homography(frame, self._largest(each)) for frame, each in zip(frames, samples, strict=True)]
        points = np.stack(mapped)  # (B, P, 2)
        known = np.isfinite(points).all(axis=-1)  # (B, P)
        outside = known & ~self.grid.contains(points)
        return outside.any(axis=1)[known.any(axis=1)]

    def decode(self, outputs: Mapping[str, np.ndarray]) -> list[CornersPrediction]:
        presence = probability_of(outputs["corners_presence"].reshape(-1))
        points, scores = self._decode_points(outputs)
        return [
            CornersPrediction(float(probability), *rest)
            for probability, *rest in zip(presence, points, scores, strict=True)
        ]

    def _decode_points(self, outputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        if self.settings.method == "heatmap":
            return decode_heatmaps(outputs["corners_heatmap"], self.grid, self.window)
        if self.settings.method == "simcc":
            return decode_simcc(outputs["corners_simcc_x"], outputs["corners_simcc_y"], self.grid, self.window)
        if "corners_ramps" in outputs:  # an exported file
            ramps = outputs["corners_ramps"]
            points = decode_ramps(ramps.reshape(len(ramps), self.settings.points, 2, -1)).astype(np.float32)
        else:
            points = np.clip(outputs["corners_coordinates"].astype(np.float32), *RANGE)
        return points, np.ones(points.shape[:2], np.float32)
