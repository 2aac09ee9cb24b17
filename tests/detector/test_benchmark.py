"""Every runtime that is there is timed, in turn; what is not there is named with its reason."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detector import benchmark as module
from detector.benchmark import Timing, benchmark, make_contenders
from detector.benchmark import files_of as files_of_model
from detector.litert.file import write_litert_card
from detector.locate import find_checkpoint, find_model
from detector.runs import Run, RunError
from tests.detector.tiny import Files

FilesOf = Callable[[str], Files]


def rows_of(result: dict[str, Any]) -> dict[str, Any]:
    return {row["name"]: row for row in result["rows"]}


def test_an_int8_file_is_timed_where_it_can_be(files_of: FilesOf) -> None:
    done: list[tuple[int, int]] = []
    result = benchmark(files_of("presence").int8, (1, 2), rounds=2, progress=lambda *step: done.append(step))
    rows = rows_of(result)
    names = [name for name, row in rows.items() if "median_ms" in row]
    assert names == [
        *("LiteRT int8, 1 thread", "LiteRT int8, 2 threads", "LiteRT int8, reference kernels"),
        "photo file -> answer",
    ]
    assert rows["LiteRT int8, 1 thread"]["ratio"] == 1
    assert all(0 < row["p10_ms"] <= row["median_ms"] <= row["p90_ms"] for row in map(rows.get, names) if row)
    assert rows["model.predict"]["not_measured"] == "there is no .keras file"
    assert "there is no float .tflite file" in rows["LiteRT float, 1 thread"]["not_measured"]
    assert (result["rounds"], done) == (2, [(1, 2), (2, 2)])


def test_a_checkpoint_is_timed_in_keras_and_as_float_file(files_of: FilesOf) -> None:
    rows = rows_of(benchmark(files_of("presence").keras, (1,), rounds=1))
    assert rows["model.predict"]["median_ms"] > rows["LiteRT float, 1 thread"]["median_ms"]
    assert "there is no int8 .tflite file" in rows["LiteRT int8, 1 thread"]["not_measured"]
    assert "median_ms" in rows["photo file -> answer"]


def test_a_file_of_another_precision_is_called_by_it(files_of: FilesOf, tmp_path: Path) -> None:
    files, path = files_of("presence"), tmp_path / "int16x8.tflite"
    shutil.copy(files.int8, path)
    write_litert_card(path, files.card.with_changes(precision="int16x8"))
    names = list(make_contenders(files_of_model(path), tmp_path, (1,)))
    assert names[:3] == ["LiteRT int16x8, 1 thread", "LiteRT float, 1 thread", "LiteRT int16x8, reference kernels"]
    run = Run.create(tmp_path / "run", files.config)
    run.exports.mkdir()
    shutil.copy(path, run.exports / "int16x8.tflite")
    assert files_of_model(run.directory) == {"int16x8": run.exports / "int16x8.tflite"}


def test_contenders_take_turns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[str] = []
    contenders = {name: lambda name=name: lambda: calls.append(name) for name in "ab"}
    monkeypatch.setattr(module, "files_of", lambda _: {})
    monkeypatch.setattr(module, "make_contenders", lambda *_: contenders)
    result = benchmark(tmp_path, rounds=4)
    assert "".join(calls) == "ab" * (4 + module.WARM_UP)
    assert [row["name"] for row in result["rows"]] == ["a", "b"]


def test_medians_and_spread_are_those_of_the_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Timing("a", tuple(map(float, range(1, 12)))).to_json(3.0) == {
        **{"name": "a", "median_ms": 6.0, "p10_ms": 2.0, "p90_ms": 10.0, "ratio": 2.0}
    }
    clock = itertools.accumulate([0, 0.001, 0, 0.003])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    times: list[float] = []
    for _ in range(2):
        with module._stopwatch(times):
            pass
    assert times == pytest.approx([1, 3])


def test_a_shipped_name_stands_for_both_of_its_files() -> None:
    assert files_of_model("documents") == {"int8": find_model("documents"), "keras": find_checkpoint("documents")}


def test_threads_below_one_are_refused() -> None:
    with pytest.raises(RunError, match=r"must be 1 or more\. Received threads \(0,\)"):
        benchmark("documents", (0,))
