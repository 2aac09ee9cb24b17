"""Predictions in the pictures' own coordinates, and where pictures come from."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.preview import write_png
from data_generators.transform.input_spec import InputSpec, fit_homography
from detector.prediction import find_pictures, predict, predict_images
from tests.detector.fake import FakeRuntime
from tests.detector.tiny import QUAD, noise


def test_stretched_pictures_keep_the_frames_coordinates() -> None:
    [answer] = predict_images(FakeRuntime(QUAD, fit="stretch"), [noise(1, (50, 40))[0]])
    np.testing.assert_allclose(answer["corners"].keypoints, QUAD, atol=1e-6)


def test_letterboxed_pictures_get_their_own() -> None:
    """64 x 48 in a frame of 32 x 48: shrunk to 32 x 24 between bars of 12, so x runs from 1/4 to 3/4 of the frame."""
    runtime = FakeRuntime(np.array([[0.25, 0], [0.75, 0], [0.5, 0.5], [0.25, 1]]))
    [answer] = predict_images(runtime, [noise(1, (64, 48))[0]])
    np.testing.assert_allclose(answer["corners"].keypoints, [[0, 0], [1, 0], [0.5, 0.5], [0, 1]], atol=1e-6)
    assert not runtime.batches[0][0, :, :12].any()


def test_pictures_of_all_sizes_go_in_one_batch() -> None:
    spec = InputSpec(size_hw=(32, 48), fit="letterbox")
    sizes = [(64, 48), (10, 100), (33, 47), (32, 48)]
    runtime = FakeRuntime(QUAD)
    answers = predict_images(runtime, [noise(1, size)[0] for size in sizes])
    assert [batch.shape for batch in runtime.batches] == [(4, 32, 48, 3)]
    for size, answer in zip(sizes, answers, strict=True):
        matrix = fit_homography(spec, size)
        again = answer["corners"].keypoints @ matrix[:2, :2].T + matrix[:2, 2]
        np.testing.assert_allclose(again, QUAD, atol=1e-5)


def test_no_pictures_give_no_answers() -> None:
    assert predict_images(FakeRuntime(QUAD), []) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.png", "a.png", "deeper/c.png"):
        write_png(tmp_path / name, noise(1, (20, 30))[0])
    (tmp_path / "notes.txt").write_text("not a picture")
    return tmp_path


def test_files_folders_and_globs_in_order(folder: Path) -> None:
    def names(*inputs: str) -> list[str]:
        return [picture.name for picture in find_pictures([str(folder / entry) for entry in inputs])]

    assert names("b.png", "a.png") == ["b", "a"]
    assert names("") == ["a", "b"]
    assert names("*.png") == ["a", "b"]
    assert names("**/*.png") == ["a", "b", "c"]
    assert names("deeper/*", "a.png") == ["c", "a"]


def test_a_pattern_passes_folders_over(folder: Path) -> None:
    (folder / "notes.txt").unlink()
    assert [picture.name for picture in find_pictures([str(folder / "*")])] == ["a", "b"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("none.png", r"none.png: there is no such file or folder, and no file fits it as a pattern. Check the path"),
        ("*.jpg", r"no file fits it as a pattern"),
        ("notes.txt", r"notes.txt"),
    ],
)
def test_what_is_not_there_or_no_picture_is_named(folder: Path, entry: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        list(find_pictures([str(folder / entry)]))


def test_answers_as_json(folder: Path) -> None:
    runtime = FakeRuntime(QUAD, fit="stretch", heads={"corners": {"method": "dense", "loss": "mae"}, "presence": {}})
    [answer] = predict(runtime, [str(folder / "a.png")])
    data = json.loads(json.dumps(answer.to_json()))
    assert set(data) == {"file", "width", "height", "corners", "presence"}
    assert (data["width"], data["height"]) == (30, 20)
    assert data["file"] == str(folder / "a.png")
    assert data["corners"]["present"] is True
    assert data["presence"]["present"] is False
    np.testing.assert_allclose(data["corners"]["keypoints"], QUAD, atol=1e-5)


def test_a_file_that_cannot_be_read_stops_or_is_skipped(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "a.png").write_bytes(b"torn")
    with pytest.raises(DataError, match=r"a\.png"):
        list(find_pictures([str(folder)]))
    assert [picture.name for picture in find_pictures([str(folder)], on_error="skip")] == ["b"]
    assert "skipped 1 of 2" in caplog.text


def test_a_folder_may_hold_videos(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "clip.mp4"), "w") as file:
        stream = file.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 48, 32, "yuv420p"
        for image in noise(3, (32, 48)):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        file.mux(stream.encode())
    found = list(find_pictures([str(tmp_path)], every=2))
    assert [(picture.name, picture.origin["frame"]) for picture in found] == [("clip-000000", 0), ("clip-000002", 2)]
    assert found[0].image.shape == (32, 48, 3)
