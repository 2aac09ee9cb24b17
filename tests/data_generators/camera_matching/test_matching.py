"""Known cameras are recovered from pictures that they took, within stated tolerances, alone and combined."""

import logging

import numpy as np
import pytest

from data_generators.camera_matching.estimate import CameraEstimate
from data_generators.camera_matching.frames import make_frames
from data_generators.camera_matching.matching import match_camera
from tests.data_generators.camera_matching.conftest import degrade

BLUR, NOISE, QUALITY, GAIN, TONE, RESOLUTION = 0.2, 0.2, 5, 0.05, 0.15, 0.05  # tolerances; all but QUALITY relative


def recover(clean: list[np.ndarray], **true: object) -> CameraEstimate:
    """The camera found in 10 pictures degraded by the true one, beside the same pictures."""
    images = [
        image if true.get("grey") is None else image.mean(axis=2, keepdims=True).astype(np.uint8) for image in clean
    ]
    return match_camera(make_frames(degrade(images[:12], **true), "test"), images[:12])


def noise_at(camera: CameraEstimate, light: float) -> float:
    """Standard deviation of the noise at a brightness, fraction of full scale."""
    return float(np.sqrt(camera.read_noise**2 + camera.shot_noise**2 * light))


def test_a_perfect_camera_is_left_alone(clean: list[np.ndarray]) -> None:
    found = recover(clean)
    assert found.blur_px < 0.2 and noise_at(found, 1) < 0.002
    assert (found.resolution, found.jpeg, found.grey) == (1.0, None, False)
    for value in (found.exposure, found.red_gain, found.blue_gain, found.gamma, found.saturation):
        assert value == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("blur_px", [1.0, 2.5])
def test_blur(clean: list[np.ndarray], blur_px: float) -> None:
    assert recover(clean, blur_px=blur_px).blur_px == pytest.approx(blur_px, rel=BLUR)


@pytest.mark.parametrize("blur_px", [1.0, 2.5])
def test_blur_beside_other_pictures(clean: list[np.ndarray], blur_px: float) -> None:
    """The clean pictures are of the same kind as the frames, and none of them is one of theirs."""
    found = match_camera(make_frames(degrade(clean[:12], blur_px=blur_px), "test"), clean[12:])
    assert found.blur_px == pytest.approx(blur_px, rel=BLUR)


@pytest.mark.parametrize(
    "noise", [{"read_noise": 0.02}, {"shot_noise": 0.04}, {"read_noise": 0.015, "shot_noise": 0.04}]
)
def test_noise_by_brightness(clean: list[np.ndarray], noise: dict[str, float]) -> None:
    found, true = recover(clean, **noise), CameraEstimate(side_px=200).replace(**noise)
    for light in (0.3, 0.5, 0.8):
        assert noise_at(found, light) == pytest.approx(noise_at(true, light), rel=NOISE)


def test_colour_and_tone(clean: list[np.ndarray]) -> None:
    found = recover(clean, red_gain=1.15, blue_gain=0.85, exposure=0.85, gamma=0.75, saturation=0.6)
    assert found.red_gain == pytest.approx(1.15, rel=GAIN) and found.blue_gain == pytest.approx(0.85, rel=GAIN)
    assert found.gamma == pytest.approx(0.75, rel=TONE) and found.exposure == pytest.approx(0.85, rel=TONE)
    assert found.saturation == pytest.approx(0.6, rel=TONE)


@pytest.mark.parametrize("resolution", [0.5, 0.7])
def test_resolution(clean: list[np.ndarray], resolution: float) -> None:
    assert recover(clean, resolution=resolution).resolution == pytest.approx(resolution, rel=RESOLUTION)


@pytest.mark.parametrize("jpeg", [85, 60])
def test_noise_blur_and_jpeg_together(clean: list[np.ndarray], jpeg: int) -> None:
    found = recover(clean, blur_px=1.5, read_noise=0.025, jpeg=jpeg)
    assert found.jpeg == pytest.approx(jpeg, abs=QUALITY)
    assert found.blur_px == pytest.approx(1.5, rel=BLUR)
    assert noise_at(found, 0.5) == pytest.approx(0.025, rel=2 * NOISE)


def test_low_resolution_with_noise_and_blur(clean: list[np.ndarray]) -> None:
    found = recover(clean, blur_px=2.0, read_noise=0.02, resolution=0.5)
    assert found.resolution == pytest.approx(0.5, rel=RESOLUTION)
    assert found.blur_px == pytest.approx(2.0, rel=2 * BLUR) and noise_at(found, 0.5) == pytest.approx(0.02, rel=NOISE)


def test_a_grey_camera(clean: list[np.ndarray]) -> None:
    found = recover(clean, grey=True, read_noise=0.02)
    assert found.grey and noise_at(found, 0.5) == pytest.approx(0.02, rel=NOISE)
    assert (found.red_gain, found.blue_gain, found.saturation) == (1, 1, 1)


def test_tables_of_files_go_before_pixels_and_clean_pictures_may_be_large(clean: list[np.ndarray]) -> None:
    frames = make_frames([image[:96, :128] for image in clean[:5]], "test", qualities=(40, 42, 44, 42, 42))
    found = match_camera(frames, clean[:5])
    assert found.jpeg == 42 and found.side_px == 128


def test_frames_without_edges_warn(clean: list[np.ndarray], caplog: pytest.LogCaptureFixture) -> None:
    ramp = np.broadcast_to(np.linspace(60, 180, 96)[None, :, None], (64, 96, 3)).astype(np.uint8)
    with caplog.at_level(logging.WARNING):
        assert match_camera(make_frames([ramp, ramp, ramp], "test"), clean[:4]).blur_px == 0
    assert "The frames show no edges" in caplog.text
