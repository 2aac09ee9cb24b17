"""True resolution of enlarged pictures, from the period that interpolation leaves in differences of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from data_generators.camera_matching.pixels import luminance

_FREQUENCIES = np.arange(0.1, 0.5001, 0.0025)  # cycles a pixel
_LEAST_PEAK, _LEAST_SLOW_PEAK = 20.0, 100.0  # in medians of the spectrum; slow: below _SLOW, where old JPEG grids swing
_SLOW = 0.2
_NEAR_GRID = 0.006  # cycles a pixel around multiples of 1/8, where the blocks of JPEG have their peaks
_LEAST_GRID = 10.0
_POWER_BINS = 20


def interpolation_peak(images: Sequence[np.ndarray]) -> float | None:
    """Frequency at which the size of second and third differences swings along rows and columns.

    An enlarged picture is made of weighted means whose weights repeat with the period of the old pixels, so that the
    variance of its differences swings with it (Gallagher 2005, "Detection of linear and cubic interpolation in JPEG
    compressed images"). Third differences show it at exactly half the resolution too, where second ones do not.

    Args:
        images: uint8 (H, W, 1 or 3).

    Returns:
        Cycles a pixel, 0.1 to 0.5: the resolution r or its mirror 1 - r; None where nothing swings.
    """
    second, third = np.median([_spectrum(luminance(image)) for image in images], axis=0)
    peaks = np.maximum(second, third)
    from_grid = np.abs(_FREQUENCIES - np.rint(_FREQUENCIES * 8) / 8) < _NEAR_GRID
    if peaks[from_grid & (_FREQUENCIES < _SLOW)].max() >= _LEAST_GRID:
        peaks = np.where(from_grid, 0, peaks)
        half = _FREQUENCIES > 0.5 - _NEAR_GRID
        peaks[half] = second[half]  # blocks have no second differences of this period
    peaks = np.where((_FREQUENCIES < _SLOW) & (peaks < _LEAST_SLOW_PEAK), 0, peaks)
    best = int(np.argmax(peaks))
    return float(_FREQUENCIES[best]) if peaks[best] >= _LEAST_PEAK else None


def _spectrum(light: np.ndarray) -> np.ndarray:
    """Power (2, F) of second and third differences, mean of rows and columns, median 1."""
    powers = np.zeros((2, len(_FREQUENCIES)))
    for order in (2, 3):
        for axis in (0, 1):
            powers[order - 2] += _swing(np.abs(np.diff(light, order, axis=axis)), axis)
    return powers / np.maximum(np.median(powers, axis=1, keepdims=True), 1e-12)


def _swing(size: np.ndarray, axis: int) -> np.ndarray:
    """Power (F,) of the mean size of differences along an axis; strong edges are capped, trends removed."""
    profile = np.minimum(size, np.quantile(size, 0.9)).mean(axis=1 - axis)
    profile = profile - cv2.GaussianBlur(profile[None], (0, 0), 5)[0]
    places = np.arange(len(profile))
    waves = np.exp(-2j * np.pi * _FREQUENCIES[:, None] * places)
    return np.abs(waves @ (profile * np.hanning(len(profile)))) ** 2 / max(float(profile.var()), 1e-12)


def power_spectrum(images: Sequence[np.ndarray]) -> np.ndarray:
    """Power of rows and columns at 20 frequencies from 0 to 0.5 cycles a pixel, natural logarithms float64 (20,), the
    low ones (but the lowest) about 0."""
    levels = np.log(np.median([_power(luminance(image)) for image in images], axis=0) + 1e-9)
    return np.asarray(levels - levels[1:4].mean())


def _power(light: np.ndarray) -> np.ndarray:
    total = np.zeros(_POWER_BINS)
    for lines in (light, light.T):
        smooth = (lines - lines.mean(axis=1, keepdims=True)) * np.hanning(lines.shape[1])
        power = (np.abs(np.fft.rfft(smooth, axis=1)) ** 2).mean(axis=0)
        which = np.arange(len(power)) * _POWER_BINS // len(power)
        total += np.bincount(which, power, _POWER_BINS) / np.bincount(which, minlength=_POWER_BINS)
    return total
