"""A trial has a folder of its content, and is not done twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from detector.config import Config, read_config


def small_config(count: int = 40, *changes: str) -> Config:
    from trials.running import SMALL

    data = [f'data.train=[{{source: "documents:", options: {{count: {count}}}}}]', "data.validation=[]"]
    return read_config("documents", [*SMALL, *data, *changes])


def test_the_small_network_has_the_parameters_that_it_is_said_to_have() -> None:
    from detector.build import build_model
    from detector.training import count_trainable

    assert count_trainable(build_model(small_config())) == 34_661


def test_folder_follows_settings_samples_and_starting_weights(boards: Path, tmp_path: Path) -> None:
    from trials.running import trial_folder

    def folder(*changes: str) -> Path:
        return trial_folder(tmp_path, small_config(40, f'data.train.0={{source: "corners:{boards}"}}', *changes))

    known = {folder(), folder("training.epochs=7"), folder("model.init_from=documents")}
    assert len(known) == 3
    assert folder() in known
    (boards / "corners.csv").touch()
    (boards / "corners.csv").write_text((boards / "corners.csv").read_text().replace("0.8,0.15", "0.8,0.16"))
    assert folder() not in known


def test_weights_count_by_what_they_are_not_by_where_they_lie(tmp_path: Path) -> None:
    from trials.running import trial_folder

    from detector.locate import find_checkpoint

    copy = tmp_path / "copy.keras"
    copy.write_bytes(find_checkpoint("documents").read_bytes())
    folders = {trial_folder(tmp_path, small_config(40, f"model.init_from={name}")) for name in ("documents", copy)}
    assert len(folders) == 1


def test_what_is_measured_is_not_measured_again(boards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trials import running

    export = tmp_path / "export"
    export.mkdir()
    (export / "report.json").write_text(json.dumps({"int8": {"quad_iou_mean": 0.7}}))
    monkeypatch.setattr(running, "_exported", lambda *_: export / "int8.tflite")
    measured: list[int] = []

    def measure(_: Path, source: running.Source) -> running.Scores:
        measured.append(len(source))
        return {"fingerprint": source.fingerprint(), "quad_iou_mean": 0.9}

    monkeypatch.setattr(running, "measure", measure)
    trial = running.Trial("boards", small_config(), (f"corners:{boards}",))
    scores = running.run_trial(tmp_path, trial)
    assert scores == running.run_trial(tmp_path, trial)
    assert [scores[name]["quad_iou_mean"] for name in ("validation", *trial.data)] == [0.7, 0.9]
    assert measured == [12]
    (boards / "corners.csv").write_text((boards / "corners.csv").read_text().replace("0.8,0.15", "0.8,0.16"))
    running.run_trial(tmp_path, trial)
    assert measured == [12, 12]


def test_measuring_gives_the_scores_of_evaluate(boards: Path) -> None:
    from trials.running import measure

    from data_generators.formats import open_source
    from detector.locate import find_model

    scores = measure(find_model("documents"), open_source(f"corners:{boards}"))
    assert scores["samples"] == 12
    assert 0 <= scores["quad_iou_min"] <= scores["quad_iou_mean"] < 0.8
    assert 0 < scores["quad_iou_below_80_share"] <= 1


POOL = """
import os, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from trials.running import _begin_worker
if __name__ == "__main__":
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin_worker) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(60)
"""


def test_a_worker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "pool.py").write_text(POOL)
    paths = os.pathsep.join(path for path in sys.path if path)
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "pool.py")],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    ) as parent:
        assert parent.stdout
        worker = int(parent.stdout.readline())
        parent.kill()
    for _ in range(100):
        if not Path(f"/proc/{worker}").exists():
            break
        time.sleep(0.1)
    assert not Path(f"/proc/{worker}").exists()


def test_spread_is_the_standard_error() -> None:
    from trials.running import spread

    assert spread([0.1, 0.3]) == pytest.approx((0.2, 0.1))
    mean, error = spread([0.4])
    assert mean == 0.4 and error != error


@pytest.mark.parametrize(
    ("source", "name"), [("corners:/data/desks#val", "desks#val"), ("documents:#val", "documents:#val")]
)
def test_short_names(source: str, name: str) -> None:
    from trials.running import short_name

    assert short_name(source) == name
