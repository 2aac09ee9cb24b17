"""The card in model files, and files that carry none."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import pytest

from data_generators.settings import SettingsError
from detector.card import ModelCard, read_keras_card, write_keras_card
from detector.runs import RunError
from tests.detector.tiny import HEADS, Files, tiny_config

CARD = ModelCard.of(tiny_config(HEADS["two heads"]), 1234)


def test_a_card_is_made_of_the_config() -> None:
    assert CARD.trained_on == ("documents:",)
    assert CARD.heads == tiny_config(HEADS["two heads"]).model.heads
    assert set(CARD.codecs()) == {"corners", "presence"}
    assert CARD.precision == "float32"


def test_a_card_comes_back_from_its_text() -> None:
    card = CARD.with_changes(thresholds={"corners_presence": 0.4}, notes="Grüße", precision="int8")
    assert ModelCard.from_text(card.to_text(), Path("x")) == card


def test_a_card_is_replaced_and_the_weights_stay(files_of: Callable[[str], Files], tmp_path: Path) -> None:
    path = tmp_path / "copy.keras"
    path.write_bytes(files_of("presence").keras.read_bytes())
    size = path.stat().st_size
    write_keras_card(path, CARD)
    write_keras_card(path, CARD.with_changes(notes="again"))
    assert read_keras_card(path).notes == "again"
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == len(set(archive.namelist()))
    assert path.stat().st_size < size + 2000
    before, after = (keras.saving.load_model(each) for each in (files_of("presence").keras, path))
    for one, other in zip(before.weights, after.weights, strict=True):
        assert (one.numpy() == other.numpy()).all()


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.keras"
    path.write_text("not a zip")
    with pytest.raises(RunError, match=r"text.keras is not a .keras file. Give a run folder"):
        read_keras_card(path)


def test_a_card_that_does_not_validate_names_the_file(tmp_path: Path) -> None:
    for text in (
        "{",
        CARD.to_text().replace("parameters", "params"),
        CARD.to_text().replace('"presence":', '"ape":'),
    ):
        path = tmp_path / "old.keras"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model.json", text)
        with pytest.raises(RunError, match=r"(?s)old.keras: its model.json does not validate .*Export the model again"):
            read_keras_card(path)


def test_heads_of_a_card_are_checked() -> None:
    with pytest.raises(SettingsError, match="there is no head `zebra`"):
        ModelCard.parse({"input": {"size_hw": [32, 48]}, "heads": {"zebra": {}}, "parameters": 1})


def test_a_card_of_a_later_version_asks_for_an_update() -> None:
    text = CARD.to_text().replace('"card_version": 1', '"card_version": 2, "anchors": []')
    with pytest.raises(RunError, match=r"x: its model\.json is of version 2, .* reads 1 at most\. Update detector\."):
        ModelCard.from_text(text, Path("x"))
