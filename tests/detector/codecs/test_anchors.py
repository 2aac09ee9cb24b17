"""Anchors found by k-means."""

from __future__ import annotations

import numpy as np
import pytest

from detector.codecs.anchors import find_anchors, shape_iou

SHAPES = np.array([[0.1, 0.15], [0.5, 0.2], [0.6, 0.8]])


def test_the_shapes_of_three_clusters_are_found() -> None:
    rng = np.random.default_rng(3)
    sizes = (SHAPES[:, None] * rng.uniform(0.9, 1.1, (3, 50, 2))).reshape(-1, 2)
    found = find_anchors(rng.permutation(sizes), 3)
    np.testing.assert_allclose(found, SHAPES, rtol=0.05)
    np.testing.assert_array_equal(found, find_anchors(sizes, 3))
    assert shape_iou(sizes, found).max(axis=1).mean() > 0.85


def test_shapes_share_their_centre() -> None:
    np.testing.assert_allclose(shape_iou(SHAPES[:1], np.array([[0.1, 0.15], [0.2, 0.1]])), [[1, 0.01 / 0.025]])


def test_fewer_sizes_than_anchors_are_refused() -> None:
    with pytest.raises(ValueError, match=r"anchors: 4` needs objects of 4 different sizes.*Received 3"):
        find_anchors(np.concatenate([SHAPES, SHAPES]), 4)
