"""Whether a network fits: numbers by hand, and messages that name layer, limit and cure."""

from __future__ import annotations

from typing import Any

import pytest

from data_generators.transform.input_spec import InputSpec
from detector.fitting import TargetError, fit, require_fit
from detector.models.cost import Cost
from detector.targets import Target, read_target

SPEC = InputSpec(size_hw=(96, 128))


def cost(**changes: Any) -> Cost:
    """A network of 1,000 bytes of arena, 100 of scratch and a file of 400."""
    values: dict[str, Any] = {
        "parameters": 10,
        "macs": 20,
        "peak_activation_bytes_int8": 900,
        "arena_bytes_int8": 1000,
        "scratch_bytes_int8": {"reference": 0, "cmsis-nn-dsp": 100, "cmsis-nn-mve": 200},
        "peak_layer": "stage1_conv",
        "operators": ("CONV_2D", "ADD"),
        "layers": {"CONV_2D": "stage1_conv", "ADD": "stage2_add"},
        "file_bytes_float": 1600,
        "file_bytes_int8": 400,
        "warnings": (),
    }
    return Cost(**(values | changes))


def board(**changes: Any) -> Target:
    values: dict[str, Any] = {
        "name": "board",
        "title": "Board",
        "runtime": "TFLM there",
        "bundle": "openmv",
        "memory_bytes": 2000,
        "flash_bytes": 500,
        "copies_larger_files": True,
        "kernels": "cmsis-nn-dsp",
        "operators": ["CONV_2D", "ADD"],
        "fits": ["stretch"],
        "facts": {},
    }
    return Target.parse(values | changes)


def test_arena_scratch_and_headroom_are_counted() -> None:
    result = fit(cost(), board())
    assert result.fits and result.problems == ()
    assert (result.target, result.needed_bytes, result.usable_bytes, result.left_bytes) == ("board", 1100, 1800, 700)
    assert (result.flash_left_bytes, result.model_in_memory) == (100, False)
    assert fit(cost(), board(kernels="cmsis-nn-mve", reserved_bytes=300)).left_bytes == 1800 - 300 - 1200


def test_it_fits_to_the_byte() -> None:
    assert fit(cost(arena_bytes_int8=1700), board()).fits
    assert not fit(cost(arena_bytes_int8=1701), board()).fits


def test_a_file_too_large_to_be_read_in_place_lies_beside_the_arena() -> None:
    result = fit(cost(file_bytes_int8=600), board())
    assert result.fits and result.model_in_memory
    assert (result.needed_bytes, result.left_bytes, result.flash_left_bytes) == (1700, 100, -100)
    [problem] = fit(cost(file_bytes_int8=800), board()).problems
    assert "1,900 bytes of memory are needed, 1,800 are there with 10% to spare" in problem
    assert "a copy of the file 800, for 500 can be read in place" in problem
    assert "`input.size_hw` smaller, to about 100 %" in problem
    [problem] = fit(cost(file_bytes_int8=1900), board()).problems
    assert problem.endswith("Make `model.backbone.width` smaller.")


def test_what_is_reserved_beside_the_file_is_not_its_own() -> None:
    reserved = board(flash_reserved_bytes=100)
    assert fit(cost(), reserved).flash_left_bytes == 0
    result = fit(cost(file_bytes_int8=401), reserved)
    assert result.model_in_memory and result.needed_bytes == 1100 + 401
    [problem] = fit(cost(file_bytes_int8=401), board(flash_reserved_bytes=100, copies_larger_files=False)).problems
    assert "401 bytes, and 400 is the most there" in problem


def test_a_file_that_cannot_be_copied_does_not_fit() -> None:
    [problem] = fit(cost(file_bytes_int8=600), board(copies_larger_files=False)).problems
    assert "The file will have 600 bytes, and 500 is the most there. Make `model.backbone.width` smaller" in problem


def test_too_large_an_arena_names_layer_limit_and_cure() -> None:
    result = fit(cost(arena_bytes_int8=6800), board())
    assert result.left_bytes == -5100
    [problem] = result.problems
    assert "6,900 bytes of memory are needed, 1,800 are there" in problem
    assert "the arena takes 6,800, most of it when layer stage1_conv runs; scratch memory 100" in problem
    assert "Make the sides of `input.size_hw` smaller, to about 51 %, or `model.backbone.width`." in problem


def test_an_operator_that_is_not_known_names_its_layer() -> None:
    network = cost(operators=("CONV_2D", "TILE", "MISH"), layers={"CONV_2D": "a", "TILE": "up", "MISH": "act"})
    tile, mish = fit(network, board()).problems
    assert tile.startswith(
        "Layer up becomes TILE, which TFLM there does not know. Enlarge with `UpSampling2D` bilinear"
    )
    assert mish.startswith("Layer act becomes MISH, which TFLM there does not know. Choose another layer")


def test_the_input_is_checked_where_it_is_given() -> None:
    letterbox = InputSpec(size_hw=(96, 128), fit="letterbox", channels=1)
    assert fit(cost(), board()).fits
    [problem] = fit(cost(), board(), letterbox).problems
    assert problem == "`input.fit` is letterbox, but must be stretch. Set it so, and train with it."
    [problem] = fit(cost(), board(channels=[3], fits=["letterbox"]), letterbox).problems
    assert problem == "`input.channels` is 1, but must be 3. Set it so."


@pytest.mark.parametrize("precision", ["int16x8", "dynamic"])
def test_a_board_runs_int8_alone(precision: str) -> None:
    [problem] = fit(cost(), board(), SPEC, precision).problems
    assert problem.startswith(f"`export.precision` is {precision}, but must be int8: TFLM there refuses dynamic range")
    assert problem.endswith("Set it so, or export with `--precision int8`.")
    assert fit(cost(), read_target("phone"), SPEC, precision).fits


def test_what_tflm_refuses_does_not_fit_a_board() -> None:
    assert fit(cost(), board(), refusal="TFLM says no.").problems == ("TFLM says no.",)
    assert fit(cost(), read_target("cpu"), refusal="TFLM says no.").fits
    [problem] = fit(cost(), board(), precision="dynamic", refusal="TFLM says no.").problems
    assert problem.startswith("`export.precision`"), "once is enough"


@pytest.mark.parametrize("name", ["web", "phone", "cpu"])
def test_where_nothing_is_limited_all_fits(name: str) -> None:
    result = fit(cost(operators=("GELU",), file_bytes_int8=10**9), read_target(name), SPEC)
    assert result.fits
    assert (result.usable_bytes, result.left_bytes, result.flash_left_bytes) == (None, None, None)
    assert result.to_json()["needed_bytes"] == 1000


def test_what_does_not_fit_is_refused_with_every_reason() -> None:
    require_fit(cost(), board(), SPEC)
    with pytest.raises(TargetError, match=r"does not fit `target: board`:\nLayer stage2_add becomes ADD.*\n.*memory"):
        require_fit(cost(arena_bytes_int8=9000), board(operators=["CONV_2D"]), SPEC)
