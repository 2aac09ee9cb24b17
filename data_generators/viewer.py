"""Scrubs through a clip in a notebook, with a slider and a play button: labels and predictions as they move."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from data_generators.drawn_sample import Predicted, draw_sample
from data_generators.images import encode_image
from data_generators.sample import Sample
from data_generators.sources import Source
from data_generators.transform.input_spec import match_channels, resize_image

logger = logging.getLogger(__name__)

SHEET_FRAMES, SHEET_PX = 8, 1216
WIDE = 3  # so much wider than high, frames stand two in a row of the sheet, else four


class ClipViewer:
    """Frames that a notebook shows one at a time; where it cannot, a picture of some of them.

    Args:
        count: frames in the clip.
        draw: number of a frame, from 0, -> uint8 (H, W, 1 or 3); called as frames are looked at.
        frames_per_second: speed of the play button.

    Raises:
        ValueError: the clip has no frames.
    """

    def __init__(self, count: int, draw: Callable[[int], np.ndarray], frames_per_second: float = 10.0) -> None:
        if count < 1:
            raise ValueError(f"`count` must be 1 or more frames. Received {count}. Check the path of the clip.")
        self._count, self._draw, self._frames_per_second = count, draw, frames_per_second

    def sheet(self) -> np.ndarray:
        """Up to eight frames, spread evenly over the clip: uint8 (H, W, 3)."""
        chosen = np.unique(np.linspace(0, self._count - 1, SHEET_FRAMES).round().astype(int)).tolist()
        frames = [match_channels(self._draw(index), 3) for index in chosen]
        aspect = frames[0].shape[1] / frames[0].shape[0]
        columns = 2 if aspect > WIDE else 4
        cell_px = SHEET_PX // columns - 4
        size_hw = max(1, round(cell_px / aspect)), cell_px
        cells = [np.pad(resize_image(frame, size_hw), ((2, 2), (2, 2), (0, 0))) for frame in frames]
        cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
        rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
        return np.concatenate([np.concatenate(row, axis=1) for row in rows])

    def widget(self) -> Any:
        """The frame above a play button and a slider: an `ipywidgets.VBox`, which needs a running kernel.

        Raises:
            ImportError: ipywidgets is not installed.
        """
        try:
            import ipywidgets
        except ImportError as error:
            cure = "Install it to scrub through it: pip install ipywidgets, and restart the notebook."
            raise ImportError(f"ipywidgets is missing, so the clip cannot be played. {cure}") from error
        play = ipywidgets.Play(max=self._count - 1, interval=round(1000 / self._frames_per_second))
        slider = ipywidgets.IntSlider(max=self._count - 1, description="frame")
        shown = ipywidgets.Image(value=self._encoded(0), format="jpeg")
        ipywidgets.jslink((play, "value"), (slider, "value"))
        slider.observe(lambda change: setattr(shown, "value", self._encoded(change["new"])), "value")
        return ipywidgets.VBox([shown, ipywidgets.HBox([play, slider])])

    def _encoded(self, index: int) -> bytes:
        return encode_image(match_channels(self._draw(index), 3), ".jpg", quality=90)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """What IPython displays: the widget, and the sheet for pages and programs that show no widgets."""
        sheet = base64.b64encode(encode_image(self.sheet(), ".png")).decode()
        bundle = {"image/png": sheet, "text/plain": f"a clip of {self._count} frames"}
        try:
            return self.widget()._repr_mimebundle_() | bundle
        except ImportError as error:
            logger.warning("%s Until then, here are some of its frames.", error)
            return bundle


def view_clip(
    clip: Source | Sequence[Sample],
    predicted: Sequence[Predicted] = (),
    *,
    class_names: Sequence[str] = (),
    height_px: int = 360,
    frames_per_second: float = 10.0,
) -> ClipViewer:
    """A clip with its labels on top, masks tinted; with predictions these are tinted, and true masks outlined.

    Args:
        clip: its frames, in order of time.
        predicted: what to draw over the labels, one a frame, or none.
        class_names: names of the classes.
        height_px: of the frame with its caption.
        frames_per_second: speed of the play button.

    Raises:
        ValueError: the clip has no frames, or there are not as many predictions.
    """
    if len(predicted) not in (0, len(clip)):
        raise ValueError(
            f"`predicted` must have one entry a frame, {len(clip)}. Received {len(predicted)}. Predict every frame."
        )

    def draw(index: int) -> np.ndarray:
        sample = clip.sample(index) if isinstance(clip, Source) else clip[index]
        drawn = replace(predicted[index], objects=_outlined(predicted[index].objects)) if predicted else None
        return draw_sample(_outlined(sample), height_px, class_names, drawn, f"frame {index}")

    return ClipViewer(len(clip), draw, frames_per_second)


def _outlined(sample: Sample) -> Sample:
    """Without the boxes around a mask: room for them makes the picture jump where the object comes to its edge."""
    if not sample.mask.size:
        return sample
    return Sample(image=sample.image, mask=sample.mask, has=sample.has, group=sample.group, origin=sample.origin)
