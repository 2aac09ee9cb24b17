"""All sizes see the same pictures, and are as small as they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector.build import build_model
from detector.config import read_config
from detector.training import count_trainable
from tests.benchmarks.mask_config import write_mask_config


@pytest.mark.parametrize(("name", "most"), [("20k", 20_000), ("20k-separable", 20_000), ("5k", 5_000)])
def test_a_size_keeps_to_its_name(name: str, most: int, tmp_path: Path) -> None:
    from mask_sizes import make_config, parse_options

    config = make_config(name, parse_options(["--config", str(write_mask_config(tmp_path))]))
    assert 0.75 * most < count_trainable(build_model(config)) <= most


def test_sizes_share_all_but_their_network(tmp_path: Path) -> None:
    from mask_sizes import CONFIG, SIZES, make_trial, parse_options

    words = ["--config", str(write_mask_config(tmp_path)), "--photos", "/pets", "--epochs", "7", "--set", "seed=5"]
    trials = [make_trial(name, parse_options(words)) for name in (CONFIG, *SIZES)]
    first, *others = [trial.config for trial in trials]
    assert first.data == read_config(words[1]).data
    assert first.training.epochs == 7 and first.seed == 5
    assert all((each.data, each.training, each.seed) == (first.data, first.training, 5) for each in others)
    assert all(each.model.heads["mask"].losses == {"dice": 2.0} for each in others)
    assert {trial.data for trial in trials} == {("trimaps:/pets#val",)}


def test_the_table_has_the_ratio_to_the_first_line() -> None:
    from mask_sizes import format_table

    row = {"name": "config", "parameters": 82589, "macs": 29_500_000, "int8_bytes": 96_000, "int8_ms": 0.7}
    row |= {"float_iou_foreground": 0.8, "int8_iou_foreground": 0.8, "int8_boundary_iou_mean": 0.5}
    lines = format_table([row, row | {"name": "5k", "int8_iou_foreground": 0.6}]).splitlines()
    assert lines[2] == "| config | 82,589 | 29,500,000 | 96,000 | 0.70 | 0.8000 | 0.8000 | 1.0000 | 0.5000 |"
    assert "| 0.6000 | 0.7500 |" in lines[3]


def test_unknown_sizes_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    from mask_sizes import parse_options

    with pytest.raises(SystemExit):
        parse_options(["1k"])
    assert "unknown size 1k. There are config, 50k, 20k, 20k-separable, 5k." in capsys.readouterr().err
