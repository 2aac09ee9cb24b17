"""What lies over a page takes hold of its outline, is drawn in place, and has the skin of all people."""

import numpy as np
import pytest

from data_generators.synthetic.occluders import OCCLUDERS, Limb, choose_grip, draw_occluder, draw_skin, lay_limb

SIZE_HW = (90, 120)
QUAD = np.array([[0.25, 0.2], [0.75, 0.25], [0.7, 0.85], [0.2, 0.8]])
LIGHT = np.array([0.5, 0.0, 0.866])


@pytest.mark.parametrize("kind", OCCLUDERS)
def test_occluder_covers_a_part_of_the_page_and_not_its_middle(kind):
    covered = []
    for seed in range(20):
        image = np.full((*SIZE_HW, 3), 150, np.uint8)
        for limb in draw_occluder(np.random.default_rng(seed), QUAD, (kind,)):
            lay_limb(image, limb, LIGHT, 0.4)
        assert (image != 150).any()
        covered.append((image[45, 57] != 150).any())
    assert np.mean(covered) < 0.5


def test_limb_is_drawn_where_it_lies_with_its_shadow_away_from_the_lamp():
    image = np.full((*SIZE_HW, 3), 150, np.uint8)
    limb = Limb(np.array([[0.5, 0.2], [0.5, 0.8]]), np.array([0.1, 0.1]), np.array([200.0, 100, 50]), 1.0)
    lay_limb(image, limb, LIGHT, 0.5)
    assert image[45, 60, 0] > image[45, 60, 1] > image[45, 60, 2]
    assert image[45, 52].max() < 150 and (image[45, 72] == 150).all() and (image[45, :30] == 150).all()


def test_limb_out_of_the_frame_changes_nothing():
    image = np.full((*SIZE_HW, 3), 150, np.uint8)
    lay_limb(image, Limb(np.array([[3.0, 3], [4, 4]]), np.array([0.1, 0.2]), np.full(3, 90.0)), LIGHT, 0.5)
    assert (image == 150).all()


def test_grip_is_on_the_outline_in_the_frame_and_points_inwards():
    quad = QUAD + np.array([0.4, 0])
    for seed in range(30):
        grip = choose_grip(np.random.default_rng(seed), quad)
        assert np.linalg.norm(grip.inwards) == pytest.approx(1)
        assert np.mean((grip.edge > 0) & (grip.edge < 1)) == 1
        assert np.dot(quad.mean(axis=0) - grip.edge, grip.inwards) > -0.1


def test_skin_is_light_and_dark():
    brightness = [draw_skin(np.random.default_rng(seed)).mean() for seed in range(100)]
    assert min(brightness) < 70 and max(brightness) > 180
