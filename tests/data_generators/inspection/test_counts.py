"""Counts on a source that was counted by hand."""

import numpy as np

from data_generators.inspection.counts import count_records, quantiles, touched_sides
from data_generators.inspection.records import read_records
from data_generators.sample import Sample
from tests.data_generators.inspection.made import Listed, boxed, draw_scene


def test_counts_are_those_made_by_hand() -> None:
    cut_off = boxed(2, [(0.0, 0.2, 0.1, 0.6)])
    ignored = boxed(3, ignore=np.array([True, False]))
    unlabelled = Sample(image=draw_scene(5)[:, :90])
    source = Listed([boxed(1), cut_off, ignored, boxed(4, ()), unlabelled])
    counts = count_records(read_records({"a": source}))["a"]
    assert (counts["pictures"], counts["groups"], counts["unreadable"]) == (5, 5, 0)
    assert (counts["pictures_without_object"], counts["pictures_without_label"]) == (1, 1)
    assert (counts["objects"], counts["objects_ignored"], counts["boxes_at_the_border"]) == (4, 1, 1)
    assert counts["objects_by_class"] == {"cat": 2, "dog": 2}
    assert counts["pictures_by_class"] == {"cat": 2, "dog": 2}
    assert counts["objects_a_picture"]["max"] == 2 and counts["objects_a_picture_mean"] == 1.0
    assert counts["picture_sizes_wh"] == [[144, 96, 4], [90, 96, 1]]
    assert counts["boxes_by_coco_size"] == {"small": 1, "medium": 3, "large": 0}
    assert counts["box_aspect"]["min"] == round(0.1 * 144 / (0.4 * 96), 5)
    assert counts["mask_object_share"]["median"] is None


def test_classes_that_nobody_looked_for_are_counted() -> None:
    counts = count_records(read_records({"a": Listed([boxed(1)]), "b": Listed([boxed(2)], ("dog", "mouse"))}))
    assert counts["a"]["pictures_unlabelled_by_class"] == {"mouse": 1}
    assert counts["b"]["pictures_unlabelled_by_class"] == {"cat": 1}


def test_a_source_without_a_box_has_no_sizes() -> None:
    counts = count_records(read_records({"a": Listed([boxed(1, ())])}))["a"]
    assert counts["objects"] == 0
    assert counts["box_side"] == counts["box_aspect_by_class"]["cat"] == quantiles(np.zeros(0))


def test_quantiles_leave_out_what_is_unknown() -> None:
    values = quantiles(np.array([1.0, np.nan, 3.0, 2.0]))
    assert (values["min"], values["median"], values["max"]) == (1.0, 2.0, 3.0)


def test_sides_that_touch_the_border() -> None:
    boxes = np.array([[0.0, 0.5, 0.4, 1.0], [0.1, 0.1, 0.9, 0.9]])
    assert touched_sides(boxes).tolist() == [[True, False, False, True], [False] * 4]
