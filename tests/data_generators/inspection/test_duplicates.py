"""The same picture is found again, changed in any of the usual ways; another picture is not."""

import logging
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from data_generators.geometry import apply_homography
from data_generators.inspection import duplicates
from data_generators.inspection.duplicates import Pair, find_duplicates, hash_bits, low_frequencies
from data_generators.inspection.records import read_records
from data_generators.inspection.shared_pictures import share_pictures, summarise_shared
from data_generators.sample import Sample
from tests.data_generators.inspection.made import Listed, boxed, draw_scene

SCENES = 12


def jpeg(image: np.ndarray) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "scaled": lambda image: cv2.resize(image, (90, 60), interpolation=cv2.INTER_AREA),
    "compressed": jpeg,
    "lightened": lambda image: np.clip(image * 1.2 + 15, 0, 255).astype(np.uint8),
    "grey": lambda image: cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None],
    "cropped": lambda image: np.ascontiguousarray(image[4:, :-6]),
    "mirrored": lambda image: np.ascontiguousarray(image[:, ::-1]),
}


def pairs_of(*samples: list[Sample]) -> list[Pair]:
    sources = {str(number): Listed(each) for number, each in enumerate(samples)}
    return find_duplicates(read_records(sources).records)


@pytest.mark.parametrize("change", CHANGES)
def test_changed_copies_are_found_and_nothing_else(change: str) -> None:
    originals = [boxed(seed) for seed in range(SCENES)]
    copies = [boxed(seed, image=CHANGES[change](draw_scene(seed))) for seed in range(SCENES)]
    pairs = pairs_of(originals, copies)
    assert {(pair.first, pair.second) for pair in pairs} == {(seed, seed + SCENES) for seed in range(SCENES)}
    assert all(pair.mirrored == (change == "mirrored") and not pair.identical for pair in pairs)


def test_the_homography_takes_one_picture_to_the_other() -> None:
    cropped = boxed(3, image=CHANGES["cropped"](draw_scene(3)))
    mirrored = boxed(3, image=CHANGES["mirrored"](draw_scene(3)))
    points = np.array([[0.2, 0.3], [0.7, 0.8]])
    [pair] = pairs_of([boxed(3)], [cropped])
    expected = (points * [144, 96] - [0, 4]) / [138, 92]
    np.testing.assert_allclose(apply_homography(pair.homography, points), expected, atol=0.01)
    [pair] = pairs_of([boxed(3)], [mirrored])
    np.testing.assert_allclose(apply_homography(pair.homography, points), [[0.8, 0.3], [0.3, 0.8]], atol=0.01)


def test_identical_pictures_are_told_from_alike_ones() -> None:
    pairs = pairs_of([boxed(1), boxed(2)], [boxed(1), boxed(2, image=jpeg(draw_scene(2)))])
    assert [(pair.first, pair.second, pair.identical) for pair in pairs] == [(0, 2, True), (1, 3, False)]


def test_frames_of_one_clip_are_expected_and_across_sources_are_not() -> None:
    frames = [boxed(1, group="clip"), boxed(1, group="clip", image=jpeg(draw_scene(1)))]
    assert not pairs_of(frames)
    assert len(pairs_of(frames[:1], frames[1:])) == 1


def test_a_frame_around_different_pictures_makes_no_pair() -> None:
    soft = [cv2.GaussianBlur(draw_scene(seed), (0, 0), 6) for seed in range(40)]
    framed = [cv2.copyMakeBorder(each, 5, 5, 7, 7, cv2.BORDER_CONSTANT, value=(255, 255, 255)) for each in soft]
    assert not pairs_of([boxed(seed, image=image) for seed, image in enumerate(framed)])
    assert len(pairs_of([boxed(1, image=framed[1])], [boxed(1, image=jpeg(framed[1]))])) == 1


def test_pictures_without_contrast_match_nothing() -> None:
    blank = [boxed(seed, image=np.full((96, 144, 3), 200, np.uint8)) for seed in range(3)]
    assert not pairs_of([*blank, boxed(4)])
    assert not low_frequencies(np.full((1, 64, 64), 200, np.uint8)).any()
    assert not pairs_of([boxed(1)])


def test_light_and_contrast_leave_the_hash_as_it_is() -> None:
    scene = cv2.resize(draw_scene(5)[..., 0], (64, 64))
    lighter = (scene * 0.5 + 100).astype(np.uint8)
    bits = hash_bits(low_frequencies(np.stack([scene, lighter, scene[:, ::-1]])))
    assert np.bitwise_count(bits[0] ^ bits[1]) <= 2
    assert np.bitwise_count(bits[0] ^ bits[2]) > 10


def test_too_many_candidates_are_cut_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(duplicates, "MOST_CANDIDATES", 2)
    with caplog.at_level(logging.WARNING):
        pairs = pairs_of([boxed(1, group=f"{number}") for number in range(4)])
    assert len(pairs) == 2
    assert "6 pairs of pictures look alike; the 2 most alike are compared" in caplog.text


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    records = read_records({"a": Listed([boxed(1), boxed(1, group="other")])}).records
    find_duplicates(records, lambda done, total: told.append((done, total)))
    assert told == [(1, 1)]


def test_what_sources_share_is_counted() -> None:
    train = [boxed(1), boxed(2), boxed(2, group="again"), boxed(3)]
    val = [boxed(1), boxed(3, image=CHANGES["mirrored"](draw_scene(3))), boxed(4)]
    found = read_records({"train": Listed(train), "val": Listed(val), "test": Listed([boxed(9)])})
    shared = share_pictures(found, find_duplicates(found.records))
    summary = summarise_shared(found, shared)
    assert summary["within"] == {"train": 2, "val": 0, "test": 0}
    assert summary["across"][0] == {"sources": ["train", "val"], "pairs": 2, "pictures": [2, 2]}
    assert [each["pairs"] for each in summary["across"]] == [2, 0, 0]
    assert (summary["identical"], summary["mirrored"]) == (2, 1)
    assert found.records[shared[0].pair.second].source == 1  # across sources first


def test_labels_are_compared_where_the_picture_was_moved() -> None:
    boxes = np.array([(0.1, 0.2, 0.4, 0.7), (0.5, 0.3, 0.9, 0.8)], np.float32)
    mirrored = boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + np.array([1, 0, 1, 0])
    turned = boxed(1, mirrored.tolist(), image=CHANGES["mirrored"](draw_scene(1)))
    forgotten = boxed(1, mirrored[:1].tolist(), image=turned.image)
    unlabelled = turned.replace(has=frozenset())
    verdicts = []
    for other in (turned, forgotten, unlabelled, boxed(1)):
        found = read_records({"a": Listed([boxed(1)]), "b": Listed([other])})
        [shared] = share_pictures(found, find_duplicates(found.records))
        verdicts.append(shared.labels_agree)
    assert verdicts == [True, False, True, True]


def test_classes_that_one_source_never_labelled_are_no_disagreement() -> None:
    dogs = boxed(1, [(0.5, 0.3, 0.9, 0.8)])
    found = read_records({"a": Listed([boxed(1)]), "b": Listed([dogs], ("dog",))})
    [shared] = share_pictures(found, find_duplicates(found.records))
    assert shared.labels_agree
