"""Anchors that the config leaves to the training data."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from data_generators.sample import Sample
from data_generators.sources import Source
from detector.anchors import with_found_anchors
from detector.card import ModelCard
from tests.detector.tiny import noise, tiny_config


class Shapes(Source):
    """Pictures of 40 x 80 pixels with a small and a large object each, and one to be ignored."""

    class_names = ("cat", "dog")

    def __len__(self) -> int:
        return 5

    def groups(self) -> list[str]:
        return ["one"] * 5

    def content(self) -> str:
        return "shapes"

    def sample(self, index: int) -> Sample:
        small, large, ignored = (0.1, 0.2, 0.2 + 0.002 * index, 0.4), (0.2, 0.1, 0.8, 0.9 + 0.002 * index), (0, 0, 1, 1)
        return Sample(
            image=noise(1, (40, 80))[0],
            boxes=np.array([small, large, ignored], np.float32),
            labels=np.array([0, 1, 1]),
            ignore=np.array([False, False, True]),
            keypoints=np.zeros((3, 0, 2), np.float32),
            has=frozenset({"boxes"}),
        )


def test_anchors_are_found_and_stand_in_the_card(caplog: pytest.LogCaptureFixture) -> None:
    config = tiny_config({"grid": {"scales": ["P3"], "anchors": 2}})
    with caplog.at_level(logging.INFO):
        found = with_found_anchors(config, Shapes())
    np.testing.assert_allclose(found.model.heads["grid"].anchors, [[0.104, 0.2], [0.6, 0.804]], atol=1e-4)
    assert ModelCard.of(found, 1).heads["grid"] == found.model.heads["grid"]
    assert "anchors [[0.104, 0.2], [0.6, 0.804]]: mean IoU 0.9" in caplog.text
    assert config.model.heads["grid"].anchors == 2, "the run's config asks for them again"


def test_sizes_are_those_in_the_network_s_frame() -> None:
    config = tiny_config({"grid": {"scales": ["P3"], "anchors": 2}}, size_hw=(64, 64), fit="letterbox")
    found = with_found_anchors(config, Shapes())
    np.testing.assert_allclose(found.model.heads["grid"].anchors, [[0.104, 0.1], [0.6, 0.402]], atol=1e-4)


def test_a_config_that_asks_for_none_is_left_alone() -> None:
    cases: list[dict[str, Any]] = [{"presence": {}}, {"grid": {"scales": ["P3"], "anchors": [[0.2, 0.3]]}}]
    for heads in cases:
        config = tiny_config(heads)
        assert with_found_anchors(config, Shapes()) is config
