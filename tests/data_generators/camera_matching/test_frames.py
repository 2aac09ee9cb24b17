"""Frames come from folders and videos, spread evenly; too few, constant or tiny ones are refused or named."""

import logging
from pathlib import Path

import av
import numpy as np
import pytest

from data_generators.camera_matching.frames import make_frames, read_camera_frames, spread
from data_generators.errors import DataError
from data_generators.images import encode_image, write_image


def picture(seed: int, size_hw: tuple[int, int] = (64, 96), channels: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size_hw, channels), dtype=np.uint8)


def folder_of(tmp_path: Path, count: int) -> Path:
    for index in range(count):
        write_image(tmp_path / "shots" / f"{index:03}.png", picture(index, (64 + 8 * (index % 2), 96)))
    return tmp_path / "shots"


def test_frames_of_different_sizes_spread_over_the_folder(tmp_path: Path) -> None:
    frames = read_camera_frames(folder_of(tmp_path, 30), 10)
    assert len(frames.images) == 10 and frames.side_px == 96 and frames.qualities == ()
    assert {image.shape for image in frames.images} <= {(64, 96, 3), (72, 96, 3)}
    assert spread(30, 10)[0] == 1 and spread(30, 10)[-1] == 28 and spread(3, 10) == [0, 1, 2]


def test_quality_stands_in_the_files_unless_they_are_shrunk(tmp_path: Path) -> None:
    for index in range(12):
        (tmp_path / f"{index}.jpg").write_bytes(encode_image(picture(index, (80, 120)), ".jpg", quality=70))
    assert set(read_camera_frames(tmp_path).qualities) == {70}
    shrunk = read_camera_frames(tmp_path, side_px=100)
    assert shrunk.qualities == () and shrunk.images[0].shape == (67, 100, 3)


def test_too_few_frames_are_an_error_and_few_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = folder_of(tmp_path, 2)
    write_image(folder / "dark.png", np.full((64, 96, 3), 7, np.uint8))
    with pytest.raises(DataError, match=r"shots: expected at least 3 usable frames, better 20, got 2\. Take more"):
        read_camera_frames(folder)
    write_image(folder / "more.png", picture(5))
    with caplog.at_level(logging.WARNING):
        assert len(read_camera_frames(folder).images) == 3
    assert "1 constant frames left out" in caplog.text and "only 3 frames" in caplog.text


def test_grey_frames_have_one_channel_and_mixed_ones_three() -> None:
    grey = np.repeat(picture(1, channels=1), 3, axis=2)
    assert make_frames([grey, picture(2, channels=1)], "x").images[0].shape == (64, 96, 1)
    assert {image.shape[2] for image in make_frames([grey[..., :1], picture(2)], "x").images} == {3}


def test_tiny_frames_are_refused_and_of_large_ones_the_middle_is_kept() -> None:
    with pytest.raises(DataError, match=r"x: expected frames of at least 48 pixels a side, got 40\."):
        make_frames([picture(1, (40, 90))], "x")
    large = make_frames([picture(1, (64, 1000))], "x")
    assert large.images[0].shape == (64, 768, 3) and large.side_px == 1000
    np.testing.assert_array_equal(large.images[0], picture(1, (64, 1000))[:, 112:880])


def test_a_video_of_unknown_length(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for index in range(50):
            image = np.full((64, 96, 3), 5 * index, np.uint8)
            image[:, :48] = 0
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    frames = read_camera_frames(path, 12)
    light = [float(image[:, 64:].mean()) for image in frames.images]
    assert 10 <= len(light) <= 12 and light == sorted(light) and light[0] < 40 and light[-1] > 200
