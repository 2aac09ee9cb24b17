"""Scores of a model on sources, with a network whose answers are known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.real.corner_csv_writer import write_corner_csv_set
from data_generators.sample import Sample, sample_with_corners
from data_generators.sources import CornerOrder, Source
from detector.evaluation import KEPT_SIDE_PX, evaluate, evaluate_sources
from detector.runtime import LiteRTRuntime
from tests.detector.fake import DENSE_HEADS, FakeRuntime
from tests.detector.tiny import QUAD, Files, noise

CONTRACT = {
    *("samples", "parameters", "bytes", "runtime"),
    *("quad_iou_mean", "quad_iou_median", "quad_iou_min", "quad_iou_below_80_share"),
    *("corner_error_percent_mean", "corner_error_percent_median"),
    *("presence_ap", "presence_roc_auc", "presence_recall_at_1pct_fpr"),
}
BATCH = FakeRuntime.batch_size
SHIFT = np.array([0.1, 0.0], np.float32)


class Listed(Source):
    """Samples from a list."""

    def __init__(self, samples: list[Sample], order: CornerOrder = "image") -> None:
        self.samples, self.corner_order = samples, order

    def __len__(self) -> int:
        return len(self.samples)

    def sample(self, index: int) -> Sample:
        return self.samples[index]

    def groups(self) -> list[str]:
        return [sample.group for sample in self.samples]

    def content(self) -> Any:
        return id(self)


def page(*quads: np.ndarray, origin: str = "page") -> Sample:
    return sample_with_corners(noise(1, (30, 40))[0], np.array(quads), group="", origin=origin)


def scores_of(samples: list[Sample], order: CornerOrder = "image", head_order: str = "image") -> dict[str, Any]:
    heads = {"corners": DENSE_HEADS["corners"] | {"order": head_order}}
    return evaluate_sources(FakeRuntime(QUAD, fit="stretch", heads=heads), [Listed(samples, order)]).scores


def test_the_keys_are_those_of_the_contract() -> None:
    scores = scores_of([page(QUAD), page(QUAD + SHIFT), page()])
    known = {name for name, value in scores.items() if value is not None}
    assert known == CONTRACT | {"model", "corner_error_px_mean", "corner_error_px_median"}
    assert {"map50", "map50_95", "map50_class_agnostic", "ap50_by_class", "box_iou_mean"} <= set(scores) - known
    assert scores["samples"] == 3
    assert scores["parameters"] == 42
    assert scores["runtime"] == "fake-float32"
    assert scores["corner_error_px_mean"] == pytest.approx(2, abs=1e-4)
    assert scores["corner_error_percent_mean"] == pytest.approx(4, abs=1e-4)
    assert 0 < scores["quad_iou_mean"] < 1
    assert scores["presence_roc_auc"] == 0.5, "the fake network is as sure of a page that is not there"
    json.dumps(scores, allow_nan=False)


def test_a_score_without_data_is_null() -> None:
    empty, only_pages, unlabelled = scores_of([]), scores_of([page(QUAD)]), scores_of([Sample(image=noise(1)[0])])
    for scores in (empty, unlabelled):
        assert {name for name in CONTRACT if scores[name] is None} == CONTRACT - {
            "samples",
            "parameters",
            "bytes",
            "runtime",
        }
    assert [scores["samples"] for scores in (empty, only_pages, unlabelled)] == [0, 1, 1]
    assert only_pages["presence_ap"] is None
    assert only_pages["quad_iou_mean"] == pytest.approx(1)


def test_corners_are_held_to_object_order_only_where_labels_and_head_have_it() -> None:
    turned = [page(np.roll(QUAD, 1, axis=0))]
    assert scores_of(turned, "object", "object")["corner_error_px_mean"] > 10
    for order, head_order in (("object", "image"), ("image", "object"), ("image", "image")):
        assert scores_of(turned, order, head_order)["corner_error_px_mean"] == pytest.approx(0, abs=1e-4)


def test_the_worst_come_first_over_all_sources_and_batches() -> None:
    pages = [page(QUAD, origin=str(number)) for number in range(BATCH + 1)]
    pages[3], pages[BATCH] = page(QUAD + SHIFT, origin="bad"), page(QUAD + 3 * SHIFT, origin="worse")
    seen: list[tuple[int, int]] = []
    evaluation = evaluate_sources(
        FakeRuntime(QUAD, fit="stretch"),
        [Listed(pages), Listed([page(QUAD + 2 * SHIFT, origin="middle")])],
        worst=4,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert [judged.sample.origin for judged in evaluation.worst][:3] == ["worse", "middle", "bad"]
    assert len(evaluation.worst) == 4
    assert len(evaluation.rows["corners"]) == BATCH + 2
    assert seen[-1] == (BATCH + 2, BATCH + 2)


def test_boxes_are_counted_at_the_threshold_of_the_card() -> None:
    runtime = FakeRuntime(QUAD, heads={"box": {"method": "dense"}}, fit="stretch")
    box = np.concatenate([QUAD.min(axis=0), QUAD.max(axis=0)])
    runtime.run = lambda images: {  # type: ignore[method-assign]
        "box_presence": np.zeros((len(images), 1)),
        "box_coordinates": np.tile(box, (len(images), 1)),
    }
    for threshold, alarms in (0.4, 1), (0.6, 0):
        runtime.card = runtime.card.with_changes(thresholds={"box_presence": threshold})
        scores = evaluate_sources(runtime, [Listed([page(), page(QUAD)])]).scores
        assert (scores["threshold"], scores["false_alarms_per_empty_picture"]) == (threshold, alarms)
        assert scores["box_iou_mean"] == pytest.approx(1, abs=1e-5)
        assert scores["map50"] == pytest.approx(0.5, abs=0.01), "of two boxes that are equally sure one is right"
        json.dumps(scores, allow_nan=False)


def test_two_heads_keep_their_scores_apart() -> None:
    """The fake network's two heads contradict each other."""
    runtime = FakeRuntime(QUAD, logit=5, heads=DENSE_HEADS | {"presence": {}}, fit="stretch")
    runtime.run = lambda images: {  # type: ignore[method-assign]
        "corners_presence": np.linspace(-3, 3, len(images))[:, None],
        "presence_logit": np.linspace(3, -3, len(images))[:, None],
        "corners_coordinates": np.tile(QUAD, (len(images), 1, 1)),
    }
    scores = evaluate_sources(runtime, [Listed([page(), page(QUAD)])]).scores
    assert scores["presence_roc_auc"] == 1
    assert scores["presence_presence_roc_auc"] == 0


def test_a_model_and_a_source_by_name(files_of: Callable[[str], Files], tmp_path: Path) -> None:
    write_corner_csv_set(Listed([page(QUAD, origin="0"), page(origin="1")]), tmp_path / "pages")
    files, data = files_of("corners dense flatten"), [f"corners:{tmp_path / 'pages'}"]
    by_keras, by_litert = (evaluate(str(path), data).scores for path in (files.keras, files.float))
    assert by_litert["data"] == data
    assert by_litert["samples"] == 2
    assert by_keras["parameters"] == by_litert["parameters"] == files.card.parameters
    assert by_keras["corner_error_px_mean"] == pytest.approx(by_litert["corner_error_px_mean"], abs=0.01)


def test_a_score_of_a_head_that_is_not_there_is_null() -> None:
    scores = evaluate_sources(FakeRuntime(QUAD, heads={"presence": {}}), [Listed([page(QUAD), page()])]).scores
    assert scores.keys() >= CONTRACT
    assert scores["quad_iou_mean"] is None
    assert scores["presence_roc_auc"] == 0.5


def test_large_pictures_do_not_wait_for_each_other_and_are_kept_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detector.evaluation.BATCH_BYTES", 600 * 800 * 3 * 2)
    large = sample_with_corners(noise(1, (600, 800))[0], np.array([QUAD]), group="", origin="large")
    runtime = FakeRuntime(QUAD, fit="stretch")
    evaluation = evaluate_sources(runtime, [Listed([large] * 5)], worst=3)
    assert [len(batch) for batch in runtime.batches] == [2, 2, 1]
    assert [judged.sample.size_hw for judged in evaluation.worst] == [(KEPT_SIDE_PX * 3 // 4, KEPT_SIDE_PX)] * 3
    runtime.batches, runtime.batch_size = [], 1
    evaluate_sources(runtime, [Listed([page()] * 3)])
    assert len(runtime.batches) == 3
    assert LiteRTRuntime.batch_size == 1
