"""Tiles cover the picture, and what is cut out comes back where it was."""

from __future__ import annotations

import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_generators.geometry import apply_homography, order_corners_image
from data_generators.sample import Sample
from data_generators.sources import Source
from data_generators.transform.tiling import (
    TiledSource,
    TileSettings,
    crop_image,
    crop_sample,
    tile_windows,
    window_box,
    window_homography,
)

sizes = st.tuples(st.integers(20, 90), st.integers(20, 90))
grids = st.builds(
    TileSettings, rows=st.integers(1, 4), columns=st.integers(1, 4), overlap=st.floats(0, 0.8), whole=st.booleans()
)


@given(grids, sizes)
def test_tiles_of_one_size_cover_every_pixel_and_end_with_the_picture(
    settings: TileSettings, size_hw: tuple[int, int]
) -> None:
    windows = tile_windows(settings, size_hw)
    assert len(windows) == settings.count
    if len(windows) > settings.rows * settings.columns:
        assert windows.pop(0) == (0, 0, *size_hw)
    seen = np.zeros(size_hw, int)
    for window in windows:
        crop_image(seen, window)[:] += 1
    assert seen.min() > 0
    assert {window[2:] for window in windows} == {windows[0][2:]}
    assert windows[0][:2] == (0, 0)
    assert (windows[-1][0] + windows[-1][2], windows[-1][1] + windows[-1][3]) == size_hw


@given(st.integers(2, 5), st.floats(0, 0.8), st.integers(50, 4000))
def test_neighbours_share_what_is_asked_for(columns: int, overlap: float, width: int) -> None:
    windows = tile_windows(TileSettings(rows=1, columns=columns, overlap=overlap, whole=False), (50, width))
    for (_, left, _, tile_w), (_, right, _, _) in pairwise(windows):
        assert left + tile_w - right == pytest.approx(overlap * tile_w, abs=2)


def test_an_upright_picture_is_cut_along_its_height() -> None:
    settings = TileSettings(rows=1, columns=3, overlap=0, whole=False)
    assert tile_windows(settings, (20, 60)) == [(0, 0, 20, 20), (0, 20, 20, 20), (0, 40, 20, 20)]
    assert tile_windows(settings, (60, 20)) == [(0, 0, 20, 20), (20, 0, 20, 20), (40, 0, 20, 20)]


def test_one_tile_is_the_whole_picture_once() -> None:
    assert tile_windows(TileSettings(rows=1, columns=1), (20, 60)) == [(0, 0, 20, 60)]
    assert TileSettings(rows=1, columns=1).count == 1


windows = st.tuples(st.integers(0, 30), st.integers(0, 50), st.integers(4, 10), st.integers(4, 10))


@given(window=windows)
def test_what_is_cut_out_comes_back_where_it_was(window: tuple[int, int, int, int]) -> None:
    sample = _sample()
    cut = crop_sample(sample, window, min_visible=0)
    np.testing.assert_array_equal(cut.image, crop_image(sample.image, window))
    np.testing.assert_array_equal(cut.mask, crop_image(sample.mask, window))
    box = window_box(window, sample.size_hw)
    back = np.linalg.inv(window_homography(box))
    low, high = np.maximum(sample.boxes[:, :2], box[:2]), np.minimum(sample.boxes[:, 2:], box[2:])
    inside = np.all(high > low, axis=1)
    np.testing.assert_array_equal(cut.labels, sample.labels[inside])
    mapped = apply_homography(back, cut.boxes.reshape(-1, 2, 2)).reshape(-1, 4)
    np.testing.assert_allclose(mapped, np.concatenate([low, high], axis=1)[inside], atol=1e-5)
    np.testing.assert_allclose(apply_homography(back, cut.keypoints), sample.keypoints[inside], atol=1e-5)


def _sample() -> Sample:
    """Two objects, boxes and one point each, in 40 x 60 pixels; the second is cut off by the picture's right edge."""
    image = np.random.default_rng(7).integers(0, 256, (40, 60, 3), np.uint8)
    return Sample(
        image=image,
        boxes=np.array([[0.1, 0.2, 0.5, 0.6], [0.7, 0.1, 1, 0.9]], np.float32),
        labels=np.array([3, 5], np.int64),
        ignore=np.zeros(2, bool),
        keypoints=np.array([[[0.2, 0.3]], [[1.1, 0.4]]], np.float32),
        mask=(image[..., 0] > 99).astype(np.uint8),
        has=frozenset({"boxes", "keypoints", "mask"}),
        group="clip",
        origin="photo",
    )


def test_an_object_that_hardly_shows_is_ignored_and_one_that_does_not_is_dropped() -> None:
    left_third = crop_sample(_sample(), (0, 0, 40, 12), min_visible=0.3)  # shows a quarter of the first object
    assert left_third.labels.tolist() == [3]
    assert left_third.ignore.tolist() == [True]
    assert crop_sample(_sample(), (0, 0, 40, 18), min_visible=0.3).ignore.tolist() == [False]
    nothing = crop_sample(_sample(), (0, 0, 5, 60))
    assert nothing.boxes.shape == (1, 4), "the second object begins above"
    assert crop_sample(_sample(), (0, 0, 3, 60)).boxes.shape == (0, 4)


def test_a_picture_without_objects_is_cut_too() -> None:
    empty = Sample(image=np.zeros((40, 60, 1), np.uint8), has=frozenset({"boxes"}))
    cut = crop_sample(empty, (10, 20, 8, 9))
    assert cut.size_hw == (8, 9)
    assert cut.boxes.shape == (0, 4)
    assert cut.has == {"boxes"}


def test_corners_in_image_order_are_ordered_in_the_tile(sample: Sample) -> None:
    quad = np.array([[[0.5, 0.1], [0.9, 0.5], [0.5, 0.9], [0.12, 0.5]]], np.float32)
    askew = sample.replace(
        boxes=np.array([[0.12, 0.1, 0.9, 0.9]], np.float32),
        labels=np.zeros(1, np.int64),
        ignore=np.zeros(1, bool),
        keypoints=quad,
    )
    cut = crop_sample(askew, (0, 0, 40, 20), 0, "image").keypoints[0]
    np.testing.assert_array_equal(cut, order_corners_image(cut))
    assert not np.array_equal(crop_sample(askew, (0, 0, 40, 20), 0, "object").keypoints[0], cut)


class Counted(Source):
    """Two pictures, one wide and one upright, in groups of their own; counts what is decoded."""

    class_names = ("a", "b")
    corner_order = "image"
    decoded = 0

    def __len__(self) -> int:
        return 2

    def sample(self, index: int) -> Sample:
        self.decoded += 1
        return Sample(image=np.full([(20, 30, 3), (30, 20, 3)][index], index, np.uint8), origin=f"photo {index}")

    def groups(self) -> list[str]:
        return ["first", "second"]

    def labelled_classes_at(self, index: int) -> frozenset[str]:
        return frozenset("ab"[index])

    def content(self) -> Any:
        return "counted"


def test_a_source_of_tiles_knows_itself_without_decoding() -> None:
    source = Counted()
    tiled = TiledSource(source, TileSettings(rows=1, columns=2, overlap=0))
    assert len(tiled) == 6
    assert tiled.groups() == ["first"] * 3 + ["second"] * 3
    assert [tiled.labelled_classes_at(index) for index in (2, 3)] == [{"a"}, {"b"}]
    assert (tiled.class_names, tiled.corner_order) == (("a", "b"), "image")
    other = TiledSource(source, TileSettings(rows=1, columns=2, overlap=0.1))
    assert tiled.fingerprint() != other.fingerprint()
    assert source.decoded == 0


def test_every_tile_is_a_sample_and_a_picture_is_decoded_once() -> None:
    source = Counted()
    tiled = TiledSource(source, TileSettings(rows=1, columns=2, overlap=0))
    samples = [tiled.sample(index) for index in range(6)]
    assert source.decoded == 2
    assert [sample.size_hw for sample in samples] == [(20, 30), (20, 15), (20, 15), (30, 20), (15, 20), (15, 20)]
    assert samples[4].origin == "photo 1, tile 2 of 3"
    again = pickle.loads(pickle.dumps(tiled))  # as workers get it
    assert again.sample(1).origin == "photo 0, tile 2 of 3"
