"""Boxes of several looks and tiles: weights, what a look could not see, objects that tiles cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data_generators.sample import Sample
from data_generators.transform.tiling import TileSettings, crop_sample, tile_windows, window_box, window_homography
from detector.codecs.boxes import BoxesPrediction
from detector.codecs.fusion import ScoredBoxes, fuse_looks, fuse_tiles

WHOLE = np.array([0.0, 0, 1, 1])
CAT, DOG = [0.1, 0.2, 0.4, 0.6], [0.5, 0.3, 0.9, 0.7]


def scored(*rows: tuple[list[float], float, int, int]) -> ScoredBoxes:
    """Rows of box, score, label and view."""
    boxes, scores, labels, views = zip(*rows, strict=True) if rows else ([], [], [], [])
    return ScoredBoxes(
        np.array(boxes, float).reshape(-1, 4), np.array(scores, float), np.array(labels, int), np.array(views, int)
    )


def test_equal_looks_change_nothing() -> None:
    rows = [(DOG, 0.7, 1, look) for look in range(3)] + [(CAT, 0.9, 0, look) for look in range(3)]
    fused = fuse_looks(scored(*rows), np.tile(WHOLE, (3, 1)))
    np.testing.assert_allclose(fused.boxes, [CAT, DOG])
    np.testing.assert_allclose(fused.scores, [0.9, 0.7])
    assert fused.labels.tolist() == [0, 1]


def test_the_surer_box_weighs_more() -> None:
    shifted = [0.12, 0.2, 0.42, 0.6]
    fused = fuse_looks(scored((CAT, 0.9, 0, 0), (shifted, 0.3, 0, 1)), np.tile(WHOLE, (2, 1)))
    np.testing.assert_allclose(fused.boxes, [[0.105, 0.2, 0.405, 0.6]])
    np.testing.assert_allclose(fused.scores, [0.6])


def test_a_look_that_missed_the_object_lowers_its_score_and_one_that_could_not_see_it_does_not() -> None:
    found = scored((DOG, 0.8, 0, 0))
    assert fuse_looks(found, np.array([WHOLE, WHOLE])).scores.tolist() == [0.4]
    assert fuse_looks(found, np.array([WHOLE, [0.1, 0.1, 0.8, 0.9]])).scores.tolist() == [0.8]


def test_a_box_that_the_look_cut_off_is_left_to_the_others() -> None:
    window = np.array([0.1, 0.1, 0.8, 0.9])
    fused = fuse_looks(scored((DOG, 0.8, 0, 0), ([0.5, 0.3, 0.8, 0.7], 0.9, 0, 1)), np.array([WHOLE, window]))
    np.testing.assert_allclose(fused.boxes, [DOG])
    at_the_picture = [0.5, 0.3, 1.0, 0.7]
    both = fuse_looks(scored((at_the_picture, 0.8, 0, 0), (at_the_picture, 0.8, 0, 1)), np.array([WHOLE, WHOLE]))
    np.testing.assert_allclose(both.boxes, [at_the_picture], err_msg="the picture's own edge cuts nothing off")


def test_a_look_has_one_voice_an_object() -> None:
    double = [0.12, 0.22, 0.42, 0.62]
    fused = fuse_looks(scored((CAT, 0.9, 0, 0), (double, 0.1, 0, 0), (CAT, 0.7, 0, 1)), np.tile(WHOLE, (2, 1)))
    np.testing.assert_allclose(fused.boxes, [CAT])
    np.testing.assert_allclose(fused.scores, [0.8])


def test_other_classes_and_boxes_that_lie_apart_stay_apart() -> None:
    fused = fuse_looks(scored((CAT, 0.9, 0, 0), (CAT, 0.8, 1, 1), (DOG, 0.7, 0, 1)), np.tile(WHOLE, (2, 1)))
    assert len(fused.boxes) == 3


def test_boxes_end_with_the_picture() -> None:
    beyond, outside = [-0.2, 0.5, 0.3, 1.4], [1.1, 0.2, 1.3, 0.4]
    fused = fuse_looks(scored((beyond, 0.9, 0, 0), (outside, 0.9, 0, 0)), WHOLE[None])
    np.testing.assert_allclose(fused.boxes, [[0, 0.5, 0.3, 1]])


def test_nothing_found_is_nothing_fused() -> None:
    for fuse in (fuse_looks, fuse_tiles):
        fused = fuse(scored(), np.tile(WHOLE, (2, 1)))
        assert (fused.boxes.shape, fused.scores.shape, fused.labels.dtype) == ((0, 4), (0,), np.int64)


LEFT, RIGHT = np.array([0, 0, 0.6, 1]), np.array([0.4, 0, 1, 1])


def test_an_object_cut_by_both_tiles_is_put_together() -> None:
    found = scored(([0.2, 0.1, 0.6, 0.5], 0.6, 0, 0), ([0.4, 0.1, 0.9, 0.5], 0.8, 0, 1))
    fused = fuse_tiles(found, np.array([LEFT, RIGHT]))
    np.testing.assert_allclose(fused.boxes, [[0.2, 0.1, 0.9, 0.5]])
    assert fused.scores.tolist() == [0.8], "the best of its parts"


def test_a_part_takes_nothing_from_the_whole() -> None:
    """The right tile shows but a strip of an object that the left tile shows whole."""
    found = scored(([0.2, 0.1, 0.5, 0.5], 0.6, 0, 0), ([0.4, 0.12, 0.5, 0.5], 0.9, 0, 1))
    fused = fuse_tiles(found, np.array([LEFT, RIGHT]))
    np.testing.assert_allclose(fused.boxes, [[0.2, 0.12, 0.5, 0.5]])


def test_two_objects_of_one_tile_stay_two() -> None:
    close = [0.22, 0.1, 0.52, 0.5]
    found = scored(([0.2, 0.1, 0.5, 0.5], 0.6, 0, 0), (close, 0.5, 0, 0), ([0.4, 0.1, 0.5, 0.5], 0.9, 0, 1))
    assert len(fuse_tiles(found, np.array([LEFT, RIGHT])).boxes) == 2


def test_a_tile_within_the_whole_picture() -> None:
    tile = np.array([0, 0, 0.6, 1])
    found = scored(([0.1, 0.1, 0.9, 0.9], 0.9, 0, 0), ([0.1, 0.1, 0.6, 0.9], 0.7, 0, 1), (CAT, 0.5, 1, 1))
    fused = fuse_tiles(found, np.array([WHOLE, tile]))
    np.testing.assert_allclose(fused.boxes, [[0.1, 0.1, 0.9, 0.9], CAT])


sides = st.tuples(st.floats(0, 0.3), st.floats(0.02, 0.48), st.floats(0, 0.8), st.floats(0.04, 1))


def _box(left: float, sides: tuple[float, float, float, float]) -> list[float]:
    x, width, y, height = sides
    return [left + x, y, left + min(x + width, 0.48), min(y + height, 1)]


@given(
    first=sides,
    second=sides,
    rows=st.integers(1, 3),
    columns=st.integers(1, 3),
    whole=st.booleans(),
    overlap=st.floats(0.15, 0.5),
)
@settings(deadline=None)
def test_perfect_answers_of_all_tiles_make_the_truth(
    first: tuple[float, float, float, float],
    second: tuple[float, float, float, float],
    rows: int,
    columns: int,
    whole: bool,
    overlap: float,
) -> None:
    """Objects may be larger than a tile, and in the corner of four."""
    truth = np.array([_box(0, first), _box(0.52, second)], np.float32)
    size_hw = (300, 400)
    sample = Sample(
        image=np.zeros((*size_hw, 1), np.uint8),
        boxes=truth,
        labels=np.array([1, 1], np.int64),
        ignore=np.zeros(2, bool),
        keypoints=np.zeros((2, 0, 2), np.float32),
    )
    windows = tile_windows(TileSettings(rows=rows, columns=columns, whole=whole, overlap=overlap), size_hw)
    boxes = np.stack([window_box(window, size_hw) for window in windows])
    answers = []
    for window, box in zip(windows, boxes, strict=True):
        part = crop_sample(sample, window)
        scores = np.full(len(part.boxes), 0.9, np.float32)
        answer = BoxesPrediction(part.boxes, scores, part.labels, ("dog", "cat"), "grid_objectness")
        answers.append(answer.mapped(np.linalg.inv(window_homography(box))))
    merged = BoxesPrediction.of_tiles(answers, boxes)
    assert (merged.classes, merged.output) == (("dog", "cat"), "grid_objectness")
    assert merged.boxes.dtype == merged.scores.dtype == np.float32
    order = np.argsort(merged.boxes[:, 0])
    np.testing.assert_allclose(merged.boxes[order], truth, atol=1e-4)
    np.testing.assert_allclose(merged.scores, 0.9)
    assert merged.labels.tolist() == [1, 1]
