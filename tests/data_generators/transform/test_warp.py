"""Picture and labels move together: a painted dot stays under its keypoint, for any drawn view."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_generators.geometry import from_pixels, order_corners_image, quad_signed_area, to_pixels
from data_generators.sample import Sample, sample_with_corners
from data_generators.transform.geometry import GeometrySettings, draw_homography
from data_generators.transform.input_spec import InputSpec, content_box, fit_sample
from data_generators.transform.warp import WarpRules, warp_image, warp_sample

WIDE = InputSpec(size_hw=(96, 128))
FLIP = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]])
TURN = np.array([[0.0, -1, 1], [1, 0, 0], [0, 0, 1]])
TWO_QUADS = np.array(
    [[[0.1, 0.1], [0.4, 0.15], [0.45, 0.6], [0.05, 0.5]], [[0.6, 0.5], [0.9, 0.5], [0.85, 0.9], [0.6, 0.8]]], np.float32
)


def noise_sample(size_hw: tuple[int, int] = (96, 128), quads: np.ndarray = TWO_QUADS) -> Sample:
    image = np.random.default_rng(1).integers(0, 256, (*size_hw, 3), dtype=np.uint8)
    return sample_with_corners(image, quads, group="g", origin="noise").replace(
        mask=(image[..., 1] > 127).astype(np.uint8), has=frozenset({"boxes", "keypoints", "mask"})
    )


def shifted(x: float, y: float) -> np.ndarray:
    return np.array([[1.0, 0, x], [0, 1, y], [0, 0, 1]])


def dot_sample(centre_px: np.ndarray, size_hw: tuple[int, int], sigma: float) -> Sample:
    """A soft white dot on black, with one keypoint at its centre."""
    rows, columns = np.mgrid[: size_hw[0], : size_hw[1]]
    light = np.exp(-((columns - centre_px[0]) ** 2 + (rows - centre_px[1]) ** 2) / (2 * sigma**2))
    image = np.repeat(np.rint(255 * light).astype(np.uint8)[..., None], 3, axis=2)
    point = from_pixels(centre_px, size_hw)
    return Sample(
        image=image,
        boxes=np.array([[*(point - 0.05), *(point + 0.05)]], np.float32),
        labels=np.zeros(1, np.int64),
        ignore=np.zeros(1, bool),
        keypoints=point.reshape(1, 1, 2).astype(np.float32),
    )


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
@given(
    seed=st.integers(0, 2**32),
    from_hw=st.sampled_from([(96, 130), (150, 90), (400, 330), (60, 45)]),
    place=st.tuples(st.floats(0.35, 0.65), st.floats(0.35, 0.65)),
)
@settings(max_examples=40, deadline=None)
def test_a_dot_stays_under_its_keypoint(
    fit: str, seed: int, from_hw: tuple[int, int], place: tuple[float, float]
) -> None:
    spec = InputSpec(size_hw=(80, 112), channels=1, fit=fit)
    sample = dot_sample(np.array([place[0] * from_hw[1], place[1] * from_hw[0]]), from_hw, 0.02 * max(from_hw))
    view = GeometrySettings(probability=1, rotation_deg=40, turn90=0.5, mirror=0.5, perspective=0.2, border="constant")
    matrix, changed_hw = draw_homography(np.random.default_rng(seed), view, from_hw)
    moved = warp_sample(sample, matrix, spec, changed_hw, WarpRules(border="constant"))
    light = moved.image[..., 0].astype(float)
    light[light < 8] = 0
    rows, columns = np.mgrid[: light.shape[0], : light.shape[1]]
    seen = np.array([(columns * light).sum(), (rows * light).sum()]) / light.sum()
    expected = to_pixels(moved.keypoints[0, 0], spec.size_hw)
    if np.all(expected > 10) and np.all(expected < np.array([112, 80]) - 10):
        assert np.linalg.norm(seen - expected) < 0.3


def test_identity_changes_nothing() -> None:
    sample = noise_sample()
    moved = warp_sample(sample, np.eye(3), WIDE, (96, 128), WarpRules())
    np.testing.assert_array_equal(moved.image, sample.image)
    np.testing.assert_array_equal(moved.mask, sample.mask)
    np.testing.assert_allclose(moved.boxes, sample.boxes, atol=1e-6)
    np.testing.assert_allclose(moved.keypoints, sample.keypoints, atol=1e-6)
    assert not moved.ignore.any()


@pytest.mark.parametrize("matrix", [FLIP, np.array([[-1.0, 0, 1], [0, -1, 1], [0, 0, 1]])])
def test_flip_twice_is_the_identity(matrix: np.ndarray) -> None:
    sample = noise_sample()
    once = warp_sample(sample, matrix, WIDE, (96, 128), WarpRules())
    np.testing.assert_array_equal(once.image[:, ::-1] if matrix is FLIP else once.image[::-1, ::-1], sample.image)
    np.testing.assert_allclose(once.boxes[:, 2], 1 - sample.boxes[:, 0], atol=1e-6)
    twice = warp_sample(once, matrix, WIDE, (96, 128), WarpRules())
    np.testing.assert_array_equal(twice.image, sample.image)
    np.testing.assert_array_equal(twice.mask, sample.mask)
    np.testing.assert_allclose(twice.keypoints, sample.keypoints, atol=1e-6)


def test_a_quarter_turn_is_numpys() -> None:
    sample = noise_sample()
    moved = warp_sample(sample, TURN, InputSpec(size_hw=(128, 96)), (128, 96), WarpRules())
    np.testing.assert_array_equal(moved.image, np.rot90(sample.image, -1))
    np.testing.assert_array_equal(moved.mask, np.rot90(sample.mask, -1))


@pytest.mark.parametrize("matrix", [FLIP, TURN, shifted(0.05, 0.0)])
def test_image_order_is_made_anew(matrix: np.ndarray) -> None:
    moved = warp_sample(noise_sample(), matrix, WIDE, (96, 128), WarpRules(corner_order="image"))
    for quad in moved.keypoints:
        assert quad_signed_area(quad) > 0
        np.testing.assert_array_equal(quad, order_corners_image(quad))


def test_object_order_goes_with_the_page() -> None:
    sample = noise_sample()
    moved = warp_sample(sample, TURN, InputSpec(size_hw=(128, 96)), (128, 96), WarpRules(corner_order="object"))
    np.testing.assert_allclose(moved.keypoints[..., 0], 1 - sample.keypoints[..., 1], atol=1e-6)
    np.testing.assert_allclose(moved.keypoints[..., 1], sample.keypoints[..., 0], atol=1e-6)


def test_an_unknown_corner_leaves_image_order_unknown_and_object_order_alone() -> None:
    quads = TWO_QUADS.copy()
    boxes = noise_sample().boxes
    quads[0, 2] = np.nan
    sample = noise_sample().replace(keypoints=quads, boxes=boxes)
    image_order = warp_sample(sample, FLIP, WIDE, (96, 128), WarpRules(corner_order="image"))
    assert np.isnan(image_order.keypoints[0]).all() and np.isfinite(image_order.keypoints[1]).all()
    object_order = warp_sample(sample, TURN, WIDE, (128, 96), WarpRules(corner_order="object"))
    assert np.isnan(object_order.keypoints[0]).any(axis=-1).tolist() == [False, False, True, False]


def test_cut_off_objects_are_clipped_ignored_and_dropped() -> None:
    sample = noise_sample()
    quarter_left = warp_sample(sample, shifted(-0.35, 0), WIDE, (96, 128), WarpRules(min_visible=0.3))
    assert quarter_left.ignore.tolist() == [True, False]
    assert quarter_left.boxes[0, 0] == 0 and quarter_left.keypoints[0, 0, 0] == pytest.approx(-0.25, abs=1e-5)
    one_left = warp_sample(sample, shifted(-0.5, 0), WIDE, (96, 128), WarpRules())
    assert len(one_left.boxes) == len(one_left.keypoints) == len(one_left.labels) == 1
    none_left = warp_sample(sample, shifted(2, 0), WIDE, (96, 128), WarpRules())
    assert none_left.boxes.shape == (0, 4) and none_left.keypoints.shape == (0, 4, 2)
    assert none_left.has == sample.has


def test_visibility_counts_only_what_the_picture_showed() -> None:
    larger_than_frame = np.array([[[-1, -1], [2, -1], [2, 2], [-1, 2]]], np.float32)
    moved = warp_sample(noise_sample(quads=larger_than_frame), shifted(0.1, 0), WIDE, (96, 128), WarpRules())
    assert not moved.ignore[0]
    np.testing.assert_allclose(moved.boxes[0], [0, 0, 1, 1])
    assert moved.keypoints.min() < -0.8


def test_boxes_without_corners_become_the_hull() -> None:
    sample = noise_sample().replace(
        keypoints=np.zeros((2, 0, 2), np.float32),
        boxes=np.array([[0.2, 0.2, 0.4, 0.6], [0.5, 0.5, 0.7, 0.7]], np.float32),
    )
    angle = np.deg2rad(45)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    moved = warp_sample(sample, shifted(0.5, 0) @ turn, WIDE, (96, 128), WarpRules())
    root = np.sqrt(0.5)
    np.testing.assert_allclose(moved.boxes[0], [0.5 - 0.4 * root, 0.4 * root, 0.5 + 0.2 * root, 1.0 * root], atol=1e-6)
    np.testing.assert_allclose(moved.boxes[1][1], root, atol=1e-6)


def test_points_behind_the_horizon_are_unknown() -> None:
    far = np.array([[[0.2, 0.2], [0.6, 0.2], [9.0, 0.8], [0.2, 0.8]]], np.float32)
    matrix = np.array([[1.0, 0, 0], [0, 1, 0], [-0.3, 0, 1]])
    moved = warp_sample(noise_sample(quads=far), matrix, WIDE, (96, 128), WarpRules(corner_order="object"))
    assert np.isnan(moved.keypoints[0, 2]).all() and np.isfinite(moved.keypoints[0, [0, 1, 3]]).all()
    assert moved.boxes[0, 2] == 1.0


@pytest.mark.parametrize(("border", "expected"), [("replicate", 60), ("reflect", 200), ("constant", 0)])
def test_borders(border: str, expected: int) -> None:
    image = np.full((20, 32, 1), 200, np.uint8)
    image[:, 0] = 60
    moved = warp_image(image, shifted(0.5, 0), (20, 32), border)
    assert moved[10, 10, 0] == expected and moved[10, 16, 0] == 60 and moved[10, 20, 0] == 200


def test_mask_is_ignored_beyond_the_edge() -> None:
    moved = warp_sample(noise_sample(), shifted(0.25, 0), WIDE, (96, 128), WarpRules(border="reflect"))
    assert np.all(moved.mask[:, :32] == 255) and not np.any(moved.mask[:, 32:] == 255)


def test_letterbox_bars_stay_black_under_a_change_of_view() -> None:
    spec = InputSpec(size_hw=(96, 96), fit="letterbox")
    moved = warp_sample(noise_sample(), shifted(0.1, 0.1), spec, (96, 128), WarpRules())
    top, _, height, _ = content_box(spec, (96, 128))
    assert not moved.image[:top].any() and not moved.image[top + height :].any()
    assert np.all(moved.mask[:top] == 255)
    assert moved.boxes[:, 3].max() <= (top + height) / 96 + 1e-6


def test_shrinking_does_not_alias() -> None:
    stripes = np.zeros((512, 512, 1), np.uint8)
    stripes[:, ::2] = 200
    shrunk = warp_image(stripes, shifted(0.001, 0.002), (64, 64), "replicate")
    assert np.abs(shrunk.astype(int) - 100).max() <= 2


def test_shrinking_agrees_with_the_fit() -> None:
    photo = cv2.GaussianBlur(np.array(noise_sample((300, 400)).image), (0, 0), 6)
    sample = noise_sample((300, 400)).replace(image=photo)
    moved = warp_sample(sample, np.eye(3), WIDE, (300, 400), WarpRules())
    assert np.abs(moved.image.astype(int) - fit_sample(sample, WIDE).image).mean() < 0.5


def test_empty_sample_stays_empty() -> None:
    moved = warp_sample(Sample(image=noise_sample().image), FLIP, WIDE, (96, 128), WarpRules(corner_order="image"))
    assert moved.boxes.shape == (0, 4) and moved.keypoints.shape == (0, 0, 2) and moved.mask.shape == (0, 0)
