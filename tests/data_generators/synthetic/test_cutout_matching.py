"""A cut-out takes on the light and the sharpness of its place, and darkens the ground."""

import numpy as np
import pytest

from data_generators.synthetic.cutout_matching import blur_to, cast_on_ground, match_light, recolour, sharpness

NOISE = np.random.default_rng(3).integers(40, 200, (40, 60, 3), np.uint8)
GREY = np.array([120.0, 120.0, 120.0])


def test_same_surroundings_leave_the_light_as_it_is():
    assert np.abs(match_light(NOISE, GREY, GREY, 1.0).astype(int) - NOISE).max() <= 1
    assert np.abs(match_light(NOISE, GREY, GREY / 4, 0.0).astype(int) - NOISE).max() <= 1


def test_darker_and_warmer_surroundings():
    dark = match_light(NOISE, GREY, GREY / 2, 1.0)
    assert dark.mean() == pytest.approx(NOISE.mean() / 2, rel=0.03)
    warm = match_light(NOISE, GREY, np.array([160.0, 120.0, 80.0]), 1.0).reshape(-1, 3).mean(axis=0)
    assert warm[0] > warm[1] > warm[2]


def test_bright_surroundings_do_not_burn_out():
    bright = match_light(NOISE, GREY / 3, GREY * 2, 1.0)
    assert bright.mean() > NOISE.mean()
    assert (bright == 255).mean() < 0.12


def test_another_coat_has_no_more_colour_and_keeps_black_and_white():
    ends = np.array([[[0, 0, 0], [255, 255, 255], [220, 120, 40]]], np.uint8)
    for seed in range(5):
        black, white, coat = recolour(np.random.default_rng(seed), ends)[0].astype(int)
        assert (black.max(), white.min()) == (0, 255)
        assert coat[0] >= coat[1] >= coat[2]
    assert len({recolour(np.random.default_rng(seed), ends).tobytes() for seed in range(5)}) == 5


def test_blur_stops_at_the_sharpness_that_is_wanted():
    alpha = np.full((40, 60), 255, np.uint8)
    as_it_was, _ = blur_to(NOISE, alpha, wanted=10)
    assert np.array_equal(as_it_was, NOISE)
    blurred, _ = blur_to(NOISE, alpha, wanted=0.3)
    assert sharpness(blurred[..., 0]) < 0.7 * sharpness(NOISE[..., 0])


def test_shadow_lies_at_the_foot_of_the_object_and_nowhere_far():
    image, alpha = np.full((80, 100, 3), 200, np.uint8), np.zeros((40, 20), np.uint8)
    alpha[2:-2, 2:-2] = 255
    cast_on_ground(image, alpha, (40, 20), lean=0.0, strength=0.8)
    assert image[58, 50].max() < 150
    assert image[:30].min() > 195
    assert image[:, :20].min() > 195
