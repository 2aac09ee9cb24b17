"""The graph of the `autoencoder` head: a decoder above the deepest scale, and what spoils the pictures in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import layers, ops

from detector.codecs.autoencoder import AutoencoderCodec, AutoencoderSettings
from detector.models.blocks import BLOCKS, Tensor, conv_unit
from detector.settings.model import BackboneSettings

GREY = 0.5  # of hidden patches
BLUR_PX = 5


def build_autoencoder(
    scales: Mapping[str, Tensor], codec: AutoencoderCodec, backbone: BackboneSettings
) -> dict[str, Tensor]:
    """Adds the head to a backbone.

    The decoder sees the deepest scale alone: what the picture needs has to pass through the whole backbone.

    Args:
        scales: `P1` ... `Pn` of the backbone.
        codec: the head's codec.
        backbone: the backbone's settings, for block kind, normalisation and activation.

    Returns:
        `autoencoder_image` (B, H / stride, W / stride, C).

    Raises:
        ValueError: the backbone has too few stages for the stride.
    """
    settings, last = codec.settings, codec.settings.stride.bit_length() - 1
    if len(scales) < last:
        raise ValueError(
            f"`model.heads.autoencoder.stride: {settings.stride}` needs a backbone of {last} stages or more. "
            f"Received {len(scales)}. Lengthen `model.backbone.depths`, or choose a smaller stride."
        )
    x = conv_unit(scales[f"P{len(scales)}"], settings.channels, backbone, "autoencoder_deepest", kernel=1)
    for level in range(len(scales) - 1, last - 1, -1):
        x = layers.UpSampling2D(2, interpolation="bilinear", name=f"autoencoder_up{level}")(x)
        x = BLOCKS[backbone.blocks()[-1]](x, settings.channels, backbone, f"autoencoder_decode{level}")
    return {"autoencoder_image": layers.Conv2D(codec.spec.channels, 1, name="autoencoder_image")(x)}


@keras.saving.register_keras_serializable("detector")
class Spoiler(layers.Layer):
    """Blurs, greys, adds noise to and hides patches of pictures (B, H, W, C) in [0, 1]; in training alone.

    Args:
        masked: share of the patches that are hidden.
        patch_px: side of a patch.
        noise: highest standard deviation of the noise, fraction of full scale.
        blur: share of the pictures that are blurred.
        grey: share of the pictures that lose their colour.
        arguments: those of a layer.
    """

    def __init__(
        self, *, masked: float, patch_px: int, noise: float, blur: float, grey: float, **arguments: Any
    ) -> None:
        super().__init__(**arguments)
        self.masked, self.patch_px, self.noise, self.blur, self.grey = masked, patch_px, noise, blur, grey
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, images: Any, training: bool = False) -> Any:
        if not training:
            return images
        blurred = ops.average_pool(images, BLUR_PX, strides=1, padding="same")
        images = self._some(self.blur, blurred, images)
        images = self._some(self.grey, ops.broadcast_to(self._mean(images), ops.shape(images)), images)
        deviation = self.noise * keras.random.uniform((ops.shape(images)[0], 1, 1, 1), seed=self.seed_generator)
        noise = keras.random.normal(ops.shape(images), seed=self.seed_generator)
        images = ops.clip(images + deviation * noise, 0, 1)
        return ops.where(self._hidden(images), GREY, images)

    def _mean(self, images: Any) -> Any:
        return ops.mean(images, axis=-1, keepdims=True)

    def _some(self, share: float, changed: Any, images: Any) -> Any:
        """The pictures, a share of them changed."""
        draw = keras.random.uniform((ops.shape(images)[0], 1, 1, 1), seed=self.seed_generator)
        return ops.where(draw < share, changed, images)

    def _hidden(self, images: Any) -> Any:
        """Which pixels lie in a hidden patch, bool (B, H, W, 1)."""
        height, width = images.shape[1:3]
        rows, columns = -(-height // self.patch_px), -(-width // self.patch_px)
        draw = keras.random.uniform((ops.shape(images)[0], rows, columns, 1), seed=self.seed_generator)
        patches = ops.repeat(ops.repeat(draw < self.masked, self.patch_px, axis=1), self.patch_px, axis=2)
        return patches[:, :height, :width]

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in ("masked", "patch_px", "noise", "blur", "grey")}
        return super().get_config() | own


def make_spoiler(settings: AutoencoderSettings) -> Spoiler:
    """The layer that stands before the network in training."""
    return Spoiler(
        masked=settings.masked,
        patch_px=settings.patch_px,
        noise=settings.noise,
        blur=settings.blur,
        grey=settings.grey,
        name="autoencoder_spoiler",
    )
