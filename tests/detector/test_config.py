"""The experiment's document: keys, values, overrides, and what a person is told."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import data_generators.formats
import detector.card
import detector.codecs.corners
import detector.codecs.presence
import detector.config
import detector.settings.model
from data_generators.settings import Settings, SettingsError
from detector.config import Config, read_config
from detector.presets import preset_names, preset_text
from detector.settings.model import BackboneSettings
from detector.template import commented_config

MINIMAL: dict[str, Any] = {
    "input": {"size_hw": [32, 48]},
    "data": {"train": [{"source": "documents:", "options": {"count": 3}}, {"source": "negatives:rooms"}]},
    "model": {"heads": {"corners": {"channels": 8}}},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(MINIMAL))
    return path


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "training.epoch=3",
            r"mine.yaml is not valid:\n  training.epoch: there is no such setting. Did you mean `epochs`",
        ),
        ("trainning.epochs=3", r"trainning: there is no such setting. Did you mean `training`"),
        ("model.backbone.width=12", r"model.backbone.width: Input should be a multiple of 8. Received 12"),
        ("model.backbone.block=dense", r"model.backbone.block: Input should be 'conv', 'separable'"),
        ("model.backbone.depths=[1, 0]", r"model.backbone.depths: .*every stage needs at least one block"),
        ("model.heads.cornes={}", r"model.heads: .*there is no head `cornes`. Did you mean `corners`"),
        ("model.heads.zebra={}", r"no head `zebra`. The heads are autoencoder, box, corners, grid, mask, presence"),
        ("model.heads.corners.strid=8", r"model.heads.corners is not valid:\n  strid: .*Did you mean `stride`"),
        ("model.heads.corners.method=dense", r"`method: dense` goes with `loss: mae, mse, huber or wing`"),
        ("data.train=[]", r"data.train: .*at least 1 item"),
        ("data.train.0.weight=0", r"data.train.0.weight: Input should be greater than 0. Received 0"),
        ("data.train.2.weight=1", r"--set data.train.2.weight=1: `2` must be an index below 2, counted from 0"),
        ("data.train.first.weight=1", r"`first` must be an index below 2"),
        ("seed.x=1", r"--set seed.x=1: `seed` is not a group of settings"),
        ("seed", r"--set seed: expected key=value, e.g. training.epochs=5"),
        ("seed=[1", r"--set seed=\[1: the value is not valid YAML"),
        ("input.size_hw=[40, 48]", r"`input.size_hw` must be multiples of 32 for 5 stages. Received \(40, 48\)"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_cure(file: Path, override: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_config(file, ["seed=1", "input.size_hw=[32, 64]", override])


def test_overrides_reach_groups_lists_and_what_the_file_leaves_out(file: Path) -> None:
    overrides = [
        "input.size_hw=[32, 64]",
        "training.epochs=5",
        "data.train.1.source=negatives:halls",
        "data.train.0.options.count=7",
        "model.heads.corners.stride=8",
        "model.heads.presence.loss_weight=0.5",
        "training.clip_norm=null",
    ]
    config = read_config(file, overrides)
    assert config.training.epochs == 5
    assert [entry.source for entry in config.data.train] == ["documents:", "negatives:halls"]
    assert config.data.train[0].options == {"count": 7}
    assert config.model.heads["corners"].stride == 8
    assert config.model.heads["presence"].loss_weight == 0.5
    assert config.training.clip_norm is None


def test_an_override_fills_a_group_that_the_file_leaves_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text(yaml.safe_dump(MINIMAL | {"training": None, "model": {"heads": {"presence": None}}}))
    with pytest.raises(SettingsError, match="training: "):
        read_config(path, ["input.size_hw=[32, 64]"])
    overrides = ["input.size_hw=[32, 64]", "training.epochs=2", "model.heads.presence.loss_weight=3"]
    assert read_config(path, overrides).model.heads["presence"].loss_weight == 3


def test_files_that_are_no_config(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"nothing.yaml: no such file, and no preset of that name; presets: .*documents"
    ):
        read_config(tmp_path / "nothing.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("seed: [1")
    with pytest.raises(SettingsError, match=r"broken.yaml: not valid YAML"):
        read_config(broken)
    broken.write_text("seed: 1\ntraining: {epochs: 2}\nseed: 2")
    with pytest.raises(
        SettingsError, match=r"(?s)broken.yaml: not valid YAML: .*the key 'seed' stands there twice.*line 3"
    ):
        read_config(broken)
    broken.write_text("- 1")
    with pytest.raises(SettingsError, match=r"broken.yaml: expected a mapping of settings. Begin from `detector init`"):
        read_config(broken)


@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_reads_and_says_what_it_is(preset: str) -> None:
    assert preset_text(preset).startswith("# ")
    config = read_config(preset)
    assert set(config.codecs()) == set(config.model.heads)


@pytest.mark.parametrize("preset", preset_names())
def test_a_config_comes_back_from_its_plain_data(preset: str) -> None:
    config = read_config(preset)
    assert Config.parse(yaml.safe_load(yaml.safe_dump(config.to_dict()))) == config


@pytest.mark.parametrize("preset", preset_names())
def test_the_commented_config_is_the_same_experiment(preset: str, tmp_path: Path) -> None:
    text = commented_config(preset)
    path = tmp_path / "written.yaml"
    path.write_text(text)
    assert read_config(path) == read_config(preset)
    assert text.startswith(preset_text(preset).splitlines()[0])
    assert all(len(line) <= 120 for line in text.splitlines() if line.lstrip().startswith("#"))
    assert "# The one size dial" in text
    assert "# Pictures a step." in text


def test_the_corner_order_is_that_of_the_head_with_keypoints() -> None:
    def order(heads: dict[str, Any]) -> str:
        return Config.parse(MINIMAL | {"input": {"size_hw": [32, 64]}, "model": {"heads": heads}}).corner_order()

    assert order({"presence": {}}) == "none"
    assert order({"presence": {}, "corners": {"order": "object"}}) == "object"
    assert order({"corners": {}}) == "image"


def settings_classes() -> list[type[Settings]]:
    modules = (
        detector.config,
        detector.card,
        detector.codecs.corners,
        detector.codecs.presence,
        detector.settings.model,
        data_generators.formats,
    )
    found = {member for module in modules for _, member in inspect.getmembers(module, inspect.isclass)}
    return sorted((member for member in found if issubclass(member, Settings)), key=lambda member: member.__name__)


@pytest.mark.parametrize("settings", settings_classes(), ids=lambda settings: settings.__name__)
def test_every_setting_is_described(settings: type[Settings]) -> None:
    bare = [name for name, field in settings.model_fields.items() if not field.description]
    assert not bare
    assert settings.__doc__


def test_the_settings_are_found() -> None:
    assert {BackboneSettings, Config} <= set(settings_classes())
    assert len(settings_classes()) > 12


def test_files_are_found_from_any_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "scans").mkdir()
    (tmp_path / "documents").mkdir()  # no run: the shipped model is meant
    monkeypatch.chdir(tmp_path)
    entries = [{"source": "corners:photos#train"}, {"source": "documents:#val", "options": {"templates": "scans"}}]
    config = read_config("documents", [f"data.train={json.dumps(entries)}", "model.init_from=documents"])
    named = config.with_absolute_paths()
    assert named.data.train[0].source == f"corners:{tmp_path / 'photos'}#train"
    assert named.data.train[1].source == "documents:#val"
    assert named.data.train[1].options == {"templates": str(tmp_path / "scans")}
    assert named.model.init_from == "documents"
    assert named.with_absolute_paths() == named


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_says_command_time_size_and_score(name: str) -> None:
    header = " ".join(line.lstrip("# ") for line in preset_text(name).splitlines() if line.startswith("#"))
    assert re.search(r"(detector train|make demo)", header)
    assert re.search(r"Time: [\d.]+ minutes", header)
    assert re.search(r"Size: [\d,]+ parameters, int8 file of [\d,]+ bytes", header)
    assert re.search(r"(IoU|mAP50).*0\.\d{3}", header)
