"""What a config may say of the `grid` head."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from data_generators.settings import Share
from detector.codecs.base import HeadSettings

Size = tuple[Share, Share]


class GridSettings(HeadSettings):
    """Objectness, box and classes in every cell of one or several grids, YOLO-style.

    A cell gives the distances from its centre to the four sides of its object's box.
    """

    method: Literal["boxes", "centroids"] = "boxes"
    """`centroids`: no boxes are learnt; an object is where objectness peaks, as in FOMO, and is given as the box of a
    cell."""

    scales: tuple[Literal["P2", "P3", "P4", "P5", "P6"], ...] = Field(("P4",), min_length=1)
    """Grids, the finest first: a cell of `Pn` is 2^n pixels wide. Of several, the finest takes an object on which it
    spans at most `span_cells` cells."""
    span_cells: float = Field(8.0, gt=0)
    """Several scales: cells along the longer side of an object from which on the next coarser grid takes it."""
    anchors: Annotated[int, Field(ge=1, le=64)] | tuple[Size, ...] = ()
    """Box shapes that a cell tells apart: width and height as shares of the frame each, the smallest for the finest
    grid, or their number, and training finds them in its data. Empty: none, a cell tells one object."""
    anchor_iou: float = Field(0.4, gt=0, le=1)
    """static: an object belongs to all anchors whose shape has this IoU with its own, and to the nearest."""
    assignment: Literal["static", "dynamic"] = "static"
    """Which cells answer for an object. `static`: those near its centre. `dynamic`: in every step those of its box
    that score highest and fit best (TOOD, Feng et al. 2021)."""
    top_k: int = Field(9, ge=1)
    """dynamic: cells that answer for an object at most."""
    score_power: float = Field(0.5, ge=0)
    """dynamic: power of the score in what cells are chosen by, score^score_power * IoU^iou_power."""
    iou_power: float = Field(6.0, ge=0)
    """dynamic: power of the IoU therein."""
    max_objects: int = Field(16, ge=1)
    """dynamic: objects of a picture that training takes, the largest first."""
    centre_radius: float = Field(1.5, ge=0.5)
    """static: positive are the cells of an object's box whose centre lies within so many cells of the object's own."""
    centre_share: float = Field(0.0, ge=0, le=1)
    """static: positive are also the cells within this share of the box, around its centre."""
    objectness_target: Literal["one", "centredness"] = "one"
    """static: what positive cells aim at, 1, or less the further they lie from the object's centre. With dynamic
    assignment it is how well the box fits."""
    channels: int = Field(48, ge=8, multiple_of=8)
    """Channels of neck and head."""
    depth: int = Field(1, ge=0, le=4)
    """3 x 3 convolutions of the head, shared by its outputs."""
    objectness_loss: Literal["focal", "balanced"] = "focal"
    """static: `focal`: Lin et al. 2017, over the number of positives. `balanced`: the positives of a picture weigh as
    much as its negatives."""
    focal_gamma: float = Field(2.0, ge=0)
    """How little cells count whose objectness is nearly right; 0: plain cross-entropy."""
    focal_alpha: float = Field(0.25, gt=0, lt=1)
    """static: weight of positives; that of negatives is 1 less this."""
    box_loss: Literal["ciou", "giou", "diou", "iou"] = "ciou"
    """What is lost beside the IoU of the boxes."""
    object_weight: float = Field(1.0, ge=0)
    """Weight of the objectness loss."""
    box_weight: float = Field(2.0, ge=0)
    """Weight of the box loss."""
    class_weight: float = Field(1.0, ge=0)
    """Weight of the class loss."""
    class_weights: dict[str, float] = Field(default_factory=dict)
    """Class name -> weight of its objects in all three losses; 1 where it is not named."""
    score_floor: float = Field(0.01, ge=0, lt=1)
    """Boxes that score less are not reported."""
    nms: Literal["hard", "soft"] = "hard"
    """`hard`: of boxes that mean the same object the best stays. `soft`: the others lose score."""
    nms_iou: float = Field(0.6, gt=0, le=1)
    """hard: boxes of a class that overlap more than this mean the same object."""
    voting_iou: float = Field(0.5, ge=0, le=1)
    """hard: a box that stays becomes the mean of those of its class that overlap it more than this; 1: it stays as it
    is."""
    max_boxes: int = Field(100, ge=1)
    """Boxes reported for a picture."""

    @field_validator("anchors")
    @classmethod
    def _sort_anchors(cls, anchors: int | tuple[Size, ...]) -> int | tuple[Size, ...]:
        return anchors if isinstance(anchors, int) else tuple(sorted(anchors, key=math.prod))

    @model_validator(mode="after")
    def _check_anchors(self) -> Self:
        count = self.anchors if isinstance(self.anchors, int) else len(self.anchors)
        if count % len(self.scales):
            raise ValueError(f"{count} anchors cannot be shared out evenly among {len(self.scales)} scales")
        if self.method == "centroids" and (count or self.assignment == "dynamic"):
            raise ValueError("`method: centroids` goes without anchors, and with `assignment: static`")
        return self

    @property
    def anchor_count(self) -> int:
        """Anchors a cell; 1 where there are none."""
        count = self.anchors if isinstance(self.anchors, int) else len(self.anchors)
        return max(1, count // len(self.scales))

    def anchors_of(self, index: int) -> np.ndarray:
        """The anchors of a grid, (A, 2) width and height as shares of the frame; (0, 2) where there are none.

        Until they are found, squares of graded size stand in, so that a network can be built and priced.
        """
        anchors = np.array(self.anchors if not isinstance(self.anchors, int) else _graded(self.anchors), np.float64)
        return anchors.reshape(len(self.scales), -1, 2)[index]


def _graded(count: int) -> list[tuple[float, float]]:
    return [(step / (count + 1), step / (count + 1)) for step in range(1, count + 1)]
