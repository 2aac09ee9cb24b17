"""The single measures: JPEG quality, sharpness, noise level and period of interpolation."""

import cv2
import numpy as np
import pytest

from data_generators.camera_matching.edge_blur import measure_sharpness
from data_generators.camera_matching.jpeg_quality import estimate_jpeg_quality, luminance_table, quality_of_tables
from data_generators.camera_matching.noise_level import measure_noise
from data_generators.camera_matching.resampling import interpolation_peak
from tests.data_generators.camera_matching.conftest import degrade


def test_tables_of_libjpeg_tell_their_quality() -> None:
    for quality in (5, 30, 50, 75, 90, 100):
        assert quality_of_tables(list(luminance_table(quality).ravel())) == quality
    assert luminance_table(50)[0, 0] == 16 and luminance_table(100).max() == 1


@pytest.mark.parametrize("quality", [15, 40, 75, 90])
@pytest.mark.parametrize("others", [{}, {"read_noise": 0.03, "blur_px": 1.0}, {"grey": True}], ids=str)
def test_quality_from_pixels(clean: list[np.ndarray], quality: int, others: dict[str, object]) -> None:
    assert estimate_jpeg_quality(degrade(clean, jpeg=quality, **others)) == pytest.approx(quality, abs=3)


def test_no_quality_without_a_grid(clean: list[np.ndarray]) -> None:
    assert estimate_jpeg_quality(clean) is None
    resized = [cv2.resize(image, None, fx=0.8, fy=0.8) for image in degrade(clean, jpeg=60)]
    assert estimate_jpeg_quality(resized) is None
    assert estimate_jpeg_quality([np.full((64, 96, 3), 100, np.uint8)]) is None


def test_sharpness_of_a_blurred_step_is_that_of_the_formula() -> None:
    step = np.zeros((80, 120, 1), np.uint8)
    step[:, 60:] = 200
    for sigma in (1.0, 2.0, 3.0):
        soft = cv2.GaussianBlur(step, (0, 0), sigma)[..., None]
        width = sigma**2 + 1 / 3  # the slope is a difference over two pixels, a box of that variance
        assert measure_sharpness([soft]) == pytest.approx(np.sqrt((width + 4) / (width + 1)), rel=0.04)
    assert np.isnan(measure_sharpness([np.full((80, 120, 1), 50, np.uint8)]))


def test_noise_is_measured_where_there_are_patches() -> None:
    rng = np.random.default_rng(0)
    flat = np.clip(np.rint(110 + 6 * rng.standard_normal((240, 320, 1))), 0, 255).astype(np.uint8)
    levels = measure_noise([flat])
    assert levels[3] == pytest.approx(6, rel=0.25) and np.isnan(levels[[0, 1, 6, 7]]).all()


@pytest.mark.parametrize("share", [0.4, 0.5, 0.6, 0.75])
def test_enlarged_pictures_swing(clean: list[np.ndarray], share: float) -> None:
    peak = interpolation_peak(degrade(clean, resolution=share))
    assert peak is not None and min(abs(peak - share), abs(1 - peak - share)) < 0.01
    assert interpolation_peak(clean) is None
