"""Sample -> target arrays -> prediction, in NumPy only; one file a head, and the table of them."""

from detector.codecs.autoencoder import AutoencoderCodec
from detector.codecs.base import Codec, HeadSettings
from detector.codecs.box import BoxCodec
from detector.codecs.corners import CornersCodec
from detector.codecs.grid import GridCodec
from detector.codecs.mask import MaskCodec
from detector.codecs.presence import PresenceCodec

CODECS: dict[str, type[Codec]] = {
    "autoencoder": AutoencoderCodec,
    "box": BoxCodec,
    "corners": CornersCodec,
    "grid": GridCodec,
    "mask": MaskCodec,
    "presence": PresenceCodec,
}

__all__ = ["CODECS", "Codec", "HeadSettings"]
