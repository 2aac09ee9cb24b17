"""The sheet of a page: units, parts, strokes, transparent ink; handwriting and wear upon it."""

import numpy as np
import pytest

from data_generators.synthetic import handwriting, ink, layouts_notebooks, wear
from data_generators.synthetic.sheet import Sheet, make_sheet, mix_colours


@pytest.fixture
def sheet() -> Sheet:
    return Sheet(np.random.default_rng(0), (300, 400), (240, 240, 235), (20, 20, 30), (150, 30, 40), "serif")


def inked(sheet: Sheet) -> np.ndarray:
    return np.abs(np.asarray(sheet.image).astype(int) - sheet.paper).max(axis=2) > 20


def test_stroke_stays_where_it_is_drawn_and_is_cut_off_at_the_edge(sheet):
    sheet.stroke([np.array([[-50.0, 100], [150, 100]])], (0, 0, 0), 3)
    rows, columns = np.nonzero(inked(sheet))
    assert rows.min() >= 97 and rows.max() <= 103
    assert columns.min() == 0 and 149 <= columns.max() <= 153


@pytest.mark.parametrize("lines", [[], [np.array([[500.0, 20], [600, 30]])], [np.array([[10.0, -30], [20, -20]])]])
def test_stroke_beside_the_sheet_leaves_it_alone(sheet, lines):
    sheet.stroke(lines, (0, 0, 0), 2)
    assert not inked(sheet).any()


def test_opacity_lets_the_paper_through(sheet):
    sheet.stroke([np.array([[50.0, 50], [250, 50]])], (0, 0, 0), 5, opacity=0.5)
    assert 110 < np.asarray(sheet.image)[50, 150, 0] < 130


def test_multiply_darkens_a_part(sheet):
    sheet.multiply(np.full((10, 20, 3), 0.5), (30, 40))
    image = np.asarray(sheet.image)
    assert image[45, 40, 0] == 120 and image[39, 40, 0] == 240 and image[45, 50, 0] == 240


def test_part_is_laid_where_it_belongs(sheet):
    box = sheet.box(0.5, 0, 1, 1)
    part = sheet.part(box)
    part.draw.rectangle((0, 0, *part.size_wh), fill=(0, 0, 0))
    sheet.lay(part, box)
    assert inked(sheet)[:, 150:].all() and not inked(sheet)[:, :150].any()


def test_paragraphs_stay_in_their_box(sheet):
    below = ink.draw_paragraphs(sheet, (50, 60, 200, 300), 2.0)
    rows, columns = np.nonzero(inked(sheet))
    assert columns.min() >= 50 and columns.max() < 200
    assert rows.min() >= 60 and rows.max() < below <= 300
    assert inked(sheet)[60:300, 50:200].mean() > 0.05


def test_paragraphs_without_room_draw_nothing(sheet):
    assert ink.draw_paragraphs(sheet, (50, 60, 52, 300), 2.0) == 60
    assert ink.draw_paragraphs(sheet, (50, 60, 200, 61), 2.0) == 60
    assert not inked(sheet).any()


def test_written_line_stands_on_its_baseline(sheet):
    hand = handwriting.Hand((0, 0, 90), 1, 10.0, 0.2, True, 1.0)
    handwriting.write_line(sheet, hand, (40, 0, 260, 200))
    rows, columns = np.nonzero(inked(sheet))
    assert columns.min() >= 40 - 5 and columns.max() < 300
    assert rows.min() > 170 and rows.max() < 220


def test_smooth_line_passes_its_knots():
    knots = np.array([[0.0, 0], [1, 2], [3, 1]])
    line = handwriting.smooth(knots, 4)
    assert line.shape == (9, 2) and np.allclose(line[[0, 4, 8]], knots)


@pytest.mark.parametrize(("side", "edge"), [("left", np.s_[:, 0]), ("right", np.s_[:, -1]), ("top", np.s_[0])])
def test_spiral_bends_over_its_edge_and_no_other(sheet, side, edge):
    layouts_notebooks.draw_spiral(sheet, side)
    crossing = inked(sheet)[edge]
    assert 0.05 < crossing.mean() < 0.95 and (np.diff(crossing.astype(int)) == 1).sum() > 20
    assert inked(sheet).mean() < 0.1


@pytest.mark.parametrize("happen", [happen for happen, _ in wear.WEAR])
def test_wear_changes_a_printed_page(happen):
    sheet = make_sheet(np.random.default_rng(1), (0.7,), 300)
    ink.draw_paragraphs(sheet, sheet.box(0.1, 0.1, 0.9, 0.9), 2.0)
    before = np.asarray(sheet.image).copy()
    happen(sheet)
    assert not np.array_equal(before, np.asarray(sheet.image))


def test_mixed_colours_reach_both_ends():
    assert mix_colours((0, 10, 20), (100, 110, 120), 0) == (0, 10, 20)
    assert mix_colours((0, 10, 20), (100, 110, 120), 1) == (100, 110, 120)
