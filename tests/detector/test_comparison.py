"""Models on the same pictures: what differs by chance is not called a difference, and what differs is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from data_generators.images import write_image
from detector.comparison import Comparison, compare
from tests.detector.fake import FakeRuntime
from tests.detector.tiny import QUAD, noise

Write = Callable[..., str]
PICTURES = 24
RIGHT = np.array([0.02, 0.0], np.float32)


@pytest.fixture
def pages(tmp_path: Path) -> Write:
    """Writes pages that lie here and there around QUAD, `a_group` pictures of each document; gives the source."""

    def write(a_group: int = 1) -> str:
        rows = ["image,group," + ",".join(f"{corner}_{axis}" for corner in ("tl", "tr", "br", "bl") for axis in "xy")]
        for number, shift in enumerate(np.random.default_rng(3).uniform(-7, 3, PICTURES)):
            write_image(tmp_path / "pages" / f"{number}.png", noise(1, (30, 40))[0])
            corners = (QUAD + shift * RIGHT).ravel().tolist()
            rows.append(",".join(map(str, [f"{number}.png", number // a_group, *corners])))
        (tmp_path / "pages" / "corners.csv").write_text("\n".join(rows) + "\n")
        return f"corners:{tmp_path / 'pages'}"

    return write


def runtime(shift: float = 0.0) -> FakeRuntime:
    return FakeRuntime(QUAD + shift * RIGHT, fit="stretch")


def test_a_small_difference_on_every_picture_is_found_although_the_scores_vary(pages: Write) -> None:
    compared = compare([runtime(-2), runtime(-2.5), runtime(2)], [pages()], resamples=200)
    first, near, far = compared.models
    low, high = first.intervals["corner_error_percent_mean"]
    assert low < first.scores["corner_error_percent_mean"] < high
    difference = near.differences["corner_error_percent_mean"]
    assert difference.value == pytest.approx(
        near.scores["corner_error_percent_mean"] - first.scores["corner_error_percent_mean"]
    )
    assert difference.interval[1] - difference.interval[0] < (high - low) / 2, "the same pictures for both"
    assert far.differences["corner_error_percent_mean"].verdict == "worse"
    assert far.differences["quad_iou_mean"].verdict == "worse"
    back = compare([runtime(2), runtime(-2)], [pages()], resamples=200).models[1].differences
    assert back["corner_error_percent_mean"].verdict == back["quad_iou_mean"].verdict == "better"


def test_a_model_does_not_differ_from_itself(pages: Write) -> None:
    first, second = compare([runtime(), runtime()], [pages()], resamples=100).models
    assert not first.differences
    assert {each.verdict for each in second.differences.values()} == {"open"}
    assert {each.interval for each in second.differences.values()} == {(0.0, 0.0)}


def test_pictures_of_a_document_are_drawn_together(pages: Write) -> None:
    def spread(a_group: int) -> tuple[Comparison, float]:
        compared = compare([runtime(), runtime()], [pages(a_group)], resamples=400)
        low, high = compared.models[0].intervals["quad_iou_mean"]
        return compared, high - low

    (alone, narrow), (few, _), (one, none) = spread(1), spread(6), spread(PICTURES)
    assert [each.groups for each in (alone, few, one)] == [PICTURES, 4, 1]
    assert {each.samples for each in (alone, few, one)} == {PICTURES}
    assert narrow > 0 == none, "of one document nothing is known about others"


def test_the_same_call_gives_the_same_bounds(pages: Write) -> None:
    both = [compare([runtime(), runtime(1)], [pages()], resamples=100).to_json() for _ in range(2)]
    assert both[0] == both[1]
    assert json.loads(json.dumps(both[0], allow_nan=False))["models"][1]["differences"]["quad_iou_mean"]["verdict"]


def test_what_cannot_be_compared_is_refused(pages: Write) -> None:
    with pytest.raises(ValueError, match=r"expected two models or more and at least 100 draws. Received 1 and 500"):
        compare([runtime()], [pages()])
    with pytest.raises(ValueError, match=r"expected models with a head in common. Received .*: corners; .*: presence"):
        compare([runtime(), FakeRuntime(QUAD, heads={"presence": {}})], [pages()])
