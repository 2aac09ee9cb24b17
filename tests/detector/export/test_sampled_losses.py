"""What slow kernels lose on few samples: more than is allowed, and more than chance."""

from __future__ import annotations

from typing import Any

import pytest

from detector.evaluation import Evaluation
from detector.export.sampled_losses import find_sure_losses


def evaluation(ious: list[float], **row: Any) -> Evaluation:
    """Pictures that all hold an object, of one clip."""
    rows = [{"presence_true": True, "presence": 0.9, "quad_iou": iou} | row for iou in ious]
    return Evaluation({}, {"corners": rows}, [], {}, groups=("0:clip",) * len(rows))


FLOAT = evaluation([0.9, 0.5, 0.7, 0.95] * 5)


def test_what_most_pictures_lose_is_a_loss() -> None:
    worse = evaluation([0.87, 0.48, 0.66, 0.92] * 5)
    [loss] = find_sure_losses(FLOAT, worse, 0.01)
    assert loss.startswith("0.02") and "or more of quad_iou_mean in 95% of draws of these samples (0.01 all" in loss
    assert not find_sure_losses(FLOAT, worse, 0.05)
    assert not find_sure_losses(worse, FLOAT, 0.01)


def test_what_one_picture_loses_may_be_chance() -> None:
    assert not find_sure_losses(FLOAT, evaluation([0.9, 0.5, 0.7, 0.95] * 4 + [0.1, 0.5, 0.7, 0.95]), 0.01)


def test_more_error_is_a_loss_too() -> None:
    [loss] = find_sure_losses(
        evaluation([0.9] * 4, corner_error_percent=1.0), evaluation([0.9] * 4, corner_error_percent=1.3), 0.01
    )
    assert loss.startswith("0.3000 or more of corner_error_percent_mean") and loss.endswith("(0.1 allowed)")


@pytest.mark.parametrize("ious", [[], [0.9]])
def test_a_score_without_data_is_not_judged(ious: list[float]) -> None:
    assert not find_sure_losses(evaluation(ious), evaluation(ious), 0.0)
