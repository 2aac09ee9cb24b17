"""The page holds all data, nothing can break out of it, it needs nothing beside it, and it stays small."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data_generators.images import write_image
from detector import api
from detector.report import thumbnails
from detector.report.limits import all_limits, limits_of
from detector.report.thumbnails import embed_pictures
from detector.runs import RunError
from detector.targets import read_target
from tests.conftest import REPOSITORY
from tests.detector.report.folders import (
    GATE,
    good_row,
    make_config,
    make_result,
    write_ladder,
    write_run,
    write_study,
    write_trials,
)


def make_page(*folders: Path) -> str:
    return api.report(folders, folders[0].parent / "page.html").read_text()


def data_of(page: str) -> dict[str, Any]:
    [text] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return dict(json.loads(text))


def test_data_of_several_folders(tmp_path: Path) -> None:
    data = data_of(make_page(write_trials(tmp_path / "study", 3), write_ladder(tmp_path / "ladder")))
    assert [(folder["name"], folder["kind"]) for folder in data["folders"]] == [
        ("study", "study"),
        ("ladder", "ladder"),
    ]
    assert data["title"] == "study, ladder"
    assert data["metrics"] == [{"name": "quad_iou_mean", "unit": "0 to 1", "more": True}]
    assert data["notes"] == []
    names = [point["name"] for point in data["points"]]
    assert names[:3] == ["study/000", "study/001", "study/002"] and names[-1] == "ladder/generalise-w12"
    first = data["points"][0]
    assert (first["metrics"], first["costs"]["int8_bytes"], first["plotted"]) == ({"quad_iou_mean": 0.54}, 4000, True)
    assert first["pictures"][0]["uri"].startswith("data:image/webp;base64,")
    assert "model.backbone.width" in data["settings"] and "training.epochs" not in data["settings"]


def test_the_metric_that_is_looked_for_comes_first_and_errors_count_down(tmp_path: Path) -> None:
    study = tmp_path / "study"
    row = good_row(study, 0, 8, 0.6)
    row["result"]["metrics"] |= {"map50": 0.5, "corner_error_percent_mean": 3.0}
    row["objectives"] = {"corner_error_percent_mean": 3.0, "int8_bytes": 8000}
    objectives = {"int8_bytes": "minimize", "corner_error_percent_mean": "minimize"}
    data = data_of(make_page(write_study(study, [row], objectives=objectives)))
    first, second, _ = data["metrics"]
    assert first == {"name": "corner_error_percent_mean", "unit": "%", "more": False}
    assert second["name"] == "map50"


def test_no_text_breaks_out_of_the_page(tmp_path: Path) -> None:
    evil = "<script>alert(1)<!--"
    config = make_config(model={"backbone": {"width": evil}}, note="{{script}}")
    page = make_page(write_run(tmp_path / f"{evil}&amp;", config, make_result(8, 0.5, gate="</script><b>{{style}}")))
    assert "<script>alert" not in page and "<!--" not in page and "</script><b>" not in page
    assert page.count("<script") == 2
    assert f"<h1>{evil.replace('<', '&lt;').replace('>', '&gt;')}&amp;amp;</h1>" in page
    [point] = data_of(page)["points"]
    assert point["name"] == f"{evil}&amp;" and point["reason"] == "</script><b>{{style}}"
    assert point["settings"]["model.backbone.width"] == evil


def test_the_page_needs_nothing_beside_it(tmp_path: Path) -> None:
    page = make_page(write_trials(tmp_path / "study", 1))
    markup = page.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|@import|<link rel=\"stylesheet|<script src|fetch\(|innerHTML", markup)
    assert "default-src 'none'" in page


@pytest.mark.parametrize(
    ("folders", "note"),
    [
        ([("a", "aa"), ("b", "bb")], "not all measured on the same validation samples"),
        ([("a", "aa"), ("b", "aa")], ""),
    ],
)
def test_a_comparison_over_different_samples_says_so(folders: list[tuple[str, str]], note: str, tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name, result=make_result(8, 0.5), validation=data) for name, data in folders]
    notes = data_of(make_page(*runs))["notes"]
    assert (note in notes[0]) if note else notes == []


def test_different_runtimes_are_named(tmp_path: Path) -> None:
    run = write_run(tmp_path / "float")
    (run / "report.json").write_text(json.dumps({"runtime": "keras-float32", "quad_iou_mean": 0.7}))
    notes = data_of(make_page(run, write_run(tmp_path / "int8", result=make_result(8, 0.5))))["notes"]
    assert notes == ["The metrics were measured in different runtimes: keras-float32, litert-int8."]


def test_limits_are_those_of_the_targets() -> None:
    h7 = {limit["cost"]: limit for limit in limits_of(read_target("openmv-h7"))}
    assert h7["int8_bytes"]["most"] == 114688 and "copied into the memory" in h7["int8_bytes"]["note"]
    assert h7["arena_bytes"]["most"] == read_target("openmv-h7").usable_bytes
    nano = next(limit for limit in all_limits() if (limit["target"], limit["cost"]) == ("nano-33-ble", "int8_bytes"))
    assert "does not run" in nano["note"]
    assert not limits_of(read_target("phone"))


def test_fifty_trials_of_noisy_pictures_stay_below_five_megabytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write_trials(tmp_path / "study", 50)
    noise = np.random.default_rng(1).integers(0, 255, (256, 256, 3), np.uint8)
    for number in range(50):
        write_image(study / "trials" / f"{number:03d}" / "pictures" / "worst.png", noise)
        rows = [{"epoch": epoch, "val_loss": 1 / (1 + epoch), "loss": 0.123456789} for epoch in range(900)]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (study / "trials" / f"{number:03d}" / "metrics.jsonl").write_text(lines)
    monkeypatch.setattr(thumbnails, "SIDES_PX", (256, 220))
    page = make_page(study)
    assert 2e6 < len(page) < 5e6
    curves = data_of(page)["points"][0]["curves"]
    assert len(curves["epoch"]) == len(curves["val_loss"]) <= 300 and curves["epoch"][-1] == 899


def test_pictures_shrink_until_they_fit_and_the_last_are_left_out(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).integers(0, 255, (300, 400, 3), np.uint8)
    paths = [tmp_path / f"{name}.png" for name in "abc"]
    for path in paths:
        write_image(path, noise)
    whole = embed_pictures(paths)
    small = embed_pictures(paths, 60_000)
    assert list(whole) == list(small) == paths
    assert sum(map(len, small.values())) < sum(map(len, whole.values()))
    assert 0 < len(embed_pictures(paths, 30_000)) < 3
    paths[1].write_bytes(b"no picture")
    with pytest.raises(RunError, match=r"b.png: no picture that can be read .* Take it away"):
        embed_pictures(paths)


def test_a_page_without_pictures_curves_or_trials(tmp_path: Path) -> None:
    bare = write_run(tmp_path / "run", epochs=0, picture=False)
    data = data_of(make_page(bare, write_study(tmp_path / "study", [])))
    assert data["points"][0]["pictures"] == [] and data["points"][0]["curves"] == {}
    assert "No trial is complete" in data["folders"][1]["summary"][-1]


def test_rejected_trials_are_marked(tmp_path: Path) -> None:
    study = tmp_path / "study"
    data = data_of(make_page(write_study(study, [good_row(study, 0, 8, 0.6, gate=GATE)])))
    assert (data["points"][0]["state"], data["points"][0]["reason"]) == ("rejected", GATE)


def test_studies_and_ladders_are_read_without_keras(tmp_path: Path) -> None:
    study, ladder = write_trials(tmp_path / "study", 2), write_ladder(tmp_path / "ladder")
    code = (
        "import sys; from detector import cli; sys.argv = ['detector', 'report', *sys.argv[1:]]\n"
        "try: cli.main()\nexcept SystemExit as end: assert not end.code\n"
        "print(sorted({'keras', 'tensorflow', 'optuna'} & set(sys.modules)))"
    )
    arguments = [str(study), str(ladder), "--output", str(tmp_path / "page.html")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "page.html: 0." in done.stdout and (tmp_path / "page.html").is_file()
