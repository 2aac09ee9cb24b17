"""form.yaml: what is written is read again, and what makes no sense is refused with the file and a cure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.forms import box_quad, read_form, write_form
from data_generators.images import write_image
from data_generators.settings import SettingsError

FIELDS = {"number": np.array([0.1, 0.2, 0.5, 0.3]), "holder": np.array([0.1, 0.5, 0.9, 0.6])}


@pytest.fixture
def scan() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (100, 160, 3), np.uint8)


def test_what_is_written_is_read(tmp_path: Path, scan: np.ndarray) -> None:
    write_form(tmp_path / "form.yaml", scan, FIELDS)
    form = read_form(tmp_path / "form.yaml")
    np.testing.assert_array_equal(form.scan, scan)
    assert list(form.fields) == ["number", "holder"]
    for name, box in FIELDS.items():
        np.testing.assert_allclose(form.fields[name], box, atol=1e-4)
    np.testing.assert_allclose(form.field_quad("number"), [[0.1, 0.2], [0.5, 0.2], [0.5, 0.3], [0.1, 0.3]], atol=1e-4)
    assert "number: [16.0, 20.0, 80.0, 30.0]" in (tmp_path / "form.yaml").read_text()


def test_a_form_by_hand_and_its_content(tmp_path: Path, scan: np.ndarray) -> None:
    write_image(tmp_path / "scans" / "a.png", scan)
    path = tmp_path / "form.yaml"
    path.write_text("scan: scans/a.png\nfields_px:\n  number: [0, 0, 160, 100]\n")
    before = read_form(path).content()
    np.testing.assert_array_equal(read_form(path).fields["number"], [0, 0, 1, 1])
    write_image(tmp_path / "scans" / "a.png", scan[::-1])
    assert read_form(path).content() != before, "a changed scan is another form"


def test_corners_of_a_box() -> None:
    np.testing.assert_array_equal(box_quad(np.array([1, 2, 3, 4])), [[1, 2], [3, 2], [3, 4], [1, 4]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scan: a.png\nfields_px: {}", "a form needs at least one field"),
        ("scan: a.png\nfields_px: {number: [9, 9, 5, 20]}", "the box of number must be x0, y0, x1, y1"),
        ("scan: a.png\nfields_px: {number: [0.1, 0.1, 0.3, 0.2]}", "at least 4 pixels"),
        ("scan: a.png\nfields_px: {number: [1, 2, 3]}", "form.yaml is not valid"),
        ("scan: a.png\nfields_px: {number: [.nan, 2, 30, 40]}", "must be x0, y0, x1, y1"),
        ("scan: a.png\nfields_px: {a/b: [1, 2, 30, 40]}", "'a/b' is no name of a field"),
        ("scan: a.png\nfields_px: {page: [1, 2, 30, 40]}", "but not `page` or `rectified`"),
        ("scan: a.png\nfields_px: {Rectified: [1, 2, 30, 40]}", "'Rectified' is no name of a field"),
        ("scan: a.png\nfields_px: {a: [1, 2, 30, 40], A: [1, 2, 30, 40]}", "a and A would share a file"),
        ("scan: a.png\nfields_px:\n  a: [1, 2, 30, 40]\n  a: [5, 2, 30, 40]", "the key 'a' stands there twice.*line 4"),
        ("scan: a.png\nfields: {number: [1, 2, 30, 40]}", "Did you mean `fields_px`"),
        ("scan: a.png\nfields_px: {number: [1, 2, 161, 40]}", r"beyond the scan of 160 x 100 pixels.*pixels of a.png"),
        ("scan: a.png\nfields_px: {number: [-1, 2, 30, 40]}", "reaches beyond the scan"),
        ("scan: b.png\nfields_px: {number: [1, 2, 30, 40]}", "b.png: the file cannot be read"),
        ("- scan", r"form.yaml: expected a mapping, got list. Write `scan: PICTURE`"),
        ("scan: [", "form.yaml: the form is not YAML"),
    ],
)
def test_nonsense_is_refused(tmp_path: Path, scan: np.ndarray, text: str, message: str) -> None:
    write_image(tmp_path / "a.png", scan)
    (tmp_path / "form.yaml").write_text(text)
    with pytest.raises((DataError, SettingsError), match=f"(?s){message}"):
        read_form(tmp_path / "form.yaml")


def test_a_missing_form_and_an_unknown_field_are_named(tmp_path: Path, scan: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"none.yaml: the file cannot be read.*Check the path of the form"):
        read_form(tmp_path / "none.yaml")
    write_form(tmp_path / "form.yaml", scan, FIELDS)
    with pytest.raises(DataError, match=r"form.yaml: the form has no field 'numbr'. Its fields: number, holder"):
        read_form(tmp_path / "form.yaml").field_quad("numbr")


def test_nothing_is_written_of_a_wrong_form(tmp_path: Path, scan: np.ndarray) -> None:
    with pytest.raises(SettingsError, match="the box of number"):
        write_form(tmp_path / "form.yaml", scan, {"number": np.array([0.5, 0.5, 0.4, 0.6])})
    assert not list(tmp_path.iterdir())
