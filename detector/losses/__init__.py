"""Losses as `keras.Loss` classes that know nothing of heads; each keeps the axes that the sample weights have."""

from detector.losses.aligned import AlignedLoss, Alignment
from detector.losses.boxes import BoxIoULoss, DistanceIoULoss
from detector.losses.logits import ElementCrossEntropy, FocalCrossEntropy, HeatmapCrossEntropy, LogitCrossEntropy
from detector.losses.masks import MaskLoss
from detector.losses.one_box import BoxLoss
from detector.losses.pictures import PictureMSE
from detector.losses.points import POINT_LOSSES, PointHuber, PointWing

__all__ = [
    "POINT_LOSSES",
    "AlignedLoss",
    "Alignment",
    "BoxIoULoss",
    "BoxLoss",
    "DistanceIoULoss",
    "ElementCrossEntropy",
    "FocalCrossEntropy",
    "HeatmapCrossEntropy",
    "LogitCrossEntropy",
    "MaskLoss",
    "PictureMSE",
    "PointHuber",
    "PointWing",
]
