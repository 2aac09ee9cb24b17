"""Export of a run: what is measured, what passes the gate, and what is left of a file that does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from detector.evaluation import Evaluation, evaluate
from detector.export.litert import QUANTISERS
from detector.export.run import GateError, export
from detector.litert.file import read_litert_card
from detector.locate import find_model
from detector.runs import Run, RunError
from detector.training import train
from tests.detector.small_run import VALIDATION, small_values, write_sheets
from tests.detector.tiny import HEADS, tiny_config

Exported = tuple[Run, dict[str, Any], list[str]]
EXPORTED = {"float.tflite", "int8.tflite", "model.json", "report.json", "layers.json"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run on pictures that the cache shrinks to half their size."""
    folder = tmp_path_factory.mktemp("export")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DETECTOR_CACHE", str(folder / "cache"))
        patch.setattr("detector.data.CACHE_SIDES", 28 / 48)
        values = small_values(write_sheets(folder / "set"), epochs=1, samples_per_epoch=8)
        yield train(type(tiny_config(HEADS["presence"])).parse(values), folder / "run")


@pytest.fixture(scope="module")
def exported(trained: Run) -> Exported:
    """The run, what its export returned, and what it showed of its progress."""
    shown: list[str] = []

    @contextmanager
    def progress(description: str) -> Iterator[Callable[[int, int], None]]:
        yield lambda *_: shown.append(description)

    return trained, export(trained.directory, progress=progress), shown


@pytest.fixture
def run(exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A copy of it; to export it again, the files are copied, which takes less time than converting."""
    folder = exported[0].exports
    monkeypatch.setattr("detector.export.run.write_float", lambda *args: shutil.copy(folder / "float.tflite", args[-1]))
    monkeypatch.setitem(QUANTISERS, "int8", lambda *args: shutil.copy(folder / "int8.tflite", args[-1]))
    return Run(shutil.copytree(exported[0].directory, tmp_path / "run"))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def without_file(scores: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in scores.items() if name not in ("model", "data", "bytes", "runtime")}


def test_reports_and_evaluate_agree_to_the_pixel_of_the_original(exported: Exported) -> None:
    run, report, shown = exported
    assert {"choosing thresholds", "scoring keras", "scoring float", "scoring int8"} <= set(shown)
    assert {"scoring int8-reference"} <= set(shown)
    assert names(run.exports) == EXPORTED
    assert report["int8"]["model"] == str(run.exports / "int8.tflite")
    assert json.loads((run.exports / "report.json").read_text()) == report
    assert json.loads((run.exports / "model.json").read_text())["precision"] == "int8"
    data = [entry.source for entry in run.config.data.validation]
    training_report = json.loads((run.directory / "report.json").read_text())
    assert training_report["samples"] == VALIDATION
    by_keras, by_int8 = (evaluate(path, data).scores for path in (run.best, run.directory))
    assert without_file(by_keras) == without_file(training_report) == without_file(report["keras"])
    assert without_file(by_int8) == without_file(report["int8"])
    assert by_int8["runtime"] == "litert-int8"


def test_a_file_that_the_gate_rejects_is_kept_and_never_used(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("detector.export.run.find_problems", lambda *_: ["int8 loses 0.5 of quad_iou_mean"])
        message = (
            r"int8 loses 0\.5 of quad_iou_mean\. Most is lost in the layer \w+ .* as .*export/int8-rejected\.tfl"
            r".*or export with --precision int16x8\.$"
        )
        with pytest.raises(GateError, match=message):
            export(run.directory)
    assert names(run.exports) == {"float.tflite", "int8-rejected.tflite", "report.json", "layers.json"}
    assert read_litert_card(run.exports / "int8-rejected.tflite").precision == "int8"
    assert find_model(run.directory) == run.best
    assert json.loads((run.exports / "report.json").read_text())["int8"]["model"].endswith("int8-rejected.tflite")
    export(run.directory)
    assert names(run.exports) == EXPORTED
    assert find_model(run.directory) == run.exports / "int8.tflite"


def test_a_file_that_tflm_refuses_does_not_pass_for_a_board(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise RunError(f"{path}: TensorFlow Lite Micro cannot run it: TILE. Export int8")

    monkeypatch.setattr("detector.export.gate.tflm_is_there", lambda: True)
    monkeypatch.setattr("detector.export.gate.ComparedRuntime", refuse)
    assert export(run.directory)["parity"]["status"] == "refused"
    config = run.directory / "config.yaml"
    config.write_text(f"{config.read_text()}\ntarget: nano-33-ble\n".replace("target: null", ""))
    message = r"TFLM refuses the file, so that no board runs it: .*cannot run it: TILE.*longer, or widen model\.b\S+\.$"
    with pytest.raises(GateError, match=message):
        export(run.directory)


def test_slow_kernels_are_judged_on_their_samples(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(before: Evaluation, after: Evaluation, max_loss: float) -> list[str]:
        assert len(before.groups) == len(after.groups) == 4 < VALIDATION and max_loss == 1.0
        return ["0.5 of quad_iou_mean"]

    monkeypatch.setattr("detector.export.run.find_sure_losses", lose)
    config = run.directory / "config.yaml"
    config.write_text(config.read_text().replace("reference_samples: 100", "reference_samples: 4"))
    with pytest.raises(GateError, match=r"int8-reference loses 0\.5 of quad_iou_mean\. Most is lost"):
        export(run.directory)


def test_a_stop_leaves_what_was_exported_before(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in run.exports.iterdir()}

    def stop(*arguments: Any) -> None:
        arguments[-1].write_bytes(b"half a file")
        raise KeyboardInterrupt

    monkeypatch.setitem(QUANTISERS, "int8", stop)
    with pytest.raises(KeyboardInterrupt):
        export(run.directory)
    assert {path.name: path.read_bytes() for path in run.exports.iterdir()} == before
    with run.lock(), pytest.raises(RunError, match="Another process trains into or exports"):
        export(run.directory)
