"""Filling a form: other values come, what stood there goes, and the tight box says where the value is."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from data_generators.synthetic.filling import erase, fill_fields
from data_generators.synthetic.fonts import load_font

PAPER, INK = (235, 228, 240), (20, 20, 120)
FIELDS = {"number": np.array([0.1, 0.2, 0.6, 0.32]), "holder": np.array([0.1, 0.6, 0.9, 0.7])}


def filled_scan(paper: tuple[int, int, int] = PAPER, ink: tuple[int, int, int] = INK) -> np.ndarray:
    """A form of 300 x 400 pixels with a word in each field, and one outside them."""
    image = Image.new("RGB", (400, 300), paper)
    draw = ImageDraw.Draw(image)
    for x, y in ((50, 62), (50, 182), (50, 240)):
        draw.text((x, y), "SPECIMEN", fill=ink, font=load_font("sans", 24))
    return np.asarray(image)


def patch(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    x0, y0, x1, y1 = (box * [400, 300, 400, 300]).round().astype(int)
    return image[y0:y1, x0:x1]


@pytest.mark.parametrize(("paper", "ink"), [(PAPER, INK), (INK, PAPER)])
def test_erasing_leaves_paper_and_names_the_ink(paper: tuple[int, int, int], ink: tuple[int, int, int]) -> None:
    clean, colour = erase(patch(filled_scan(paper, ink), FIELDS["number"]))
    assert np.abs(clean.astype(int) - paper).max() < 12
    np.testing.assert_allclose(colour, ink, atol=25)


@pytest.mark.parametrize("grey", [200, 128, 127, 30])
def test_an_empty_field_stays_as_it_is_and_gets_an_ink_that_shows(grey: int) -> None:
    empty = np.full((30, 90, 3), grey, np.uint8)
    clean, colour = erase(empty)
    np.testing.assert_array_equal(clean, empty)
    assert np.abs(np.array(colour) - grey).min() > 80


def test_a_value_in_an_empty_field_of_dark_paper_can_be_seen() -> None:
    dark = np.full((300, 400, 3), (35, 30, 50), np.uint8)
    image, values = fill_fields(np.random.default_rng(1), dark, FIELDS)
    for box in values.values():
        assert patch(image, box).max() > 200


def test_values_stand_in_their_fields_and_nowhere_else() -> None:
    scan = filled_scan()
    for seed in range(5):
        image, values = fill_fields(np.random.default_rng(seed), scan, FIELDS)
        outside = np.ones(scan.shape[:2], bool)
        for name, box in FIELDS.items():
            patch(outside[..., None], box)[:] = False
            tight = values[name]
            assert (tight[:2] >= box[:2] - 0.01).all() and (tight[2:] <= box[2:] + 0.01).all()
            ink = np.argwhere(np.abs(patch(image, box).astype(int) - PAPER).sum(axis=-1) > 200)[:, ::-1]
            origin = (box[:2] * [400, 300]).round()
            np.testing.assert_allclose(ink.min(axis=0) + origin, tight[:2] * [400, 300], atol=3)
            np.testing.assert_allclose(ink.max(axis=0) + 1 + origin, tight[2:] * [400, 300], atol=3)
        np.testing.assert_array_equal(image[outside], scan[outside])


def test_same_numbers_same_page() -> None:
    first, again, other = (fill_fields(np.random.default_rng(seed), filled_scan(), FIELDS) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0], again[0])
    assert (first[0] != other[0]).any()
