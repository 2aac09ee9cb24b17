"""What is drawn: bounds, angles in the picture's own pixels, turns, refusal of mirrors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_generators.geometry import apply_homography, quad_signed_area
from data_generators.settings import SettingsError
from data_generators.transform.geometry import GeometrySettings, draw_homography

STILL = GeometrySettings(
    probability=1, rotation_deg=0, scale=(1, 1), aspect=1, shift=0, perspective=0, turn90=0, mirror=0
)
HW = (90, 160)
UNIT = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])


def draw(seed: int, **changes: object) -> tuple[np.ndarray, tuple[int, int]]:
    return draw_homography(np.random.default_rng(seed), STILL.model_copy(update=changes), HW)


def test_nothing_drawn_is_the_identity() -> None:
    matrix, changed_hw = draw(0)
    np.testing.assert_allclose(matrix, np.eye(3), atol=1e-12)
    assert changed_hw == HW


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_rotation_keeps_lengths_in_pixels(seed: int) -> None:
    matrix, _ = draw(seed, rotation_deg=30.0)
    sides_px = np.diff(apply_homography(matrix, np.vstack([UNIT, UNIT[:1]])) * [HW[1], HW[0]], axis=0)
    np.testing.assert_allclose(np.linalg.norm(sides_px, axis=1), [160, 90, 160, 90], rtol=1e-9)
    assert abs(np.rad2deg(np.arctan2(sides_px[0, 1], sides_px[0, 0]))) <= 30


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_scale_and_aspect_stay_in_their_ranges(seed: int) -> None:
    matrix, _ = draw(seed, scale=(0.5, 2.0), aspect=1.5)
    assert 0.25 <= np.linalg.det(matrix) <= 4
    assert 1 / 1.5 - 1e-9 <= matrix[0, 0] / matrix[1, 1] <= 1.5 + 1e-9


def test_quarter_turns_swap_the_size_and_keep_the_frame_full() -> None:
    seen = set()
    for seed in range(40):
        matrix, changed_hw = draw(seed, turn90=1.0)
        corners = apply_homography(matrix, UNIT)
        shift = int(np.argmin(corners.sum(axis=1)))
        seen.add(shift)
        np.testing.assert_allclose(np.roll(corners, -shift, axis=0), UNIT, atol=1e-12)
        assert changed_hw == (HW if shift == 2 else (160, 90))
    assert seen == {1, 2, 3}


def test_mirror_is_its_own_inverse_and_turns_the_sense() -> None:
    matrix, _ = draw(3, mirror=1.0)
    np.testing.assert_allclose(matrix @ matrix, np.eye(3), atol=1e-12)
    assert quad_signed_area(apply_homography(matrix, UNIT)) == pytest.approx(-1)


def test_probability_leaves_pictures_alone() -> None:
    drawn = [draw(seed, rotation_deg=20.0, probability=0.5)[0] for seed in range(60)]
    assert 15 < sum(np.array_equal(matrix, np.eye(3)) for matrix in drawn) < 45


def test_one_setting_does_not_disturb_the_numbers_of_another() -> None:
    rotated, mirrored = draw(5, rotation_deg=20.0)[0], draw(5, rotation_deg=20.0, mirror=1.0)[0]
    np.testing.assert_allclose(mirrored, rotated @ np.array([[-1, 0, 1], [0, 1, 0], [0, 0, 1]]), atol=1e-12)


def test_mirror_follows_the_corner_order() -> None:
    assert [GeometrySettings().mirror_probability(order) for order in ("object", "image", "none")] == [0, 0.5, 0.5]
    with pytest.raises(ValueError, match=r"corner order is `object`. Received 0.3.*set geometry.mirror to 0"):
        GeometrySettings(mirror=0.3).mirror_probability("object")


def test_a_reversed_range_is_refused() -> None:
    with pytest.raises(SettingsError, match="from least to greatest, received"):
        GeometrySettings.parse({"scale": [1.2, 0.8]})
