"""Losses as `keras.Loss` classes that know nothing of heads; each keeps the axes that the sample weights have."""

from detector.losses.boxes import BoxIoULoss
from detector.losses.logits import HeatmapCrossEntropy, LogitCrossEntropy
from detector.losses.points import POINT_LOSSES, PointHuber, PointWing

__all__ = ["POINT_LOSSES", "BoxIoULoss", "HeatmapCrossEntropy", "LogitCrossEntropy", "PointHuber", "PointWing"]
