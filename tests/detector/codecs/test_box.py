"""The codec of the box head: whose box it is, what is taught where, and what is read from the map."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_generators.sample import Sample
from data_generators.transform.input_spec import InputSpec
from detector.codecs.box import OUTWARDS, BoxCodec, BoxPrediction, BoxSettings, distance_limits, largest_box
from detector.codecs.ramps import RAMP_TOP, RAMPS, RANGE

SPEC = InputSpec(size_hw=(32, 48))
SMALL, LARGE = [0.1, 0.2, 0.3, 0.5], [0.4, 0.1, 0.9, 0.8]
CLASSES = ("cat", "dog")


def codec_of(classes: tuple[str, ...] = (), **changes: Any) -> BoxCodec:
    return BoxCodec(BoxSettings(**({"stride": 8} | changes)), SPEC, classes)


def picture(*boxes: list[float], labels: tuple[int, ...] = (), ignore: tuple[int, ...] = (), **changes: Any) -> Sample:
    count = len(boxes)
    return Sample(
        image=np.zeros((32, 48, 3), np.uint8),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        labels=np.array(labels or [0] * count, np.int64),
        ignore=np.isin(np.arange(count), ignore),
        keypoints=np.zeros((count, 0, 2), np.float32),
        has=frozenset({"boxes"}),
    ).replace(**changes)


def perfect(targets: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    outputs = dict(targets) | {"box_presence": 40 * targets["box_presence"] - 20}
    if "box_heatmap" in targets:
        outputs["box_heatmap"] = np.log(np.maximum(targets["box_heatmap"], 1e-12))
    return outputs


def answer_to(sample: Sample, codec: BoxCodec) -> BoxPrediction:
    [answer] = codec.decode(perfect(codec.encode([sample])[0]))
    return answer


def test_the_largest_wanted_object_that_is_not_ignored_counts() -> None:
    sample = picture(SMALL, LARGE, labels=(0, 1))
    assert largest_box(sample, frozenset()) == 1
    assert largest_box(sample, frozenset({0})) == 0
    assert largest_box(picture(SMALL, LARGE, ignore=(1,)), frozenset()) == 0
    for settings_, box in ({}, LARGE), ({"of": ("cat",)}, SMALL), ({"of": ("dog",)}, LARGE):
        answer = answer_to(sample, codec_of(CLASSES, **settings_))
        np.testing.assert_allclose(answer.boxes, [box], atol=1e-5)


@pytest.mark.parametrize(
    ("sample", "present", "weight"),
    [
        (picture(LARGE), 1, 1),
        (picture(), 0, 1),
        (picture(LARGE, labels=(-1,)), 0, 1),
        (picture(LARGE, labels=(1,)), 0, 1),
        (picture(LARGE, ignore=(0,)), 0, 0),
        (picture(unlabelled=frozenset({1})), 0, 1),
        (picture(unlabelled=frozenset({0})), 0, 0),
        (picture(has=frozenset({"mask"})), 0, 0),
    ],
)
@pytest.mark.parametrize("method", ["map", "dense"])
def test_presence_and_weights(sample: Sample, present: int, weight: int, method: Any) -> None:
    """Cats are wanted; dogs, and what is neither, are background."""
    targets, weights = codec_of(CLASSES, of=("cat",), method=method).encode([sample])
    assert targets["box_presence"].tolist() == [[present]]
    assert weights["box_presence"].tolist() == [weight]
    box = weights["box_coordinates" if method == "dense" else "box_offsets"]
    assert box.sum() == pytest.approx(present, abs=0.01)
    assert all(np.isfinite(each).all() for each in (*targets.values(), *weights.values()))


def test_cells_learn_as_much_as_they_will_be_heard() -> None:
    targets, weights = codec_of().encode([picture(LARGE)])
    np.testing.assert_array_equal(weights["box_offsets"], targets["box_heatmap"][..., 0])
    assert targets["box_offsets"].shape == (1, 4, 6, 4)
    row, column = np.unravel_index(weights["box_offsets"][0].argmax(), (4, 6))
    assert (row, column) == (1, 3), "the cell in which the centre lies"
    centre = np.array([(column + 0.5) / 6, (row + 0.5) / 4] * 2)
    np.testing.assert_allclose(targets["box_offsets"][0, row, column] + centre, LARGE, atol=1e-6)


def test_what_a_box_has_outside_the_frame_is_not_taught() -> None:
    for method in ("map", "dense"):
        answer = answer_to(picture([0.6, -0.3, 1.4, 0.5]), codec_of(method=method))
        np.testing.assert_allclose(answer.boxes, [[0.6, 0, 1, 0.5]], atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.tuples(st.floats(0.02, 1), st.floats(0.02, 1)),
    st.sampled_from(["map", "dense"]),
)
def test_decode_is_the_inverse_of_encode(centre: Any, size: Any, method: Any) -> None:
    """Also for boxes at the edge, and smaller than a cell."""
    low, high = np.subtract(centre, np.divide(size, 2)), np.add(centre, np.divide(size, 2))
    box = np.concatenate([low, high]).astype(np.float32)
    answer = answer_to(picture(box.tolist()), codec_of(method=method))
    np.testing.assert_allclose(answer.boxes, [box.clip(0, 1)], atol=2e-5)
    assert answer.presence > 0.999


def test_a_second_peak_far_away_does_not_pull_the_box() -> None:
    codec = codec_of()
    outputs = perfect(codec.encode([picture(LARGE)])[0])
    outputs["box_heatmap"][0, 3, 0] = outputs["box_heatmap"].max() - 0.1
    np.testing.assert_allclose(codec.decode(outputs)[0].boxes, [LARGE], atol=1e-5)


def test_ramps_of_an_exported_file_are_read_as_distances() -> None:
    """Four numbers between limits, each spread over K ramps."""

    def ramps(distances: np.ndarray, low: Any, high: float) -> np.ndarray:
        place = (distances - low) / (high - low)
        return (RAMP_TOP * (RAMPS * place[..., None] - np.arange(RAMPS)).clip(0, 1)).reshape(*distances.shape[:-1], -1)

    for method, name in ("map", "box_offsets"), ("dense", "box_coordinates"):
        codec = codec_of(method=method)
        outputs = perfect(codec.encode([picture(LARGE)])[0])
        numbers = outputs.pop(name)
        limits = distance_limits((4, 6), codec.settings) if method == "map" else RANGE
        outputs["box_ramps"] = ramps(numbers * OUTWARDS if method == "map" else numbers, *limits)
        np.testing.assert_allclose(codec.decode(outputs)[0].boxes, [LARGE], atol=1e-5)


def test_what_a_prediction_says() -> None:
    answer = answer_to(picture(LARGE, labels=(1,)), codec_of(CLASSES, of=("dog",)))
    assert answer.wanted == {1}
    assert answer.classes == ("dog",)
    assert answer.describe({}) == "1 dog, best 1.00"
    assert answer.captions() == ["dog 1.00"]
    assert answer.describe({"box_presence": 1.1}) == "nothing found, best 1.00"
    assert json.loads(json.dumps(answer.to_json({}))) == {
        "present": True,
        "presence": 1.0,
        "objects": [{"class": "dog", "score": 1.0, "box": pytest.approx(LARGE, abs=1e-5)}],
    }
    nameless = answer_to(picture(LARGE), codec_of(CLASSES))
    assert nameless.describe({}) == "1 object, best 1.00", "of two classes the head does not say which"
    assert nameless.captions() == ["1.00"]


def seen(box: list[float], presence: float) -> BoxPrediction:
    return BoxPrediction(
        np.array([box], np.float32), np.array([presence], np.float32), np.zeros(1, np.int64), output="box_presence"
    )


def test_looks_that_disagree_about_the_place_agree_that_there_is_an_object() -> None:
    """Presence is of the picture: it is not shared out among the places where the looks see the object."""
    corners = [0.1, 0.1, 0.5, 0.5], [0.5, 0.5, 0.9, 0.9], [0.1, 0.5, 0.5, 0.9], [0.5, 0.1, 0.88, 0.5]
    windows = np.array([[0, 0, 1, 1]] * 3 + [[1 / 12, 1 / 12, 11 / 12, 11 / 12]])
    for presences, expected in ([0.95] * 4, 0.95), ([0.9, 0.1, 0.1, 0.1], 0.3):
        answer = BoxPrediction.of_looks([seen(*pair) for pair in zip(corners, presences, strict=True)], windows)
        np.testing.assert_allclose(answer.boxes, [corners[0]], atol=1e-6)
        assert answer.presence == pytest.approx(expected)
        assert answer.is_present({"box_presence": 0.5}) == (expected > 0.5)


def test_looks_that_agree_about_the_place_make_one_box_of_it() -> None:
    looks = [seen(LARGE, 0.9), seen([0.1, 0.1, 0.2, 0.2], 0.6), seen([0.44, 0.1, 0.94, 0.8], 0.9)]
    answer = BoxPrediction.of_looks(looks, np.tile([0.0, 0, 1, 1], (3, 1)))
    np.testing.assert_allclose(answer.boxes, [[0.42, 0.1, 0.92, 0.8]], atol=1e-6)
    assert answer.presence == pytest.approx(0.8)


def test_tiles_answer_with_the_surest_object_put_together() -> None:
    windows = np.array([[0, 0, 0.6, 1], [0.4, 0, 1, 1]])
    answer = BoxPrediction.of_tiles([seen([0.1, 0.1, 0.3, 0.3], 0.9), seen([0.6, 0.6, 0.9, 0.9], 0.95)], windows)
    np.testing.assert_allclose(answer.boxes, [[0.6, 0.6, 0.9, 0.9]])
    assert answer.presence == pytest.approx(0.95)
    cut = BoxPrediction.of_tiles([seen([0.3, 0.2, 0.6, 0.7], 0.7), seen([0.4, 0.2, 0.8, 0.7], 0.8)], windows)
    np.testing.assert_allclose(cut.boxes, [[0.3, 0.2, 0.8, 0.7]], atol=1e-6)


def test_a_box_without_an_area_leaves_one_box_too() -> None:
    flat = [seen([0.5, 0.5, 0.5, 0.5], presence) for presence in (0.1, 0.3)]
    for merge in (BoxPrediction.of_looks, BoxPrediction.of_tiles):
        answer = merge(flat, np.tile([0.0, 0, 1, 1], (2, 1)))
        assert answer.boxes.shape == (1, 4) and len(answer.captions()) == 1


def test_names_that_are_no_classes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"box.of` must name some of `model.classes`: cat, dog. Received horse"):
        codec_of(CLASSES, of=("cat", "horse"))
