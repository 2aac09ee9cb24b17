import io

import cv2
import numpy as np
import pytest
from PIL import Image

from data_generators.errors import DataError
from data_generators.geometry import from_pixels
from data_generators.images import decode_image, write_image
from data_generators.real.marked_corners import MARK_COLOURS, MarkedCornersSource, find_marks

SIZE_HW = (150, 220)
COLOURS = np.array(MARK_COLOURS)
FINE = 16  # sub-pixels a side with which discs are drawn


def draw(seed, radius=5.0, colours=MARK_COLOURS):
    """A page on a smooth ground with noise, and anti-aliased discs at its corners: picture, and corners in pixels."""
    rng = np.random.default_rng(seed)
    corners = np.array([[0.25, 0.2], [0.78, 0.25], [0.7, 0.8], [0.2, 0.72]]) + rng.uniform(-0.05, 0.05, (4, 2))
    corners_px = corners * SIZE_HW[::-1] - 0.5
    ground = cv2.resize(rng.integers(60, 160, (3, 4, 3)).astype(np.float32), SIZE_HW[::-1])
    fine = np.zeros((SIZE_HW[0] * 8, SIZE_HW[1] * 8), np.uint8)
    cv2.fillPoly(fine, [np.round(corners * SIZE_HW[::-1] * 8).astype(int)], 255)
    page = cv2.resize(fine, SIZE_HW[::-1], interpolation=cv2.INTER_AREA)[..., None] / 255
    image = ground + page * (np.array([235, 232, 225]) - ground) + rng.normal(0, 2, (*SIZE_HW, 3))
    for corner, colour in zip(corners_px, colours, strict=True):
        if colour is not None:
            cover = disc(corner, radius)[..., None]
            image = image + cover * (np.array(colour) - image)
    return np.clip(np.round(image), 0, 255).astype(np.uint8), corners_px


def disc(centre, radius):
    """Cover (H, W) of each pixel by a disc, averaged over its sub-pixels."""
    axis = [(np.arange(size * FINE) + 0.5) / FINE - 0.5 for size in SIZE_HW]
    inside = (axis[0][:, None] - centre[1]) ** 2 + (axis[1][None] - centre[0]) ** 2 < radius**2
    return inside.reshape(SIZE_HW[0], FINE, SIZE_HW[1], FINE).mean(axis=(1, 3))


def as_jpeg(image, quality):
    data = io.BytesIO()
    Image.fromarray(image).save(data, "JPEG", quality=quality)  # colour at half the resolution, the usual way
    return decode_image(data.getvalue(), "test")


@pytest.mark.parametrize(("quality", "limit_px"), [(None, 0.3), (85, 0.5), (75, 0.5)])
@pytest.mark.parametrize("radius", [3.5, 5.0, 8.0])
def test_marks_are_found_to_sub_pixel(quality, limit_px, radius):
    for seed in range(2):
        image, corners_px = draw(seed, radius)
        found = find_marks(image if quality is None else as_jpeg(image, quality), COLOURS, 60, "test")[1]
        assert np.linalg.norm(found - corners_px, axis=-1).max() < limit_px


def test_marks_are_painted_over():
    image, _ = draw(3)
    cleaned, _ = find_marks(image, COLOURS, 60, "test")
    plain, _ = draw(3, colours=[None] * 4)
    for colour in MARK_COLOURS:
        assert np.abs(cleaned.astype(int) - colour).max(axis=-1).min() > 60
    difference = np.abs(cleaned.astype(int) - plain).max(axis=-1)
    assert (difference > 20).sum() < 0.3 * 4 * np.pi * 8**2
    assert (image != cleaned).any(axis=-1).sum() < 4 * np.pi * 10**2  # nothing else was touched


def test_a_small_patch_of_the_same_colour_does_not_mislead():
    image, corners_px = draw(4)
    image[5:8, 5:8] = MARK_COLOURS[0]
    found = find_marks(image, COLOURS, 60, "test")[1]
    assert np.linalg.norm(found - corners_px, axis=-1).max() < 0.3


def test_source_gives_object_order_and_hides_the_marks(tmp_path):
    image, corners_px = draw(5)
    write_image(tmp_path / "a.png", image)
    source = MarkedCornersSource(tmp_path)
    sample = source.sample(0)
    np.testing.assert_allclose(sample.keypoints[0], from_pixels(corners_px, SIZE_HW), atol=0.003)
    assert source.corner_order == "object"
    assert source.groups() == [sample.group] == ["a.png"]
    assert (sample.image != image).any()


def test_upside_down_page_keeps_its_own_top_left(tmp_path):
    image, corners_px = draw(6)
    write_image(tmp_path / "a.png", np.ascontiguousarray(image[::-1, ::-1]))
    quad = MarkedCornersSource(tmp_path).sample(0).keypoints[0]
    np.testing.assert_allclose(quad, 1 - from_pixels(corners_px, SIZE_HW), atol=0.003)


def test_a_file_that_lacks_a_colour_is_named(tmp_path):
    image, _ = draw(7, colours=[*MARK_COLOURS[:2], None, MARK_COLOURS[3]])
    write_image(tmp_path / "night.png", image)
    message = r"night\.png: there is no lower right mark of colour \(110, 0, 255\)\. Render the picture again"
    with pytest.raises(DataError, match=message):
        MarkedCornersSource(tmp_path).sample(0)


def test_two_blobs_of_a_colour_are_named_with_their_places():
    image, _ = draw(8)
    cv2.circle(image, (200, 10), 5, MARK_COLOURS[3], -1)
    message = r"test: there are two blobs for the lower left mark .* near \(x, y\) = .*\(200, 5\).* pixels"
    with pytest.raises(DataError, match=message):
        find_marks(image, COLOURS, 60, "test")


def test_mirrored_colours_are_refused(tmp_path):
    write_image(tmp_path / "a.png", draw(9, colours=MARK_COLOURS[::-1])[0])
    with pytest.raises(DataError, match=r"a\.png: the corners run counter-clockwise.* Give `colours` in the order"):
        MarkedCornersSource(tmp_path).sample(0)


def test_other_colours(tmp_path):
    colours = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))
    image, corners_px = draw(10, colours=colours)
    write_image(tmp_path / "a.png", image)
    quad = MarkedCornersSource(tmp_path, colours=colours).sample(0).keypoints[0]
    np.testing.assert_allclose(quad, from_pixels(corners_px, SIZE_HW), atol=0.003)


def test_colours_must_differ(tmp_path):
    with pytest.raises(ValueError, match="four different RGB colours"):
        MarkedCornersSource(tmp_path, colours=[(255, 0, 0)] * 4)
