"""Pasting is exact to a fraction of a pixel; shadows fall where they should."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

from data_generators.geometry import from_pixels, to_pixels
from data_generators.synthetic.compositing import (
    cast_shadow,
    fill_polygon,
    frame_window,
    multiply,
    paste,
    shrink_levels,
    shrink_to,
    size_in_frame,
)
from data_generators.synthetic.placement import PlacementSettings, place_page

SIZE_HW = (90, 120)


def pasted(quad, value=255):
    image = np.zeros((*SIZE_HW, 3), np.uint8)
    paste(image, np.full((*size_in_frame(to_pixels(quad, SIZE_HW))[::-1], 3), value, np.uint8), quad)
    return image


@given(st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_pasted_area_and_centre_are_those_of_the_quad(seed):
    options = PlacementSettings(cut_off_share=0, area=(0.1, 0.9), tilt_deg=(0, 45))
    quad = place_page(np.random.default_rng(seed), 0.7, options).quad
    cover = pasted(quad)[..., 0] / 255.0
    polygon = Polygon(quad * SIZE_HW[::-1])
    ys, xs = np.mgrid[0 : SIZE_HW[0], 0 : SIZE_HW[1]] + 0.5
    assert abs(cover.sum() - polygon.area) < 0.06 * polygon.length  # edges keep their place to 0.06 pixels
    centre = np.array([(cover * xs).sum(), (cover * ys).sum()]) / cover.sum()
    assert np.abs(centre - polygon.centroid.coords[0]).max() < 0.1


def test_edges_fall_on_half_cover():
    quad = from_pixels(np.array([[20.0, 10.0], [80.0, 10.0], [80.0, 60.0], [20.0, 60.0]]), SIZE_HW)
    image = pasted(quad)
    assert image[35, 20, 0] == pytest.approx(128, abs=5) and image[35, 80, 0] == pytest.approx(128, abs=5)
    assert image[35, 21, 0] == 255 and image[35, 19, 0] == 0


def test_first_corner_is_the_pictures_top_left():
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:20, :30, 0] = 255
    image = np.zeros((*SIZE_HW, 3), np.uint8)
    upside_down = np.array([[0.9, 0.9], [0.1, 0.9], [0.1, 0.1], [0.9, 0.1]])
    paste(image, picture, upside_down)
    assert image[70, 90, 0] == 255 and image[20, 30, 0] == 0


def test_out_of_the_frame_nothing_changes_and_cut_off_fills_the_rest():
    square = np.array([[0.0, 0.0], [1, 0], [1, 1], [0, 1]])
    assert not pasted(square + 3).any()
    assert pasted(square * 2 - 0.5).min() == 255


def test_levels_average_so_that_a_fine_checkerboard_becomes_grey():
    board = np.tile(np.array([[0, 255], [255, 0]], np.uint8), (100, 80))[..., None].repeat(3, axis=2)
    small = shrink_to(shrink_levels(board), (50, 60))
    assert small.shape == (60, 50, 3) and np.abs(small.astype(int) - 128).max() < 6


def test_a_picture_is_never_enlarged():
    assert shrink_to(shrink_levels(np.zeros((40, 30, 3), np.uint8)), (60, 80)).shape == (40, 30, 3)


def test_window_is_empty_outside():
    rows, columns = frame_window(np.array([[-50.0, -50], [-40, -30]]), SIZE_HW)
    assert (rows.stop - rows.start) * (columns.stop - columns.start) == 0


def test_shadow_darkens_its_place_only():
    image, outline = np.full((*SIZE_HW, 3), 200, np.uint8), np.array([[0.1, 0.1], [0.4, 0.1], [0.4, 0.5], [0.1, 0.5]])
    shaded = cast_shadow(image, outline, (0.4, 0.3), 0.005, 0.5)
    assert shaded[54, 78].tolist() == [100] * 3 and shaded[20, 30].tolist() == [200] * 3


def test_multiply_stretches_the_gain_and_saturates():
    image = np.full((*SIZE_HW, 3), 100, np.uint8)
    assert np.array_equal(multiply(image, np.ones((4, 4), np.float32)), image)
    assert multiply(image, np.full((4, 4, 3), 3, np.float32)).min() == 255


def test_polygon_far_outside_does_not_wrap():
    image = np.zeros((*SIZE_HW, 3), np.uint8)
    fill_polygon(image, np.array([[-1e6, -1e6], [1e6, -1e6], [1e6, 1e6], [-1e6, 1e6]]), (9, 9, 9))
    assert image.min() == 9
