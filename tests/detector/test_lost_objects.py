"""What a grid or a map of corners has no room for is said before training begins."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from data_generators.sample import Sample, sample_with_corners
from data_generators.sources import Source
from detector.training import LOOKED_AT, warn_of_lost, warn_of_outside
from tests.detector.tiny import DENSE, HEATMAP, QUAD, SIMCC, tiny_config

BOXES = np.array([[0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.5, 0.51], [0.6, 0.6, 0.9, 0.9]], np.float32)
OUTSIDE = QUAD + np.array([[0, 0], [0.6, 0], [0, 0], [0, 0]], np.float32)  # 1.4 of a frame that holds 1.33


class Crowd(Source):
    """Pictures in which the first two objects share their centre."""

    class_names = ("cat",)
    labelled_classes = frozenset(class_names)

    def __len__(self) -> int:
        return 2

    def sample(self, index: int) -> Sample:
        boxes = BOXES[index:]
        return Sample(
            image=np.zeros((64, 96, 3), np.uint8),
            boxes=boxes,
            labels=np.zeros(len(boxes), np.int64),
            ignore=np.zeros(len(boxes), bool),
            keypoints=np.zeros((len(boxes), 0, 2), np.float32),
            has=frozenset({"boxes"}),
        )

    def groups(self) -> list[str]:
        return ["0", "1"]

    def content(self) -> Any:
        return "crowd"


def test_objects_that_share_a_cell_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    config = tiny_config({"grid": {"centre_radius": 0.5}})
    with caplog.at_level(logging.WARNING):
        warn_of_lost(config, Crowd())
    assert "model.heads.grid has no room for 1 training objects, which share their cells with others. " in caplog.text
    assert "Add a finer grid to its `scales`, or `anchors`." in caplog.text


def test_objects_beyond_the_most_that_training_takes_have_their_own_cure(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        warn_of_lost(tiny_config({"grid": {"assignment": "dynamic", "max_objects": 1}}), Crowd())
    [record] = caplog.records
    assert "no room for 3 training objects, which are the smallest of pictures with more than" in record.getMessage()
    assert "`max_objects`. Raise it." in record.getMessage()


def test_nothing_is_said_of_heads_with_room_for_all(caplog: pytest.LogCaptureFixture) -> None:
    warn_of_lost(tiny_config({"presence": {}}), Crowd())
    assert not caplog.records


class Pages(Source):
    """One page a picture, or none; `reads` counts how many were asked for."""

    class_names = ("document",)
    labelled_classes = frozenset(class_names)
    corner_order = "image"

    def __init__(self, quads: Sequence[np.ndarray | None]) -> None:
        self.quads, self.reads = quads, 0

    def __len__(self) -> int:
        return len(self.quads)

    def sample(self, index: int) -> Sample:
        self.reads += 1
        quad = self.quads[index]
        quads = np.zeros((0, 4, 2), np.float32) if quad is None else quad[None]
        return sample_with_corners(np.zeros((20, 30, 3), np.uint8), quads, group="", origin="")

    def groups(self) -> list[str]:
        return [str(index) for index in range(len(self.quads))]

    def content(self) -> Any:
        return "pages"


def said_of(source: Source, head: dict[str, Any], caplog: pytest.LogCaptureFixture) -> list[str]:
    with caplog.at_level(logging.WARNING):
        warn_of_outside(tiny_config({"corners": head}), source)
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("head", [HEATMAP, SIMCC])
def test_corners_that_no_map_holds_are_told_as_a_share(head: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    [said] = said_of(Pages([OUTSIDE] * 3 + [QUAD] * 97 + [None] * 100), head, caplog)
    assert said.startswith(
        "model.heads.corners: 3.0 % of the training objects have a keypoint further outside the frame"
    )
    assert "(100 objects looked at)" in said and "Raise `margin`" in said and "`placement.overhang`" in said


@pytest.mark.parametrize(
    ("head", "outside"), [(HEATMAP, 2), (HEATMAP | {"margin": 2}, 50), (DENSE, 50), (HEATMAP | {"order": "object"}, 0)]
)
def test_nothing_is_said_of_few_corners_outside_or_of_room_for_all(
    head: dict[str, Any], outside: int, caplog: pytest.LogCaptureFixture
) -> None:
    assert not said_of(Pages([OUTSIDE] * outside + [QUAD] * (100 - outside)), head, caplog)


def test_only_a_sample_is_looked_at_for_corners_outside(caplog: pytest.LogCaptureFixture) -> None:
    source = Pages([QUAD, OUTSIDE] * 3 * LOOKED_AT)
    [said] = said_of(source, HEATMAP, caplog)
    assert source.reads == LOOKED_AT
    assert f"{LOOKED_AT} objects looked at" in said


def test_pictures_without_pages_have_no_corners_outside(caplog: pytest.LogCaptureFixture) -> None:
    assert not said_of(Pages([None, None]), HEATMAP, caplog)


def test_the_bars_of_a_letterbox_hold_corners_outside_the_picture() -> None:
    wide = sample_with_corners(np.zeros((20, 60, 3), np.uint8), (QUAD * [1, 2.2])[None], group="", origin="")
    stretched, boxed = (
        tiny_config({"corners": HEATMAP}, fit=fit).codecs()["corners"] for fit in ("stretch", "letterbox")
    )
    assert stretched.find_outside([wide]).tolist() == [True]
    assert boxed.find_outside([wide]).tolist() == [False]
