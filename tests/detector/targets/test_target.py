"""The table of targets: every one validates, and every figure has a source."""

from __future__ import annotations

import datetime

import pytest
from ai_edge_litert import schema_py_generated as schema

from data_generators.settings import SettingsError
from detector.targets import Target, read_target, target_names

BOARDS = ("openmv-h7", "openmv-h7-plus", "openmv-rt1062", "openmv-ae3", "nicla-vision", "portenta-h7", "nano-33-ble")
FIGURES = ("memory_bytes", "reserved_bytes", "flash_bytes", "flash_reserved_bytes", "operators", "accelerator")


def test_the_targets_are_there() -> None:
    assert target_names() == [*BOARDS, "web", "phone", "cpu"]


@pytest.mark.parametrize("name", target_names())
def test_every_figure_has_a_source_and_a_date(name: str) -> None:
    target = read_target(name)
    given = {field for field in FIGURES if getattr(target, field) not in (None, 0)}
    assert given <= set(target.facts)
    assert all(fact.source and fact.date >= datetime.date(2026, 1, 1) for fact in target.facts.values())


@pytest.mark.parametrize("name", BOARDS)
def test_boards_limit_memory_and_stretch_int8_pictures(name: str) -> None:
    target = read_target(name)
    assert target.memory_bytes is not None and target.flash_bytes is not None
    assert target.fits == ("stretch",)
    assert target.input_dtype == "int8"
    assert target.headroom == 0.1
    assert target.is_board


@pytest.mark.parametrize("name", BOARDS)
def test_operators_are_called_as_in_the_file_format(name: str) -> None:
    operators = read_target(name).operators
    assert operators is not None
    assert set(operators) <= set(vars(schema.BuiltinOperator))
    assert {"CONV_2D", "RESIZE_BILINEAR"} <= set(operators)
    assert "TILE" not in operators


def test_what_stays_free_and_what_is_reserved_is_not_usable() -> None:
    assert read_target("openmv-h7").usable_bytes == int(264 * 1024 * 0.9)
    assert read_target("nano-33-ble").usable_bytes == int(240 * 1024 * 0.9) - 160 * 120 * 2
    assert read_target("openmv-h7").largest_file_bytes == (128 - 16) * 1024
    assert read_target("nano-33-ble").largest_file_bytes == 640 * 1024
    assert read_target("cpu").usable_bytes is read_target("cpu").largest_file_bytes is None
    assert not read_target("cpu").is_board


def test_a_mistyped_name_is_offered_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"there is no target `openmv-h8`. Did you mean `openmv-h7`\?"):
        read_target("openmv-h8")


def test_facts_name_fields() -> None:
    facts = {"ram": {"source": "z", "date": "2026-11-22"}}
    values = {"name": "w", "title": "x", "runtime": "y", "bundle": "web", "facts": facts}
    with pytest.raises(SettingsError, match=r"`facts` must name fields of the target. Received ram"):
        Target.parse(values)
