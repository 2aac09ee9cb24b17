"""The int8 file behind float32 ends answers as the int8 file does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from detector.litert.file import read_litert_card
from detector.litert.float_ends import write_float_io
from detector.locate import find_model
from detector.runs import RunError
from detector.runtime import LiteRTRuntime
from tests.detector.tiny import SIZE_HW, Files, noise

FilesOf = Callable[[str], Files]


@pytest.mark.parametrize("head", ["two heads", "grid anchors", "corners dense flatten"])
@pytest.mark.parametrize("reference", [True, False], ids=["reference", "xnnpack"])
def test_outputs_are_those_of_the_int8_file_dequantised(
    files_of: FilesOf, tmp_path: Path, head: str, reference: bool
) -> None:
    path, images = tmp_path / "float_io.tflite", noise(2)
    write_float_io(files_of(head).int8, path)
    expected = LiteRTRuntime(files_of(head).int8, reference=reference).run(images)
    outputs = LiteRTRuntime(path, reference=reference).run(images)
    assert outputs.keys() == expected.keys()
    for name, values in outputs.items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-6, atol=1e-6)


def test_its_ends_are_float32_and_its_card_says_what_it_is(files_of: FilesOf, tmp_path: Path) -> None:
    path, int8 = tmp_path / "float_io.tflite", files_of("two heads").int8
    write_float_io(int8, path)
    interpreter = Interpreter(str(path))
    [image] = interpreter.get_input_details()
    assert (image["name"], image["dtype"], tuple(image["shape"])) == ("image", np.float32, (1, *SIZE_HW, 3))
    names = {detail["name"] for detail in interpreter.get_output_details()}
    assert names == set(LiteRTRuntime(int8).run(noise(1)))
    assert {detail["dtype"] for detail in interpreter.get_output_details()} == {np.float32}
    card = read_litert_card(int8)
    assert read_litert_card(path) == card.with_changes(precision="int8-float-io")
    assert path.stat().st_size < int8.stat().st_size + 1500


def test_a_float_file_stays_as_it_is(files_of: FilesOf, tmp_path: Path) -> None:
    files, path = files_of("presence"), tmp_path / "float_io.tflite"
    write_float_io(files.float, path)
    assert read_litert_card(path) == read_litert_card(files.float)
    np.testing.assert_array_equal(
        LiteRTRuntime(path).run(noise(1))["presence_logit"], LiteRTRuntime(files.float).run(noise(1))["presence_logit"]
    )


def test_a_shipped_file_answers_the_same(tmp_path: Path) -> None:
    int8, path = find_model("documents-small"), tmp_path / "float_io.tflite"
    write_float_io(int8, path)
    images = noise(1, read_litert_card(int8).input.size_hw)
    expected, outputs = LiteRTRuntime(int8).run(images), LiteRTRuntime(path).run(images)
    for name, values in outputs.items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-6, atol=1e-6)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "note.tflite").write_bytes(b"no model at all")
    with pytest.raises(RunError, match=r"note\.tflite is not a LiteRT model"):
        write_float_io(tmp_path / "note.tflite", tmp_path / "out.tflite")
