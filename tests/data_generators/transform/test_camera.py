"""Each defect does what it says, moves nothing, and is a pure function of the generator."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_generators.settings import SettingsError
from data_generators.transform.augment import AugmentSettings
from data_generators.transform.camera import degrade_image
from data_generators.transform.camera_settings import CAMERAS, CameraSettings, Effect

SIZE = (60, 90)
FLAT = np.full((*SIZE, 3), 120, np.uint8)
SURE = {"probability": 1.0}


def camera(**fields: object) -> CameraSettings:
    return CameraSettings.parse(fields)


def always(low: float, high: float | None = None) -> dict[str, object]:
    return {"probability": 1.0, "amount": (low, low if high is None else high)}


def degraded(image: np.ndarray, settings: CameraSettings, seed: int = 0) -> np.ndarray:
    return degrade_image(image, settings, np.random.default_rng(seed))


def dot(channels: int = 3) -> np.ndarray:
    image = np.zeros((*SIZE, channels), np.uint8)
    image[27:34, 42:49] = 250
    return image


@pytest.mark.parametrize("name", sorted(CAMERAS))
@pytest.mark.parametrize("channels", [1, 3])
def test_presets_keep_shape_and_are_reproducible(name: str, channels: int) -> None:
    image = np.random.default_rng(1).integers(0, 256, (*SIZE, channels), dtype=np.uint8)
    image.flags.writeable = False
    before = image.copy()
    for seed in range(25):
        first, second = degraded(image, CAMERAS[name], seed), degraded(image, CAMERAS[name], seed)
        assert first.shape == image.shape and first.dtype == np.uint8
        np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(image, before)


def test_no_camera_changes_nothing() -> None:
    np.testing.assert_array_equal(degraded(dot(), CAMERAS["none"]), dot())


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_blur_low_resolution_and_jpeg_move_nothing(seed: int) -> None:
    optics = camera(
        defocus=always(0.0, 0.02), motion=always(0.0, 0.08), resolution=always(0.4, 0.9), jpeg=always(70, 100)
    )
    light = degraded(dot(1), optics, seed)[..., 0].astype(float)
    light[light < 12] = 0
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    centre = np.array([(rows * light).sum(), (columns * light).sum()]) / light.sum()
    np.testing.assert_allclose(centre, [30, 45], atol=0.3)


def test_defocus_widens_by_its_sigma() -> None:
    profile = degraded(dot(1), camera(defocus=always(0.02)))[..., 0].astype(float).sum(axis=0)
    columns = np.arange(SIZE[1])
    variance = (profile * (columns - 45) ** 2).sum() / profile.sum()
    assert variance == pytest.approx((7**2 - 1) / 12 + (0.02 * 90) ** 2, rel=0.1)


def test_noise_has_the_deviation_asked_for() -> None:
    read = degraded(FLAT, camera(read_noise=always(0.04))).astype(float)
    assert read.std() == pytest.approx(0.04 * 255, rel=0.05) and read.mean() == pytest.approx(120, abs=0.5)
    shot = camera(shot_noise=always(0.04))
    assert degraded(FLAT, shot).astype(float).std() == pytest.approx(0.04 * 255 * np.sqrt(120 / 255), rel=0.05)
    dark = np.zeros((*SIZE, 1), np.uint8)
    assert not degraded(dark, shot).any()
    assert not np.array_equal(degraded(FLAT, shot, 1), degraded(FLAT, shot, 2))


def test_noise_of_a_picture_larger_than_the_bank() -> None:
    large = np.full((700, 900, 1), 120, np.uint8)
    assert degraded(large, camera(read_noise=always(0.02))).std() == pytest.approx(0.02 * 255, rel=0.05)


def test_gamma_lightens_below_one_and_darkens_above() -> None:
    assert degraded(FLAT, camera(gamma=always(0.5))).mean() > 160
    assert degraded(FLAT, camera(gamma=always(2.0))).mean() < 80


def test_white_balance_casts_both_ways_and_spares_grey_cameras() -> None:
    casts = [degraded(FLAT, camera(white_balance=always(0.2)), seed)[0, 0].astype(int) for seed in range(20)]
    warmer = [bool(cast[0] > cast[2]) for cast in casts]
    assert all(abs(cast[0] - cast[2]) > 30 for cast in casts) and any(warmer) and not all(warmer)
    np.testing.assert_array_equal(degraded(FLAT[..., :1], camera(white_balance=always(0.2))), FLAT[..., :1])


def test_grey_and_16_bit_colour() -> None:
    colours = np.random.default_rng(2).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    grey = degraded(colours, camera(grey=1.0))
    assert np.array_equal(grey[..., 0], grey[..., 2])
    few = degraded(colours, camera(rgb565=1.0))
    assert [len(np.unique(few[..., channel])) for channel in range(3)] == [32, 64, 32]
    assert np.abs(few.astype(int) - colours).max() <= 7 and few.max() == 255 and few.min() == 0


def test_low_quality_jpeg_loses_more() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (*SIZE, 3), dtype=np.uint8)

    def loss(quality: float) -> float:
        return float(np.abs(degraded(noise, camera(jpeg=always(quality))).astype(int) - noise).mean())

    assert loss(10) > loss(60) > loss(100)


def test_low_resolution_removes_detail() -> None:
    stripes = np.zeros((*SIZE, 3), np.uint8)
    stripes[:, ::2] = 200
    assert degraded(stripes, camera(resolution=always(0.5))).std() < 5


def test_switching_one_effect_on_leaves_the_numbers_of_the_others() -> None:
    noise = camera(read_noise=always(0.03))
    both = camera(read_noise=always(0.03), gamma=always(1.0))
    np.testing.assert_array_equal(degraded(FLAT, noise), degraded(FLAT, both))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"jpeg": {"probability": 1, "amount": [0, 50]}}, r"jpeg: .*must lie within 1 and 100. Received \(0.0, 50.0\)"),
        ({"gamma": {"amount": [2, 1]}}, r"gamma.amount: .*from least to greatest"),
        ({"defocus": {"probability": 2}}, r"defocus.probability: .*less than or equal to 1"),
        ({"defocuss": {}}, r"Did you mean `defocus`\?"),
    ],
)
def test_wrong_settings_are_named(fields: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        CameraSettings.parse(fields)


def test_an_unknown_preset_offers_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"camera: .*none, phone, webcam, openmv.*Did you mean `openmv`\?"):
        AugmentSettings.parse({"camera": "openvm"})


def test_an_effect_is_off_by_default() -> None:
    assert Effect().probability == 0 and CameraSettings() == CAMERAS["none"]


def test_gains_and_exposure_are_those_of_one_camera() -> None:
    settings = camera(red_gain=always(1.2), blue_gain=always(0.8), exposure=always(0.5))
    for seed in range(5):
        np.testing.assert_array_equal(degraded(FLAT, settings, seed)[0, 0], [72, 60, 48])
    assert degraded(FLAT[..., :1], settings)[0, 0, 0] == 60


def test_saturation_moves_colours_from_and_to_grey() -> None:
    red = np.full((*SIZE, 3), (200, 100, 100), np.uint8)
    grey = degraded(red, camera(saturation=always(0.0)))
    assert np.ptp(grey, axis=-1).max() <= 1 and grey.mean() == pytest.approx(0.299 * 200 + 0.701 * 100, abs=1)
    assert np.ptp(degraded(red, camera(saturation=always(1.3)))[0, 0]) == 130
    np.testing.assert_array_equal(degraded(red[..., :1], camera(saturation=always(0.0))), red[..., :1])


def test_noise_comes_before_the_tone_curve() -> None:
    dark = np.full((*SIZE, 3), 30, np.uint8)
    lightened = degraded(dark, camera(read_noise=always(0.02), gamma=always(0.5))).astype(float)
    slope = 0.5 * (30 / 255) ** -0.5  # of the curve where the pixels lie
    assert lightened.std() == pytest.approx(0.02 * 255 * slope, rel=0.1)


def test_noise_of_a_grey_camera_is_not_averaged_over_channels() -> None:
    grey = degraded(FLAT, camera(read_noise=always(0.04), grey=1.0)).astype(float)
    assert grey.std() == pytest.approx(0.04 * 255, rel=0.05) and np.ptp(grey, axis=-1).max() == 0


def test_in_a_smaller_frame_there_is_less_noise_and_no_block() -> None:
    of_camera = camera(read_noise=always(0.04), frame_px=4 * SIZE[1])
    assert degraded(FLAT, of_camera).astype(float).std() == pytest.approx(0.01 * 255, rel=0.1)
    jpeg = camera(jpeg=always(5), frame_px=4 * SIZE[1])
    np.testing.assert_array_equal(degraded(dot(), jpeg), dot())


def test_in_a_larger_frame_the_camera_s_pixels_are_enlarged() -> None:
    stripes = np.zeros((*SIZE, 3), np.uint8)
    stripes[:, ::2] = 200
    assert degraded(stripes, camera(frame_px=SIZE[1] // 2)).std() < 5
    np.testing.assert_array_equal(degraded(stripes, camera(frame_px=SIZE[1])), stripes)


def test_jpeg_of_an_enlarged_frame_comes_last() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (64, 96, 1), dtype=np.uint8)
    small_then_jpeg = degraded(noise, camera(resolution=always(0.5), jpeg=always(20), frame_px=96)).astype(int)
    across = np.abs(np.diff(small_then_jpeg[..., 0], axis=1)).mean(axis=0)  # (95,) steps between columns
    assert across[7::8].mean() > 1.1 * np.delete(across, np.arange(7, 95, 8)).mean()


def test_a_camera_file_is_read_and_its_errors_name_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "camera.yaml"
    path.write_text("jpeg: {probability: 1, amount: [40, 60]}\nframe_px: 320\n")
    expected = camera(jpeg=always(40, 60), frame_px=320)
    assert AugmentSettings.parse({"camera": str(path)}).camera == expected
    monkeypatch.setenv("CAMERAS", str(tmp_path))
    assert AugmentSettings.parse({"camera": "$CAMERAS/camera.yaml"}).camera == expected
    path.write_text("jpg: {}")
    with pytest.raises(SettingsError, match=r"camera\.yaml is not valid:\n  jpg: .*Did you mean `jpeg`\?"):
        AugmentSettings.parse({"camera": str(path)})
    path.write_text("{")
    with pytest.raises(SettingsError, match=r"camera\.yaml: expected the YAML file of a camera"):
        AugmentSettings.parse({"camera": str(path)})
