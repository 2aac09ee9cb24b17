"""The folder for an OpenMV camera: its scripts run against a camera that is none, and say what `predict` says."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from data_generators.formats import open_source
from data_generators.images import write_image
from detector.card import ModelCard
from detector.export.bundles import write_bundle
from detector.export.decode_plan import make_plan
from detector.export.openmv.bundle import write_openmv
from detector.litert.file import write_litert_card
from detector.locate import find_model
from detector.prediction import predict_images
from detector.runs import RunError
from detector.runtime import LiteRTRuntime
from detector.targets import read_target
from tests.detector.tiny import HEADS, tiny_config

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "board"
    write_bundle("documents-small", folder, read_target("openmv-h7"))
    return folder


def run_script(folder: Path, name: str, picture: Path, drawn: Path) -> str:
    words = [sys.executable, str(HERE / "board_stubs.py"), *map(str, (folder, name, picture, drawn))]
    environment = os.environ | {"PYTHONPATH": str(HERE / "ulab_shim")}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_files_of_the_folder(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    assert {"README.txt", "main.py", "check.py", "model.tflite", "model.txt", "detector_plan.py"} < names
    assert {"detector_corners.py", "detector_quads.py"} < names and "detector_grid.py" not in names
    assert (folder / "model.txt").read_text() == "object\n"
    assert (folder / "model.tflite").read_bytes() == find_model("documents-small").read_bytes()
    plan = runpy.run_path(str(folder / "detector_plan.py"))["PLAN"]
    order = plan.pop("order")
    assert plan == make_plan(find_model("documents-small")) and order == list(plan["outputs"])


def test_scripts_have_room_beside_the_model(folder: Path) -> None:
    beside = [path for path in folder.iterdir() if path.name == "model.txt" or path.name.startswith("detector_")]
    assert len(beside) > 5
    assert sum(path.stat().st_size for path in beside) <= read_target("openmv-h7").flash_reserved_bytes


def test_the_readme_tells_what_is_there(folder: Path) -> None:
    text = (folder / "README.txt").read_text()
    listed = re.findall(r"^  ([\w.]+) +([\d,]+) bytes", text, re.MULTILINE)
    files = {path.name for path in folder.iterdir()} - {"README.txt", "bundle.json"}
    assert {name for name, _ in listed} == files
    assert all((folder / name).stat().st_size == int(size.replace(",", "")) for name, size in listed)
    assert text.startswith("documents-small for OpenMV Cam H7") and "corners: presence 0.93" in text
    assert max(map(len, text.splitlines())) <= 120


def test_main_says_what_predict_says(folder: Path, tmp_path: Path) -> None:
    scene = open_source("documents:#test", count=2, negative_share=0).sample(1)
    write_image(tmp_path / "scene.png", scene.image)
    printed = run_script(folder, "main.py", tmp_path / "scene.png", tmp_path / "drawn.png")
    [answer] = predict_images(LiteRTRuntime(find_model("documents-small"), reference=True), [scene.image])
    [line] = [line for line in printed.splitlines() if line.startswith("corners: presence")]
    points = np.array([[float(value) for value in pair] for pair in re.findall(r"\((\S+), (\S+)\)", line)])
    np.testing.assert_allclose(points, answer["corners"].keypoints, atol=0.01)  # colours have 5 and 6 bits there
    assert (tmp_path / "drawn.png").stat().st_size


def test_check_finds_the_outputs_right_and_wrong(folder: Path, tmp_path: Path) -> None:
    printed = run_script(folder, "check.py", tmp_path, tmp_path)
    assert printed.count("ok ") == 2 and "WRONG" not in printed
    other = tmp_path / "other"
    other.mkdir()
    for path in folder.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    plan = other / "detector_plan.py"
    plan.write_text(plan.read_text().replace("'corners_presence': -", "'corners_presence': 1"))
    assert "WRONG corners_presence" in run_script(other, "check.py", tmp_path, tmp_path)


@pytest.mark.skipif(find_spec("ethosu") is None, reason="ethos-u-vela is not installed: nothing is compiled")
def test_the_file_for_an_ethos_is_compiled(tmp_path: Path) -> None:
    folder = tmp_path / "board"
    write_bundle("documents-small", folder, read_target("openmv-ae3"))
    assert b"ethos-u" in (folder / "model.tflite").read_bytes()
    text = (folder / "README.txt").read_text()
    assert re.search(r"180,768 bytes\. .* takes \d+,\d+ cycles a picture,\n0\.\d ms at 400 MHz", text)
    assert "left to the processor: none" in text
    assert "'order': ['corners_heatmap', 'corners_presence']" in (folder / "detector_plan.py").read_text()


def test_a_missing_compiler_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detector.export.openmv.vela.find_spec", lambda _: None)
    with pytest.raises(RunError, match=r"Install it with `pip install 'detector\[vela\]'`"):
        write_bundle("documents-small", tmp_path / "board", read_target("openmv-ae3"))


def test_letterboxed_pictures_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(find_model("documents-small").read_bytes())
    config = tiny_config(HEADS["corners heatmap"], fit="letterbox")
    write_litert_card(path, ModelCard.of(config, 42))
    with pytest.raises(RunError, match=r"a board stretches the picture .* Train with `input\.fit: stretch`"):
        write_openmv(path, tmp_path, None)
