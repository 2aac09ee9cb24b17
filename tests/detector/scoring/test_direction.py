"""Which way each reported score is better: a score of which less is better is told by its name."""

from __future__ import annotations

import pytest

from detector.heads import HEADS
from detector.scoring.corners import score_corners
from detector.scoring.direction import more_is_better


def test_of_corners_all_but_errors_and_the_bad_share_are_better_the_larger_they_are() -> None:
    less = {name for name in score_corners([]) if not more_is_better(name)}
    errors = {f"corner_error_{unit}_{how}" for unit in ("percent", "px") for how in ("mean", "median")}
    assert less == errors | {"quad_iou_below_80_share"}


@pytest.mark.parametrize("head", HEADS)
def test_what_the_gate_guards_counts_the_way_that_its_name_says(head: str) -> None:
    for gate in HEADS[head].gates:
        assert (gate.worth > 0) == more_is_better(gate.score), gate.score
