"""Peers see our pictures, are judged by our scores, and what was done is not done again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.formats import open_source
from detector.config import read_config
from tests.benchmarks.mask_config import write_mask_config, write_pets


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    return write_pets(tmp_path / "pets")


@pytest.fixture
def contest(pets: Path, tmp_path: Path) -> Any:
    from mask_peers import Contest, parse_options

    words = ["--config", str(write_mask_config(tmp_path)), "--data", str(pets), "--runs", str(tmp_path / "runs")]
    return Contest(parse_options([*words, "--cpu-seconds", "50"]))


def probabilities(source: Any) -> list[np.ndarray]:
    """The true masks as a peer would give them, the border half found."""
    masks = (source.sample(index).mask for index in range(len(source)))
    return [np.where(mask == 255, 0.5, mask > 0).astype(np.float32) for mask in masks]


def test_a_perfect_answer_scores_one_and_an_empty_one_zero(pets: Path) -> None:
    from peers_parts.mask_judging import score_probabilities

    source = open_source(f"trimaps:{pets}#val")
    answers = probabilities(source)
    assert score_probabilities(source, answers)["iou_foreground"] == 1
    assert score_probabilities(source, [0 * answer for answer in answers])["iou_foreground"] == 0
    with pytest.raises(ValueError, match="shorter"):
        score_probabilities(source, answers[1:])


def test_answers_may_have_another_size(pets: Path) -> None:
    from peers_parts.mask_judging import score_probabilities

    source = open_source(f"trimaps:{pets}#val")
    answers = [answer[::2, ::2] for answer in probabilities(source)]
    assert 0.9 < (score_probabilities(source, answers)["iou_foreground"] or 0) <= 1


def test_the_floor_is_the_mean_mask(pets: Path, tmp_path: Path) -> None:
    from peers_parts.mask_judging import score_floor

    train, elsewhere = open_source(f"trimaps:{pets}#train"), open_source(f"trimaps:{write_pets(tmp_path / 'more')}")
    assert (score_floor(train, elsewhere)["iou_foreground"] or 0) > 0.95


def test_all_train_on_the_same_pictures_and_val_chooses_nothing(contest: Any, pets: Path) -> None:
    config = contest.config()
    assert [entry.source for entry in config.data.train] == [f"trimaps:{pets}#train"]
    assert config.data.validation == () and config.model.init_from is None
    assert len(contest.validation) == len(open_source(f"trimaps:{pets}#val"))


def test_the_same_is_not_done_twice(contest: Any) -> None:
    done: list[str] = []

    def work() -> dict[str, Any]:
        done.append("ours")
        return {"cpu_seconds": 12.5}

    with pytest.raises(SystemExit, match="no figures of `ours`"):
        _ = contest.budget
    asked = {"config": contest.config().to_dict(), "cpu_seconds": 50.0}
    for _ in range(2):
        assert contest.settle("ours", asked, work) == {"cpu_seconds": 12.5}
        contest.report = json.loads(contest.report_path.read_text())
    assert done == ["ours"] and contest.budget == 12.5
    contest.settle("ours", asked | {"cpu_seconds": 60.0}, work)
    assert done == ["ours", "ours"]


def test_ours_keeps_to_the_budget_and_others_get_at_least_as_much(
    contest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mask_peers

    pace = {"pictures_per_cpu_second": 10.0, "start_cpu_seconds": 20.0, "check_cpu_seconds": 1.0}
    pace |= {"pictures": 90, "parameters": 5, "macs": 7}
    commands: list[list[str]] = []
    monkeypatch.setattr(mask_peers, "ask", lambda *_: (pace, 0.0))
    monkeypatch.setattr(mask_peers, "run", lambda command, _: commands.append(command) or 45.0)
    monkeypatch.setattr(mask_peers, "score_model", lambda *_: {"iou_foreground": 0.5})
    monkeypatch.setattr(mask_peers, "measure_files", lambda *_: {"int8_ms": 0.1})
    figures = mask_peers.train_house(contest, "ours", [], 55.0)
    assert "training.epochs=3" in commands[0] and figures["pictures"] == 270 and figures["int8_ms"] == 0.1
    mask_peers.train_house(contest, "resnet50", [], 55.0, at_least=True)
    assert "training.epochs=4" in commands[2] and commands[3][-2:] == ["export", str(contest.runs / "resnet50")]
    mask_peers.train_house(contest, "ours", [], None)
    assert "training.epochs=1" in commands[4]


def test_the_teacher_is_a_resnet50(contest: Any) -> None:
    import keras
    from mask_peers import RESNET50

    config = contest.config(RESNET50)
    assert hasattr(keras.applications, config.model.backbone.application)
    assert config.data == contest.config().data and config.model.heads["mask"].channels == 16


def test_the_stream_gives_augmented_pictures_and_masks(pets: Path, tmp_path: Path) -> None:
    from peers_parts.mask_stream import make_batches

    data = [f'data.train=[{{source: "trimaps:{pets}#train"}}]', "data.validation=[]"]
    config = read_config(str(write_mask_config(tmp_path)), data)
    stream = make_batches(config)
    pictures, masks = next(stream)
    assert pictures.shape == (2, 32, 64, 3) and masks.shape == (2, 32, 64)
    assert pictures.dtype == masks.dtype == np.uint8 and set(np.unique(masks)) <= {0, 1, 255}
    assert not np.array_equal(masks, next(stream)[1])
    assert np.array_equal(pictures, next(make_batches(config))[0])


def test_pictures_without_a_mask_are_ignored(pets: Path) -> None:
    from peers_parts.mask_stream import PixelCodec

    sample = open_source(f"trimaps:{pets}").sample(0)
    blind = sample.replace(mask=np.zeros((0, 0), np.uint8), has=frozenset())
    masks = PixelCodec().encode([sample, blind])[0]["mask"]
    assert set(np.unique(masks[0])) == {0, 1, 255} and set(np.unique(masks[1])) == {255}


def test_the_table_has_a_column_a_contestant() -> None:
    from peers_parts.mask_table import make_table

    figures = {"ours": {"parameters": 82_589, "iou_foreground": 0.85}, "smp": {"float_ms": 6.0, "error": "no int8"}}
    lines = make_table(figures, {"iou_foreground": 0.4}).splitlines()
    assert lines[0] == "| figure | ours | smp UNet, LCNet 0.35 |"
    assert "| parameters | 82,589 | - |" in lines and "| float, CPU ms a picture | - | 6.00 |" in lines
    assert "smp: no int8" in lines and lines[-1] == "floor: IoU, float 0.4000"


def test_unknown_contestants_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    from mask_peers import parse_options

    with pytest.raises(SystemExit):
        parse_options(["nnunet"])
    assert "unknown contestant nnunet. There are ours, resnet50, smp." in capsys.readouterr().err
