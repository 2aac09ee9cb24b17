"""README and CONTRIBUTING say what is so: commands parse, configs validate, the tree is that of the repository."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from data_generators.formats import FORMATS, open_source
from data_generators.images import write_image
from data_generators.real.corner_csv import CornerCsvSource
from data_generators.synthetic.documents import DocumentScenes
from detector import __version__
from detector.cli import app
from detector.config import Config, read_config
from detector.presets import preset_names
from tests.conftest import REPOSITORY

README = (REPOSITORY / "README.md").read_text()
DOCUMENTS = {name: (REPOSITORY / name).read_text() for name in ("README.md", "CONTRIBUTING.md")}


VERBS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def code_blocks(text: str, language: str) -> list[str]:
    """The fenced code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def section(heading: str) -> str:
    """The text under a heading of the README."""
    return README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def shell_commands(text: str) -> list[list[str]]:
    """The words of every `detector ...` line in the shell blocks of a text."""
    blocks = [block.replace("\\\n", " ") for block in code_blocks(text, "bash")]
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("detector ")]


def inline_commands() -> list[list[str]]:
    """The words of every `detector ...` in inline code of all documents and in the results' table."""
    texts = [text for document in DOCUMENTS.values() for text in re.findall(r"`(detector [a-z][^`]*)`", document)]
    return [shlex.split(text)[1:] for text in texts]


def parse(words: list[str]) -> dict[str, Any]:
    """The parameters of a command line, which is not run; wrong verbs, options and values raise."""
    verb = VERBS[words[0]]
    return verb.make_context(words[0], words[1:]).params


@pytest.mark.parametrize("words", shell_commands(README) + inline_commands(), ids=" ".join)
def test_command_parses(words: list[str]) -> None:
    assert words[0] in VERBS
    if len(words) > 1:  # else the verb is merely named
        assert parse(words)


def test_commands_name_presets_and_settings_that_there_are() -> None:
    seen = set()
    for words in shell_commands(README):
        verb, given = words[0], parse(words)
        preset = given.get("task") or given.get("config")
        if verb in ("init", "train") and preset in preset_names():
            assert read_config(preset, given.get("overrides", ()))
            seen.add(verb)
    assert seen == {"init", "train"}


def test_a_wrong_option_would_be_noticed() -> None:
    with pytest.raises(Exception, match=r"(?i)no such option"):
        parse(["train", "documents", "--runs", "folder"])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_exist(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^ *|`)make ([a-z-]+)", DOCUMENTS[document], re.MULTILINE))
    assert named and named <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_files_exist(document: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", DOCUMENTS[document])
    files = re.findall(r"`((?:notebooks|benchmarks|tests)/[\w./-]+)`", DOCUMENTS[document])
    headings = re.findall(r"^#+ (.+)$", DOCUMENTS[document], re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    missing = [link for link in links + files if link not in anchors and not (REPOSITORY / link).exists()]
    assert not missing


def test_yaml_blocks_are_valid_configs(tmp_path: Path) -> None:
    blocks = code_blocks(README, "yaml")
    assert blocks
    for block in blocks:
        (tmp_path / "block.yaml").write_text(block)
        assert isinstance(read_config(tmp_path / "block.yaml"), Config)


def test_python_block_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    [block] = code_blocks(README, "python")
    scene = open_source("documents:", count=1, negative_share=0).sample(0)
    write_image(tmp_path / "photo.jpg", scene.image)
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "Cost(parameters=" in printed and "'file': 'photo.jpg'" in printed and "'present': True" in printed


def test_corner_csv_block_is_read(tmp_path: Path) -> None:
    [block] = code_blocks(README, "csv")
    (tmp_path / "images").mkdir()
    (tmp_path / "corners.csv").write_text(block)
    for line in block.splitlines()[1:]:
        (tmp_path / "images" / line.split(",")[0]).write_bytes(b"")
    source = open_source(f"corners:{tmp_path}#train")
    assert isinstance(source, CornerCsvSource)
    assert source.groups() == ["letter-1", "desk"]


def table(heading: str) -> list[list[str]]:
    """The cells of the rows of the first table under a heading."""
    rows = [line for line in section(heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_table_of_formats_is_complete() -> None:
    rows = {cells[0].strip("`"): cells for cells in table("Your own data")}
    assert set(rows) == set(FORMATS)
    for name, cells in rows.items():
        assert bool(cells[2]) == FORMATS[name].has_splits, name


def test_splits_of_drawn_scenes_are_those_of_the_table() -> None:
    [splits] = [cells[2] for cells in table("Your own data") if cells[0] == "`documents`"]
    for split in re.findall(r"#(\w+)", splits):
        assert isinstance(open_source(f"documents:#{split}", count=1), DocumentScenes)


def test_table_of_presets_is_complete() -> None:
    assert {cells[0].strip("`") for cells in table("Presets")} == set(preset_names())


def tree_paths() -> Iterator[str]:
    """The paths of the annotated tree, relative to the repository; folders end in a slash."""
    [block] = code_blocks(section("The house"), "text")
    parent = ""
    for line in block.splitlines():
        names = re.split(r", (?=[\w.]+\.py)", line.strip().split("  ")[0])
        if not line.startswith(" "):
            parent = names[0]
            yield parent
        else:
            yield from (parent + re.match(r"[\w./]+", name).group() for name in names)  # type: ignore[union-attr]


def test_the_tree_is_that_of_the_repository() -> None:
    listed = sorted(tree_paths())
    assert len(listed) == len(set(listed))
    ignored = {"__pycache__", "__init__.py"}
    actual = {path for path in REPOSITORY.glob("*/") if (path / "__init__.py").exists()}
    folders = {f"{path.name}/" for path in actual} | {"benchmarks/", "notebooks/"}
    assert folders == {path for path in listed if re.fullmatch(r"\w+/", path)}
    for package in ("data_generators", "detector"):
        entries = [path for path in (REPOSITORY / package).iterdir() if path.name not in ignored]
        names = {f"{package}/{path.name}" + "/" * path.is_dir() for path in entries if not path.name.startswith(".")}
        assert names == {path for path in listed if path.startswith(f"{package}/") and path != f"{package}/"}


@pytest.mark.slow
def test_the_tour_runs(tmp_path: Path) -> None:
    small = ["--set", "training.epochs=2", "--set", "data.train.0.options.count=96"]
    small += ["--set", "data.validation.0.options.count=32", "--set", "export.max_loss=1"]
    command = Path(sys.executable).parent / "detector"
    for words in shell_commands(section("A tour of five minutes")):
        extra = small if words[0] == "train" else []
        done = subprocess.run([str(command), *words, *extra], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    for path in ("preview.png", "scores.json", "worst.png", "predictions/predictions.json"):
        assert (tmp_path / path).stat().st_size, path


def test_table_of_benchmarks_is_complete() -> None:
    text = (REPOSITORY / "benchmarks" / "README.md").read_text()
    scripts = {path.name for path in (REPOSITORY / "benchmarks").glob("*.py")}
    assert set(re.findall(r"^\| `(\w+\.py)`", text, re.MULTILINE)) == scripts
    assert set(re.findall(r"`python benchmarks/(\w+\.py)", text)) == scripts


def test_changelog_names_the_version() -> None:
    assert f"[{__version__}]" in (REPOSITORY / "CHANGELOG.md").read_text()
