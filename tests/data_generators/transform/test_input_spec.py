"""The input contract: sizes, whole-pixel bars, one filter, labels that follow."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_generators.geometry import apply_homography, to_pixels
from data_generators.sample import Sample, sample_with_corners
from data_generators.settings import SettingsError
from data_generators.transform.input_spec import InputSpec, content_box, fit_homography, fit_image, fit_sample

SIZES = st.tuples(st.integers(1, 300), st.integers(1, 300))
TWO_QUADS = np.array(
    [[[0.1, 0.1], [0.4, 0.15], [0.45, 0.6], [0.05, 0.5]], [[0.5, 0.4], [1.2, 0.5], [1.1, 1.3], [0.6, 0.9]]], np.float32
)


def two_objects(size_hw: tuple[int, int] = (30, 50)) -> Sample:
    image = np.random.default_rng(0).integers(0, 256, (*size_hw, 3), dtype=np.uint8)
    sample = sample_with_corners(image, TWO_QUADS, group="g", origin="two objects")
    return sample.replace(mask=(image[..., 0] > 127).astype(np.uint8), has=frozenset({"boxes", "keypoints", "mask"}))


@pytest.mark.parametrize(
    ("from_hw", "expected"),
    [
        ((60, 80), (24, 0, 72, 96)),
        ((100, 20), (0, 36, 120, 24)),
        ((120, 96), (0, 0, 120, 96)),
        ((3, 200), (59, 0, 1, 96)),
    ],
)
def test_letterbox_bars_are_whole_pixels_in_the_middle(from_hw: tuple[int, int], expected: tuple[int, ...]) -> None:
    assert content_box(InputSpec(size_hw=(120, 96), fit="letterbox"), from_hw) == expected


@given(from_hw=SIZES, size_hw=st.tuples(st.integers(16, 90), st.integers(16, 90)), channels=st.sampled_from([1, 3]))
@settings(max_examples=40, deadline=None)
def test_homography_agrees_with_the_bars(from_hw: tuple[int, int], size_hw: tuple[int, int], channels: int) -> None:
    spec = InputSpec(size_hw=size_hw, channels=channels, fit="letterbox")
    frame = fit_image(np.full((*from_hw, 3), 200, np.uint8), spec)
    assert frame.shape == (*size_hw, channels)
    rows, columns = np.nonzero(frame[..., 0])
    edges = to_pixels(apply_homography(fit_homography(spec, from_hw), np.array([[0.0, 0], [1, 1]])), size_hw)
    np.testing.assert_allclose(edges[0], [columns.min() - 0.5, rows.min() - 0.5], atol=1e-9)
    np.testing.assert_allclose(edges[1], [columns.max() + 0.5, rows.max() + 0.5], atol=1e-9)


def test_stretch_is_the_identity_on_labels() -> None:
    sample = two_objects()
    fitted = fit_sample(sample, InputSpec(size_hw=(64, 32)))
    np.testing.assert_array_equal(fitted.keypoints, sample.keypoints)
    np.testing.assert_array_equal(fitted.boxes, sample.boxes)
    assert fitted.mask.shape == (64, 32)
    assert fitted.has == sample.has and fitted.group == "g"


def test_shrinking_averages_and_growing_interpolates() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 200
    assert np.all(fit_image(stripes, InputSpec(size_hw=(32, 32))) == 100)
    ramp = np.repeat(np.array([[0, 100]], np.uint8), 16, axis=0)[..., None]
    grown = fit_image(ramp, InputSpec(size_hw=(16, 16), channels=1))
    assert grown[0, 0, 0] == 0 and grown[0, -1, 0] == 100 and np.all(np.diff(grown[0, :, 0].astype(int)) >= 0)
    wide = fit_image(np.repeat(stripes[:8], 1, axis=0), InputSpec(size_hw=(32, 32)))  # grows down, shrinks across
    assert np.all(wide == 100)


def test_a_picture_of_the_right_size_passes_unchanged() -> None:
    sample = two_objects()
    np.testing.assert_array_equal(fit_image(sample.image, InputSpec(size_hw=(30, 50))), sample.image)


def test_grey_and_rgb_convert_into_each_other() -> None:
    sample = two_objects()
    grey = fit_image(sample.image, InputSpec(size_hw=(30, 50), channels=1))
    np.testing.assert_array_equal(grey[..., 0], cv2.cvtColor(np.array(sample.image), cv2.COLOR_RGB2GRAY))
    colour = fit_image(grey, InputSpec(size_hw=(30, 50), channels=3))
    assert all(np.array_equal(colour[..., channel], grey[..., 0]) for channel in range(3))


def test_letterbox_mask_is_ignored_on_the_bars() -> None:
    fitted = fit_sample(two_objects(), InputSpec(size_hw=(32, 32), fit="letterbox"))
    top, _, height, _ = content_box(InputSpec(size_hw=(32, 32), fit="letterbox"), (30, 50))
    assert np.all(fitted.mask[:top] == 255) and np.all(fitted.mask[top + height :] == 255)
    assert set(np.unique(fitted.mask[top : top + height])) == {0, 1}
    assert np.all(fitted.image[:top] == 0)


def test_empty_sample_stays_empty() -> None:
    fitted = fit_sample(Sample(image=np.zeros((20, 30, 1), np.uint8)), InputSpec(size_hw=(16, 24), fit="letterbox"))
    assert fitted.boxes.shape == (0, 4) and fitted.keypoints.shape == (0, 0, 2) and fitted.mask.shape == (0, 0)
    assert fitted.image.shape == (16, 24, 3)


def test_a_frame_too_small_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"size_hw\.0: Input should be greater than or equal to 16"):
        InputSpec.parse({"size_hw": [8, 64]})
