"""Finds the settings that make clean pictures look like a camera's frames: measures, degrades, compares."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from data_generators.camera_matching.colour import match_colour
from data_generators.camera_matching.edge_blur import measure_sharpness
from data_generators.camera_matching.estimate import CameraEstimate
from data_generators.camera_matching.frames import Frames
from data_generators.camera_matching.jpeg_quality import estimate_jpeg_quality
from data_generators.camera_matching.noise_level import bin_centres, measure_noise
from data_generators.camera_matching.pixels import shrink, shrink_all
from data_generators.camera_matching.resampling import interpolation_peak, power_spectrum
from data_generators.transform.camera import degrade_image
from data_generators.transform.input_spec import match_channels

logger = logging.getLogger(__name__)

_ROUNDS = 2
_BLURS_PX = (0.0, 0.4, 0.7, 1.0, 1.4, 2.0, 3.0, 4.5)
_FIRST_NOISE = 0.02


def match_camera(frames: Frames, clean: Sequence[np.ndarray]) -> CameraEstimate:
    """Estimates a camera by analysis and synthesis: each measure of the frames is sought in degraded clean pictures.

    What several defects change is thereby told apart as far as it can be: noise is compared after the same compression,
    blur after the same enlargement. Colour and tone are relative to the clean pictures, which should show similar
    things.

    Args:
        frames: of the camera.
        clean: uint8 (H, W, 1 or 3) reference pictures; larger ones than the frames are shrunk.

    Returns:
        The estimate. Blur and noise are what must be added to the clean pictures.
    """
    grey = frames.images[0].shape[2] == 1
    reference = prepare_clean(clean, frames)
    found = CameraEstimate(side_px=frames.side_px, grey=grey, jpeg=_jpeg(frames))
    found = match_colour(frames.images, reference, found)
    found = found.replace(resolution=_match_resolution(frames.images, reference, found))
    for _ in range(_ROUNDS):
        soft = CameraEstimate(side_px=found.side_px, blur_px=found.blur_px, resolution=found.resolution, grey=grey)
        found = match_colour(frames.images, imitate(reference, soft), found)
        found = _match_pixels(frames.images, reference, found)
    return found


def imitate(clean: Sequence[np.ndarray], camera: CameraEstimate) -> list[np.ndarray]:
    """Clean pictures uint8 (H, W, C) as the camera would have taken them, each at its own size, pixel for pixel."""
    settings = [camera.to_settings(max(image.shape[:2])) for image in clean]
    return [
        degrade_image(image, one, np.random.default_rng(index))
        for index, (image, one) in enumerate(zip(clean, settings, strict=True))
    ]


def prepare_clean(clean: Sequence[np.ndarray], frames: Frames) -> list[np.ndarray]:
    """Clean pictures, no larger than the frames and with their channels."""
    channels = frames.images[0].shape[2]
    shrunk = [shrink(image, frames.side_px / max(image.shape[:2])) for image in clean]
    return [match_channels(image, channels) for image in shrunk]


def _jpeg(frames: Frames) -> int | None:
    """The quality that most files tell, else that of the pixels; None above 98, where nothing is seen of it."""
    if 2 * len(frames.qualities) >= len(frames.images):
        quality = int(np.median(frames.qualities))
        return quality if quality <= 98 else None
    return estimate_jpeg_quality(frames.images)


def _match_resolution(frames: Sequence[np.ndarray], clean: Sequence[np.ndarray], found: CameraEstimate) -> float:
    """The resolution that the period of the interpolation allows and the spectrum fits; 1 without period or edges."""
    peak = interpolation_peak(frames)
    if peak is None or not np.isfinite(measure_sharpness(frames)):
        return 1.0
    wanted = power_spectrum(frames)
    shares = sorted({1.0, round(peak, 4), round(1 - peak, 4)})
    fitted = [_match_pixels(frames, clean, found.replace(resolution=share)) for share in shares]
    errors = [np.abs(power_spectrum(imitate(clean, camera)) - wanted).mean() for camera in fitted]
    return shares[int(np.argmin(errors))]


def _match_pixels(frames: Sequence[np.ndarray], clean: Sequence[np.ndarray], found: CameraEstimate) -> CameraEstimate:
    """The estimate with noise and blur that fit, at the resolution of the sensor."""
    target = shrink_all(frames, found.resolution)
    found = _match_noise(measure_noise(target), clean, found)
    return found.replace(blur_px=_match_blur(measure_sharpness(target), clean, found))


def _match_blur(sharpness: float, clean: Sequence[np.ndarray], found: CameraEstimate) -> float:
    """Standard deviation in pixels at which clean pictures have the sharpness of the frames."""
    if not np.isfinite(sharpness):
        logger.warning("The frames show no edges: their blur is unknown and taken for none. Take pictures of things.")
        return 0.0
    blurs = np.array(_BLURS_PX) / found.resolution
    seen = [_sharpness_at(blur, clean, found) for blur in blurs]
    falling = np.minimum.accumulate(np.nan_to_num(seen, nan=1.0))
    return float(np.interp(-sharpness, -falling, blurs))


def _sharpness_at(blur_px: float, clean: Sequence[np.ndarray], found: CameraEstimate) -> float:
    return measure_sharpness(shrink_all(imitate(clean, found.replace(blur_px=blur_px)), found.resolution))


def _match_noise(levels: np.ndarray, clean: Sequence[np.ndarray], found: CameraEstimate) -> CameraEstimate:
    """The estimate with the noise at which flat patches of clean pictures are as restless as those of the frames.

    The power measured is that of the texture plus a share of the noise's power, which compression and tone curve make
    depend on brightness; both are found by degrading the clean pictures without and with the noise.
    """
    if not (found.read_noise or found.shot_noise):
        found = found.replace(read_noise=_FIRST_NOISE)
    texture = _noise_at(clean, found.replace(read_noise=0.0, shot_noise=0.0)) ** 2
    restless = _noise_at(clean, found) ** 2
    light = bin_centres() ** (1 / found.gamma)
    share = (restless - texture) / (found.read_noise**2 + found.shot_noise**2 * light)  # grey levels^2 a unit of power
    usable = np.isfinite(share + levels) & (share > 0)
    if not usable.any():
        return found.replace(read_noise=0.0, shot_noise=0.0)
    excess = (levels**2 - texture)[usable] / share[usable]
    weight = share[usable] / (levels[usable] ** 2 + texture[usable] + 1e-3)
    read, shot = _fit_line(light[usable], excess, weight)
    return found.replace(read_noise=min(0.5, float(np.sqrt(read))), shot_noise=min(0.5, float(np.sqrt(shot))))


def _noise_at(clean: Sequence[np.ndarray], found: CameraEstimate) -> np.ndarray:
    return measure_noise(shrink_all(imitate(clean, found), found.resolution))


def _fit_line(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Intercept and slope, neither below 0, of the weighted least squares line through points (n,)."""
    columns = np.stack([np.ones_like(x), x], axis=1) * weight[:, None]
    target = y * weight
    candidates = [np.zeros(2)]
    for chosen in ([0, 1], [0], [1]):
        line = np.zeros(2)
        line[chosen] = np.linalg.lstsq(columns[:, chosen], target, rcond=None)[0]
        candidates.append(line)
    valid = [line for line in candidates if (line >= 0).all()]
    found = min(valid, key=lambda line: float(((columns @ line - target) ** 2).sum()))
    return float(found[0]), float(found[1])
