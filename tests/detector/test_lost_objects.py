"""What the grid has no room for is said before training begins."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from data_generators.sample import Sample
from data_generators.sources import Source
from detector.training import warn_of_lost
from tests.detector.tiny import tiny_config

BOXES = np.array([[0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.5, 0.51], [0.6, 0.6, 0.9, 0.9]], np.float32)


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
