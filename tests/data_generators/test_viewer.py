"""The viewer of clips: what slider and play button show, and what is shown where there are none."""

import base64
import logging
import sys

import numpy as np
import pytest

from data_generators.drawn_sample import Predicted
from data_generators.images import decode_image
from data_generators.sample import Sample
from data_generators.viewer import ClipViewer, view_clip
from tests.data_generators.test_preview import Pictures

ipywidgets = pytest.importorskip("ipywidgets")


def masked(value: int, left: int = 0) -> Sample:
    """A grey picture of 40 x 60 pixels with two objects, the second cut off by the right edge."""
    mask = np.zeros((40, 60), np.uint8)
    mask[5:20, left : left + 20] = mask[20:40, 50:] = 1
    return Sample(image=np.full((40, 60, 3), value, np.uint8), mask=mask, has=frozenset({"mask"}))


def flat(index: int) -> np.ndarray:
    """The picture of a frame: grey, lighter from frame to frame."""
    return np.full((40, 60, 1), 20 * index, np.uint8)


def parts(viewer: ClipViewer) -> tuple[ipywidgets.Image, ipywidgets.Play, ipywidgets.IntSlider]:
    shown, controls = viewer.widget().children
    return shown, *controls.children


def grey_of(shown: ipywidgets.Image) -> float:
    return float(decode_image(bytes(shown.value), "shown").mean())


def test_the_slider_chooses_the_frame() -> None:
    shown, _, slider = parts(ClipViewer(5, flat))
    assert grey_of(shown) == pytest.approx(0, abs=1)
    slider.value = 4
    assert grey_of(shown) == pytest.approx(80, abs=1)
    slider.value = 99
    assert slider.value == 4


def test_the_play_button_goes_through_the_clip_at_its_speed() -> None:
    _, play, slider = parts(ClipViewer(5, flat, frames_per_second=25))
    assert (play.min, play.max, play.interval) == (slider.min, slider.max, 40) == (0, 4, 40)


def test_frames_are_drawn_when_they_are_looked_at() -> None:
    drawn: list[int] = []
    viewer = ClipViewer(1000, lambda index: (drawn.append(index), flat(index % 12))[1])
    _, _, slider = parts(viewer)
    slider.value = 700
    assert drawn == [0, 700]


@pytest.mark.parametrize(("count", "cells"), [(1, (1, 4)), (3, (1, 4)), (30, (2, 4))])
def test_the_sheet_shows_frames_from_first_to_last(count: int, cells: tuple[int, int]) -> None:
    drawn: list[int] = []
    sheet = ClipViewer(count, lambda index: (drawn.append(index), flat(index % 12))[1]).sheet()
    assert sheet.shape == (204 * cells[0], 304 * cells[1], 3)
    assert drawn == sorted(set(drawn)) and {drawn[0], drawn[-1]} == {0, count - 1}


def test_wide_frames_stand_two_in_a_row() -> None:
    assert ClipViewer(8, lambda index: np.full((40, 240, 1), index, np.uint8)).sheet().shape == (4 * 105, 2 * 608, 3)


def test_a_notebook_gets_the_widget_and_a_picture_for_pages_without_widgets() -> None:
    bundle = ClipViewer(3, flat)._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert decode_image(base64.b64decode(bundle["image/png"]), "bundle").shape == (204, 1216, 3)


def test_without_ipywidgets_there_is_a_picture_and_a_word_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    viewer = ClipViewer(3, flat)
    with caplog.at_level(logging.WARNING):
        assert set(viewer._repr_mimebundle_()) == {"image/png", "text/plain"}
    assert "pip install ipywidgets" in caplog.text and "some of its frames" in caplog.text
    with pytest.raises(ImportError, match=r"the clip cannot be played\. Install it"):
        viewer.widget()


def test_a_clip_is_shown_with_its_masks_tinted() -> None:
    first, last = (view_clip([masked(40), masked(40, left)]).sheet() for left in (0, 30))
    assert not np.array_equal(first, last)
    assert np.ptp(first.astype(int), axis=-1).max() > 50  # colour on grey


def test_predictions_are_drawn_over_the_labels() -> None:
    clip = [masked(40), masked(60)]
    seen = [view_clip(clip, predicted).sheet().astype(int) for predicted in ([], [Predicted(masked(0, 25))] * 2)]
    magenta = [np.sum((sheet[..., [0, 2]] > sheet[..., [1]] + 60).all(axis=-1)) for sheet in seen]
    assert magenta[0] == 0 and magenta[1] > 1000


def test_the_picture_stands_still_when_the_object_comes_to_its_edge() -> None:
    boxes = np.array([[0.4, 0.4, 0.5, 0.5]], np.float32), np.array([[0.9, 0.4, 1.0, 0.5]], np.float32)
    mark = {"labels": np.zeros(1, np.int64), "ignore": np.zeros(1, bool), "keypoints": np.zeros((1, 0, 2), np.float32)}
    clip = [masked(40).replace(boxes=each, has=frozenset({"boxes", "mask"}), **mark) for each in boxes]
    shown, _, slider = parts(view_clip(clip, [Predicted(sample) for sample in clip]))
    before = decode_image(bytes(shown.value), "shown").astype(int)
    slider.value = 1
    after = decode_image(bytes(shown.value), "shown").astype(int)
    assert before.shape == after.shape and np.abs(before - after)[:300].max() < 10  # below it is the caption


def test_a_source_is_a_clip() -> None:
    assert view_clip(Pictures(3)).sheet().shape[1] == 4 * 304


def test_too_few_predictions_and_empty_clips_are_refused() -> None:
    with pytest.raises(ValueError, match=r"one entry a frame, 2\. Received 1\. Predict every frame"):
        view_clip([masked(1), masked(2)], [Predicted(masked(1))])
    with pytest.raises(ValueError, match=r"1 or more frames\. Received 0"):
        view_clip([])
