"""An object followed through painted masks: false regions go, the object stays, also split, fast, hidden."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_generators.cleaning.motion import follow_flow, measure_flow, shift_mask
from data_generators.cleaning.regions import choose_regions, dilate, erode
from data_generators.cleaning.settings import CleaningSettings
from data_generators.cleaning.tracking import CleanedMask, clean_object

SIZE_HW = (60, 100)
SETTINGS = CleaningSettings()


def box(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    mask = np.zeros(SIZE_HW, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def clean(masks: Sequence[np.ndarray], *corrected: int, **changes: float) -> list[CleanedMask]:
    return clean_object(masks, corrected or (0,), CleaningSettings(**changes), lambda *_: None)


def walk(frames: int, step: int = 2) -> list[np.ndarray]:
    return [box(10 + step * index, 20, 34 + step * index, 44) for index in range(frames)]


def test_regions_beside_the_object_go_also_larger_ones() -> None:
    truth = walk(8)
    painted = [truth[0], *(mask | box(60, 0, 100, 18) | box(2, 50, 5, 53) for mask in truth[1:])]
    cleaned = clean(painted)
    assert all((each.kept == mask).all() for each, mask in zip(cleaned, truth, strict=True))
    assert [each.state for each in cleaned] == ["corrected"] + ["seen"] * 7


def test_an_object_that_splits_keeps_all_its_parts() -> None:
    halves = box(10, 20, 20, 44) | box(24, 20, 34, 44)
    cleaned = clean([box(10, 20, 34, 44), halves | box(70, 5, 90, 25), halves])
    assert (cleaned[1].kept == halves).all() and (cleaned[2].kept == halves).all()


def test_a_region_that_touches_is_cut_off() -> None:
    body = box(10, 20, 34, 44)
    cleaned = clean([body, body | box(34, 26, 70, 38), body])
    left = cleaned[1].kept & ~body
    assert (cleaned[1].kept & body).sum() == body.sum()
    assert left.sum() < 0.15 * box(34, 26, 70, 38).sum()
    assert (cleaned[2].kept == body).all()


def test_what_juts_out_thinly_stays() -> None:
    body = box(10, 10, 40, 50)
    leg = body | box(40, 40, 52, 42)
    assert (clean([body, leg])[1].kept == leg).all()


@pytest.mark.parametrize("step", [8, 20, 30])
def test_fast_motion_is_followed(step: int) -> None:
    truth = walk(3, step)
    assert all((each.kept == mask).all() for each, mask in zip(clean(truth), truth, strict=True))


def hide(masks: list[np.ndarray], start: int, end: int) -> list[np.ndarray]:
    return [np.zeros_like(mask) if start <= index < end else mask for index, mask in enumerate(masks)]


def test_a_hidden_object_is_found_again_where_it_would_be() -> None:
    truth = hide(walk(16, 3), 5, 10)
    painted = [truth[0], *(mask | box(0, 0, 8, 8) for mask in truth[1:])]
    cleaned = clean(painted, occlusion=5)
    assert all((each.kept == mask).all() for each, mask in zip(cleaned, truth, strict=True))
    assert [each.state for each in cleaned[5:10]] == ["hidden"] * 5


def test_an_object_hidden_for_too_long_is_lost_and_that_is_said() -> None:
    cleaned = clean(hide(walk(12), 3, 8), occlusion=4)
    assert [each.state for each in cleaned[3:9]] == ["hidden"] * 4 + ["lost"] * 2
    assert not cleaned[11].kept.any()


def test_both_ways_from_the_middle() -> None:
    truth = walk(9)
    painted = [mask | box(80, 0, 100, 20) for mask in truth]
    painted[4] = truth[4]
    cleaned = clean(painted, 4)
    assert all((each.kept == mask).all() for each, mask in zip(cleaned, truth, strict=True))
    assert {each.corrected for each in cleaned} == {4}


def test_between_two_corrected_frames_the_nearer_one_decides_and_else_the_one_that_sees_it() -> None:
    truth = walk(9)
    cleaned = clean(truth, 0, 8)
    assert [each.corrected for each in cleaned] == [0, 0, 0, 0, 0, 8, 8, 8, 8]
    absent = [np.zeros_like(truth[0]), *truth[1:]]
    from_the_end = clean(absent, 0, 8)
    assert all((each.kept == mask).all() for each, mask in zip(from_the_end, absent, strict=True))
    assert {each.corrected for each in from_the_end[1:]} == {8}


def test_without_object_in_the_corrected_frame_nothing_is_kept() -> None:
    cleaned = clean([np.zeros(SIZE_HW, bool), *walk(3)])
    assert [each.state for each in cleaned[1:]] == ["absent"] * 3
    assert not any(each.kept.any() for each in cleaned)


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 50)] * 2, *[st.integers(1, 30)] * 2), max_size=5), st.integers(-9, 9))
def test_what_is_kept_was_painted_and_a_painted_object_in_place_is_kept(
    blobs: list[tuple[int, int, int, int]], step: int
) -> None:
    painted = np.zeros(SIZE_HW, bool)
    for x, y, width, height in blobs:
        painted |= box(x, y, x + width, y + height)
    expected = shift_mask(painted, np.array([step, 0]))
    assert not (choose_regions(painted, expected, SETTINGS) & ~painted).any()
    assert (choose_regions(painted, painted, SETTINGS) == painted).all()


def test_shift_moves_and_drops_what_leaves() -> None:
    assert (shift_mask(box(10, 20, 30, 40), np.array([4.4, -3.0])) == box(14, 17, 34, 37)).all()
    assert (shift_mask(box(90, 0, 100, 10), np.array([5, 0])) == box(95, 0, 100, 10)).all()
    assert not shift_mask(box(0, 0, 100, 60), np.array([0, 70])).any()


def test_dilation_and_erosion_are_of_a_disk() -> None:
    grown = dilate(box(50, 30, 51, 31), 5)
    assert grown[30, 55] and grown[33, 54] and not grown[34, 54] and not grown[30, 56]
    assert (erode(box(10, 10, 31, 31), 5) == box(15, 15, 26, 26)).all()
    assert not dilate(box(0, 0, 0, 0), 5).any()


def test_flow_carries_a_mask_along_with_the_pictures() -> None:
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (15, 25), np.uint8).repeat(4, axis=0).repeat(4, axis=1)
    now = np.roll(coarse, (2, 3), axis=(0, 1))
    moved = follow_flow(box(30, 20, 60, 40), measure_flow(now[..., None], coarse[..., None]))
    wanted = box(33, 22, 63, 42)
    assert (moved & wanted).sum() / (moved | wanted).sum() > 0.93
