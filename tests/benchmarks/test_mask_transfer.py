"""Donors are compared on the same nested pictures, with as many steps, and with the backbone that they all fit."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from data_generators.formats import open_source
from tests.benchmarks.mask_config import write_mask_config, write_pets

CONV = re.compile(r"stage(\d)_block(\d)_conv")


def options_of(tmp_path: Path, *words: str):  # type: ignore[no-untyped-def]
    from mask_transfer import parse_options

    folders = ["--photos", str(write_pets(tmp_path / "pets")), "--runs", str(tmp_path / "runs")]
    return parse_options(["--config", str(write_mask_config(tmp_path)), *folders, *words])


def test_donors_share_pictures_and_steps(tmp_path: Path) -> None:
    from mask_transfer import make_trials

    trials = make_trials(options_of(tmp_path, "--sizes", "2", "5", "--seeds", "2", "--epochs", "3"))
    assert len(trials) == 2 * 2 * 2
    train = set(open_source(f"trimaps:{tmp_path / 'pets'}#train").groups())
    groups = {key: set(open_source(trial.config.data.train[0].source).groups()) for key, trial in trials.items()}
    assert groups["random", 2, 1] == groups["cats", 2, 1] < groups["random", 5, 1] <= train
    assert len(groups["random", 2, 1]) == 2 and groups["random", 5, 1] != groups["random", 5, 2]
    configs = {key: trial.config for key, trial in trials.items()}
    assert {each.training.epochs * (each.training.samples_per_epoch or 0) for each in configs.values()} == {1920}
    assert all(each.data.train == each.data.validation for each in configs.values())
    assert [configs[donor, 5, 2].model.init_from for donor in ("random", "cats")] == [None, "cats"]
    assert configs["cats", 5, 2].seed == 2
    assert trials["cats", 5, 2].data == (f"trimaps:{tmp_path / 'pets'}#val",)


def test_the_backbone_is_that_of_cats(tmp_path: Path) -> None:
    from mask_transfer import make_trials

    from detector.locate import find_checkpoint

    with zipfile.ZipFile(find_checkpoint("cats")) as archive:
        layers = [layer["config"] for layer in json.loads(archive.read("config.json"))["config"]["layers"]]
    found = {match.groups(): layer["filters"] for layer in layers if (match := CONV.fullmatch(layer["name"]))}
    for trial in make_trials(options_of(tmp_path, "--sizes", "2", "--seeds", "1")).values():
        backbone = trial.config.model.backbone
        depths = [sum(stage == str(number) for stage, _ in found) for number in range(1, len(backbone.depths) + 1)]
        channels = [found[str(number), "1"] for number in range(1, len(backbone.depths) + 1)]
        assert (tuple(depths), channels) == (backbone.depths, backbone.stage_channels())


def test_more_pictures_than_there_are_is_refused(tmp_path: Path) -> None:
    from mask_transfer import make_trials

    with pytest.raises(ValueError, match=r"Asked for: 13\. Take fewer"):
        make_trials(options_of(tmp_path, "--sizes", "13"))


def test_table_and_picture_of_the_curves(tmp_path: Path) -> None:
    from mask_transfer import draw_curves, format_table

    curve = {size: {"iou_foreground": [0.5, 0.7], "boundary_iou_mean": [0.2, 0.2]} for size in (50, 100)}
    lines = format_table({"random": curve, "cats": curve}).splitlines()
    assert lines[0] == "| backbone | score | 50 pictures | 100 pictures |"
    assert lines[2] == "| random | iou_foreground | 0.6000 +- 0.1000 | 0.6000 +- 0.1000 |" and len(lines) == 6
    draw_curves({"random": curve, "cats": curve}, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 5_000
