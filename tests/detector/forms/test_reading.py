"""A form that was read: its orientation on the screen, its fields in pixels, as plain data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from data_generators.forms import read_form, write_form
from data_generators.geometry import apply_homography, homography_between, quad_iou
from detector.forms.reading import FormReader
from tests.detector.forms.made import FIELDS, PHOTO_HW, QUAD, UNIT_QUAD, draw_form, photograph


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> FormReader:
    path = tmp_path_factory.mktemp("form") / "form.yaml"
    write_form(path, draw_form(), FIELDS)
    return FormReader(read_form(path))


@pytest.mark.parametrize("turns", range(4))
def test_orientation_is_the_turn_on_the_screen(reader: FormReader, turns: int) -> None:
    turned = np.roll(QUAD, -turns, axis=0)
    reading = reader.read(photograph(draw_form("B-XY 123"), turned), QUAD)
    assert reading.orientation_deg == 90 * turns
    np.testing.assert_array_equal(reading.keypoints, turned)
    for name in FIELDS:
        true = apply_homography(homography_between(UNIT_QUAD, turned), reader.form.field_quad(name))
        assert quad_iou(reading.fields[name], true) > 0.9


def test_plain_data(reader: FormReader) -> None:
    reading = reader.read(photograph(draw_form("B-XY 123"), QUAD), QUAD)
    data = json.loads(json.dumps(reading.to_json(PHOTO_HW)))
    assert set(data) == {"orientation_deg", "score", "margin", "refined", "keypoints", "fields"}
    assert set(data["fields"]) == set(FIELDS)
    field = data["fields"]["number"]
    np.testing.assert_allclose(field["keypoints_px"], reading.fields["number"] * [480, 360], atol=0.01)
    low, high = reading.fields["number"].min(axis=0), reading.fields["number"].max(axis=0)
    np.testing.assert_allclose(field["box"], [*low, *high], atol=1e-5)
    np.testing.assert_allclose(field["box_px"], np.array([*low, *high]) * [480, 360, 480, 360], atol=0.01)


def test_a_form_is_read_the_same_way_twice(tmp_path: Path, reader: FormReader) -> None:
    photo = photograph(draw_form("B-XY 123"), QUAD)
    write_form(tmp_path / "form.yaml", draw_form(), FIELDS)
    again = FormReader(read_form(tmp_path / "form.yaml")).read(photo, QUAD)
    np.testing.assert_array_equal(again.fields["number"], reader.read(photo, QUAD).fields["number"])
