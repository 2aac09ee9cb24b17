import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.real.quads import check_corner_order, checked_quad

QUAD = np.array([[0.2, 0.1], [0.9, 0.2], [0.8, 0.9], [0.1, 0.8]])


def test_object_order_is_kept_and_image_order_made():
    turned = np.roll(QUAD, 1, axis=0)
    np.testing.assert_allclose(checked_quad(turned, "object", "a"), turned)
    np.testing.assert_allclose(checked_quad(turned, "image", "a"), QUAD)
    np.testing.assert_allclose(checked_quad(turned[::-1], "image", "a"), QUAD)


def test_cut_off_corners_are_fine():
    assert checked_quad(QUAD * 1.5 - 0.4, "image", "a").dtype == np.float32


@pytest.mark.parametrize(
    ("quad", "message"),
    [
        (QUAD * [512, 384], r"a:3: expected corners normalised .* got 460.8. If they are pixels, divide"),
        (QUAD[[0, 2, 1, 3]], "a:3: the quadrilateral crosses itself. Give top left"),
        (QUAD * [1, np.nan], "a:3: the corners are not all numbers"),
        (QUAD * 0, "a:3: the quadrilateral (has no area|crosses itself)"),
        (QUAD[::-1], "a:3: the corners run counter-clockwise, .* or read with corner_order image"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(quad, message):
    with pytest.raises(DataError, match=message):
        checked_quad(quad, "object", "a:3")


def test_unknown_order_is_refused():
    with pytest.raises(ValueError, match=r"must be one of object, image. Received 'none'"):
        check_corner_order("none")
