"""The models that come along: what their card, their preset and the README say of their size is what the files are."""

from __future__ import annotations

import re

import keras
import pytest

from detector.locate import find_checkpoint, find_model, shipped_names
from detector.presets import preset_text
from detector.runtime import load_runtime
from detector.training import count_trainable
from tests.conftest import REPOSITORY

MOST = {  # bytes of the int8 file and trainable parameters
    "cat-mask": (150_000, 100_000),
    "cats": (150_000, 96_000),
    "documents": (150_000, 100_000),
    "documents-h7": (150_000, 100_000),
    "documents-small": (40_000, 30_000),
}
PRESETS = {
    "cats": "cats-pets",
    "documents": "documents-fine",
    "documents-small": "documents-small-fine",
}  # else that of the same name
ROW = re.compile(r"^\|[^|]*\| ([\d,]+) \| ([\d,]+) \|.*`detector evaluate ([\w-]+) ", re.MULTILINE)

Size = tuple[int, int]


@pytest.fixture(params=shipped_names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def size(name: str) -> Size:
    """Bytes of the int8 file, and the parameters that its card tells."""
    path = find_model(name)
    assert path.suffix == ".tflite"
    return path.stat().st_size, load_runtime(path).card.parameters


def sizes_in(text: str, pattern: str) -> list[Size]:
    """The bytes and parameters that a text tells, by groups of these names."""
    found = re.finditer(pattern, " ".join(text.split()))
    return [(number(each["bytes"]), number(each["parameters"])) for each in found]


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_every_shipped_model_has_its_limits() -> None:
    assert set(shipped_names()) == set(MOST)


def test_no_model_is_larger_than_promised(name: str, size: Size) -> None:
    most = MOST[name]
    assert size[0] <= most[0] and size[1] <= most[1]


def test_the_checkpoint_has_the_parameters_of_the_card(name: str, size: Size) -> None:
    assert count_trainable(keras.saving.load_model(find_checkpoint(name), compile=False)) == size[1]


def test_the_page_about_it_tells_its_size(name: str, size: Size) -> None:
    text = find_model(name).with_suffix(".md").read_text(encoding="utf-8")
    pattern = rf"`{name}\.tflite`, int8, (?P<bytes>[\d,]+) bytes.*?\. (?P<parameters>[\d,]+) parameters\."
    assert sizes_in(text, pattern) == [size]


def test_its_preset_tells_its_size(name: str, size: Size) -> None:
    header = preset_text(PRESETS.get(name, name)).replace("\n#", " ")
    pattern = r"Size: (?P<parameters>[\d,]+) parameters, int8 file of (?P<bytes>[\d,]+) bytes"
    assert sizes_in(header, pattern) == [size]


def test_the_rows_of_the_readme_tell_its_size(name: str, size: Size) -> None:
    rows = ROW.findall((REPOSITORY / "README.md").read_text(encoding="utf-8"))
    told = {(number(of_bytes), number(parameters)) for parameters, of_bytes, model in rows if model == name}
    assert told == {size}
