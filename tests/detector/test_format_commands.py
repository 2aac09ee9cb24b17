"""`detector formats` on the command line: a table of all formats, and the options of one as YAML."""

from __future__ import annotations

import pytest
import yaml
from typer.testing import CliRunner

from data_generators.formats import FORMATS
from detector.cli import app


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["formats", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_all_formats_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lines = {line.strip("│").split("│")[0].strip(): line for line in run().splitlines() if line.startswith("│")}
    assert set(lines) == set(FORMATS)
    assert all(FORMATS[name].summary in line for name, line in lines.items())
    cells = [cell.strip() for cell in lines["labelme"].strip("│").split("│")]
    assert cells[2:] == ["no", str(len(FORMATS["labelme"].options.model_fields))]


def test_options_are_printed_unwrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    output = run("documents")
    assert "# Share of the scenes with the mirror of a lamp or a window on them.\n" in output
    assert yaml.safe_load(output)["lighting"]["glare_share"] == 0.1
