"""Sample -> target arrays -> prediction, in NumPy only; one file a head, and the table of them."""

from detector.codecs.base import Codec, HeadSettings
from detector.codecs.corners import CornersCodec
from detector.codecs.presence import PresenceCodec

CODECS: dict[str, type[Codec]] = {"corners": CornersCodec, "presence": PresenceCodec}

__all__ = ["CODECS", "Codec", "HeadSettings"]
