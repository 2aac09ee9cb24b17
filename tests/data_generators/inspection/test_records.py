"""One pass over the sources: one vocabulary, labels by name, what cannot be read is counted or stops."""

import logging

import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.inspection.records import THUMBNAIL_PX, make_thumbnail, read_records
from data_generators.vocabulary import RelabelledSource
from tests.data_generators.inspection.made import Listed, boxed, draw_scene


def test_labels_of_all_sources_index_one_vocabulary() -> None:
    found = read_records({"a": Listed([boxed(1)]), "b": Listed([boxed(2)], ("dog", "mouse"))})
    assert found.class_names == ("cat", "dog", "mouse")
    assert [record.labels.tolist() for record in found.records] == [[0, 1], [1, 2]]
    assert found.records[1].classes == {"dog", "mouse"}
    assert [record.origin for record in found.of(1)] == ["scene-2.jpg"]


def test_classes_that_were_not_asked_for_stay_without_a_name() -> None:
    found = read_records({"a": RelabelledSource(Listed([boxed(1)]), ["dog"])})
    assert found.records[0].labels.tolist() == [-1, 0]
    assert found.class_name(-1) == "another class"
    assert np.isfinite(found.typical_sides).all()


def test_sizes_of_boxes_are_those_in_pixels() -> None:
    [record] = read_records({"a": Listed([boxed(1)])}).records
    np.testing.assert_allclose(record.box_sizes_px, [[0.3 * 144, 0.5 * 96], [0.4 * 144, 0.5 * 96]], rtol=1e-6)
    np.testing.assert_allclose(record.box_sides, np.sqrt([0.15, 0.2]), rtol=1e-6)


def test_the_mask_gives_the_part_of_objects() -> None:
    mask = np.zeros((96, 144), np.uint8)
    mask[:48, :72], mask[48:] = 1, 255
    masked = boxed(1, has=frozenset({"boxes", "mask"}), mask=mask)
    records = read_records({"a": Listed([masked, boxed(2)])}).records
    assert records[0].object_pixels == 0.5
    assert np.isnan(records[1].object_pixels)


def test_pictures_are_read_in_order_and_progress_is_told() -> None:
    told = []
    source = Listed([boxed(seed) for seed in range(70)])
    found = read_records({"a": source, "b": Listed([boxed(99)])}, lambda done, total: told.append((done, total)))
    assert [record.index for record in found.of(0)] == list(range(70))
    assert told == [(done, 71) for done in range(1, 72)]


def test_what_cannot_be_read_is_counted_or_stops(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found = read_records({"a": Listed([boxed(1), None, boxed(2)], on_error="skip")})
    assert [record.index for record in found.records] == [0, 2]
    assert found.unreadable == [["1.jpg"]]
    assert "skipped 1 of 3 samples" in caplog.text
    with pytest.raises(DataError, match=r"1\.jpg: the JPEG is truncated"):
        read_records({"a": Listed([boxed(1), None])})


def test_nothing_to_inspect_is_refused() -> None:
    with pytest.raises(ValueError, match="must hold at least one sample"):
        read_records({"a": Listed([])})


def test_thumbnails_are_grey_and_equal_pictures_have_equal_digests() -> None:
    scene = draw_scene(3)
    assert make_thumbnail(scene).shape == make_thumbnail(scene[..., :1]).shape == (THUMBNAIL_PX, THUMBNAIL_PX)
    records = read_records({"a": Listed([boxed(3), boxed(3), boxed(4)])}).records
    assert records[0].digest == records[1].digest != records[2].digest
