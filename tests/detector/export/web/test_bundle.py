"""What a web bundle holds, where it takes its runtime from, and what stops it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from detector.export.web import litert_js
from detector.export.web.bundle import write_web, write_web_linked
from detector.export.web.litert_js import CORE, WASM_UTILS, copy_litert_js
from detector.litert.file import read_litert_card
from detector.runs import RunError
from tests.detector.tiny import Files

FilesOf = Callable[[str], Files]


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_linked_bundle_holds_all_but_the_runtime(files_of: FilesOf, tmp_path: Path) -> None:
    written = write_web_linked(files_of("two heads").int8, tmp_path, None)
    assert {path.relative_to(tmp_path).as_posix() for path in written} == files_in(tmp_path)
    assert {"index.html", "page.js", "decode/index.js", "model.tflite", "plan.json", "README.md"} <= files_in(tmp_path)
    page = (tmp_path / "index.html").read_text()
    for package in (CORE, WASM_UTILS):
        assert f"https://cdn.jsdelivr.net/npm/{package.name}@{package.version}/dist/index.js" in page
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert plan["about"]["wasm"] == f"https://cdn.jsdelivr.net/npm/{CORE.name}@{CORE.version}/wasm/"
    assert {tensor["dtype"] for tensor in (plan["input"], *plan["outputs"].values())} == {"float32"}
    assert read_litert_card(tmp_path / "model.tflite").precision == "int8-float-io"
    assert "python -m http.server 8000" in (tmp_path / "README.md").read_text()
    assert "$" not in page


@pytest.mark.usefixtures("fetched")
def test_a_bundle_with_its_runtime_asks_no_other_server(files_of: FilesOf, tmp_path: Path) -> None:
    written = write_web(files_of("presence").float, tmp_path, None)
    assert {path.relative_to(tmp_path).as_posix() for path in written} == files_in(tmp_path)
    assert {"litert/core.js", "litert/wasm-utils.js", "litert/wasm/litert_wasm_internal.wasm"} <= files_in(tmp_path)
    own = [path for path in written if path.suffix in (".html", ".js", ".json", ".css") and "litert" not in path.parts]
    texts = {path.name: path.read_text() for path in own}
    assert not {name for name, text in texts.items() if "https://" in text and name != "page.js"}
    assert '"@litertjs/core": "./litert/core.js"' in texts["index.html"]


def test_without_npm_the_cure_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(RunError, match=r"needs npm, which is not installed\..*`--kind web-linked`"):
        copy_litert_js(tmp_path)


def test_what_npm_says_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: Sequence[str], **_: Any) -> None:
        raise subprocess.CalledProcessError(1, command, stderr="npm error\nnetwork request failed\n")

    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/npm")
    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(RunError, match=r"did not fetch @litertjs/core@2\.5\.3 \(network request failed\)\. Go online"):
        copy_litert_js(tmp_path)


def test_another_archive_than_the_pinned_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(command: Sequence[str], **_: Any) -> None:
        Path(command[-1], "litertjs-core-2.5.3.tgz").write_bytes(b"something else")

    monkeypatch.setattr(litert_js.shutil, "which", lambda _: "/usr/bin/npm")
    monkeypatch.setattr(subprocess, "run", write)
    with pytest.raises(RunError, match=r"another archive of @litertjs/core@2\.5\.3 than expected: sha512"):
        copy_litert_js(tmp_path)
    assert not files_in(tmp_path)
