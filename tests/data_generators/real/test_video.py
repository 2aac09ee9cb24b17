import struct

import av
import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.real.video import VIDEO_EXTENSIONS, read_frames


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Twelve frames of 48 x 64 pixels at 10 a second; frame i has grey 20 * i and a red left half."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 64, 48, "yuv420p", 4_000_000
        for index in range(12):
            image = np.full((48, 64, 3), 20 * index, np.uint8)
            image[:, :32] = (200, 0, 0)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


def test_frames_come_with_index_time_and_rgb(clip):
    frames = list(read_frames(clip))
    assert [index for index, _, _ in frames] == list(range(12))
    assert [seconds for _, seconds, _ in frames] == pytest.approx([index / 10 for index in range(12)])
    for index, _, image in frames:
        assert image.shape == (48, 64, 3)
        assert image.dtype == np.uint8
        assert abs(float(image[:, 40:].mean()) - 20 * index) < 6
        np.testing.assert_allclose(image[:, :24].mean(axis=(0, 1)), (200, 0, 0), atol=15)


def test_every_third_frame(clip):
    assert [index for index, _, _ in read_frames(clip, every=3)] == [0, 3, 6, 9]


def test_every_must_be_positive(clip):
    with pytest.raises(ValueError, match=r"`every` must be 1 or more. Received 0"):
        next(read_frames(clip, every=0))


QUARTER_CLOCKWISE, HALF_TURN = (0, 1, -1, 0), (-1, 0, 0, -1)  # a, b, c, d of the matrix, as phones write them


@pytest.mark.parametrize(
    ("matrix", "shape", "red"),
    [(QUARTER_CLOCKWISE, (64, 48, 3), np.s_[:24]), (HALF_TURN, (48, 64, 3), np.s_[:, 40:])],
)
def test_rotation_of_the_track_header_is_honoured(clip, tmp_path, matrix, shape, red):
    """ISO 14496-12, 8.3.2: the matrix a b u c d v x y w in 16.16 fixed point."""
    a, b, c, d = (value << 16 for value in matrix)
    identity, turned = (
        struct.pack(">9i", *values, 0, 0, 0, 0x40000000)[:36]
        for values in ((1 << 16, 0, 0, 0, 1 << 16), (a, b, 0, c, d))
    )
    data = clip.read_bytes()
    header = data.index(b"tkhd")
    path = tmp_path / "turned.mp4"
    path.write_bytes(data[:header] + data[header:].replace(identity, turned, 1))
    image = next(read_frames(path))[2]
    assert image.shape == shape
    np.testing.assert_allclose(image[red].mean(axis=(0, 1)), (200, 0, 0), atol=15)


def test_missing_video_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no\.mp4: there is no such video"):
        next(read_frames(tmp_path / "no.mp4"))


def test_what_is_not_a_video_is_named(tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_text("shopping list")
    with pytest.raises(DataError, match=r"notes\.mp4: the file is not a video .* H\.264"):
        next(read_frames(path))


def test_a_truncated_video_is_named(clip, tmp_path):
    path = tmp_path / "cut.mp4"
    path.write_bytes(clip.read_bytes()[:1500])
    with pytest.raises(DataError, match=r"cut\.mp4: the (file is not a video|video breaks off)"):
        list(read_frames(path))


def test_extensions_are_lower_case_with_a_dot():
    assert ".mp4" in VIDEO_EXTENSIONS
    assert all(extension == extension.lower() and extension.startswith(".") for extension in VIDEO_EXTENSIONS)
