"""Sample -> target arrays -> prediction, in NumPy only; one file a head, and the table of them."""

from detector.codecs.base import Codec, HeadSettings
from detector.codecs.corners import CornersCodec

CODECS: dict[str, type[Codec]] = {"corners": CornersCodec}

__all__ = ["CODECS", "Codec", "HeadSettings"]
