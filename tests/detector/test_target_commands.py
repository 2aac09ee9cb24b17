"""`detector targets` and `detector cost` on the command line: tables for a person, JSON for a program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from detector.cli import app
from detector.locate import find_model
from detector.runs import RunError
from detector.targets import target_names
from detector.tflm import arena_of, tflm_is_there


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def test_targets_are_listed(tmp_path: Path) -> None:
    output = run("targets", "--json", tmp_path / "targets.json")
    assert all(name in output for name in target_names())
    assert "270,336" in output
    assert read(tmp_path / "targets.json")["openmv-h7"]["facts"]["memory_bytes"]["date"] == "2026-11-22"


def test_one_target_tells_its_sources(tmp_path: Path) -> None:
    output = run("targets", "nano-33-ble", "--json", tmp_path / "target.json")
    assert "CONV_2D" in output
    assert "memory_bytes: data sheet ABX00069" in output
    assert read(tmp_path / "target.json")["reserved_bytes"] == 38400


def test_cost_tells_where_a_file_fits(tmp_path: Path) -> None:
    path = find_model("documents")
    output = run("cost", path, "--json", tmp_path / "cost.json")
    assert "openmv-h7: " in output and "Make the sides of `input.size_hw` smaller" in output
    cost = read(tmp_path / "cost.json")
    assert cost["targets"]["openmv-h7"]["fits"] is False
    assert cost["targets"]["openmv-h7-plus"]["left_bytes"] > 0
    allocated = arena_of(path).total_bytes if tflm_is_there() else "not checked: pip install 'detector[tflm]'"
    assert cost["arena_bytes_allocated"] == allocated


def test_a_file_that_tflm_refuses_is_priced_and_fits_no_board(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(path: Path) -> None:
        raise RunError(f"{path.name}: TensorFlow Lite Micro cannot run it: [type 3] failed")

    monkeypatch.setattr("detector.tflm.tflm_is_there", lambda: True)
    monkeypatch.setattr("detector.tflm._load", refuse)
    path = find_model("documents-small")
    output = run("cost", path, "--json", tmp_path / "cost.json")
    said = f"{path.name}: TensorFlow Lite Micro cannot run it: [type 3] failed"
    assert "refused: " in output and f"openmv-h7: {said}" in output
    cost = read(tmp_path / "cost.json")
    assert cost["arena_bytes_allocated"] == f"refused: {said}"
    assert {name for name, fit in cost["targets"].items() if fit["fits"]} == {"web", "phone", "cpu"}


def test_what_is_not_checked_does_not_count_as_passed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("detector.tflm.tflm_is_there", lambda: False)
    output = run("cost", find_model("documents-small"), "--json", tmp_path / "cost.json")
    assert "not checked" in output
    assert read(tmp_path / "cost.json")["arena_bytes_allocated"] == "not checked: pip install 'detector[tflm]'"
