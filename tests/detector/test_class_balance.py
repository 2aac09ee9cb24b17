"""Weights of classes that the config leaves to the training data."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from data_generators.sample import MASK_IGNORE, Sample
from data_generators.sources import Source
from detector.card import ModelCard
from detector.class_balance import balanced_weights, with_found_weights
from detector.config import Config
from tests.detector.tiny import noise, tiny_config


class Animals(Source):
    """Eight pictures of 10 x 20 pixels, half of them unknown: six cats on 50 known pixels each, a dog on 25, nothing;
    and one that nobody looked at."""

    class_names = ("cat", "dog")

    def __len__(self) -> int:
        return 9

    def groups(self) -> list[str]:
        return ["one"] * 9

    def content(self) -> str:
        return "animals"

    def sample(self, index: int) -> Sample:
        mask = np.full((10, 20), MASK_IGNORE, np.uint8)
        mask[:, :10] = 0
        if index < 7:
            mask[: 5 if index < 6 else 10, : 10 if index < 6 else 2] = 1 if index < 6 else 2
        if index == 6:
            mask[5:, :5] = 2
            mask[:5, :2] = 0
        has = frozenset({"mask"}) if index < 8 else frozenset()
        return Sample(image=noise(1, (10, 20))[0], mask=mask, has=has)


def mask_config(classes: tuple[str, ...], **mask: Any) -> Config:
    config = tiny_config({"mask": {"channels": 8} | mask})
    return config.model_copy(update={"model": config.model.model_copy(update={"classes": classes})})


def test_pixels_and_pictures_are_balanced_by_the_inverse_of_their_frequency(caplog: pytest.LogCaptureFixture) -> None:
    config = mask_config(("cat", "dog"), class_weights="balanced", picture_weights="balanced")
    with caplog.at_level(logging.INFO):
        found = with_found_weights(config, Animals())
    settings = found.model.heads["mask"]
    cat, dog = 6 * 0.5, 0.25
    assert settings.class_weights == pytest.approx(
        {"background": 8 / 3 / (8 - cat - dog), "cat": 8 / 3 / cat, "dog": 8 / 3 / dog}, abs=1e-4
    )
    assert settings.picture_weights == pytest.approx({"background": 8 / 3, "cat": 8 / 3 / 6, "dog": 8 / 3}, abs=1e-4)
    assert ModelCard.of(found, 1).heads["mask"] == settings
    assert "balanced over 8 masks" in caplog.text
    assert config.model.heads["mask"].class_weights == "balanced", "the run's config asks for them again"


def test_without_names_there_is_background_and_object() -> None:
    found = with_found_weights(mask_config((), class_weights="balanced"), Animals())
    share = (6 * 0.5 + 0.25) / 8
    weights = found.model.heads["mask"].class_weights
    assert weights == pytest.approx({"background": 0.5 / (1 - share), "object": 0.5 / share}, abs=1e-4)
    assert found.model.heads["mask"].picture_weights is None


def test_a_class_that_does_not_occur_weighs_1() -> None:
    assert balanced_weights(np.array([3.0, 0, 1])).tolist() == pytest.approx([4 / 6, 1, 2])


def test_a_config_that_asks_for_none_is_left_alone() -> None:
    for config in (mask_config((), class_weights={"object": 2.0}), tiny_config({"presence": {}})):
        assert with_found_weights(config, Animals()) is config


def test_data_without_masks_are_refused() -> None:
    class Unlabelled(Animals):
        def sample(self, index: int) -> Sample:
            return Animals.sample(self, index).replace(has=frozenset())

    with pytest.raises(ValueError, match=r"`balanced` weights of model\.heads\.mask are found in the masks"):
        with_found_weights(mask_config((), picture_weights="balanced"), Unlabelled())
