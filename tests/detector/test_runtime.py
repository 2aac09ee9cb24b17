"""Model files behind one face: `.keras` and `.tflite` give the same answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from data_generators.sample import sample_with_corners
from data_generators.transform.input_spec import fit_image
from detector.locate import find_checkpoint, find_model, shipped_names
from detector.prediction import predict_images
from detector.runs import Run, RunError
from detector.runtime import LiteRTRuntime, load_runtime
from tests.detector.tiny import HEADS, Files, noise, tiny_config

FilesOf = Callable[[str], Files]


@pytest.mark.parametrize("case", ["corners heatmap", "corners dense flatten", "two heads"])
def test_keras_and_litert_predict_the_same_on_letterboxed_pictures(case: str, files_of: FilesOf) -> None:
    pictures = [noise(1, size)[0] for size in ((50, 40), (20, 90), (32, 48))]
    answers = [predict_images(load_runtime(path), pictures) for path in (files_of(case).keras, files_of(case).float)]
    for one, other in zip(*answers, strict=True):
        assert set(one) == set(HEADS[case])
        for name in one:
            assert one[name].presence == pytest.approx(other[name].presence, abs=1e-4)
        np.testing.assert_allclose(one["corners"].keypoints, other["corners"].keypoints, atol=2e-4)


def test_grey_pictures_are_answered_too(files_of: FilesOf) -> None:
    grey = noise(1, (50, 40))[0, :, :, :1]
    [[from_grey], [from_rgb]] = (
        [predict_images(load_runtime(files_of("presence").float), [image])[0]["presence"]]
        for image in (grey, grey.repeat(3, axis=2))
    )
    assert from_grey == from_rgb


def test_pixels_go_into_the_int8_file_less_128(files_of: FilesOf) -> None:
    runtime = LiteRTRuntime(files_of("presence").int8)
    pixels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(runtime._input_of_pixel[pixels], pixels.astype(int) - 128)


def test_reference_kernels_stay_near(files_of: FilesOf) -> None:
    path = files_of("corners heatmap").int8
    fast, reference = (LiteRTRuntime(path, reference=r).run(noise(1)) for r in (False, True))
    for name in fast:
        assert np.abs(fast[name] - reference[name]).mean() < 0.02 * np.abs(fast[name]).max()


def test_a_batch_is_the_pictures_one_by_one(files_of: FilesOf) -> None:
    runtime, images = LiteRTRuntime(files_of("two heads").float), noise(3)
    together, alone = runtime.run(images), [runtime.run(images[index : index + 1]) for index in range(3)]
    for name, values in together.items():
        np.testing.assert_array_equal(values, np.concatenate([each[name] for each in alone]))


def test_a_runtime_describes_its_file(files_of: FilesOf) -> None:
    files = files_of("presence")
    for path, runtime in ((files.keras, "keras-float32"), (files.float, "litert-float32"), (files.int8, "litert-int8")):
        described = load_runtime(path).describe()
        assert described == {
            "model": str(path),
            "parameters": files.card.parameters,
            "bytes": path.stat().st_size,
            "runtime": runtime,
        }


def test_a_run_folder_stands_for_its_int8_file_or_its_best_checkpoint(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", tiny_config(HEADS["presence"]))
    with pytest.raises(RunError, match=r"no checkpoint at .*best.keras. Give a run folder that finished an epoch"):
        find_model(run.directory)
    run.checkpoints.mkdir()
    run.best.touch()
    assert find_model(run.directory) == run.best
    run.exports.mkdir()
    (run.exports / "int8.tflite").touch()
    assert find_model(str(run.directory)) == run.exports / "int8.tflite"


def test_what_is_no_model_is_refused_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"nothing: no such run folder or file, and no shipped model of that name"):
        find_model("nothing")
    with pytest.raises(RunError, match=r"is not a run folder: it has no config.yaml"):
        find_model(tmp_path)
    (tmp_path / "model.onnx").touch()
    with pytest.raises(RunError, match=r"model.onnx: expected a .keras or .tflite file"):
        load_runtime(tmp_path / "model.onnx")


@pytest.mark.skipif(not shipped_names(), reason="no model is shipped")
def test_a_folder_of_pictures_does_not_hide_the_shipped_model_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [name, *_] = shipped_names()
    monkeypatch.chdir(tmp_path)
    Path(name).mkdir()
    assert find_model(name).suffix == ".tflite"
    assert find_checkpoint(name).suffix == ".keras"
    run = Run.create(name, tiny_config(HEADS["presence"]))
    run.checkpoints.mkdir()
    run.best.touch()
    assert find_model(name) == find_checkpoint(name) == run.best


def test_shipped_models_load() -> None:
    for name in shipped_names():
        runtime = load_runtime(name)
        blank = np.zeros((1, *runtime.card.input.size_hw, runtime.card.input.channels), np.uint8)
        assert runtime.run(blank)


def test_labels_take_the_way_that_pictures_take(files_of: FilesOf) -> None:
    """A letterboxed picture has black bars where no label can lie."""
    spec = files_of("presence").card.input
    sample = sample_with_corners(noise(1, (50, 40))[0] // 2 + 100, np.zeros((0, 4, 2)), group="", origin="")
    frame = fit_image(sample.image, spec)
    assert not frame[:, :11].any()
    assert not frame[:, -11:].any()
    assert frame[:, 12:-12].all()
