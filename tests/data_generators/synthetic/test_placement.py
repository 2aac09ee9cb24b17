"""Pages before the pinhole camera: geometry against a projection in 3D, and the promises of the settings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_generators.geometry import quad_problem, quad_signed_area
from data_generators.settings import SettingsError
from data_generators.synthetic.placement import Placement, PlacementSettings, page_rectangle, place_page, tilted_camera

seeds, aspects = st.integers(0, 2**31), st.floats(0.3, 2.5)


def place(seed, aspect=0.7, **options):
    return place_page(np.random.default_rng(seed), aspect, PlacementSettings(**options))


@given(seeds, aspects)
def test_quad_is_simple_and_runs_clockwise(seed, aspect):
    quad = place(seed, aspect).quad
    assert quad_problem(quad) == "" and quad_signed_area(quad) > 0


@given(seeds, aspects)
def test_whole_page_lies_in_the_frame(seed, aspect):
    quad = place(seed, aspect, cut_off_share=0).quad
    assert quad.min() > 0 and quad.max() < 1


@given(seeds, aspects)
def test_cut_off_page_has_corners_on_both_sides_within_the_overhang(seed, aspect):
    quad = place(seed, aspect, cut_off_share=1, overhang=0.3).quad
    inside = np.all((quad > 0) & (quad < 1), axis=1).sum()
    assert inside < 4 and quad.min() >= -0.3001 and quad.max() <= 1.3001


def test_most_cut_off_pages_show_two_corners():
    inside = [np.all((q > 0) & (q < 1), axis=1).sum() for q in (place(s, cut_off_share=1).quad for s in range(200))]
    assert np.mean(np.isin(inside, [2, 3])) > 0.9


@given(seeds)
def test_area_is_the_wanted_share_of_the_frame(seed):
    quad = place(seed, area=(0.1, 0.1), cut_off_share=0, tilt_deg=(0, 30)).quad
    assert quad_signed_area(quad) == pytest.approx(0.1, rel=1e-6)


@given(st.floats(-180, 180), st.floats(0, 70), st.floats(-180, 180), st.floats(1.1, 5))
@settings(max_examples=50)
def test_tilted_camera_agrees_with_a_projection_in_space(rotation_deg, tilt_deg, axis_deg, distance):
    rotation, tilt, axis = np.radians([rotation_deg, tilt_deg, axis_deg])

    def about_z(angle):
        return np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])

    about_x = np.array([[1, 0, 0], [0, np.cos(tilt), np.sin(tilt)], [0, -np.sin(tilt), np.cos(tilt)]])
    points = np.c_[page_rectangle(0.6), [0.0, -0.2, -0.1, 0.0]]  # the height is towards the camera, z away from it
    space = points @ (about_z(axis) @ about_x @ about_z(-axis) @ about_z(rotation)).T
    expected = distance * space[:, :2] / (space[:, 2:] + distance)
    seen = Placement(tilted_camera(rotation_deg, tilt_deg, axis_deg, distance), 0.6, 0.0).project(points * (1, 1, -1))
    np.testing.assert_allclose(seen, expected, atol=1e-9)


def test_top_moves_away_at_a_positive_tilt_about_the_horizontal():
    quad = Placement(tilted_camera(0, 40, 0, 2), 1.0, 0.0).quad
    assert quad[1, 0] - quad[0, 0] < quad[2, 0] - quad[3, 0]


def test_upright_page_has_its_top_left_on_the_screens_top_left():
    quad = place(0, rotation_deg=(0, 0), any_rotation_share=0, tilt_deg=(0, 0), photo_aspect=(1, 1)).quad
    np.testing.assert_allclose(quad[0], quad.min(axis=0), atol=1e-9)
    np.testing.assert_allclose(np.ptp(quad, axis=0)[0] / np.ptp(quad, axis=0)[1], 0.7)


def test_rotation_turns_clockwise_and_any_rotation_goes_further():
    quad = place(0, rotation_deg=(20, 20), any_rotation_share=0, tilt_deg=(0, 0), photo_aspect=(1, 1)).quad
    top = quad[1] - quad[0]
    assert np.degrees(np.arctan2(top[1], top[0])) == pytest.approx(20)
    assert max(abs(place(seed, any_rotation_share=1).rotation_deg) for seed in range(20)) > 90


def test_photo_aspect_squeezes():
    narrow, wide = (
        place(1, photo_aspect=(ratio, ratio), tilt_deg=(0, 0), rotation_deg=(0, 0), any_rotation_share=0).quad
        for ratio in (0.5, 2.0)
    )
    ratios = [np.ptp(quad, axis=0)[0] / np.ptp(quad, axis=0)[1] for quad in (narrow, wide)]
    assert ratios[0] / ratios[1] == pytest.approx(4)


def test_long_lens_shows_less_perspective():
    def convergence(focal_length):
        quad = place(2, focal_length=(focal_length, focal_length), tilt_deg=(40, 40), area=(0.3, 0.3)).quad
        sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
        return abs(np.log(sides[0] / sides[2])) + abs(np.log(sides[1] / sides[3]))

    assert convergence(4.0) < 0.7 * convergence(0.8)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"area": (0.5, 0.1)}, r"area: .*from least to greatest, received \(0.5, 0.1\); swap the two"),
        ({"area": (0.0, 0.1)}, "area.0: Input should be greater than 0"),
        ({"tilt_deg": (0, 80)}, "tilt_deg.1: Input should be less than 75"),
        ({"tilt": (0, 10)}, "Did you mean `tilt_deg`"),
    ],
)
def test_wrong_settings_say_so(options, message):
    with pytest.raises(SettingsError, match=message):
        PlacementSettings.parse(options)
