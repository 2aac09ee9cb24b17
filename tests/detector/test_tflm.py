"""TensorFlow Lite Micro on this machine: the bytes of LiteRT's reference kernels, the arena, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from detector.runs import RunError
from detector.runtime import LiteRTRuntime
from detector.tflm import TFLMRuntime, arena_of, refusal_of, tflm_is_there
from tests.detector.tiny import Files, noise

FilesOf = Callable[[str], Files]
needs_tflm = pytest.mark.skipif(not tflm_is_there(), reason="no tflite-micro: pip install 'detector[tflm]'")


@needs_tflm
@pytest.mark.parametrize("kind", ["int8", "float"])
def test_tflm_gives_the_bytes_of_the_reference_kernels(files_of: FilesOf, kind: str) -> None:
    path = getattr(files_of("two heads"), kind)
    tflm, reference = TFLMRuntime(path), LiteRTRuntime(path, reference=True)
    assert tflm.quantisation == reference.quantisation
    assert set(tflm.quantisation) == {"corners_heatmap", "corners_presence", "presence_logit"}
    first, second = (tflm.run_raw(image) for image in noise(2))
    for name, expected in reference.run_raw(noise(2)[0]).items():
        assert first[name].dtype == expected.dtype == (np.int8 if kind == "int8" else np.float32)
        assert first[name].shape == expected.shape
        if kind == "int8":
            np.testing.assert_array_equal(first[name], expected)
        else:
            np.testing.assert_allclose(first[name], expected, atol=1e-5)
    assert (first["corners_heatmap"] != second["corners_heatmap"]).any()


@needs_tflm
def test_a_batch_is_dequantised_row_by_row(files_of: FilesOf) -> None:
    runtime, images = TFLMRuntime(files_of("presence").int8), noise(3)
    scale, zero = runtime.quantisation["presence_logit"]
    raw = [int(runtime.run_raw(image)["presence_logit"][0, 0]) for image in images]
    values = runtime.run(images)["presence_logit"]
    assert values.shape == (3, 1)
    np.testing.assert_allclose(values[:, 0], (np.array(raw) - zero) * scale, rtol=1e-6)
    assert runtime.describe()["runtime"] == "tflm-int8"


@needs_tflm
def test_the_arena_holds_the_largest_activations(files_of: FilesOf) -> None:
    files = files_of("corners heatmap")
    use = arena_of(files.int8)
    assert use.total_bytes == use.head_bytes + use.tail_bytes
    height, width = files.card.input.size_hw
    assert use.head_bytes >= height * width * 3
    assert 3 * use.head_bytes < arena_of(files.float).head_bytes < 5 * use.head_bytes


@needs_tflm
def test_what_tflm_lacks_is_named(tmp_path: Path) -> None:
    import tensorflow as tf

    from detector.card import ModelCard
    from detector.litert.file import write_litert_card
    from tests.detector.tiny import HEADS, tiny_config

    @tf.function(input_signature=[tf.TensorSpec((1, 2, 2, 3), tf.float32)])
    def f(image: tf.Tensor) -> tf.Tensor:
        return tf.tile(image, [1, 2, 2, 1])

    path = tmp_path / "tile.tflite"
    path.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([f.get_concrete_function()]).convert())
    write_litert_card(path, ModelCard.of(tiny_config(HEADS["presence"]), 1))
    with pytest.raises(RunError, match=r"tile\.tflite: TensorFlow Lite Micro cannot run it: .*TILE.* Export int8"):
        arena_of(path)
    assert "TILE" in refusal_of(path)


def test_without_the_wheel_it_says_how_to_get_it(files_of: FilesOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detector.tflm.find_spec", lambda _: None)
    assert not tflm_is_there()
    assert refusal_of(files_of("presence").int8) == ""
    with pytest.raises(RunError, match=r"pip install 'detector\[tflm\]'"):
        TFLMRuntime(files_of("presence").int8)
