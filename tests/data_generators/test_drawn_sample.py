"""A sample as a tile: every label shows, also outside the picture; empty and unlabelled are told apart."""

import numpy as np

from data_generators.drawing import CLASS_COLOURS, LABEL_COLOUR, PREDICTION_COLOUR
from data_generators.drawn_sample import Predicted, describe_labels, draw_sample
from data_generators.sample import Sample, sample_with_corners

TWO_QUADS = np.array(
    [[[0.2, 0.2], [0.45, 0.25], [0.4, 0.6], [0.2, 0.5]], [[0.5, 0.5], [0.8, 0.5], [0.75, 0.8], [0.55, 0.8]]], np.float32
)


def two_objects(index: int = 0) -> Sample:
    image = np.full((60, 90, 3), 10 + index, np.uint8)
    return sample_with_corners(image, TWO_QUADS, group=f"g{index}", origin=f"picture {index}")


def count_of(image: np.ndarray, colour: tuple[int, int, int]) -> int:
    """Pixels of a colour, those at the soft edge of a line included."""
    return int(np.all(np.abs(image.astype(int) - colour) < 40, axis=-1).sum())


def test_a_tile_has_the_height_asked_for_and_shows_the_labels() -> None:
    tile = draw_sample(two_objects(), 300)
    assert tile.shape[0] == 300 and tile.dtype == np.uint8 and tile.shape[1] > 300
    assert count_of(tile, LABEL_COLOUR) > 100 and count_of(tile, PREDICTION_COLOUR) == 0


def test_predictions_are_drawn_in_their_own_colour() -> None:
    prediction = two_objects().replace(keypoints=TWO_QUADS + np.float32(0.05))
    tile = draw_sample(two_objects(), 300, (), Predicted(prediction))
    assert count_of(tile, PREDICTION_COLOUR) > 100 and count_of(tile, LABEL_COLOUR) > 50


def test_corners_outside_the_picture_show_on_the_margin() -> None:
    cut_off = TWO_QUADS[:1].copy()
    cut_off[0, 0] = [-0.3, -0.3]
    inside, outside = (
        draw_sample(sample_with_corners(np.full((60, 90, 3), 200, np.uint8), quads, group="", origin="x"), 300)
        for quads in (TWO_QUADS[:1], cut_off)
    )
    first_corner = (230, 60, 0)
    assert count_of(outside, first_corner) >= 0.8 * count_of(inside, first_corner) > 0
    assert count_of(outside, (200, 200, 200)) < count_of(inside, (200, 200, 200))


def test_boxes_points_and_masks_show() -> None:
    boxes = two_objects().replace(keypoints=np.zeros((2, 0, 2), np.float32), labels=np.array([0, 1]))
    named = draw_sample(boxes, 300, ("cat", "dog"))
    assert count_of(named, LABEL_COLOUR) > 50 and count_of(named, (86, 180, 233)) > 50
    points = boxes.replace(keypoints=np.array([[[0.3, 0.3], [np.nan, 0.2]], [[0.6, 0.6], [0.7, 0.6]]], np.float32))
    assert not np.array_equal(draw_sample(points, 300, ("cat", "dog")), named)
    mask = np.zeros((60, 90), np.uint8)
    mask[10:50, 10:80] = 1
    masked = boxes.replace(mask=mask, has=frozenset({"boxes", "mask"}))
    assert not np.array_equal(draw_sample(masked, 300, ("cat", "dog")), named)
    ignored = boxes.replace(ignore=np.array([True, False]))
    assert not np.array_equal(draw_sample(ignored, 300, ("cat", "dog")), named)


def test_predicted_boxes_bear_their_texts_in_magenta_or_in_the_colour_of_the_class() -> None:
    boxes = two_objects().replace(keypoints=np.zeros((2, 0, 2), np.float32), labels=np.array([0, 1]))
    bare, texts = Sample(image=boxes.image), ("cat 0.93", "dog 0.51")
    plain = draw_sample(bare, 300, (), Predicted(boxes))
    named = draw_sample(bare, 300, (), Predicted(boxes, texts))
    assert count_of(named, PREDICTION_COLOUR) > count_of(plain, PREDICTION_COLOUR) + 500
    by_class = draw_sample(bare, 300, (), Predicted(boxes, texts, by_class=True))
    assert count_of(by_class, PREDICTION_COLOUR) == 0
    assert min(count_of(by_class, colour) for colour in CLASS_COLOURS[:2]) > 500


def test_an_object_of_no_class_that_was_asked_for_is_grey() -> None:
    boxes = two_objects().replace(keypoints=np.zeros((2, 0, 2), np.float32), labels=np.array([0, -1]))
    tile = draw_sample(boxes, 300, ("cat", "dog"))
    assert count_of(tile, CLASS_COLOURS[1]) == 0
    assert count_of(tile, (128, 128, 128)) > 200


def test_grey_pictures_are_drawn_in_colour() -> None:
    grey = two_objects().replace(image=np.full((60, 90, 1), 99, np.uint8))
    assert count_of(draw_sample(grey, 200), LABEL_COLOUR) > 30


def test_empty_and_unlabelled_are_told_apart() -> None:
    image = np.zeros((60, 90, 3), np.uint8)
    empty, unlabelled = sample_with_corners(image, np.zeros((0, 4, 2)), group="", origin="x"), Sample(image=image)
    assert describe_labels(empty, ("document",)) == "no document" and describe_labels(empty) == "no object"
    assert describe_labels(unlabelled, ("document",)) == "unlabelled"
    assert describe_labels(two_objects()) == "2 objects"
    assert describe_labels(unlabelled.replace(has=frozenset({"mask"}))) == "mask"
    assert not np.array_equal(draw_sample(empty, 200), draw_sample(unlabelled, 200))


def test_a_note_takes_the_place_of_the_summary(sample: Sample) -> None:
    plain, noted = draw_sample(sample, 200), draw_sample(sample, 200, note="found, presence 0.98")
    assert plain.shape == noted.shape
    assert not np.array_equal(plain[-30:], noted[-30:])
    np.testing.assert_array_equal(plain[:-30], noted[:-30])
