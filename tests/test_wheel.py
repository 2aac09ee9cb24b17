"""The wheel: built, installed into an environment that knows nothing of the repository, and asked about a picture."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import cv2
import pytest

from data_generators.preview import write_png
from data_generators.synthetic.documents import DocumentScenes, DocumentSettings
from detector.locate import shipped_names
from tests.conftest import REPOSITORY

PACKAGES = ("detector", "data_generators")
PACKAGING = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")
DATA = (
    *("detector/presets", "detector/shipped", "detector/labelling/page", "detector/targets", "detector/export"),
    *("detector/export/arduino/cpp", "detector/export/arduino/templates"),
    *("detector/export/web/page", "detector/export/web/page/decode", "detector/report/page"),
)


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command that must succeed, started outside the repository."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources: setuptools leaves its build folder where it builds."""
    folder = tmp_path_factory.mktemp("wheel")
    for package in PACKAGES:
        shutil.copytree(REPOSITORY / package, folder / "src" / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in PACKAGING:
        shutil.copy(REPOSITORY / name, folder / "src")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    run(*pip, "--wheel-dir", folder, folder / "src", cwd=folder)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a fresh environment with the wheel, which borrows the dependencies of this one."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    commands = folder / "bin"
    paths = {name: str(folder) for name in ("base", "platbase")}
    packages = Path(sysconfig.get_path("purelib", scheme="venv", vars=paths))
    dependencies = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    (packages / "dependencies.pth").write_text("\n".join(sorted(dependencies)) + "\n")
    pip = (sys.executable, "-m", "pip", f"--python={commands / 'python'}", "install", "--quiet", "--no-deps")
    run(*pip, "--no-index", "--ignore-installed", wheel, cwd=folder)
    return commands


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn document, 96 x 128 pixels, as a PNG."""
    scene = DocumentScenes(DocumentSettings(count=1, size_hw=(96, 128), negative_share=0)).sample(0)
    path = tmp_path_factory.mktemp("picture") / "a scene.png"
    write_png(path, scene.image)
    return path


def test_the_wheel_holds_all_modules_and_data(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    modules = {path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py")}
    data = {path for folder in DATA for path in (REPOSITORY / folder).glob("*") if not path.name.startswith((".", "_"))}
    assert packed == {path.relative_to(REPOSITORY).as_posix() for path in modules | data if path.is_file()}
    assert "detector/presets/documents.yaml" in packed


def test_the_wheel_carries_licence_and_readme(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    [licence] = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]
    assert archive.read(licence) == (REPOSITORY / "LICENSE").read_bytes()
    [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    text = archive.read(metadata).decode()
    assert "License-Expression: Apache-2.0" in text
    assert (REPOSITORY / "README.md").read_text().splitlines()[0] in text


def test_installed_packages_are_those_of_the_wheel(environment: Path, tmp_path: Path) -> None:
    code = "import detector, data_generators; print(detector.__file__, data_generators.__file__, sep='\\n')"
    for path in run(environment / "python", "-c", code, cwd=tmp_path).splitlines():
        assert environment.parent in Path(path).parents


def test_installed_command_predicts(environment: Path, picture: Path, tmp_path: Path) -> None:
    model = "documents" if "documents" in shipped_names() else untrained_model(tmp_path)
    run(environment / "detector", "predict", model, picture, "--output", "answers", cwd=tmp_path)
    [answer] = json.loads((tmp_path / "answers" / "predictions.json").read_text())
    assert (answer["height"], answer["width"]) == (96, 128)
    assert 0 <= answer["corners"]["presence"] <= 1
    assert cv2.imread(str(tmp_path / "answers" / "a scene.png")) is not None


def test_installed_command_writes_a_config(environment: Path, tmp_path: Path) -> None:
    run(environment / "detector", "init", "documents", cwd=tmp_path)
    run(environment / "detector", "preview", "--config", "documents.yaml", "--count", "2", cwd=tmp_path)
    assert cv2.imread(str(tmp_path / "preview.png")) is not None


def untrained_model(folder: Path) -> Path:
    """A float LiteRT file of the preset's network as it is before training."""
    from detector.build import build_model
    from detector.card import ModelCard
    from detector.config import read_config
    from detector.export.litert import write_float

    config = read_config("documents", ["model.backbone.width=8"])
    network = build_model(config)
    path = folder / "untrained.tflite"
    write_float(network, ModelCard.of(config, network.count_params()), path)
    return path
