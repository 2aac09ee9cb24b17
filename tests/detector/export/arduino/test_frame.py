"""Frames of a camera become the network's input as `InputSpec` says."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from data_generators.transform.input_spec import InputSpec, fit_image
from detector.card import ModelCard
from detector.export.decode_plan import Tensor, plan_of
from tests.detector.export.arduino.compiled import HERE, NEEDS_COMPILER, compile_cpp, write_sources

pytestmark = NEEDS_COMPILER
SIZE_HW = (48, 64)
GREY, RGB888, RGB565_BIG, RGB565_LITTLE = range(4)
LEAST_EQUAL = 0.98  # share of the values that are equal; the others differ by 1
FRAMES_HW = [(96, 128), (120, 160), (97, 131), (48, 64), (24, 32), (31, 47), (96, 40), (30, 100)]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, str], Path]:
    """Programs for grey and coloured input, and for inputs of other numbers."""
    wanted = [(1, "int8"), (3, "int8"), (1, "int16"), (1, "float32")]
    return {each: make_program(*each, tmp_path_factory.mktemp("frame")) for each in wanted}


def make_program(channels: int, dtype: str, folder: Path) -> Path:
    card = {"input": {"size_hw": SIZE_HW, "channels": channels}, "heads": {"presence": {}}, "parameters": 1}
    scales = {"int8": (1 / 255, -128), "int16": (1 / 32767, 0), "float32": (1.0, 0)}
    image = Tensor((1, *SIZE_HW, channels), dtype, *scales[dtype])
    plan = plan_of(ModelCard.model_validate(card), image, {"presence_logit": Tensor((1, 1), "int8", 0.1, 0)})
    write_sources(plan, folder)
    return compile_cpp([folder / "frame.cpp", HERE / "frame_main.cpp"], [folder], folder / "frame")


def run(program: Path, image: np.ndarray, form: int, dtype: Any = np.int8) -> np.ndarray:
    arguments = [str(program), *map(str, image.shape[:2]), str(form)]
    done = subprocess.run(arguments, input=image.tobytes(), capture_output=True, check=True)
    return np.frombuffer(done.stdout, dtype).reshape(*SIZE_HW, -1)


def photo(size_hw: tuple[int, int], channels: int) -> np.ndarray:
    """A soft picture with noise, as photos are."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (7, 9, 3)).astype(np.uint8)
    image = cv2.resize(coarse, size_hw[::-1], interpolation=cv2.INTER_CUBIC).astype(np.int16)
    noisy = (image + rng.normal(0, 8, image.shape)).clip(0, 255).astype(np.uint8)
    return noisy if channels == 3 else cv2.cvtColor(noisy, cv2.COLOR_RGB2GRAY)[..., None]


def compare(ours: np.ndarray, image: np.ndarray, channels: int) -> None:
    wanted = fit_image(image, InputSpec(size_hw=SIZE_HW, channels=channels)).astype(np.int16) - 128
    apart = np.abs(ours.astype(np.int16) - wanted)
    assert apart.max() <= 1
    assert np.mean(apart == 0) >= LEAST_EQUAL


@pytest.mark.parametrize("size_hw", FRAMES_HW)
def test_resizes_as_the_house_does(size_hw: tuple[int, int], programs: dict[tuple[int, str], Path]) -> None:
    """Larger, equal and smaller frames, and such that shrink along one axis and grow along the other."""
    colour, grey = photo(size_hw, 3), photo(size_hw, 1)
    compare(run(programs[3, "int8"], colour, RGB888), colour, 3)
    compare(run(programs[1, "int8"], colour, RGB888), colour, 1)
    compare(run(programs[1, "int8"], grey, GREY), grey, 1)
    compare(run(programs[3, "int8"], grey, GREY), grey, 3)


def test_a_frame_of_the_right_size_stays_as_it_is(programs: dict[tuple[int, str], Path]) -> None:
    image = photo(SIZE_HW, 3)
    assert np.array_equal(run(programs[3, "int8"], image, RGB888), (image.astype(np.int16) - 128).astype(np.int8))


def test_every_colour_becomes_the_grey_of_opencv(programs: dict[tuple[int, str], Path]) -> None:
    levels = np.linspace(0, 255, 16).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels[:12]), axis=-1).reshape(*SIZE_HW, 3)
    wanted = cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY).astype(np.int16) - 128
    assert np.array_equal(run(programs[1, "int8"], colours, RGB888)[..., 0], wanted)


@pytest.mark.parametrize(("form", "order"), [(RGB565_BIG, ">u2"), (RGB565_LITTLE, "<u2")])
def test_rgb565_is_white_where_all_bits_are_ones(form: int, order: str, programs: dict[tuple[int, str], Path]) -> None:
    bits = np.resize([0xFFFF, 0x0000, 0xF800, 0x07E0, 0x001F, 0x8410], SIZE_HW).astype(order)
    wanted = np.array([[255] * 3, [0] * 3, [255, 0, 0], [0, 255, 0], [0, 0, 255], [132, 130, 132]]) - 128
    assert np.array_equal(run(programs[3, "int8"], bits, form).reshape(-1, 3)[:6], wanted)


def test_inputs_of_other_numbers(programs: dict[tuple[int, str], Path]) -> None:
    image = photo(SIZE_HW, 1)
    assert np.array_equal(
        run(programs[1, "float32"], image, GREY, np.float32), image.astype(np.float32) / np.float32(255)
    )
    steps = np.round(image / (255 * (1 / 32767))).astype(np.int16)
    assert np.array_equal(run(programs[1, "int16"], image, GREY, np.int16), steps)
