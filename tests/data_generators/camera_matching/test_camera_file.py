"""The file of a camera is what a config takes, and the picture shows frames beside imitations."""

from pathlib import Path

import numpy as np

from data_generators.camera_matching.camera_file import draw_side_by_side, write_camera
from data_generators.camera_matching.estimate import CameraEstimate
from data_generators.camera_matching.frames import make_frames
from data_generators.transform.augment import AugmentSettings
from data_generators.transform.camera_settings import CAMERAS, read_camera
from tests.data_generators.camera_matching.conftest import degrade

CAMERA = CameraEstimate(side_px=200, blur_px=2.0, read_noise=0.02, gamma=0.8, red_gain=1.2, jpeg=98)


def test_a_config_takes_the_file(tmp_path: Path) -> None:
    write_camera(tmp_path / "camera.yaml", CAMERA, "20 frames of garden")
    assert (tmp_path / "camera.yaml").read_text().startswith("# 20 frames of garden\n")
    camera = AugmentSettings.parse({"camera": str(tmp_path / "camera.yaml")}).camera
    assert camera.defocus.amount == (0.008, 0.012) and camera.gamma.amount == (0.68, 0.92)
    assert camera.jpeg.amount == (93.1, 100) and camera.jpeg.probability == 1 and camera.frame_px == 200
    assert camera.shot_noise.probability == camera.resolution.probability == camera.grey == 0


def test_a_perfect_camera_changes_nothing(tmp_path: Path) -> None:
    write_camera(tmp_path / "camera.yaml", CameraEstimate(side_px=320), "a perfect one")
    assert read_camera(tmp_path / "camera.yaml") == CAMERAS["none"].model_copy(update={"frame_px": 320})


def test_a_grey_camera_says_nothing_about_colour() -> None:
    settings = CAMERA.replace(grey=True).to_settings(200)
    assert settings.grey == 1 and settings.red_gain.probability == 0 and settings.gamma.amount == (0.8, 0.8)


def test_side_by_side(clean: list[np.ndarray]) -> None:
    frames = make_frames(degrade(clean[:4], read_noise=0.05), "test")
    sheet = draw_side_by_side(frames, clean[4:7], CAMERA)
    assert sheet.shape == (26 + 3 * 260 + 4, 6 * 260 + 4, 3)
    other = draw_side_by_side(frames, clean[4:7], CAMERA.replace(gamma=0.5))
    changed = np.abs(sheet.astype(int) - other).max(axis=(0, 2)) > 8  # (W,)
    columns = [bool(changed[4 + 260 * index : 260 + 260 * index].any()) for index in range(6)]
    assert columns == [False, True, False, False, True, False]
