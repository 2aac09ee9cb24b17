"""The loop of labelling: what is chosen, what is measured, and how labels are counted as saved."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.images import write_image
from data_generators.real.pseudo_file import mask_path
from data_generators.real.trimaps import TrimapSource


def test_labels_are_counted_along_the_line() -> None:
    from labelling_loop import labels_to_reach

    labels, scores = [50, 100, 150], [0.5, 0.7, 0.6]
    assert labels_to_reach(labels, scores, 0.6) == pytest.approx(75)
    assert labels_to_reach(labels, scores, 0.4) == 50
    assert labels_to_reach(labels, scores, 0.8) is None


def test_labels_saved_are_those_that_random_ones_need_more() -> None:
    from labelling_loop import summarise

    def curve(*ious: float) -> list[dict[str, Any]]:
        return [{"iou_foreground": iou} for iou in ious]

    curves = {"random": [curve(0.5, 0.6, 0.7), curve(0.5, 0.6, 0.7)], "worst first": [curve(0.5, 0.66, 0.8)] * 2}
    table = summarise([50, 100, 150], curves)
    assert [row["labels_saved"] for row in table["rounds"]] == [pytest.approx(0), pytest.approx(30), None]
    needed = table["labels_for_the_last_random_score"]
    assert needed["worst first"] == pytest.approx(100 + 50 * 4 / 14)
    assert needed["random"] == pytest.approx(150)
    assert table["rounds"][1]["random error"] == 0


def write_pets(folder: Path, count: int) -> Path:
    """Light squares on dark ground with a border, 40 x 56 pixels."""
    for number in range(count):
        trimap = np.full((40, 56, 1), 2, np.uint8)
        left = 4 + number % 20
        trimap[8:32, left : left + 28], trimap[10:30, left + 2 : left + 26] = 3, 1
        write_image(
            folder / "images" / f"pet_{number}.png", np.where(trimap == 1, 220, 40).repeat(3, 2).astype(np.uint8)
        )
        write_image(folder / "trimaps" / f"pet_{number}.png", trimap)
    return folder


def test_a_subset_is_a_folder_of_links(tmp_path: Path) -> None:
    from labelling_loop import write_subset

    pets = write_pets(tmp_path / "pets", 5)
    for _ in range(2):
        folder = write_subset(pets, tmp_path / "subsets", ["pet_3", "pet_1"])
        assert TrimapSource(folder).groups() == ["pet_1", "pet_3"]
    assert write_subset(pets, tmp_path / "subsets", ["pet_1", "pet_3"]) == folder


def test_labels_of_the_network_are_measured_beside_the_border(tmp_path: Path) -> None:
    from labelling_loop import picture_ious

    pets, said = write_pets(tmp_path / "pets", 2), np.zeros((40, 56, 1), np.uint8)
    said[9:31, 6:30] = 1  # pet_0, and a row of the border above and below
    for number in range(2):
        write_image(mask_path(tmp_path / "out", f"pet_{number}.png"), said)
    assert picture_ious(pets, tmp_path / "out") == {"pet_0": 1.0, "pet_1": pytest.approx(23 / 24)}


@pytest.mark.slow
def test_the_loop_in_its_smallest_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import labelling_loop

    config = tmp_path / "tiny.yaml"
    config.write_text(
        "input: {size_hw: [32, 48]}\ndata: {train: [{source: 'trimaps:pets'}]}\naugment: {camera: none}\n"
        "model: {backbone: {width: 8, depths: [1, 1]}, heads: {mask: {channels: 8}}}\ntraining: {batch_size: 4}\n"
    )
    pets = write_pets(tmp_path / "pets", 24)
    monkeypatch.setenv("DETECTOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(labelling_loop, "SAMPLES_PER_EPOCH", 8)
    words = f"loop --pets {pets} --config {config} --seeds 1 --epochs 1 --first 4 --step 3 --rounds 1"
    monkeypatch.setattr(sys, "argv", [*words.split(), "--runs", str(tmp_path / "runs")])
    labelling_loop.main()
    result = json.loads((tmp_path / "runs" / "labelling_loop.json").read_text())
    random, worst = result["curves"]["random"][0], result["curves"]["worst first"][0]
    assert [row["labels"] for row in random] == [row["labels"] for row in worst] == [4, 7]
    assert random[0]["iou_foreground"] == worst[0]["iou_foreground"]  # both begin with the same network
    assert set(worst[0]["waiting"]) == {"chosen_iou", "others_iou"} and len(result["rounds"]) == 2
    first = capsys.readouterr().out
    monkeypatch.setattr("detector.training.train", None)  # all is done already
    labelling_loop.main()
    assert capsys.readouterr().out == first and "worst first" in first
