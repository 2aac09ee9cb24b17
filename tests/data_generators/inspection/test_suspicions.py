"""Every rule finds its mistake, and passes over the sound neighbour."""

from collections.abc import Sequence

import numpy as np
import pytest

from data_generators.inspection.duplicates import find_duplicates
from data_generators.inspection.records import read_records
from data_generators.inspection.shared_pictures import share_pictures
from data_generators.inspection.suspicions import Suspicion, find_suspicions, robust_deviations
from data_generators.sample import Sample, sample_with_corners
from tests.data_generators.inspection.made import Listed, boxed, draw_scene

SQUARE = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]


def suspicions_of(samples: Sequence[Sample], kind: str) -> list[Suspicion]:
    found = find_suspicions(read_records({"a": Listed(samples)}))
    return [each for each in found if each.kind == kind]


def test_sound_labels_raise_no_suspicion() -> None:
    samples = [boxed(seed) for seed in range(10)]
    assert find_suspicions(read_records({"train": Listed(samples), "val": Listed(samples)})) == []


def test_tiny_boxes_are_found_among_larger_ones() -> None:
    pixel = boxed(1, [(0.1, 0.2, 0.4, 0.7), (0.5, 0.5, 0.507, 0.51)])
    thin = boxed(2, [(0.5, 0.5, 0.51, 0.9)])
    [one, other] = suspicions_of([boxed(0), pixel, thin], "tiny box")
    assert (one.origin, one.objects, one.certainty) == ("scene-1.jpg", (1,), "likely")
    assert (other.origin, other.problem) == ("scene-2.jpg", "cat of 1.4 x 38.4 px")


def test_a_set_of_small_things_is_not_suspicious() -> None:
    image = np.repeat(np.repeat(draw_scene(1), 4, axis=0), 4, axis=1)
    small = [boxed(1, [(0.5, 0.5, 0.515, 0.52)], image=image) for _ in range(9)]
    assert not suspicions_of(small, "tiny box")
    assert len(suspicions_of([*small[:2], *(boxed(2, [(0.2, 0.2, 0.6, 0.6)]) for _ in range(3))], "tiny box")) == 2


def test_a_box_around_everything_is_odd_unless_the_set_is_of_close_ups() -> None:
    whole = boxed(1, [(0.0, 0.0, 1.0, 1.0)])
    [one] = suspicions_of([boxed(seed) for seed in range(5)] + [whole], "whole picture")
    assert one.problem == "the box of cat covers 100 % of the picture, usual are 15 %"
    assert not suspicions_of([whole, whole, boxed(1)], "whole picture")


def test_two_boxes_on_one_place_are_a_repetition_or_a_contradiction() -> None:
    places = [(0.1, 0.2, 0.5, 0.7), (0.1, 0.2, 0.505, 0.7)]
    contradiction, repetition = boxed(1, places), boxed(2, places, labels=np.zeros(2, np.int64))
    crowd = boxed(3, places, ignore=np.array([True, False]))
    [one] = suspicions_of([contradiction, repetition, crowd], "contradiction")
    assert (one.origin, one.certainty, one.objects) == ("scene-1.jpg", "certain", (0, 1))
    assert one.problem.startswith("cat and dog on the same place, IoU 0.99")
    [other] = suspicions_of([contradiction, repetition, crowd], "repeated box")
    assert (other.origin, other.certainty) == ("scene-2.jpg", "likely")


def test_masks_without_an_object() -> None:
    empty = {"mask": np.zeros((96, 144), np.uint8), "has": frozenset({"boxes", "mask"})}
    certain, possible = suspicions_of([boxed(1, **empty), boxed(2, (), **empty), boxed(3)], "empty mask")
    assert (certain.certainty, certain.problem) == ("certain", "no pixel of an object in the mask, but 2 boxes")
    assert (possible.certainty, possible.origin) == ("possible", "scene-2.jpg")


@pytest.mark.parametrize(
    ("corners", "kind", "problem"),
    [
        ([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]], "broken corners", "the quadrilateral crosses itself"),
        ([*SQUARE[:2], [0.4, 0.4], SQUARE[3]], "broken corners", "the quadrilateral has a dent"),
        ([[-0.7, 0.2], *SQUARE[1:]], "far outside", "a corner lies 0.70 sides outside the picture"),
    ],
)
def test_odd_corners(corners: list[list[float]], kind: str, problem: str) -> None:
    quads = np.array([SQUARE, corners], np.float32)
    samples = [sample_with_corners(draw_scene(1), each, group="g", origin="o") for each in (quads, quads[:1])]
    [one] = suspicions_of(samples, kind)
    assert (one.index, one.objects, one.problem) == (0, (1,), problem)


def test_unknown_and_cut_off_corners_are_no_mistake() -> None:
    quads = np.array([SQUARE, SQUARE], np.float32)
    quads[0, 1], quads[1, :, 0] = np.nan, quads[1, :, 0] - 0.3
    assert not suspicions_of([boxed(1, keypoints=quads)], "broken corners")
    assert not suspicions_of([boxed(1, keypoints=quads)], "far outside")


def test_an_aspect_unlike_those_of_the_class() -> None:
    samples = [boxed(seed, [(0.2, 0.2, 0.5, 0.6 + 0.003 * seed)]) for seed in range(30)]
    odd = boxed(40, [(0.1, 0.4, 0.9, 0.5)])
    cut_off = boxed(41, [(0.0, 0.4, 0.9, 0.5)])
    [one] = suspicions_of([*samples, odd, cut_off], "odd aspect")
    assert (one.origin, one.certainty) == ("scene-40.jpg", "possible")
    assert not suspicions_of([*samples[:5], odd], "odd aspect")


def test_robust_deviations_ignore_what_is_far() -> None:
    values = robust_deviations(np.array([-1.0, -0.5, 0.0, 0.5, 100.0]))
    assert values[2] == 0 and abs(values[4] - 100 / (1.4826 * 0.5)) < 1e-9


def test_rare_classes_and_classes_of_one_source_alone() -> None:
    cats = Listed([boxed(seed, [(0.1, 0.2, 0.4, 0.7)]) for seed in range(12)])
    both = Listed([boxed(20), boxed(21, [(0.1, 0.2, 0.4, 0.7)])])
    missing, rare = find_suspicions(read_records({"train": both, "val": cats}))
    assert (missing.kind, missing.origin, missing.index) == ("missing class", "val", -1)
    assert missing.problem == "no object of dog here, 1 in the other sources"
    assert (rare.kind, rare.origin) == ("rare class", "train")
    assert rare.problem.startswith("1 objects of dog in all")


def test_duplicates_with_other_labels() -> None:
    swapped = boxed(1, labels=np.array([1, 0], np.int64), group="other", origin="copy.jpg")
    found = read_records({"a": Listed([boxed(1), swapped])})
    shared = share_pictures(found, find_duplicates(found.records))
    [one] = [each for each in find_suspicions(found, shared) if each.kind == "duplicates disagree"]
    assert (one.origin, one.problem) == ("copy.jpg", "other labels than scene-1.jpg")


def test_the_surest_come_first() -> None:
    places = [(0.1, 0.2, 0.5, 0.7), (0.1, 0.2, 0.5, 0.7)]
    tiny = boxed(1, [(0.5, 0.5, 0.507, 0.51)])
    found = find_suspicions(read_records({"a": Listed([tiny, boxed(2, places)])}))
    assert [each.certainty for each in found] == ["certain", "likely", "possible", "possible"]
