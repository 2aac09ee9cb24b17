"""Makes a clean picture look as if a given camera had taken it: the last step of augmentation, in the network's frame.

The order is that of a camera: lens (defocus, motion), sensor (resolution, grey, exposure, white balance, noise),
processing (gamma, saturation, RGB565), file (JPEG), and last the enlargement of a low resolution to the frame.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from data_generators.transform.camera_settings import CameraSettings, Effect

_EFFECTS = (
    *("defocus", "motion", "resolution", "read_noise", "shot_noise", "white_balance", "gamma", "jpeg"),
    *("exposure", "red_gain", "blue_gain", "saturation"),
)
_DRAWS = 2 * len(_EFFECTS) + 6  # random numbers a picture
_BANK_SIZE = 1 << 19
_LIGHT = np.linspace(0, 1, 256, dtype=np.float32)[:, None]
_JPEG_SHRINK = 0.5  # in a frame that is smaller than this share of the camera's, the blocks of JPEG are averaged away

Amounts = dict[str, float | None]


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
    sensor_hw, file_hw, noise_share = _sizes(image.shape, amount["resolution"], settings.frame_px)
    picture = _lens(image, amount["defocus"], amount["motion"], angle=np.pi * extra[0])
    picture = _resize(picture, sensor_hw)
    colour = image.ndim == 3 and image.shape[2] == 3
    if colour and extra[4] < settings.grey:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    picture = _expose(picture, amount, extra[2:4])
    read, shot = amount["read_noise"] or 0.0, amount["shot_noise"] or 0.0
    picture = _add_noise(picture, noise_share * read, noise_share * shot, extra[1])
    picture = _process(picture, amount)
    if colour and picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    if colour and extra[5] < settings.rgb565:
        picture = cv2.LUT(picture, _rgb565_table())
    picture = _resize(picture, file_hw)
    if amount["jpeg"] is not None and _blocks_show(image.shape, settings.frame_px):
        picture = _compress(picture, round(amount["jpeg"]))
    return _resize(picture, (image.shape[0], image.shape[1])).reshape(image.shape)


def _sizes(
    shape: tuple[int, ...], resolution: float | None, frame_px: int | None
) -> tuple[tuple[int, int], tuple[int, int], float]:
    """Size of the sensor and of the camera's file in pixels, at most that of the picture, and the share of the noise
    that shrinking to the picture leaves."""
    size_hw, longer = (shape[0], shape[1]), max(shape[:2])
    if frame_px is None:
        sensor_hw = _scaled(size_hw, resolution or 1.0)
        return sensor_hw, sensor_hw, 1.0
    sensor_px = frame_px * (resolution or 1.0)
    sensor_hw, file_hw = _scaled(size_hw, sensor_px / longer), _scaled(size_hw, frame_px / longer)
    return sensor_hw, file_hw, min(1.0, longer / sensor_px)


def _scaled(size_hw: tuple[int, int], share: float) -> tuple[int, int]:
    return size_hw if share >= 1 else (max(2, round(size_hw[0] * share)), max(2, round(size_hw[1] * share)))


def _blocks_show(shape: tuple[int, ...], frame_px: int | None) -> bool:
    return frame_px is None or max(shape[:2]) >= _JPEG_SHRINK * frame_px


def _resize(image: np.ndarray, size_hw: tuple[int, int]) -> np.ndarray:
    """The picture at another size: smaller by area, larger linearly, as a sensor and a viewer do."""
    if image.shape[:2] == size_hw:
        return image
    method = cv2.INTER_AREA if size_hw[0] < image.shape[0] else cv2.INTER_LINEAR
    return cv2.resize(image, (size_hw[1], size_hw[0]), interpolation=method)


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


def _expose(image: np.ndarray, amount: Amounts, u: np.ndarray) -> np.ndarray:
    """Exposure and white balance on the light that falls onto the sensor, in one table of 256 values."""
    gains = np.full(1, amount["exposure"] or 1.0, np.float32)  # one table for all channels, where there is no cast
    if image.ndim == 3 and image.shape[2] == 3:
        cast, red, blue = amount["white_balance"], amount["red_gain"], amount["blue_gain"]
        if cast is not None:
            gains = gains * _cast_gains(cast, u)
        if red is not None or blue is not None:
            gains = gains * np.array([red or 1.0, 1, blue or 1.0], np.float32)
    return image if np.all(gains == 1) else cv2.LUT(image, _table(_LIGHT * gains))


def _cast_gains(cast: float, u: np.ndarray) -> np.ndarray:
    """Gains (3,) float32 of a cast to either side, mean 1."""
    red = cast if u[0] < 0.5 else -cast
    gains = np.array([1 + red, 1 + cast * (2 * u[1] - 1) / 3, 1 - red], np.float32)
    return gains / gains.mean()


def _table(light: np.ndarray) -> np.ndarray:
    """uint8 (1, 256, 1 or 3) of values (256, 1 or 3) in [0, 1], clipped."""
    return np.rint(255 * np.clip(light, 0, 1)).astype(np.uint8)[None]


def _process(image: np.ndarray, amount: Amounts) -> np.ndarray:
    """Tone curve and saturation."""
    gamma, saturation = amount["gamma"], amount["saturation"]
    if gamma is not None:
        image = cv2.LUT(image, _table(_LIGHT ** np.float32(gamma)))
    if saturation is not None and image.ndim == 3 and image.shape[2] == 3:
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        image = cv2.addWeighted(image, saturation, grey, 1 - saturation, 0)
    return image


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
