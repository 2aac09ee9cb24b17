"""Augmentation of one sample: view, light and camera, from a source's picture straight to the network's frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator

from data_generators.sample import Sample
from data_generators.settings import Settings
from data_generators.sources import CornerOrder
from data_generators.transform.camera import degrade_image
from data_generators.transform.camera_settings import CAMERAS, Camera
from data_generators.transform.geometry import GeometrySettings, draw_homography
from data_generators.transform.input_spec import InputSpec, content_box, fit_sample
from data_generators.transform.mosaic import MosaicSettings, mix_mosaics
from data_generators.transform.photometric import Photometric, PhotometricSettings
from data_generators.transform.warp import WarpRules, warp_sample


def _false_is_off(value: Any) -> Any:
    return None if value is False else value


_Off = BeforeValidator(_false_is_off)


class AugmentSettings(Settings):
    """What happens to a training picture. The defaults are those for documents in phone photos."""

    enabled: bool = True
    """false: pictures are only fitted into the frame, whatever else stands here."""
    geometry: Annotated[GeometrySettings | None, _Off] = GeometrySettings()
    """Change of view; false leaves it out."""
    photometric: Annotated[PhotometricSettings | None, _Off] = PhotometricSettings()
    """Change of light and colour; false leaves it out."""
    camera: Camera = CAMERAS["phone"]
    """The camera to imitate: the name of a preset (none, phone, webcam, openmv), a file of `detector match-camera`, or
    settings."""
    mosaic: MosaicSettings | None = None
    """Some pictures are four in one; null: none are. For heads that find many objects, or masks."""


class Augmentation:
    """Samples as training sees them: a pure function of the sample and (seed, epoch, index).

    One object serves many threads, and can be sent to a worker process.

    Args:
        settings: what to change, and how far.
        spec: the network's frame.
        corner_order: of the source's keypoints; decides on mirroring, and whether corners are ordered anew.

    Raises:
        ValueError: mirroring is asked for, and the corners are in object order.
    """

    def __init__(self, settings: AugmentSettings, spec: InputSpec, corner_order: CornerOrder = "none") -> None:
        self.settings, self.spec, self.corner_order = settings, spec, corner_order
        self._photometric = None
        if settings.geometry is not None:
            settings.geometry.mirror_probability(corner_order)
            self._rules = WarpRules(settings.geometry.border, settings.geometry.min_visible, corner_order)
        if settings.photometric is not None:
            self._photometric = Photometric(settings.photometric, spec.channels)

    def apply(self, sample: Sample, seed: tuple[int, int, int]) -> Sample:
        """The sample, changed, at the network's input size; `fit_sample` where augmentation is off.

        Args:
            sample: any.
            seed: seed, epoch and index; the same three give the same bytes.
        """
        if not self.settings.enabled:
            return fit_sample(sample, self.spec)
        rng = np.random.default_rng(seed)
        moved, window = self._move(sample, rng)
        return moved.replace(image=self._expose(moved.image, window, rng))

    def mix(self, samples: Sequence[Sample], seed: tuple[int, ...]) -> list[Sample]:
        """A batch of what `apply` gave, some of its pictures mixed with others.

        Args:
            samples: B samples at the network's input size.
            seed: seed and number of the batch; the same numbers give the same bytes.
        """
        if self.settings.mosaic is None or not self.settings.enabled:
            return list(samples)
        return mix_mosaics(samples, self.settings.mosaic, self.spec, self.corner_order, seed)

    def _move(self, sample: Sample, rng: np.random.Generator) -> tuple[Sample, tuple[int, int, int, int]]:
        """The sample in a drawn view, in the frame, and the window of the frame that shows the picture."""
        matrix, changed_hw = np.eye(3), sample.size_hw
        if self.settings.geometry is not None:
            matrix, changed_hw = draw_homography(rng, self.settings.geometry, sample.size_hw, self.corner_order)
        window = content_box(self.spec, changed_hw)
        if np.array_equal(matrix, np.eye(3)):
            return fit_sample(sample, self.spec), window
        return warp_sample(sample, matrix, self.spec, changed_hw, self._rules), window

    def _expose(self, image: np.ndarray, window: tuple[int, int, int, int], rng: np.random.Generator) -> np.ndarray:
        """The frame under another light, from another camera; the bars of a letterbox stay black, as on the device."""
        top, left, height, width = window
        content = np.ascontiguousarray(image[top : top + height, left : left + width])
        if self._photometric is not None:
            content = self._photometric(content, rng)
        content = degrade_image(content, self.settings.camera, rng)
        if content.shape == image.shape:
            return content
        frame = np.zeros_like(image)
        frame[top : top + height, left : left + width] = content
        return frame
