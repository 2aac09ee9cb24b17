"""Drawn registration certificates: form and values apart, tight boxes around the values."""

import numpy as np
import pytest

from data_generators.synthetic.certificates import draw_registration_form
from data_generators.synthetic.pages import draw_page_with_fields
from data_generators.synthetic.registration_fields import FIELDS, NAMES, order_fields
from data_generators.synthetic.words import make_by_pattern


def draw(form: int, value: int | None, long_px: int = 600):
    value_rng = None if value is None else np.random.default_rng(value)
    return draw_registration_form(np.random.default_rng(form), value_rng, long_px)


def crop(page: np.ndarray, box: np.ndarray, margin_px: int = 0) -> np.ndarray:
    x0, y0, x1, y1 = np.round(box * np.tile(page.shape[1::-1], 2)).astype(int)
    return page[y0 - margin_px : y1 + margin_px, x0 - margin_px : x1 + margin_px].astype(int)


@pytest.mark.parametrize("form", range(8))
def test_number_is_inside_its_box_and_fills_it(form):
    blank, _ = draw(form, None)
    page, boxes = draw(form, 1)
    changed = np.abs(page.astype(int) - blank).max(axis=2) > 0
    box = boxes["registration_number"]
    inside = crop(changed, box)
    around = crop(changed, box, margin_px=2)  # nearer than any other value
    assert inside[:, :2].any() and inside[:, -2:].any() and inside[:2].any() and inside[-2:].any()
    assert around.sum() == inside.sum()


def test_all_fields_are_there_filled_or_blank():
    for value in (None, 3):
        _, boxes = draw(2, value)
        assert set(boxes) == NAMES
        stacked = np.stack(list(boxes.values()))
        assert stacked.dtype == np.float32 and (stacked > 0).all() and (stacked < 1).all()
        assert (stacked[:, 2:] > stacked[:, :2]).all()


def test_form_stays_and_values_change():
    (first, boxes), (again, _), (other, moved) = draw(5, 1), draw(5, 1), draw(5, 2)
    assert np.array_equal(first, again)
    differs = np.abs(first.astype(int) - other).max(axis=2) > 0
    assert 0 < differs.mean() < 0.15
    assert np.abs(boxes["registration_number"] - moved["registration_number"])[:2].max() < 0.02


def test_other_form_is_another_page():
    first, other = draw(1, 1)[0], draw(2, 1)[0]
    assert first.shape != other.shape or np.abs(first.astype(int) - other).mean() > 5


def test_blank_place_covers_the_number():
    _, places = draw(4, None)
    _, boxes = draw(4, 7)
    place, box = places["registration_number"], boxes["registration_number"]
    assert np.abs(place[:2] - box[:2]).max() < 0.02
    assert place[2] > box[2] - 0.03


def test_pages_with_fields():
    page, boxes = draw_page_with_fields(np.random.default_rng(0), "registration", 400)
    assert max(page.shape) == 400 and "vin" in boxes
    assert draw_page_with_fields(np.random.default_rng(0), "letter", 200)[1] == {}


def test_values_follow_their_pattern():
    value = make_by_pattern(np.random.default_rng(0), "AA-99 w")
    assert value[:2].isupper() and value[2] == "-" and value[3:5].isdigit() and value[6:].istitle()


def test_order_keeps_every_field():
    for seed in range(5):
        assert sorted(kind.name for kind in order_fields(np.random.default_rng(seed))) == sorted(NAMES)
    assert len(NAMES) == len(FIELDS)
