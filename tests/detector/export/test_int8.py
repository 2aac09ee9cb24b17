"""int8 files of every head: what boards run, and that they run it to the byte; and the other precisions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from detector.build import for_export
from detector.card import ModelCard
from detector.export.gate import allowed_differences
from detector.export.litert import QUANTISERS
from detector.litert.file import operator_kinds, unpack_litert
from detector.runs import RunError
from detector.runtime import FileRuntime, LiteRTRuntime, input_values
from detector.tflm import TFLMRuntime, tflm_is_there
from tests.detector import tiny
from tests.detector.tiny import SIZE_HW, Files, noise, random_network, tiny_config, write_files

FilesOf = Callable[[str], Files]
needs_tflm = pytest.mark.skipif(not tflm_is_there(), reason="no tflite-micro: pip install 'detector[tflm]'")
SLOW = pytest.mark.slow
QUICK = ("two heads", "presence")
PLUMBING = {"MUL", "SUB", "RSQRT", "SHAPE", "STRIDED_SLICE", "PACK", "TILE", "QUANTIZE", "DEQUANTIZE", "TRANSPOSE"}
FRAMES = [*noise(3), np.zeros((*SIZE_HW, 3), np.uint8), np.full((*SIZE_HW, 3), 255, np.uint8)]
COMBINED: dict[str, dict[str, Any]] = {
    "corners and mask": {"corners": tiny.SIMCC, "mask": {"channels": 8}},
    "box, grid and presence": {"box": tiny.HEADS["box dense"]["box"], "grid": tiny.GRID, "presence": {}},
    "autoencoder and box": {**tiny.HEADS["autoencoder"], **tiny.HEADS["box map"]},
}
BACKBONES: dict[str, dict[str, Any]] = {
    "separable": {"block": "separable"},
    "residual": {"block": "residual", "activation": "relu6"},
    "inverted residual": {"block": "inverted_residual"},
    "hard swish": {"activation": "hard_swish"},
    "leaky": {"activation": "leaky_relu", "downsample": "max_pool"},
}


def operators(path: Path) -> list[str]:
    """The operators of a file in their order."""
    model = unpack_litert(path)
    kinds = operator_kinds(model)
    return [kinds[operator.opcodeIndex] for operator in model.subgraphs[0].operators]


def assert_fit_for_a_board(files: Files) -> None:
    """Norms folded, batch 1, pixels less 128, a tensor an output."""
    kinds = operators(files.int8)
    exported = for_export(files.network, files.card.heads)
    sums = [layer for layer in exported.layers if isinstance(layer, keras.layers.Add)]
    assert kinds.count("ADD") == len(sums), "a norm did not fold"
    assert not PLUMBING & set(kinds)
    interpreter = Interpreter(str(files.int8))
    [image] = interpreter.get_input_details()
    assert image["shape"].tolist() == [1, *SIZE_HW, 3]
    assert image["quantization"] == (pytest.approx(1 / 255, abs=1e-9), -128)
    outputs = interpreter.get_output_details()
    assert {detail["name"] for detail in outputs} == set(exported.output)
    assert len({detail["index"] for detail in outputs}) == len(exported.output)
    assert all(detail["shape"][0] == 1 and detail["dtype"] == np.int8 for detail in outputs)


def assert_parity(path: Path) -> None:
    """TFLM and LiteRT's reference kernels, on noise and on constant pictures; byte for byte before a dense layer."""
    runtimes: tuple[FileRuntime, ...] = (TFLMRuntime(path), LiteRTRuntime(path, reference=True))
    allowed = allowed_differences(path)
    for frame in FRAMES:
        answer, expected = (runtime.run_raw(frame) for runtime in runtimes)
        for name, values in expected.items():
            np.testing.assert_allclose(answer[name], values, rtol=0, atol=allowed[name], err_msg=name)


@needs_tflm
@pytest.mark.parametrize("case", [case if case in QUICK else pytest.param(case, marks=SLOW) for case in tiny.HEADS])
def test_every_head_is_fit_for_a_board(case: str, files_of: FilesOf) -> None:
    assert_fit_for_a_board(files_of(case))
    assert_parity(files_of(case).int8)


@needs_tflm
@SLOW
@pytest.mark.parametrize("case", COMBINED)
def test_heads_together_are_fit_for_a_board(case: str, tmp_path: Path) -> None:
    files = write_files(tiny_config(COMBINED[case]), tmp_path)
    assert_fit_for_a_board(files)
    assert_parity(files.int8)


@needs_tflm
@SLOW
@pytest.mark.parametrize("case", BACKBONES)
def test_every_block_is_fit_for_a_board(case: str, tmp_path: Path) -> None:
    files = write_files(tiny_config(tiny.HEADS["mask"], **BACKBONES[case]), tmp_path)
    assert_fit_for_a_board(files)
    assert_parity(files.int8)


def test_a_pixel_fills_16_bits_from_0() -> None:
    values = input_values(np.int16, 1 / 32767, 0)
    assert values.dtype == np.int16
    assert values[[0, 128, 255]].tolist() == [0, round(128 / 255 * 32767), 32767]


def write_precision(precision: str, case: str, folder: Path, **backbone: Any) -> Path:
    """A file of another precision, of the network that `files_of` writes."""
    config = tiny_config(tiny.HEADS[case], **backbone)
    network, card = for_export(random_network(config), config.model.heads), ModelCard.of(config, 1)
    path = folder / f"{precision}.tflite"
    QUANTISERS[precision](network, card.with_changes(precision=precision), noise(8), path)
    return path


@needs_tflm
@SLOW
def test_16_bits_are_nearer_to_float_than_8_and_tflm_computes_them(files_of: FilesOf, tmp_path: Path) -> None:
    files, path = files_of("presence"), write_precision("int16x8", "presence", tmp_path)
    answers = [LiteRTRuntime(file).run(noise(3))["presence_logit"] for file in (files.float, path, files.int8)]
    assert np.abs(answers[1] - answers[0]).max() < 0.02 * np.abs(answers[0]).max()
    runtime = LiteRTRuntime(path)
    assert runtime.run_raw(noise(1)[0])["presence_logit"].dtype == np.int16
    assert runtime.describe()["runtime"] == "litert-int16x8"
    assert_parity(path)


@needs_tflm
@SLOW
def test_dynamic_range_takes_and_gives_float_and_tflm_refuses_it(files_of: FilesOf, tmp_path: Path) -> None:
    path = write_precision("dynamic", "presence", tmp_path)
    runtime, exact = LiteRTRuntime(path), LiteRTRuntime(files_of("presence").float)
    answer = runtime.run_raw(noise(1)[0])["presence_logit"]
    assert answer.dtype == np.float32
    np.testing.assert_allclose(answer, exact.run_raw(noise(1)[0])["presence_logit"], rtol=0.05)
    with pytest.raises(RunError, match="Hybrid models are not supported"):
        TFLMRuntime(path)


@needs_tflm
@SLOW
def test_what_tflm_refuses_in_16_bits_is_named(tmp_path: Path) -> None:
    path = write_precision("int16x8", "mask", tmp_path)
    with pytest.raises(RunError, match=r"cannot run it: .*RESIZE_BILINEAR.* failed to invoke"):
        TFLMRuntime(path)


@SLOW
def test_what_the_converter_refuses_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"converter refuses the network: .*HARD_SWISH.* Export int8"):
        write_precision("int16x8", "presence", tmp_path, activation="hard_swish")
