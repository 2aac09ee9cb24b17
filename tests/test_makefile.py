"""The Makefile: photos are found from where make was called, whatever their names; a missing Python is said clearly."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")

MAKEFILE = (REPOSITORY / "Makefile").read_text()


def make(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs make from a folder, as a shell there would."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    environment = {**kept, "PWD": str(cwd)}
    return subprocess.run(["make", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two photos, of which one has a space and a quote in its name."""
    for name in ("a.jpg", "my mother's.jpg"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize("photo", ["", "a.jpg", "my mother's.jpg", 'a.jpg "my mother\'s.jpg"', "*.jpg"])
def test_photos_are_found_from_the_folder_of_the_call(photos: Path, photo: str) -> None:
    assert make("-s", "-C", str(REPOSITORY), "photos-exist", f"PHOTO={photo}", cwd=photos).returncode == 0


@pytest.mark.parametrize("photo", ["b.jpg", "a.jpg b.jpg", "c*.jpg"])
def test_a_missing_photo_stops_the_demo_at_once(photos: Path, photo: str) -> None:
    done = make("-s", "-C", str(REPOSITORY), "photos-exist", f"PHOTO={photo}", cwd=photos)
    assert done.returncode != 0
    assert f"There is no photo {photo.split()[-1]} (seen from {photos})" in done.stdout


def test_a_python_that_does_not_suit_is_refused(tmp_path: Path) -> None:
    for name in ("Makefile", "setup.cfg", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, tmp_path)
    done = make("test", "PYTHON=false", cwd=tmp_path)
    assert done.returncode != 0
    assert "No Python 3.11 or later that can make environments; tried: false." in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_the_tests_are_given_all_that_they_would_skip_without() -> None:
    settings = configparser.ConfigParser()
    settings.read(REPOSITORY / "setup.cfg")
    extras = settings["options.extras_require"]
    installed = re.search(r"^EXTRAS := (.*)$", MAKEFILE, re.MULTILINE)[1].split(",")  # type: ignore[index]
    packages = {name: set(extras[name].split("\n")) for name in extras}
    assert set().union(*packages.values()) == set().union(*(packages[name] for name in installed))
    tried = re.search(r"^PYTHONS := (.*)$", MAKEFILE, re.MULTILINE)[1].split()  # type: ignore[index]
    assert f'python_version == "{tried[0].removeprefix("python")}"' in extras["tflm"]


def test_help_lists_the_targets(tmp_path: Path) -> None:
    listed = set(re.findall(r"^make ([a-z-]+)", make("-C", str(REPOSITORY), "-s", cwd=tmp_path).stdout, re.MULTILINE))
    declared = set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split())  # type: ignore[index]
    assert listed == declared - {"help", "install", "install-dev", "photos-exist"}
