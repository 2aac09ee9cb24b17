"""Makes a clean picture look as if a given camera had taken it: the last step of augmentation, in the network's frame.

The order is that of a camera: lens (defocus, motion), sensor (resolution, noise), processing (white balance, exposure
and gamma, grey, RGB565), file (JPEG), and last the enlargement of a low resolution to the frame.
"""

from __future__ import annotations

import difflib
from functools import cache
from typing import Annotated, Any

import cv2
import numpy as np
from pydantic import AfterValidator, BeforeValidator

from data_generators.settings import Range, Settings, Share


class Effect(Settings):
    """One defect: how often, and how strong where it occurs."""

    probability: Share = 0.0
    """Share of the pictures that have it."""
    amount: Range = (0.0, 0.0)
    """Range from which the strength is drawn uniformly; the unit is that of the field it stands in."""


def _effect(probability: float, low: float, high: float) -> Effect:
    return Effect(probability=probability, amount=(low, high))


def _in_range(low: float, high: float) -> AfterValidator:
    def check(effect: Effect) -> Effect:
        if effect.amount[0] < low or effect.amount[1] > high:
            raise ValueError(f"the amount must lie within {low} and {high}. Received {effect.amount}")
        return effect

    return AfterValidator(check)


class CameraSettings(Settings):
    """The defects of a camera. Every field is off by default; `CAMERAS` holds named presets."""

    defocus: Annotated[Effect, _in_range(0, 0.1)] = Effect()
    """Blur of the lens: standard deviation as a fraction of the frame's longer side (0.01 of 128 is 1.3 pixels)."""
    motion: Annotated[Effect, _in_range(0, 0.2)] = Effect()
    """Motion blur: length of the straight path as a fraction of the longer side, in any direction."""
    resolution: Annotated[Effect, _in_range(0.05, 1)] = Effect(amount=(1.0, 1.0))
    """Low resolution: the sensor's side as a fraction of the frame's; noise and JPEG happen at that size."""
    read_noise: Annotated[Effect, _in_range(0, 0.5)] = Effect()
    """Noise that does not depend on the light: standard deviation as a fraction of full scale."""
    shot_noise: Annotated[Effect, _in_range(0, 0.5)] = Effect()
    """Noise that grows with the root of the light: standard deviation in white, as a fraction of full scale."""
    white_balance: Annotated[Effect, _in_range(0, 0.6)] = Effect()
    """Colour cast: red is multiplied by 1 plus this, blue by 1 minus this, or the other way round; green is tinted by
    up to a third of it."""
    gamma: Annotated[Effect, _in_range(0.2, 5)] = Effect(amount=(1.0, 1.0))
    """Exponent of the tone curve: below 1 lightens, above 1 darkens."""
    grey: Share = 0.0
    """Share of the pictures from a camera without colour."""
    rgb565: Share = 0.0
    """Share that passes through 16-bit colour (5, 6, 5 bits), as in the frame buffer of an OpenMV camera."""
    jpeg: Annotated[Effect, _in_range(1, 100)] = Effect(amount=(100, 100))
    """JPEG compression: the quality, 1 to 100."""


CAMERAS: dict[str, CameraSettings] = {
    # the picture as it is
    "none": CameraSettings(),
    # a phone of the last ten years, held by hand, mostly in good light
    "phone": CameraSettings(
        defocus=_effect(0.25, 0.002, 0.010),
        motion=_effect(0.10, 0.01, 0.04),
        resolution=_effect(0.10, 0.5, 0.9),
        read_noise=_effect(0.35, 0.004, 0.03),
        shot_noise=_effect(0.35, 0.004, 0.03),
        white_balance=_effect(0.40, 0.0, 0.15),
        gamma=_effect(0.40, 0.75, 1.35),
        grey=0.05,
        jpeg=_effect(0.25, 40, 95),
    ),
    # a cheap fixed-focus camera indoors: soft, noisy, compressed video
    "webcam": CameraSettings(
        defocus=_effect(0.5, 0.004, 0.012),
        motion=_effect(0.2, 0.01, 0.06),
        resolution=_effect(0.4, 0.4, 0.9),
        read_noise=_effect(0.6, 0.01, 0.05),
        shot_noise=_effect(0.5, 0.01, 0.05),
        white_balance=_effect(0.6, 0.0, 0.25),
        gamma=_effect(0.5, 0.6, 1.6),
        jpeg=_effect(0.7, 20, 70),
    ),
    # a microcontroller camera (OpenMV, Nicla Vision, Portenta): grey or 16-bit colour, small, grainy, moving
    "openmv": CameraSettings(
        defocus=_effect(0.5, 0.004, 0.015),
        motion=_effect(0.35, 0.01, 0.08),
        resolution=_effect(0.4, 0.4, 0.9),
        read_noise=_effect(0.8, 0.01, 0.07),
        shot_noise=_effect(0.6, 0.01, 0.06),
        white_balance=_effect(0.5, 0.0, 0.3),
        gamma=_effect(0.6, 0.55, 1.8),
        grey=0.5,
        rgb565=1.0,
        jpeg=_effect(0.3, 30, 80),
    ),
}


def resolve_camera(value: Any) -> Any:
    """The settings behind the name of a preset; anything that is not a name passes through to validation.

    Raises:
        ValueError: there is no preset of that name; offers the nearest.
    """
    if not isinstance(value, str):
        return value
    if value not in CAMERAS:
        near = difflib.get_close_matches(value, CAMERAS, n=1)
        hint = f"Did you mean `{near[0]}`?" if near else "Choose one of them, or give the settings of your own."
        raise ValueError(f"`camera` must be one of {', '.join(CAMERAS)}, or settings. Received {value!r}. {hint}")
    return CAMERAS[value]


Camera = Annotated[CameraSettings, BeforeValidator(resolve_camera)]

_EFFECTS = ("defocus", "motion", "resolution", "read_noise", "shot_noise", "white_balance", "gamma", "jpeg")
_DRAWS = 2 * len(_EFFECTS) + 6  # random numbers a picture
_BANK_SIZE = 1 << 19
_LIGHT = np.linspace(0, 1, 256, dtype=np.float32)[:, None]


def degrade_image(image: np.ndarray, settings: CameraSettings, rng: np.random.Generator) -> np.ndarray:
    """The picture as the camera would have taken it. Always takes the same count of random numbers.

    Args:
        image: uint8 (H, W, 1 or 3).
        settings: the camera.
        rng: where the numbers come from.

    Returns:
        uint8 (H, W, C), same shape; the same array where no defect was drawn.
    """
    u = rng.random(_DRAWS)
    amount = {name: _amount(getattr(settings, name), u[2 * i : 2 * i + 2]) for i, name in enumerate(_EFFECTS)}
    extra = u[2 * len(_EFFECTS) :]
    size_hw = (image.shape[0], image.shape[1])
    picture = _lens(image, amount["defocus"], amount["motion"], angle=np.pi * extra[0])
    if amount["resolution"] is not None:
        small = max(2, round(size_hw[1] * amount["resolution"])), max(2, round(size_hw[0] * amount["resolution"]))
        picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    picture = _add_noise(picture, amount["read_noise"] or 0.0, amount["shot_noise"] or 0.0, extra[1])
    picture = _process(picture, amount["white_balance"], amount["gamma"], extra[2:4])
    picture = _reduce_colour(picture, extra[4] < settings.grey, extra[5] < settings.rgb565)
    if amount["jpeg"] is not None:
        picture = _compress(picture, round(amount["jpeg"]))
    if picture.shape[:2] != size_hw:
        picture = cv2.resize(picture, (size_hw[1], size_hw[0]), interpolation=cv2.INTER_LINEAR)
    return picture.reshape(image.shape)


def _amount(effect: Effect, u: np.ndarray) -> float | None:
    """The strength drawn from two numbers in [0, 1), or None where the picture does not have the effect."""
    low, high = effect.amount
    return float(low + (high - low) * u[1]) if u[0] < effect.probability else None


def _lens(image: np.ndarray, defocus: float | None, motion: float | None, angle: float) -> np.ndarray:
    longer = max(image.shape[:2])
    if defocus is not None and defocus * longer > 0.2:
        sigma = defocus * longer
        size = 2 * round(2.5 * sigma) + 1
        image = cv2.GaussianBlur(image, (max(3, size), max(3, size)), sigma, borderType=cv2.BORDER_REPLICATE)
    if motion is not None and motion * longer > 1:
        kernel = _motion_kernel(motion * longer, angle)
        image = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    return image


def _motion_kernel(length_px: float, angle: float) -> np.ndarray:
    """Weights (K, K) float32, K odd, sum 1, of a straight path through the centre; it moves no point on average."""
    half = length_px / 2
    size = 2 * int(np.ceil(half)) + 1
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    along = columns * np.cos(angle) + rows * np.sin(angle)
    across = columns * np.sin(angle) - rows * np.cos(angle)
    weights = np.clip(half + 0.5 - np.abs(along), 0, 1) * np.clip(1 - np.abs(across), 0, 1)
    return (weights / weights.sum()).astype(np.float32)


@cache
def _noise_bank() -> np.ndarray:
    """Standard normal numbers (n,) float32, drawn once: a picture takes a stretch of them from a random place."""
    return np.random.default_rng(20_26).standard_normal(_BANK_SIZE, dtype=np.float32)


def _add_noise(image: np.ndarray, read: float, shot: float, place: float) -> np.ndarray:
    """Noise of variance read^2 + shot^2 * light (Foi et al. 2008, signal-dependent Gaussian model of a sensor).

    Args:
        image: uint8 picture.
        read: standard deviation in black, fraction of full scale.
        shot: standard deviation of the part that grows with the light, in white, fraction of full scale.
        place: in [0, 1): where the numbers are taken from the bank.
    """
    if read <= 0 and shot <= 0:
        return image
    bank = _noise_bank()
    if image.size > bank.size // 2:
        bank = np.resize(bank, 2 * image.size)
    start = int(place * (bank.size - image.size))
    noise = bank[start : start + image.size].reshape(image.shape)
    if shot > 0:
        sigma = 255 * np.sqrt(read**2 + shot**2 * np.arange(256) / 255)
        noise = cv2.multiply(noise, cv2.LUT(image, sigma.astype(np.float32)).reshape(image.shape))
    else:
        noise = noise * np.float32(255 * read)
    return cv2.add(image, noise.reshape(image.shape), dtype=cv2.CV_8U)


def _process(image: np.ndarray, cast: float | None, gamma: float | None, u: np.ndarray) -> np.ndarray:
    """White balance and tone curve in one table of 256 values."""
    gains = np.ones(1, np.float32)  # one table for all channels, where there is no cast
    if cast is not None and image.ndim == 3 and image.shape[2] == 3:
        red = cast if u[0] < 0.5 else -cast
        gains = np.array([1 + red, 1 + cast * (2 * u[1] - 1) / 3, 1 - red], np.float32)
        gains /= gains.mean()
    elif gamma is None:
        return image
    light = np.minimum(_LIGHT * gains, 1)  # (256, 1 or 3)
    if gamma is not None:
        light = light ** np.float32(gamma)
    return cv2.LUT(image, np.rint(255 * light).astype(np.uint8)[None])


def _reduce_colour(image: np.ndarray, grey: bool, rgb565: bool) -> np.ndarray:
    if image.ndim < 3 or image.shape[2] == 1:
        return image
    if grey:
        return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return cv2.LUT(image, _rgb565_table()) if rgb565 else image


@cache
def _rgb565_table() -> np.ndarray:
    """uint8 (1, 256, 3): each value cut to 5, 6 and 5 bits and spread over 0 to 255 again."""
    value = np.arange(256)
    five = (value >> 3 << 3) | (value >> 5)
    six = (value >> 2 << 2) | (value >> 6)
    return np.stack([five, six, five], axis=-1).astype(np.uint8)[None]


def _compress(image: np.ndarray, quality: int) -> np.ndarray:
    colour = image.ndim == 3 and image.shape[2] == 3
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if colour else image
    encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE))
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB) if colour else decoded
