"""The parity gate: what int8 may lose, and whether boards compute what was measured."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.sample import Sample
from data_generators.sources import Source
from detector.data import silent
from detector.export import gate
from detector.export.gate import ComparedRuntime, Parity, find_losses, find_problems, measure_kernels, spread
from detector.litert.file import write_litert_card
from detector.runtime import LiteRTRuntime, Outputs
from detector.tflm import TFLMRuntime, tflm_is_there
from tests.detector.tiny import Files, labelled_samples, noise

FilesOf = Callable[[str], Files]
HEADS = ("corners", "presence")
GOOD = {
    "samples": 50,
    "quad_iou_mean": 0.9,
    "corner_error_percent_mean": 1.0,
    "presence_roc_auc": 0.9,
    "presence_presence_roc_auc": None,
}
ALLOWED = {"corners_heatmap": 0, "corners_presence": 2, "presence_logit": 2}  # logits leave a FULLY_CONNECTED
EQUAL = Parity("equal", pictures=5, values=40, greatest_lsb=dict.fromkeys(ALLOWED, 0), allowed_lsb=ALLOWED)
needs_tflm = pytest.mark.skipif(not tflm_is_there(), reason="no tflite-micro: pip install 'detector[tflm]'")


class Samples(Source):
    """The samples given, any number of times."""

    def __init__(self, times: int = 1) -> None:
        self._samples = labelled_samples() * times

    def __len__(self) -> int:
        return len(self._samples)

    def sample(self, index: int) -> Sample:
        return self._samples[index]

    def groups(self) -> list[str]:
        return [sample.group for sample in self._samples]

    def content(self) -> Any:
        return len(self)


def test_every_score_of_every_head_is_gated(caplog: pytest.LogCaptureFixture) -> None:
    worse = GOOD | {"quad_iou_mean": 0.895, "presence_roc_auc": 0.8}
    with caplog.at_level(logging.WARNING):
        losses = find_losses(GOOD, worse, HEADS, 0.01)
    assert losses == ["0.1000 of presence_roc_auc (0.9000 -> 0.8000, 0.01 allowed)"]
    assert "presence: not checked, the data has no presence_presence_roc_auc" in caplog.text
    assert len(find_losses(GOOD, worse, HEADS, 0.001)) == 2


def test_corner_error_may_rise_by_a_tenth_of_a_percent() -> None:
    assert not find_losses(GOOD, GOOD | {"corner_error_percent_mean": 1.09}, HEADS, 0.01)
    assert not find_losses(GOOD, GOOD | {"corner_error_percent_mean": 0.2}, HEADS, 0.01)
    losses = find_losses(GOOD, GOOD | {"corner_error_percent_mean": 1.11}, HEADS, 0.01)
    assert losses == ["0.1100 of corner_error_percent_mean (1.0000 -> 1.1100, 0.1 allowed)"]


def test_reference_kernels_are_judged_where_they_saw_the_whole_set() -> None:
    worse = GOOD | {"quad_iou_mean": 0.5}
    report = {"keras": GOOD, "float": GOOD, "int8": GOOD, "int8-reference": worse, "tflm": worse}
    [problem] = find_problems(report, EQUAL, HEADS, 0.01, on_board=True)
    assert problem.startswith("int8-reference loses 0.4000 of quad_iou_mean")
    report["int8-reference"] = worse | {"samples": 5}
    assert not find_problems(report, EQUAL, HEADS, 0.01, on_board=True)


@needs_tflm
def test_tflm_is_compared_with_the_reference_kernels(files_of: FilesOf) -> None:
    path = files_of("two heads").int8
    kernels = measure_kernels(path, spread([Samples(), Samples()], 6), silent)
    columns, parity = kernels.columns, kernels.parity
    assert len(kernels.reference.groups) == 6
    shapes = [output.size for output in LiteRTRuntime(path).run_raw(labelled_samples()[0].image).values()]
    assert (parity.status, parity.pictures, parity.values) == ("equal", 6, 6 * sum(shapes))
    assert parity.greatest_lsb["corners_heatmap"] == 0
    assert max(parity.greatest_lsb.values()) <= 1
    assert parity.allowed_lsb == ALLOWED
    assert set(columns) == {"int8-reference", "tflm"}
    assert columns["tflm"]["samples"] == columns["int8-reference"]["samples"] == 6
    assert columns["tflm"]["quad_iou_mean"] == pytest.approx(columns["int8-reference"]["quad_iou_mean"])
    assert columns["tflm"]["arena_bytes"] > 32 * 48 * 3
    assert (columns["tflm"]["runtime"], columns["int8-reference"]["runtime"]) == ("tflm-int8", "litert-int8-reference")
    assert "TFLM equal to LiteRT's reference kernels" in str(parity)


@needs_tflm
@pytest.mark.parametrize(("output", "steps"), [("corners_heatmap", 1), ("presence_logit", 2), ("presence_logit", 3)])
def test_a_difference_fails_and_says_where(
    output: str, steps: int, files_of: FilesOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = files_of("two heads").int8
    reference = LiteRTRuntime(path, reference=True)

    class Wrong(TFLMRuntime):
        def run_raw(self, image: np.ndarray) -> Outputs:
            outputs = reference.run_raw(image)
            exact = outputs[output]
            return outputs | {output: np.where(exact > 0, exact - steps, exact + steps)}

    monkeypatch.setattr(gate, "TFLMRuntime", Wrong)
    parity = measure_kernels(path, [Samples()], silent).parity
    assert (parity.pictures, parity.greatest_lsb) == (4, dict.fromkeys(ALLOWED, 0) | {output: steps})
    problems = find_problems({"float": GOOD, "int8": GOOD}, parity, HEADS, 0.01, on_board=True)
    assert len(problems) == (parity.status == "differs") == (steps > ALLOWED[output])
    for problem in problems:
        assert problem.startswith("TFLM differs from LiteRT's reference kernels: ")
        assert f"{output} {steps} ({ALLOWED[output]} allowed)" in problem


@needs_tflm
def test_litert_rounds_a_dense_layer_in_float_and_tflm_in_integers(files_of: FilesOf) -> None:
    """Where this fails with 0, LiteRT has mended its kernel: drop FULLY_CONNECTED from `INEXACT`."""
    compared = ComparedRuntime(files_of("two heads").int8)
    for picture in noise(256):
        compared.run_raw(picture)
    parity = compared.parity()
    assert (parity.greatest_lsb["corners_heatmap"], parity.greatest_lsb["presence_logit"]) == (0, 1)
    assert parity.status == "equal"


def test_without_the_wheel_parity_is_not_checked(files_of: FilesOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "tflm_is_there", lambda: False)
    kernels = measure_kernels(files_of("presence").int8, spread([Samples()], 2), silent)
    parity = kernels.parity
    assert set(kernels.columns) == {"int8-reference"}
    assert str(parity).endswith(f"not checked. {gate.MISSING}")
    assert not find_problems({"float": GOOD, "int8": GOOD}, parity, HEADS, 0.01, on_board=True)


@needs_tflm
def test_what_tflm_refuses_is_a_problem_of_boards(files_of: FilesOf, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> TFLMRuntime:
        raise gate.RunError(f"{path}: TensorFlow Lite Micro cannot run it: TILE")

    monkeypatch.setattr(gate, "TFLMRuntime", refuse)
    parity = measure_kernels(files_of("presence").int8, spread([Samples()], 2), silent).parity
    assert parity.status == "refused"
    report = {"float": GOOD, "int8": GOOD}
    [problem] = find_problems(report, parity, HEADS, 0.01, on_board=True)
    assert problem.startswith("TFLM refuses the file") and "cannot run it: TILE" in problem
    assert not find_problems(report, parity, HEADS, 0.01, on_board=False)


def test_dynamic_range_is_refused_with_the_wheel_or_without(
    files_of: FilesOf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(gate, "tflm_is_there", lambda: False)
    files, path = files_of("presence"), tmp_path / "dynamic.tflite"
    shutil.copy(files.float, path)
    write_litert_card(path, files.card.with_changes(precision="dynamic"))
    assert measure_kernels(path, spread([Samples()], 2), silent).parity.status == "refused"


@pytest.mark.parametrize(("count", "expected"), [(3, (2, 1)), (8, (4, 4)), (0, (4, 4)), (99, (4, 4)), (1, (1,))])
def test_samples_are_spread_over_all_sources(count: int, expected: tuple[int, ...]) -> None:
    assert tuple(map(len, spread([Samples(), Samples()], count))) == expected
