"""The methods are compared at equal bytes on the same scenes, and what does not fit is left out."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

OPTIONS = {
    "kilobytes": [40.0],
    "sizes": [96],
    "methods": ["heatmap", "simcc", "dense"],
    "data": ["corners:a/desks#val"],
}
SMALL = {"scenes": 50, "validation": 20, "epochs": 1}


@pytest.fixture(autouse=True)
def few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    import outputs

    monkeypatch.setattr(outputs, "BACKBONES", [(8, 1.2), (16, 1.5)])


def test_methods_share_scenes_and_keep_to_the_ceiling() -> None:
    from outputs import make_trials

    from detector import api

    trials = list(make_trials(argparse.Namespace(**OPTIONS | SMALL)))
    configs = [trial.config for trial in trials]
    assert [config.model.heads["corners"].method for config in configs] == OPTIONS["methods"]
    assert all(config.data == configs[0].data for config in configs)
    assert configs[0].data.train[0].options["count"] == 50
    assert all(20_000 < api.cost(config).file_bytes_int8 <= 40_000 for config in configs)


def test_a_ceiling_below_every_network_leaves_the_method_out(capsys: pytest.CaptureFixture[str]) -> None:
    from outputs import make_trials

    given = OPTIONS | SMALL | {"kilobytes": [5.0], "methods": ["simcc"]}
    assert list(make_trials(argparse.Namespace(**given))) == []
    assert "simcc at 96 px: no network of 5 kB or less, left out" in capsys.readouterr().out


def test_resizing_is_timed_on_a_photo_and_not_on_a_frame(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import outputs

    monkeypatch.setattr(outputs, "measure_model", lambda _path, photo_hw, _rounds: {"photo_hw": photo_hw})
    [trial] = outputs.make_trials(argparse.Namespace(**OPTIONS | SMALL | {"methods": ["simcc"]}))
    row = outputs.make_row(tmp_path, trial, {"validation": {"parameters": 17105}})
    assert row["photo_hw"] == (1536, 2048) and row["parameters"] == 17105
    assert row["network"].startswith("width 8, growth 1.2, channels ")


def test_the_table_has_a_column_a_source() -> None:
    from outputs import format_table

    scores = {"quad_iou_mean": 0.9, "quad_iou_median": 0.95}
    row = {"name": "simcc 96 px 40 kB", "network": "width 8", "parameters": 17105, "bytes": 36432}
    row |= {
        "network_ms": 0.041,
        "with_reading_ms": 0.2,
        "scores": {"validation": scores, "corners:a/desks#val": scores},
    }
    head, _, line = format_table([row]).splitlines()
    assert head.endswith("| validation | desks#val |")
    assert line == (
        "| simcc 96 px 40 kB | width 8 | 17,105 | 36,432 | 0.04 | 0.20 | 0.9000 / 0.9500 | 0.9000 / 0.9500 |"
    )
