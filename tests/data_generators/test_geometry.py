import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data_generators import geometry

SIZE_HW = (40, 60)
quads = st.builds(
    lambda shift, turn: geometry.UNIT_QUAD * 0.5 + 0.2 + np.roll(shift, turn, axis=0),
    arrays(np.float64, (4, 2), elements=st.floats(-0.15, 0.15)),
    st.integers(0, 3),
)


def test_pixel_centres_lie_half_a_pixel_inside():
    np.testing.assert_allclose(geometry.from_pixels(np.array([0, 0]), SIZE_HW), [0.5 / 60, 0.5 / 40])
    np.testing.assert_allclose(geometry.to_pixels(np.array([1, 1]), SIZE_HW), [59.5, 39.5])


@given(arrays(np.float64, (3, 2), elements=st.floats(-2, 3)))
def test_to_pixels_and_back_is_identity(points):
    np.testing.assert_allclose(geometry.from_pixels(geometry.to_pixels(points, SIZE_HW), SIZE_HW), points, atol=1e-12)


@settings(max_examples=50)
@given(quads)
def test_homography_takes_the_corners_where_it_should(quad):
    matrix = geometry.homography_between(geometry.UNIT_QUAD, quad)
    np.testing.assert_allclose(geometry.apply_homography(matrix, geometry.UNIT_QUAD), quad, atol=1e-5)


def test_homography_of_three_points_on_a_line_is_refused():
    with pytest.raises(ValueError, match="three of the four points lie on a line"):
        geometry.homography_between(geometry.UNIT_QUAD, np.array([[0, 0], [0.5, 0], [1, 0], [0, 1]]))


def test_homography_keeps_unknown_points_unknown():
    mapped = geometry.apply_homography(np.eye(3), np.array([[0.2, 0.3], [np.nan, np.nan]]))
    np.testing.assert_array_equal(mapped, [[0.2, 0.3], [np.nan, np.nan]])


def test_pixel_homography_agrees_with_the_normalised_one():
    matrix = geometry.homography_between(geometry.UNIT_QUAD, np.array([[0.1, 0], [0.9, 0.1], [1, 1], [0, 0.8]]))
    points = np.array([[0.3, 0.4], [0.9, 0.2]])
    in_pixels = geometry.pixel_homography(matrix, SIZE_HW, (32, 48))
    there = geometry.apply_homography(in_pixels, geometry.to_pixels(points, SIZE_HW))
    np.testing.assert_allclose(geometry.from_pixels(there, (32, 48)), geometry.apply_homography(matrix, points))


@pytest.mark.parametrize(
    ("shift", "shows"), [((0, 0), True), ((0.9, -0.9), True), ((1, 0), False), ((0, -1.2), False), ((3, 3), False)]
)
def test_a_quadrilateral_shows_where_it_covers_some_of_the_picture(shift, shows):
    assert geometry.quad_shows(geometry.UNIT_QUAD + shift) is shows


def test_signed_area_is_positive_clockwise_on_the_screen():
    assert geometry.quad_signed_area(geometry.UNIT_QUAD) == 1
    assert geometry.quad_signed_area(geometry.UNIT_QUAD[::-1]) == -1


@pytest.mark.parametrize(
    ("order", "problem"), [([0, 1, 2, 3], ""), ([0, 2, 1, 3], "crosses itself"), ([0, 1, 1, 0], "no area|crosses")]
)
def test_quad_problem(order, problem):
    assert bool(problem) == bool(geometry.quad_problem(geometry.UNIT_QUAD[order]))
    assert not problem or any(part in geometry.quad_problem(geometry.UNIT_QUAD[order]) for part in problem.split("|"))


def test_quad_problem_of_an_unknown_corner():
    assert "not all numbers" in geometry.quad_problem(np.array([[0, 0], [1, 0], [1, 1], [np.nan, 1]]))


@given(quads, st.integers(0, 3), st.booleans())
def test_image_order_does_not_depend_on_the_order_given(quad, turn, reverse):
    given_order = np.roll(quad[::-1] if reverse else quad, turn, axis=0)
    np.testing.assert_array_equal(geometry.order_corners_image(given_order), geometry.order_corners_image(quad))


@given(quads)
def test_image_order_is_clockwise_from_the_least_sum(quad):
    ordered = geometry.order_corners_image(quad)
    assert geometry.quad_signed_area(ordered) > 0
    assert np.argmin(ordered.sum(axis=1)) == 0


@given(quads, st.integers(0, 3))
def test_align_cyclic_undoes_a_shift(quad, turn):
    np.testing.assert_array_equal(geometry.align_cyclic(np.roll(quad, turn, axis=0), quad), quad)


@given(quads)
def test_iou_with_itself_is_one(quad):
    assert geometry.quad_iou(quad, quad) == pytest.approx(1)


def test_iou_of_known_overlaps():
    half = geometry.UNIT_QUAD * [0.5, 1]
    assert geometry.quad_iou(geometry.UNIT_QUAD, half) == pytest.approx(0.5)
    assert geometry.quad_iou(geometry.UNIT_QUAD, geometry.UNIT_QUAD + 2) == 0
    assert geometry.quad_iou(geometry.UNIT_QUAD, np.full((4, 2), np.nan)) == 0


def test_iou_of_a_crossed_quad_counts_its_area():
    crossed = geometry.UNIT_QUAD[[0, 2, 1, 3]]
    assert geometry.quad_iou(crossed, geometry.UNIT_QUAD) == pytest.approx(0.5)


def test_iou_does_not_change_when_both_are_stretched():
    first, second = geometry.UNIT_QUAD, geometry.UNIT_QUAD * 0.8 + 0.1
    stretched = geometry.quad_iou(first * [60, 40], second * [60, 40])
    assert geometry.quad_iou(first, second) == pytest.approx(stretched)


def test_iou_of_every_pair_of_boxes():
    boxes = np.array([[0, 0, 0.5, 1], [0.2, 0.2, 0.2, 0.2]])
    others = np.array([[0.25, 0, 0.75, 1], [0.6, 0, 1, 1], [0.5, 1, 0, 0]])
    np.testing.assert_allclose(geometry.box_iou(boxes, others), [[1 / 3, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(geometry.overlap_area(boxes, others), [[0.25, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(geometry.box_area(others), [0.5, 0.4, 0], rtol=1e-6)
    assert geometry.box_iou(boxes[:0], others).shape == (0, 3)


def test_free_rectangles_are_all_of_a_grid_that_hold_nothing():
    occupied = np.zeros((40, 60), bool)
    occupied[15, 30] = True  # in the middle one of 3 x 3 cells
    boxes_px = geometry.free_rectangles(occupied, 3)
    assert len(boxes_px) == 6 * 6 - 4 * 4
    assert not any(occupied[y0:y1, x0:x1].any() for x0, y0, x1, y1 in boxes_px)
    assert [40, 13, 60, 40] in boxes_px.tolist()
    assert len(geometry.free_rectangles(occupied, 3, least_px=15)) == 3 * 2
    assert geometry.free_rectangles(np.ones((4, 6)), 9).shape == (0, 4)
    assert len(geometry.free_rectangles(np.zeros((2, 1)), 9)) == 3
