"""A number counts as readable by what is in the photo at its true place; the means over the readable photos."""

from __future__ import annotations

from pathlib import Path

import cv2
import fields
import numpy as np
import pytest

from data_generators.formats import open_source
from data_generators.forms import box_quad
from data_generators.images import write_image
from data_generators.sample import Sample, sample_with_corners
from detector.runtime import load_runtime

PAGE = box_quad(np.array([0.1, 0.1, 0.9, 0.9]))
NUMBER = box_quad(np.array([0.3, 0.4, 0.7, 0.5]))


def draw_number(ink: int = 30, paper: int = 220) -> np.ndarray:
    image = np.full((24, 128, 3), paper, np.uint8)
    return cv2.putText(image, "B-XY 12", (2, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (ink,) * 3, 2)


def take_photo(number: np.ndarray, page: np.ndarray = PAGE) -> Sample:
    image = np.full((240, 320, 3), 220, np.uint8)
    image[96:120, 96:224] = number
    return sample_with_corners(image, np.stack([page, NUMBER, NUMBER]), group="g", origin="o")


def test_a_plain_number_is_readable() -> None:
    assert fields.is_readable(take_photo(draw_number()), draw_number())


@pytest.mark.parametrize(
    "sample",
    [
        take_photo(np.full((24, 128, 3), 90, np.uint8)),
        take_photo(draw_number(ink=210)),
        take_photo(cv2.GaussianBlur(draw_number(), (0, 0), 8)),
        take_photo(draw_number(), page=PAGE * 1.2),
    ],
    ids=["covered", "faint", "blurred", "cut off"],
)
def test_a_spoilt_number_is_not(sample: Sample) -> None:
    assert not fields.is_readable(sample, draw_number())


def test_a_small_number_is_not() -> None:
    sample = take_photo(draw_number())
    small = cv2.resize(sample.image, (96, 72), interpolation=cv2.INTER_AREA)
    assert not fields.is_readable(sample.replace(image=small), draw_number())


def test_the_drawn_photos_know_their_number() -> None:
    photos = fields.make_photos(1000, 0, flat=True)
    sample, printed = photos.sample(0), photos.printed_number()
    assert sample.keypoints.shape == (3, 4, 2)
    assert printed.shape[1] > 2 * printed.shape[0]
    assert fields.is_readable(sample, printed), "photo 0 is a clear one"


def test_print_is_not_found_on_pictures_of_others(tmp_path: Path) -> None:
    for number in range(3):
        picture = np.random.default_rng(number).integers(0, 255, (120, 160, 3), np.uint8)
        write_image(tmp_path / "others" / f"{number}.png", picture)
    write_image(tmp_path / "own" / "form.png", fields.draw_certificate(1000, 1 << 30)[0])
    sources = {name: open_source(f"negatives:{tmp_path / name}") for name in ("others", "own")}
    assert fields.find_on_others(load_runtime("documents"), 1, sources) == {"others": 0, "own": 1}


def test_means_over_the_readable_photos() -> None:
    row = {"readable": 1.0, "found": 1.0, "corners_iou_mean": 0.5, "corners_good": 0.0} | dict.fromkeys(
        fields.NAMES, 1.0
    )
    figures = fields.summarise([row, row | {"readable": 0.0} | dict.fromkeys(fields.NAMES, 0.0)])
    assert figures["readable"] == 0.5
    assert figures["number_inside"] == 0.5
    assert figures["number_inside_readable"] == 1
    assert "number_inside_good" not in figures
