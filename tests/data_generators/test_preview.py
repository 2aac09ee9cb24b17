"""Contact sheets: every shape has its cell, and what cannot be read is left out or stops the sheet."""

import logging
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from data_generators.errors import DataError
from data_generators.preview import contact_sheet, preview_sheet, write_png
from data_generators.sample import Sample, sample_with_corners
from data_generators.sources import Source
from data_generators.transform.augment import Augmentation, AugmentSettings
from data_generators.transform.input_spec import InputSpec
from tests.data_generators.test_drawn_sample import TWO_QUADS, two_objects


class Pictures(Source):
    """Ten samples, of which number 4 cannot be read."""

    class_names = ("document",)
    corner_order = "image"

    def __init__(self, length: int = 10, on_error: Any = "raise") -> None:
        self._length, self.on_error = length, on_error

    def __len__(self) -> int:
        return self._length

    def sample(self, index: int) -> Sample:
        if index == 4:
            raise DataError("four.jpg", "expected a picture, received half of one.", "Copy it again.")
        return two_objects(index)

    def groups(self) -> list[str]:
        return [f"g{index}" for index in range(self._length)]

    def content(self) -> Any:
        return self._length


@pytest.mark.parametrize("size_hw", [(60, 90), (90, 60), (20, 400), (400, 20)])
def test_every_shape_fits_its_cell(size_hw: tuple[int, int]) -> None:
    sample = sample_with_corners(np.full((*size_hw, 3), 80, np.uint8), TWO_QUADS, group="g", origin="x")
    sheet = contact_sheet([sample, np.zeros((*size_hw, 1), np.uint8), sample], 2, 150)
    assert sheet.shape == (2 * 154 + 4, 2 * 154 + 4, 3)


def test_an_empty_sheet_is_refused() -> None:
    with pytest.raises(ValueError, match="must hold at least one sample or picture"):
        preview_sheet(Pictures(length=0), None, 4)


def test_a_sheet_shows_before_and_after_and_is_reproducible() -> None:
    augmentation = Augmentation(AugmentSettings(), InputSpec(size_hw=(48, 64)), "image")
    sheets = [preview_sheet(Pictures(4), augmentation, 3, seed=1, cell_px=120) for _ in range(2)]
    np.testing.assert_array_equal(*sheets)
    assert sheets[0].shape == (2 * 124 + 4, 4 * 124 + 4, 3)
    assert preview_sheet(Pictures(4), None, 3, seed=1, cell_px=120).shape == (124 + 4, 3 * 124 + 4, 3)
    assert not np.array_equal(sheets[0], preview_sheet(Pictures(4), augmentation, 3, seed=2, cell_px=120))


def test_unreadable_samples_stop_the_sheet_or_are_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(DataError, match=r"four\.jpg: expected a picture"):
        preview_sheet(Pictures(), None, 10, cell_px=80)
    with caplog.at_level(logging.WARNING):
        sheet = preview_sheet(Pictures(on_error="skip"), None, 10, cell_px=80)
    assert sheet.shape[0] == 3 * 84 + 4 and "skipped 1 of 10 samples" in caplog.text


def test_png_is_written_whole_in_rgb(tmp_path: Path) -> None:
    image = np.zeros((5, 7, 3), np.uint8)
    image[..., 0] = 200
    write_png(tmp_path / "new" / "red.png", image)
    read = cv2.imread(str(tmp_path / "new" / "red.png"))
    np.testing.assert_array_equal(read[..., ::-1], image)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["red.png"]
