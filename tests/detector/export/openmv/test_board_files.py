"""The MicroPython post-processing answers as the codecs do: in CPython, and in MicroPython's own interpreter."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.detector.export.head_answers import HeadCase
from tests.detector.export.head_cases import head_cases

HERE = Path(__file__).parent
SHIM = HERE / "ulab_shim"
BOARD_FILES = Path(str(resources.files("detector.export.openmv") / "board-files"))
PACKAGE = "@micropython/micropython-webassembly-pyscript@1.27.0"
CASES = head_cases()
COORDINATE = 2e-4  # of the picture: floats have 32 bits on the board
SCRIPT = """
import { readFileSync } from 'node:fs';
import { loadMicroPython } from '%s/micropython.mjs';
const stdout = (line) => console.log(line);
const python = await loadMicroPython({ heapsize: 32 * 1024 * 1024, linebuffer: true, stdout });
python.FS.mkdir('/ulab');
for (const [name, path] of Object.entries(%s)) python.FS.writeFile(name, readFileSync(path));
python.runPython("import sys; sys.path.append('/'); import board_driver; board_driver.compile_all('/')");
python.runPython("board_driver.answer_all('/cases.json')");
"""


def case_text() -> str:
    cases = [case.to_json() for case in CASES]
    for case in cases:
        case["plan"] = case["plan"] | {"order": list(case["plan"]["outputs"])}
    return json.dumps(cases)


@pytest.fixture(scope="module")
def cases_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cases") / "cases.json"
    path.write_text(case_text())
    return path


@pytest.fixture(scope="module")
def by_cpython(cases_file: Path) -> list[dict[str, Any]]:
    code = f"import board_driver; board_driver.answer_all({str(cases_file)!r})"
    paths = os.pathsep.join(map(str, (SHIM, BOARD_FILES, HERE)))
    environment = os.environ | {"PYTHONPATH": paths}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def micropython() -> Path:
    """The folder of MicroPython's WebAssembly port; kept in the cache of the user, fetched where it is not there."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.skip(f"no {program}: MicroPython's WebAssembly port does not run")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "detector-tests" / "micropython-1.27.0"
    folder = cache / "node_modules" / "@micropython" / "micropython-webassembly-pyscript"
    if not folder.is_dir():
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(cache), PACKAGE]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip(f"{PACKAGE} cannot be fetched: npm does not answer")
        if done.returncode:
            pytest.skip(f"{PACKAGE} cannot be fetched: {done.stderr.strip()[:200]}")
    return folder


@pytest.fixture(scope="module")
def by_micropython(micropython: Path, cases_file: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    files = {f"/{path.name}": str(path) for path in [*BOARD_FILES.glob("*.py"), HERE / "board_driver.py"]}
    files |= {f"/ulab/{path.name}": str(path) for path in (SHIM / "ulab").glob("*.py")}
    script = tmp_path_factory.mktemp("script") / "run.mjs"
    script.write_text(SCRIPT % (micropython, json.dumps(files | {"/cases.json": str(cases_file)})))
    done = subprocess.run(["node", str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def assert_same(answer: dict[str, Any], truth: dict[str, Any]) -> None:
    """What a board answers is what the codec says."""
    assert answer["present"] == truth["present"]
    assert answer["presence"] == pytest.approx(truth["presence"], abs=1e-4)
    for key in ("keypoints", "boxes"):
        if key in truth:
            shape = np.shape(truth[key])
            np.testing.assert_allclose(np.reshape(answer[key], shape), truth[key], atol=COORDINATE)
    if "scores" in truth:
        np.testing.assert_allclose(answer["scores"], truth["scores"], atol=1e-4)
    for key in ("labels", "found"):
        if key in truth:
            assert answer[key] == truth[key]
    if "class_map" in truth:
        assert_same_mask(answer, truth)


def assert_same_mask(answer: dict[str, Any], truth: dict[str, Any]) -> None:
    assert answer["class_map"] == np.ravel(truth["class_map"]).tolist()
    assert len(answer["objects"]) == len(truth["on_raster"])
    for one, other in zip(answer["objects"], truth["on_raster"], strict=True):
        for key in ("score", "area", "box"):
            assert one[key] == pytest.approx(other[key], abs=1e-4), key


NUMBERED = [pytest.param(number, case, id=case.name) for number, case in enumerate(CASES)]


@pytest.mark.parametrize(("number", "case"), NUMBERED)
def test_in_cpython(number: int, case: HeadCase, by_cpython: list[dict[str, Any]]) -> None:
    answers = by_cpython[number]
    assert set(answers) == set(case.answers)
    for head, truth in case.answers.items():
        assert_same(answers[head], truth)


@pytest.mark.parametrize(("number", "case"), NUMBERED)
def test_in_micropython(number: int, case: HeadCase, by_micropython: list[dict[str, Any]]) -> None:
    for head, truth in case.answers.items():
        assert_same(by_micropython[number][head], truth)


def test_what_ulab_does_not_have_raises() -> None:
    paths = os.pathsep.join((str(SHIM), str(BOARD_FILES)))
    for code in ("np.argsort", "np.array([1.0]).mean()", "np.array([1], dtype=np.int8) - 1", "np.sum([1.0], axis=0)"):
        words = [sys.executable, "-c", f"from ulab import numpy as np; {code}"]
        done = subprocess.run(words, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, check=False)
        assert done.returncode == 1, code
