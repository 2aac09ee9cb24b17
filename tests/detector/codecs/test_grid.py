"""The codec of the grid head: what is encoded is decoded, who answers for what, and which labels say nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from data_generators.geometry import box_iou
from data_generators.sample import Sample
from data_generators.settings import SettingsError
from data_generators.transform.input_spec import InputSpec
from detector.codecs.boxes import BoxesPrediction
from detector.codecs.grid import SHARED, SURPLUS, GridCodec
from detector.codecs.grid_assignment import Objects, assign, candidates, match_places
from detector.codecs.grid_settings import GridSettings
from detector.codecs.ramps import RAMP_TOP, RAMPS

SPEC = InputSpec(size_hw=(96, 160))
CLASSES = ("cat", "dog", "bird")
CAT, DOG = [0.1, 0.2, 0.5, 0.9], [0.55, 0.1, 0.95, 0.6]
ANCHORS = [[0.1, 0.1], [0.4, 0.6]]
KINDS: dict[str, dict[str, Any]] = {
    "one scale": {},
    "three scales": {"scales": ["P3", "P4", "P5"]},
    "anchors": {"anchors": ANCHORS},
    "anchors on two scales": {"scales": ["P4", "P5"], "anchors": ANCHORS},
    "soft": {"objectness_target": "centredness", "centre_radius": 2.5},
    "share of the box": {"centre_share": 0.5},
    "balanced": {"objectness_loss": "balanced"},
    "dynamic": {"assignment": "dynamic", "max_objects": 3},
    "dynamic on coarse grids": {"assignment": "dynamic", "scales": ["P5", "P6"]},
    "dynamic with anchors": {"assignment": "dynamic", "anchors": ANCHORS, "scales": ["P5"]},
}


def codec_of(classes: tuple[str, ...] = CLASSES, **values: Any) -> GridCodec:
    return GridCodec(GridSettings.parse(values), SPEC, classes)


def make_sample(boxes: Any, labels: Any = None, **changes: Any) -> Sample:
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    count = len(boxes)
    sample = Sample(
        image=np.zeros((96, 160, 3), np.uint8),
        boxes=boxes,
        labels=np.array(range(count) if labels is None else labels, np.int64),
        ignore=np.zeros(count, bool),
        keypoints=np.zeros((count, 0, 2), np.float32),
        has=frozenset({"boxes"}),
    )
    return sample.replace(**changes)


def perfect(codec: GridCodec, samples: list[Sample]) -> list[BoxesPrediction]:
    targets, _ = codec.encode(samples)
    if codec.settings.assignment == "dynamic":
        return codec.decode({"grid_places": np.stack([matched(codec, rows) for rows in targets["grid_places"]])})
    return codec.decode({name: t if name == "grid_boxes" else 40 * t - 20 for name, t in targets.items()})


def matched(codec: GridCodec, rows: np.ndarray) -> np.ndarray:
    """A network (P, 5 + K) that tells as many of the objects in the rows (P, 5 + K) as have places of their own."""
    rows = rows[np.all(rows[:, 3:5] > rows[:, 1:3], axis=1)]
    possible = candidates(rows[:, 1:5], codec.places)
    objects, places = linear_sum_assignment(possible, maximize=True)
    outputs = np.full((len(codec.places.scales), 5 + len(codec.classes)), -20.0, np.float32)
    for item, place in zip(objects[possible[objects, places]], places[possible[objects, places]], strict=True):
        distances = codec.places.distances(rows[item, 1:5])[place]
        outputs[place] = np.concatenate([[20], distances, 40 * rows[item, 5:] - 20])
    return outputs


@pytest.mark.parametrize("values", KINDS.values(), ids=KINDS)
def test_the_encoded_targets_are_decoded_to_the_boxes(values: dict[str, Any]) -> None:
    samples = [make_sample([CAT, DOG]), make_sample([]), make_sample([[0.7, 0.5, 1.2, 1.1]], [2])]
    found = perfect(codec_of(**values, score_floor=0.5), samples)
    np.testing.assert_allclose(found[0].boxes[np.argsort(found[0].labels)], [CAT, DOG], atol=1e-6)
    assert len(found[1].boxes) == 0
    np.testing.assert_allclose(found[2].boxes, [[0.7, 0.5, 1, 1]], atol=1e-6)
    assert found[2].labels.tolist() == [2]
    assert found[2].name_of(2) == "bird"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.floats(0, 0.9)] * 2, *[st.floats(0.02, 1)] * 2), min_size=1, max_size=6), st.data())
def test_every_object_is_decoded_or_counted_as_lost(corners: list[tuple[float, ...]], data: st.DataObject) -> None:
    boxes = np.array([[x, y, min(1, x + w), min(1, y + h)] for x, y, w, h in corners], np.float32)
    codec = codec_of((), **data.draw(st.sampled_from(list(KINDS.values()))), score_floor=0.001, nms_iou=1, voting_iou=1)
    sample = make_sample(boxes)
    [found] = perfect(codec, [sample])
    missed = np.sum(box_iou(boxes, found.boxes).max(axis=1) < 0.99)
    assert missed <= lost_of(codec, sample)


def lost_of(codec: GridCodec, *samples: Sample) -> int:
    return sum(codec.count_lost(samples).values())


def test_two_objects_with_one_centre_are_one_too_many() -> None:
    small, large = [0.46, 0.46, 0.52, 0.54], [0.44, 0.42, 0.54, 0.58]
    assert lost_of(codec_of(centre_radius=0.5), make_sample([large, small]), make_sample([CAT, DOG])) == 1
    assert lost_of(codec_of(centre_radius=0.5, scales=["P2"]), make_sample([large, CAT])) == 0


@pytest.mark.parametrize(
    ("boxes", "values", "shared", "surplus"),
    [
        ([[0.01, 0.01, 0.03, 0.05], [0.06, 0.1, 0.09, 0.15]], {}, 1, 0),  # both in the first cell, across no centre
        ([[0.01, 0.01, 0.03, 0.05], [0.02, 0.02, 0.16, 0.15]], {}, 0, 0),  # the larger one has the next cell, too
        ([[0.01, 0.01, 0.03, 0.05], [0.06, 0.1, 0.09, 0.15]], {"anchors": ANCHORS}, 0, 0),
        ([[0.01, 0.01, 0.03, 0.05], [0.06, 0.1, 0.09, 0.15]], {"scales": ["P3"]}, 0, 0),
        ([CAT, DOG, CAT, [0.46, 0.46, 0.52, 0.54]], {"max_objects": 2}, 0, 2),
        ([CAT, *[[0.01, 0.01, 0.03, 0.05]] * 3], {"max_objects": 3}, 1, 1),
        ([], {}, 0, 0),
    ],
)
def test_dynamic_assignment_loses_what_shares_all_its_cells_and_what_is_beyond_the_most(
    boxes: Any, values: dict[str, Any], shared: int, surplus: int
) -> None:
    lost = codec_of(assignment="dynamic", **values).count_lost([make_sample([CAT]), make_sample(boxes)])
    assert lost == {SHARED: shared, SURPLUS: surplus}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 6), st.integers(1, 6), st.floats(0.1, 0.6), st.integers(0, 1 << 30))
def test_as_many_objects_get_a_place_as_can(objects: int, places: int, share: float, seed: int) -> None:
    possible = np.random.default_rng(seed).random((objects, places)) < share
    owner = match_places(possible)
    matched = owner[owner >= 0]
    assert len(set(matched.tolist())) == len(matched)
    assert possible[matched, np.flatnonzero(owner >= 0)].all()
    assert len(matched) == possible[linear_sum_assignment(possible, maximize=True)].sum()


def owners(boxes: Any, **values: Any) -> np.ndarray:
    """Index of the owner by falling area, of every place: (P,)."""
    codec = codec_of((), **values)
    return assign(Objects.of([make_sample(boxes)], False), codec.places, codec.settings, 1)[0][0]


def test_cells_near_the_centre_answer_for_an_object() -> None:
    """A grid of 6 x 10 cells; that of the object is (0.33, 0.55), in row 3 and column 3."""
    assert owners([[0.1, 0.2, 0.56, 0.9]]).reshape(6, 10).tolist() == [
        [-1] * 10,
        [-1] * 10,
        *([[-1, -1, 0, 0, 0, -1, -1, -1, -1, -1]] * 3),
        [-1] * 10,
    ]
    assert (owners([[0.1, 0.2, 0.56, 0.9]], centre_radius=0.5) == 0).sum() == 1
    assert (owners([[0.1, 0.2, 0.56, 0.9]], centre_radius=0.5, centre_share=1.0) == 0).sum() == 4 * 5


def test_the_smaller_object_gets_a_contested_cell_and_a_centre_goes_before() -> None:
    grid = owners([[0.06, 0.06, 0.96, 0.96], [0.53, 0.22, 0.77, 0.8]], centre_radius=3).reshape(6, 10)
    assert grid[3, 2:9].tolist() == [0, 0, 0, 0, 1, 1, -1]
    grid = owners([[0.3, 0.3, 1, 0.72], [0.35, 0.22, 0.75, 0.8]]).reshape(6, 10)
    assert grid[3, 3:9].tolist() == [-1, 1, 1, 0, 0, -1]


def test_large_objects_belong_to_coarse_grids() -> None:
    codec = codec_of((), scales=["P3", "P5"], span_cells=4)
    grids = codec.places.scales
    for box, grid in ([0.4, 0.4, 0.55, 0.6], 0), ([0.1, 0.1, 0.9, 0.3], 1):
        owner = owners([box], scales=["P3", "P5"], span_cells=4)
        assert set(grids[owner == 0]) == {grid}


def test_objects_belong_to_the_anchors_of_their_shape() -> None:
    owner = owners([CAT], anchors=[*ANCHORS, [0.5, 0.6]]).reshape(6, 10, 3)
    assert [(owner[..., anchor] == 0).any() for anchor in range(3)] == [False, True, True]
    only = owners([[0.5, 0.5, 0.52, 0.53]], anchors=ANCHORS).reshape(6, 10, 2)
    assert [(only[..., anchor] == 0).any() for anchor in range(2)] == [True, False]


def test_the_most_central_cell_aims_at_1_and_the_others_at_less() -> None:
    targets, _ = codec_of((), objectness_target="centredness", centre_radius=2.5).encode([make_sample([CAT])])
    quality = targets["grid_objectness"][0]
    assert quality.max() == 1
    assert 0 < quality[quality > 0].min() < 0.5


def test_objects_to_be_ignored_and_of_other_classes_are_no_targets() -> None:
    sample = make_sample([CAT, DOG], [0, -1])
    targets, weights = codec_of().encode([sample, sample.replace(ignore=np.array([False, True]))])
    np.testing.assert_array_equal(targets["grid_objectness"][0], targets["grid_objectness"][1])
    assert weights["grid_objectness"][0].all()
    inside = codec_of().places.inside(np.array([DOG], np.float32))[0]
    assert not weights["grid_objectness"][1][inside & (targets["grid_objectness"][1] == 0)].any()
    assert weights["grid_objectness"][1][~inside].all()


def test_classes_that_nobody_looked_for_have_no_negatives() -> None:
    sample = make_sample([CAT, DOG], [0, 1], unlabelled=frozenset({1, 2}))
    targets, weights = codec_of().encode([sample])
    positive = targets["grid_objectness"][0] > 0
    assert weights["grid_objectness"][0].astype(bool).tolist() == positive.tolist()
    cats = targets["grid_classes"][0, :, 0] == 1
    dogs = targets["grid_classes"][0, :, 1] == 1
    assert weights["grid_classes"][0][cats].tolist() == [[1, 0, 0]] * cats.sum()
    assert weights["grid_classes"][0][dogs].tolist() == [[1, 1, 0]] * dogs.sum()


def test_weights_of_classes() -> None:
    _, weights = codec_of(class_weights={"dog": 3.0}).encode([make_sample([CAT, DOG])])
    assert set(weights["grid_boxes"].ravel()) == {0, 1, 3}
    with pytest.raises(
        ValueError, match=r"class_weights names cow, which is no class of model.classes: cat, dog, bird"
    ):
        codec_of(class_weights={"cow": 2.0})


def test_balanced_weights_share_a_picture_among_positives_and_negatives() -> None:
    codec = codec_of(objectness_loss="balanced")
    targets, weights = codec.encode([make_sample([CAT, DOG]), make_sample([])])
    positive = targets["grid_objectness"] > 0
    assert weights["grid_objectness"][0][positive[0]].sum() == pytest.approx(0.5)
    assert weights["grid_objectness"].sum(axis=1).tolist() == pytest.approx([1, 0.5])


def test_dynamic_targets_are_the_objects_in_rows() -> None:
    codec = codec_of(assignment="dynamic", max_objects=2)
    sample = make_sample([DOG, CAT, [0.4, 0.4, 0.5, 0.5]], [1, 0, 2], unlabelled=frozenset({2}))
    targets, weights = codec.encode([sample, make_sample([]), Sample(image=sample.image)])
    rows = targets["grid_places"]
    np.testing.assert_allclose(rows[0, :2, 1:], [[*CAT, 1, 0, -1], [*DOG, 0, 1, -1]], rtol=1e-6)
    assert not rows[0, 2:, 1:5].any()
    assert [set(row) for row in rows[..., 0]] == [{0}, {1}, {0}]
    assert weights["grid_places"].tolist() == [1, 1, 0]


def test_the_tensors_of_an_exported_file_are_decoded_alike() -> None:
    codec = codec_of(scales=["P4", "P5"], anchors=[[0.1, 0.1], [0.2, 0.3], [0.4, 0.6], [0.8, 0.8]])
    targets, _ = codec.encode([make_sample([CAT, DOG])])
    low, high = codec.places.limits
    share = (targets["grid_boxes"] - low) / (high - low)  # (B, P, 4)
    ramps = RAMP_TOP * np.clip(RAMPS * share[..., None] - np.arange(RAMPS), 0, 1)
    flat = {
        "objectness": 40 * targets["grid_objectness"][..., None] - 20,
        "ramps": ramps.reshape(1, -1, 4 * RAMPS),
        "classes": 40 * targets["grid_classes"] - 20,
    }
    outputs = {}
    for name, value in flat.items():
        for scale, part, (rows, columns) in zip("45", np.split(value, [6 * 10 * 2], axis=1), codec.shapes, strict=True):
            outputs[f"grid_{name}_p{scale}"] = part.reshape(1, rows, columns, -1)
    [found], [expected] = codec.decode(outputs), perfect(codec, [make_sample([CAT, DOG])])
    np.testing.assert_allclose(found.boxes, expected.boxes, atol=1e-5)
    np.testing.assert_array_equal(found.labels, expected.labels)


def test_a_distance_rounded_to_8_bits_stays_within_a_thousandth_of_the_frame() -> None:
    for values in ({}, {"anchors": ANCHORS}, {"scales": ["P3", "P5"]}):
        places = codec_of(**values).places
        low, high = places.limits
        step = (high - low) * np.tile(places.references, 2) / (RAMPS * 255)
        assert step.max() / 2 < 0.001


def test_centroids_are_boxes_of_a_cell_around_each_peak() -> None:
    codec = codec_of(method="centroids", centre_radius=0.5, score_floor=0.5)
    [found] = perfect(codec, [make_sample([[0.1, 0.2, 0.5, 0.9], [0.55, 0.1, 0.95, 0.6]])])
    centres = 0.5 * (found.boxes[:, :2] + found.boxes[:, 2:])
    assert sorted(found.labels.tolist()) == [0, 1]
    off = np.abs(centres[np.argsort(found.labels)] - [[0.3, 0.55], [0.75, 0.35]])
    assert np.all(off <= 0.5 / np.array([10, 6]) + 1e-6)
    np.testing.assert_allclose(found.boxes[:, 2:] - found.boxes[:, :2], [[1 / 10, 1 / 6]] * 2, atol=1e-6)
    assert "grid_boxes" not in codec.encode([make_sample([CAT])])[0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"scales": ["P4", "P5"], "anchors": 3}, "3 anchors cannot be shared out evenly among 2 scales"),
        ({"method": "centroids", "anchors": 2}, "`method: centroids` goes without anchors"),
        ({"method": "centroids", "assignment": "dynamic"}, "and with `assignment: static`"),
    ],
)
def test_settings_that_do_not_go_together(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        GridSettings.parse(values)
