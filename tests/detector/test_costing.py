"""The price of a config and of model files, and a training that is refused before it begins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from detector.config import Config
from detector.costing import check_target, cost_of_config, price
from detector.fitting import TargetError
from detector.locate import find_checkpoint, find_model
from detector.runs import RunError
from detector.targets import target_names
from detector.training import train
from tests.detector.tiny import HEADS, Files, tiny_config

FilesOf = Callable[[str], Files]


def with_target(config: Config, target: str) -> Config:
    return Config.parse(config.to_dict() | {"target": target})


def test_a_config_a_network_and_its_file_cost_the_same() -> None:
    """The shipped network as Keras has it, and as LiteRT has it; sizes of the file are measured there."""
    network, file = price(find_checkpoint("documents-small")), price(find_model("documents-small"))
    assert network.file is None and file.file == find_model("documents-small")
    assert network.input == file.input
    assert network.cost.operators == file.cost.operators
    for field in ("parameters", "macs", "arena_bytes_int8", "scratch_bytes_int8"):
        assert getattr(network.cost, field) == getattr(file.cost, field), field
    assert file.cost.file_bytes_float is None
    assert file.cost.file_bytes_int8 == find_model("documents-small").stat().st_size
    assert network.cost.file_bytes_int8 == pytest.approx(file.cost.file_bytes_int8, rel=0.05)


def test_every_target_is_answered_for() -> None:
    fits = price(find_model("documents-small")).fits()
    assert list(fits) == target_names()
    assert fits["openmv-h7"].fits and fits["cpu"].fits
    for shipped in ("documents-h7", "cats", "cat-mask"):
        fit = price(find_model(shipped)).fits()["openmv-h7"]
        assert fit.fits and not fit.model_in_memory, shipped
    assert not price(find_model("documents")).fits()["openmv-h7"].fits  # 192 pixels


def test_a_float_file_has_no_price(files_of: FilesOf) -> None:
    with pytest.raises(RunError, match=r"float.tflite: expected an int8 file, received floats. Give the int8 file"):
        price(files_of("presence").float)


def test_overrides_reach_the_config() -> None:
    assert price("documents-small", ["input.channels=1"]).input.channels == 1


def test_a_config_without_a_target_or_that_fits_it_passes() -> None:
    check_target(tiny_config(HEADS["presence"]))
    check_target(with_target(tiny_config(HEADS["presence"]), "nano-33-ble"))


def test_a_network_that_does_not_fit_names_its_layer() -> None:
    config = with_target(tiny_config(HEADS["presence"], (480, 640)), "openmv-h7")
    with pytest.raises(
        TargetError, match=r"`target: openmv-h7`:\n.* when layer stage1_block1_conv runs.*Make the sides"
    ):
        check_target(config)
    assert cost_of_config(config).peak_layer == "stage1_block1_conv"


def test_the_precision_of_the_export_must_be_the_board_s() -> None:
    values = with_target(tiny_config(HEADS["mask"]), "openmv-h7").to_dict()
    config = Config.parse(values | {"export": {"precision": "int16x8"}})
    with pytest.raises(TargetError, match=r"openmv-h7`:\n`export.precision` is int16x8, but must be int8: "):
        check_target(config)
    fits = price(config).fits()
    assert {name for name, each in fits.items() if not each.fits} == set(target_names()) - {"web", "phone", "cpu"}


def test_training_does_not_begin(tmp_path: Path) -> None:
    config = with_target(tiny_config(HEADS["presence"], fit="letterbox"), "openmv-h7")
    with pytest.raises(TargetError, match=r"`input.fit` is letterbox, but must be stretch"):
        train(config, tmp_path / "run")
    assert not list((tmp_path / "run").glob("**/*.keras"))
    assert not (tmp_path / "run" / "data.json").exists()  # not even the data were opened


def test_a_target_is_named_as_the_table_has_it() -> None:
    with pytest.raises(ValueError, match=r"there is no target `openmv`. Did you mean `openmv-h7`\?"):
        with_target(tiny_config(HEADS["presence"]), "openmv")
