"""From predictions to decisions: sightings of each head, distance, smoothing, events and their scores."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_generators.settings import SettingsError
from detector.codecs.boxes import BoxesPrediction
from detector.codecs.mask_prediction import MaskPrediction
from detector.codecs.presence import PresencePrediction
from detector.watching.distance import DistanceSettings, calibrate, classify_distance, metres_of
from detector.watching.events import find_events, score_events
from detector.watching.sighting import Sighting, sighting_of
from detector.watching.smoothing import Watch, WatchSettings

IMAGE = np.zeros((40, 80, 3), np.uint8)


def test_boxes_give_the_largest_of_the_class() -> None:
    boxes = np.array([[0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 1.2, 1.0], [0, 0, 0.2, 0.1]], np.float32)
    prediction = BoxesPrediction(boxes, np.array([0.9, 0.8, 0.2], np.float32), np.array([0, 1, 1]), ("cat", "dog"))
    dog = sighting_of(prediction, IMAGE, {}, "dog")
    assert dog.score == pytest.approx(0.8)
    assert dog.box == pytest.approx((0.5, 0.5, 1, 1))
    assert (dog.height, dog.area) == pytest.approx((0.5, 0.25))
    assert sighting_of(prediction, IMAGE, {}, "cat").score == pytest.approx(0.9)
    assert sighting_of(prediction, IMAGE, {}).box == pytest.approx((0.5, 0.5, 1, 1))
    with pytest.raises(ValueError, match=r"knows no class 'cow'. Its classes: cat, dog"):
        sighting_of(prediction, IMAGE, {}, "cow")


def test_masks_give_box_and_area_of_the_class() -> None:
    probabilities = np.zeros((20, 40, 2), np.float32)
    probabilities[5:15, 10:20, 0], probabilities[0:20, 30:40, 1] = 1, 0.9
    prediction = MaskPrediction(probabilities, ("cat", "dog"))
    cat = sighting_of(prediction, IMAGE, {}, "cat")
    assert cat.box == pytest.approx((0.25, 0.25, 0.5, 0.75), abs=0.03)
    assert cat.area == pytest.approx(100 / 800, rel=0.1)
    assert sighting_of(prediction, IMAGE, {}, "dog").height == pytest.approx(1)


def test_a_false_speck_makes_a_mask_neither_larger_nor_closer() -> None:
    probabilities = np.zeros((20, 40, 2), np.float32)
    probabilities[12:18, 10:16, 0] = 1
    alone = sighting_of(MaskPrediction(probabilities, ("cat", "dog")), IMAGE, {})
    probabilities[0:2, 38:40, 0], probabilities[0:3, 0:3, 1] = 1, 1
    specked = MaskPrediction(probabilities, ("cat", "dog"))
    assert sighting_of(specked, IMAGE, {}) == sighting_of(specked, IMAGE, {}, "cat") == alone
    assert alone.height == pytest.approx(6 / 20, abs=0.03)
    settings = DistanceSettings()
    assert classify_distance(alone.height, settings) == "near"


def test_a_frame_without_object_has_a_score_alone() -> None:
    assert sighting_of(PresencePrediction(0.2), IMAGE, {}) == Sighting(0.2)
    empty = BoxesPrediction(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
    assert sighting_of(empty, IMAGE, {}) == Sighting(0.0)


def test_distance_is_that_of_the_pinhole_model() -> None:
    k = calibrate([0.5, 0.25, 0.1], [1.0, 2.0, 5.0])
    assert k == pytest.approx(0.5)
    assert metres_of(0.2, DistanceSettings(metres_at_full=k)) == pytest.approx(2.5)
    assert metres_of(0.0, DistanceSettings(metres_at_full=k)) is None
    assert metres_of(0.2, DistanceSettings()) is None
    for sizes, metres in (([], []), ([0.1], [1, 2]), ([0.0], [1])):
        with pytest.raises(ValueError, match="Expected as many sizes as distances, all > 0"):
            calibrate(sizes, metres)


def test_distance_classes_do_not_flicker_at_a_limit() -> None:
    settings = DistanceSettings()
    assert [classify_distance(size, settings) for size in (0.7, 0.6, 0.3, 0.1, 0)] == [
        *("close", "close", "near", "far", "far")
    ]
    assert classify_distance(0.62, settings, "near") == "near"
    assert classify_distance(0.67, settings, "near") == "close"
    assert classify_distance(0.57, settings, "close") == "close"
    assert classify_distance(0.5, settings, "close") == "near"
    with pytest.raises(SettingsError, match="the sizes must fall from class to class down to 0"):
        DistanceSettings.parse({"classes": {"near": 0.2, "far": 0.1}})
    with pytest.raises(SettingsError, match="lost_below must not be above seen_at"):
        WatchSettings.parse({"seen_at": 0.2, "lost_below": 0.3})


def seen(scores: list[float], **changes: float) -> list[bool]:
    watch = Watch(WatchSettings(**changes))
    return [watch.update(Sighting(score)).seen for score in scores]


def test_one_odd_frame_neither_raises_nor_ends_an_alarm() -> None:
    assert not any(seen([0, 0, 1, 0, 0, 0]))
    assert seen([1, 1, 1, 1, 0, 1, 1]) == [False, True, True, True, True, True, True]
    assert seen([1] * 3 + [0] * 9, newest=1.0, lost_frames=3) == [False, True, True, True, True] + [False] * 7
    assert seen([0.6, 0.4, 0.4], newest=1.0, seen_frames=1) == [True, True, True]


def test_the_threshold_of_the_card_counts_where_nobody_says_another() -> None:
    assert WatchSettings().limits() == pytest.approx((0.5, 0.3))
    assert WatchSettings().limits(0.2) == pytest.approx((0.2, 0.12))
    assert WatchSettings(seen_at=0.8).limits(0.2) == pytest.approx((0.8, 0.48))
    assert Watch(WatchSettings(newest=1.0, seen_frames=1), threshold=0.2).update(Sighting(0.25)).seen
    with pytest.raises(ValueError, match=r"lost_below 0.3 is above 0.2, the threshold .* Set seen_at too"):
        WatchSettings(lost_below=0.3).limits(0.2)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), max_size=60))
def test_decisions_are_causal_and_runs_are_not_shorter_than_asked(scores: list[float]) -> None:
    decisions = seen(scores, lost_frames=3)
    assert decisions[: len(scores) // 2] == seen(scores[: len(scores) // 2], lost_frames=3)
    changes = [index for index in range(1, len(decisions)) if decisions[index] != decisions[index - 1]]
    for start, end in pairwise(changes):
        assert end - start >= (3 if decisions[start] else 2)


def test_events_tell_what_changed() -> None:
    settings = WatchSettings(newest=1.0, seen_frames=1, lost_frames=2, distance=DistanceSettings(metres_at_full=0.4))
    watch = Watch(settings)
    heights = [0, 0.2, 0.2, 0.8, 0, 0, 0]
    sightings = [Sighting(float(h > 0), (0, 0, 0.5, h) if h else None, h / 2) for h in heights]
    decisions = [watch.update(each) for each in sightings]
    events = find_events(range(10, 17), [frame / 10 for frame in range(7)], decisions)
    assert [(event.frame, event.kind, event.distance, event.metres) for event in events] == [
        (11, "seen", "far", 2.0),
        (13, "distance", "close", 0.5),
        (15, "lost", None, None),
    ]
    assert events[0].to_json()["seconds"] == 0.1


def test_scores_count_delays_misses_and_false_alarms() -> None:
    truth = [False] * 3 + [True] * 4 + [False] * 5 + [True] * 2 + [False] * 6
    decided = [True] + [False] * 4 + [True] * 4 + [False] * 6 + [True] * 2 + [False] * 3
    scores = score_events(decided, truth, seconds_a_frame=3.0)
    assert scores == {
        **{"frames": 20, "events": 2, "events_missed": 1, "frames_until_seen": [2], "frames_until_seen_mean": 2.0},
        **{"frames_until_seen_max": 2, "false_alarms": 2, "false_alarms_per_minute": 2.0},
    }


def test_delays_are_in_frames_of_the_clip() -> None:
    scores = score_events([False, False, True], [True] * 3, seconds_a_frame=0.2, every=5)
    assert (scores["frames"], scores["frames_until_seen"], scores["frames_until_seen_max"]) == (3, [10], 10)


def test_frames_of_which_nobody_knows_are_not_judged() -> None:
    scores = score_events([True, True, False, True], [None, None, False, None], 1.0)
    assert (scores["events"], scores["false_alarms"], scores["frames_until_seen_mean"]) == (0, 0, None)
    scores = score_events([False, False, True], [True, None, True], 1.0)
    assert (scores["events"], scores["frames_until_seen"]) == (1, [2])
    assert score_events([], [], 1.0)["false_alarms_per_minute"] is None


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=40))
def test_who_decides_as_the_truth_is_makes_no_mistake(truth: list[bool]) -> None:
    scores = score_events(truth, truth, 0.1)
    assert (scores["events_missed"], scores["false_alarms"]) == (0, 0)
    assert set(scores["frames_until_seen"]) <= {0}
