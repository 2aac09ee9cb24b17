"""Paper that is not flat: it keeps its lengths, its corners are exact, and it never hides parts of itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_generators.geometry import UNIT_QUAD, quad_signed_area, to_pixels
from data_generators.synthetic.compositing import paste
from data_generators.synthetic.paper_shape import (
    GRID,
    STEEPEST,
    PageView,
    PaperSettings,
    bend,
    crumple,
    curl,
    draw_heights,
    fold,
    lay_heights,
    page_grid,
    page_outline,
    see_page,
    shade_shape,
)
from data_generators.synthetic.placement import PlacementSettings, place_page

SIZE_HW = (90, 120)
ALWAYS = PaperSettings(bend_share=0.6, curl_share=0.6, fold_share=0.6, crumple_share=0.6)
seeds, aspects = st.integers(0, 2**31), st.floats(0.4, 2.0)


def seen(seed, aspect=0.7, area=0.4):
    rng = np.random.default_rng(seed)
    heights = draw_heights(rng, aspect, ALWAYS)
    placement = place_page(rng, aspect, PlacementSettings(area=(area, area), cut_off_share=0))
    return placement, see_page(placement, None if heights is None else lay_heights(heights, aspect))


@pytest.mark.parametrize("shape", [bend, curl, fold, crumple])
def test_every_shape_lifts_parts_of_the_page(shape):
    xs, ys = page_grid(0.7)
    heights = [shape(np.random.default_rng(seed), xs, ys) for seed in range(10)]
    assert np.median([np.ptp(height) for height in heights]) > 0.01 and heights[0].shape == (GRID, GRID)


def test_shares_and_strength_of_nothing_leave_paper_flat():
    none = PaperSettings(bend_share=0, curl_share=0, fold_share=0, crumple_share=0)
    for options in (none, PaperSettings(bend_share=1, strength=0)):
        assert draw_heights(np.random.default_rng(0), 0.7, options) is None


@given(seeds, aspects)
@settings(max_examples=40, deadline=None)
def test_paper_keeps_its_lengths_and_is_not_too_steep(seed, aspect):
    heights = draw_heights(np.random.default_rng(seed), aspect, ALWAYS)
    if heights is None:
        return
    positions = lay_heights(heights, aspect)
    steps = np.linalg.norm(np.diff(positions[GRID // 2], axis=0), axis=1)[:, None] * (GRID - 1) / aspect**0.5
    assert heights.min() == 0 and np.abs(np.diff(heights, axis=1)).max() * (GRID - 1) / aspect**0.5 <= STEEPEST + 1e-4
    # the row through the middle keeps the page's width; other parts of a doubly bent sheet are only near it
    assert abs(np.sqrt(np.maximum(steps**2, 0)).mean() - 1) < 0.2


@given(seeds, aspects)
@settings(max_examples=60, deadline=None)
def test_corners_are_those_of_the_quad_which_is_convex(seed, aspect):
    _, view = seen(seed, aspect)
    np.testing.assert_allclose(view.locate(UNIT_QUAD), view.quad, atol=1e-5)
    before, after = np.roll(view.quad, 1, axis=0) - view.quad, np.roll(view.quad, -1, axis=0) - view.quad
    assert np.all(after[:, 0] * before[:, 1] - after[:, 1] * before[:, 0] > 0) and quad_signed_area(view.quad) > 0


def test_flat_page_is_seen_as_its_placement_says():
    placement, _ = seen(3)
    view = see_page(placement, None)
    assert view.offsets is None and np.array_equal(view.quad, placement.quad)
    np.testing.assert_allclose(view.locate(np.array([[0.5, 0.5]])), placement.project(np.zeros((1, 3))), atol=1e-6)


def test_pasted_points_are_where_the_view_says():
    spots = np.array([[0.2, 0.3], [0.75, 0.25], [0.5, 0.8], [0.1, 0.9]])
    shown = 0
    for seed in range(12):
        _, view = seen(seed)
        shown += view.offsets is not None
        for spot in spots:
            picture = np.zeros((200, 140, 3), np.uint8)
            x, y = (spot * (140, 200)).astype(int)
            picture[y - 8 : y + 8, x - 8 : x + 8] = 255
            image = np.zeros((*SIZE_HW, 3), np.uint8)
            paste(image, picture, view.quad, view.offsets)
            ys, xs = np.nonzero(image[..., 0] > 60)
            found = np.array([xs.mean(), ys.mean()])
            assert np.abs(found - to_pixels(view.locate(spot[None]), SIZE_HW)[0]).max() < 0.8
    assert shown >= 8


def test_page_with_a_bulge_is_pasted_whole_and_nothing_else_is():
    along = np.linspace(0, 1, GRID, dtype=np.float32)
    offsets = np.zeros((GRID, GRID, 2), np.float32)
    offsets[..., 1] = -0.1 * np.sin(np.pi * along)[None]  # the upper and the lower edge bow upwards
    quad = np.array([[0.2, 0.3], [0.8, 0.3], [0.8, 0.8], [0.2, 0.8]])
    image = np.zeros((*SIZE_HW, 3), np.uint8)
    paste(image, np.full((60, 80, 3), 255, np.uint8), quad, PageView(quad, offsets).offsets)
    top, bottom = np.nonzero(image[:, 60, 0] > 127)[0][[0, -1]]
    assert top == pytest.approx(0.25 * 90, abs=1) and bottom == pytest.approx(0.75 * 90 - 1, abs=1)
    assert image[:15].max() == 0 and image[-15:].max() == 0 and image[:, :20].max() == 0


def test_flat_paper_is_not_shaded_and_slopes_towards_the_lamp_are_brighter():
    light = np.array([-0.6, 0.0, 0.8])  # from the left
    np.testing.assert_allclose(shade_shape(np.zeros((GRID, GRID), np.float32), 0.7, light), 1, atol=1e-6)
    xs, _ = page_grid(0.7)
    roof = 0.3 * (float(xs.max()) - np.abs(xs))
    gain = shade_shape(roof, 0.7, light)
    assert gain[:, : GRID // 2 - 1].min() > 1.05 and gain[:, GRID // 2 + 1 :].max() < 0.95


def test_outline_runs_once_around_the_page():
    outline = page_outline(np.stack(page_grid(0.7), axis=-1))
    assert outline.shape[1] == 2 and np.allclose(outline.min(axis=0), -outline.max(axis=0))
