"""Peers get at least our CPU seconds, are judged by our own scores, and one that is missing is left out."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.sample import Sample
from data_generators.sources import Source

CLASSES = ("cat", "dog")


@dataclass
class OnePicture(Source):
    """One labelled picture."""

    only: Sample
    class_names = CLASSES

    def __len__(self) -> int:
        return 1

    def sample(self, index: int) -> Sample:  # noqa: ARG002
        return self.only

    def groups(self) -> list[str]:
        return ["only"]

    def content(self) -> Any:
        return ["only"]


@pytest.fixture
def picture(sample: Sample) -> Sample:
    """A cat and a dog on 40 x 60 pixels."""
    boxes = np.array([[0.1, 0.2, 0.5, 0.8], [0.6, 0.3, 1.0, 0.9]], np.float32)
    return sample.replace(boxes=boxes, keypoints=np.zeros((2, 0, 2), np.float32), origin="/data/val/a.jpg")


def perfect(picture: Sample) -> list[dict[str, Any]]:
    """Objects as a peer gives them, the worse first."""
    boxes_px = picture.boxes * [60, 40, 60, 40]
    rows = zip(boxes_px, (0.6, 0.9), CLASSES, strict=True)
    return [{"box_px": box.tolist(), "score": score, "class": name} for box, score, name in rows]


def test_a_perfect_answer_scores_one(picture: Sample) -> None:
    from peers_parts.judging import score_answers

    scores = score_answers(OnePicture(picture), [{"file": "/elsewhere/a.jpg", "objects": perfect(picture)}], CLASSES)
    assert [scores["map50"], scores["map50_95"]] == pytest.approx([1, 1])


def test_classes_are_matched_by_name(picture: Sample) -> None:
    from peers_parts.judging import score_answers

    objects = perfect(picture)
    objects[0]["class"], objects[1]["class"] = "dog", "cat"
    scores = score_answers(OnePicture(picture), [{"file": "a.jpg", "objects": objects}], CLASSES)
    assert scores["map50"] == 0 and scores["map50_class_agnostic"] == pytest.approx(1)


def test_nothing_found_scores_zero(picture: Sample) -> None:
    from peers_parts.judging import score_answers

    assert score_answers(OnePicture(picture), [{"file": "a.jpg", "objects": []}], CLASSES)["map50"] == 0


def test_the_floor_is_what_boxes_score_that_saw_no_picture(picture: Sample) -> None:
    from peers_parts.judging import score_floor

    moved = picture.replace(boxes=picture.boxes * np.float32(0.4))
    train = OnePicture(picture)
    assert score_floor(train, OnePicture(picture), CLASSES)["map50"] == pytest.approx(1)
    assert score_floor(train, OnePicture(moved), CLASSES)["map50"] == 0


def test_the_best_comes_first_and_pixels_become_shares(picture: Sample) -> None:
    from peers_parts.judging import read_prediction

    prediction = read_prediction(perfect(picture), picture, CLASSES)
    assert prediction.scores.tolist() == pytest.approx([0.9, 0.6]) and prediction.labels.tolist() == [1, 0]
    assert np.allclose(prediction.boxes, picture.boxes[::-1])


def test_gaps_in_an_answer_are_refused(picture: Sample) -> None:
    from peers_parts.judging import read_prediction, score_answers

    with pytest.raises(ValueError, match=r"a\.jpg has no answer"):
        score_answers(OnePicture(picture), [{"file": "b.jpg", "objects": []}], CLASSES)
    with pytest.raises(ValueError, match=r"expected classes cat, dog\. Received horse"):
        read_prediction([{"box_px": [0, 0, 1, 1], "score": 1.0, "class": "horse"}], picture, CLASSES)


def test_ours_stays_within_the_budget_and_the_peer_gets_at_least_as_much() -> None:
    from peers_parts.budget import Pace

    pace = Pace(pictures_per_cpu_second=100, start_cpu_seconds=20, check_cpu_seconds=2)
    assert pace.epochs_within(100, 1000) == 6  # 12 seconds each
    assert pace.epochs_for(100, 1000) == 7
    assert pace.epochs_within(10, 1000) == pace.epochs_for(10, 1000) == 1


def test_table_gives_ratios_in_our_favour_and_leaves_out_what_is_not_there() -> None:
    from peers_parts.table import make_table

    report = {
        "rate": {
            "ours": {"parameters": 96_000, "macs": 20, "pictures_per_cpu_second": 320.0},
            "peer": {"parameters": 2_400_000, "macs": 160, "pictures_per_cpu_second": 40.0},
        },
        "int8": {"ours": {"cpu_ms": 0.5, "bytes": 100_000, "map50": 0.8}, "error": "the peer's export failed."},
        "train": {"ours": {"map50": 0.8}, "peer": {"map50": 0.3}, "floor": {"map50": 0.297}},
        "fomo": {"parameters": 21_000, "pictures_per_cpu_second": 97.0, "cpu_seconds": 30.0, "centroid_f1": 0.5},
    }
    lines = make_table(report, "yolo26n").splitlines()
    assert lines[0] == "| figure | ours | yolo26n | ratio | wanted |"
    assert "| parameters | 96,000 | 2,400,000 | 25.0 | 25 |" in lines
    assert "| training, pictures per CPU second | 320.0 | 40.0 | 8.0 | 8 |" in lines
    assert "| int8 in LiteRT, 1 thread, CPU ms | 0.50 | - |  | 4 |" in lines
    assert not any("prediction" in line for line in lines)
    assert "int8: the peer's export failed." in lines
    assert "floor: median training boxes in every picture, mAP50 0.297" in lines
    assert lines[-1].endswith("centroid F1 0.500")


def test_cells_hold_the_class_of_an_object_s_centre(picture: Sample) -> None:
    from peers_parts.fomo_worker import CellCodec

    targets, weights = CellCodec((16, 32), 2).encode([picture, picture.replace(ignore=np.array([True, False]))])
    cells = targets["cells"]
    assert cells.shape == (2, 2, 4, 3) and weights["cells"].tolist() == [1, 1]
    assert cells.sum(axis=-1).min() == 1
    assert np.argwhere(cells[0, ..., 1]).tolist() == [[1, 1]] and np.argwhere(cells[0, ..., 2]).tolist() == [[1, 3]]
    assert cells[1, ..., 1].sum() == 0


def test_the_fomo_like_net_has_cells_of_eight_pixels() -> None:
    from peers_parts.fomo_worker import build

    network = build((32, 64), 2)
    assert network.output["cells"].shape == (None, 4, 8, 3)
    assert network.count_params() < 25_000


def test_cpu_seconds_are_those_of_the_process(tmp_path: Path) -> None:
    from peers_parts.processes import run

    busy = "import time\nwhile time.process_time() < 0.3: pass"
    assert run([sys.executable, "-c", busy], tmp_path / "log") >= 0.3
    assert run([sys.executable, "-S", "-c", "import time; time.sleep(0.3)"], tmp_path / "log") < 0.3


def test_a_worker_that_fails_says_why(tmp_path: Path) -> None:
    from peers_parts.processes import WorkerError, run

    with pytest.raises(WorkerError, match=r"(?s)failed, see .*log:\n.*no such peer"):
        run([sys.executable, "-c", "raise SystemExit('no such peer')"], tmp_path / "log")


def test_what_is_installed_is_seen() -> None:
    from peers_parts.processes import is_installed

    assert is_installed(sys.executable, "json") and not is_installed(sys.executable, "no_such_peer")


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A YOLO set with nothing in it but its document."""
    folder = tmp_path / "pets"
    for kind in ("images", "labels"):
        for split in ("train", "val"):
            (folder / kind / split).mkdir(parents=True)
    names = "names: {0: dog, 1: cat}"
    (folder / "data.yaml").write_text(f"path: .\ntrain: images/train\nval: images/val\n{names}\n")
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A grid of two classes, on data that is to be replaced."""
    text = "input: {size_hw: [32, 32]}\ndata: {train: [{source: 'documents:'}]}\n"
    path = tmp_path / "tiny.yaml"
    path.write_text(text + "model: {classes: [cat, dog], backbone: {depths: [1, 1, 1, 1]}, heads: {grid: {}}}\n")
    return path


def test_all_train_on_the_pictures_that_are_named(pets: Path, config: Path, tmp_path: Path) -> None:
    from peers import Contest, parse_options

    words = ["--config", str(config), "--data", str(pets), "--runs", str(tmp_path / "runs"), "--python", sys.executable]
    contest = Contest(parse_options(words))
    assert [entry.source for entry in contest.config.data.train] == [f"yolo:{pets}#train"]
    assert contest.config.data.validation == ()  # else the pictures that are judged on choose our checkpoint
    document = contest.peer_data()
    assert document == contest.peer_data()
    assert (document.parent / "labels" / "train").resolve() == pets / "labels" / "train"
    assert not contest.has_peer
    with pytest.raises(SystemExit, match="no figures of the part `rate`"):
        contest.require("rate")
    contest.write("rate", {"ours": {"parameters": 1}})
    assert json.loads((tmp_path / "runs" / "peers.json").read_text()) == {"rate": {"ours": {"parameters": 1}}}


def test_unknown_parts_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    from peers import parse_options

    with pytest.raises(SystemExit):
        parse_options(["race"])
    assert "unknown part race. There are rate, train" in capsys.readouterr().err
