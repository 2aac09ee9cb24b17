"""One sample with its labels, and predictions over them, as a tile: what contact sheets and overlays are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from data_generators.drawing import (
    LABEL_COLOUR,
    PREDICTION_COLOUR,
    Colour,
    class_colour,
    draw_box,
    draw_dot,
    draw_quad,
    draw_tag,
    draw_text,
    line_width,
    outline_mask,
    shorten_text,
    text_width,
    tint_mask,
)
from data_generators.geometry import to_pixels
from data_generators.sample import Sample
from data_generators.transform.input_spec import match_channels, resize_image

_PAPER = 32  # grey of everything that is not picture
_LEAST_MARGIN, _LARGEST_MARGIN = 0.02, 0.6  # fraction of the picture's side
_NUMBER_MARGIN = 0.09  # room beyond a corner for its number
_CAPTION_COLOUR: Colour = (225, 225, 225)
_CROWD = 6  # objects from which on a text that its box has no room for is left out


@dataclass(frozen=True)
class Predicted:
    """What to draw over the labels of a picture.

    Args:
        objects: boxes, keypoints and mask; its picture is not used. A mask stands for the boxes, also for those of
            labels with a mask.
        texts: one an object, written at its box, or none.
        by_class: objects in the colour of their class, for pictures without labels; else all is magenta.
    """

    objects: Sample
    texts: Sequence[str] = ()
    by_class: bool = False


@dataclass(frozen=True)
class _Canvas:
    """Where a picture lies in its tile, in pixels."""

    tile_hw: tuple[int, int]
    picture_hw: tuple[int, int]
    corner: tuple[int, int]  # row and column of the picture's upper left

    def place(self, points: np.ndarray) -> np.ndarray:
        """Normalised coordinates of the picture as normalised coordinates of the tile."""
        height, width = self.picture_hw
        shift = np.array([self.corner[1], self.corner[0]])
        return (np.asarray(points, np.float64) * [width, height] + shift) / [self.tile_hw[1], self.tile_hw[0]]


def draw_sample(
    sample: Sample,
    height_px: int,
    class_names: Sequence[str] = (),
    prediction: Predicted | None = None,
    note: str = "",
) -> np.ndarray:
    """The picture with its labels on top, on a margin wide enough for corners outside the picture, with a caption.

    Args:
        sample: the picture and its labels, drawn in green (quadrilaterals) or the colour of the class (boxes).
        height_px: height of the tile in pixels, margin and caption included; the width follows.
        class_names: names of the classes, written at the boxes.
        prediction: to draw over the labels.
        note: what the caption begins with, in place of a summary of the labels.

    Returns:
        uint8 (height_px, W, 3).
    """
    margins = _margins(sample, prediction.objects if prediction else None)
    room_h = height_px - caption_height(height_px)
    picture_h = max(8, round(room_h / (1 + margins[1] + margins[3])))
    picture_w = max(8, round(picture_h * sample.size_hw[1] / sample.size_hw[0]))
    corner = round((room_h - picture_h * (1 + margins[1] + margins[3])) / 2 + picture_h * margins[1])
    tile_w = round(picture_w * (1 + margins[0] + margins[2]))
    canvas = _Canvas((height_px, tile_w), (picture_h, picture_w), (corner, round(picture_w * margins[0])))
    masked = prediction is not None and prediction.objects.mask.size > 0
    tile = _paste(sample, canvas, prediction if masked else None)
    texts = [_label_text(*pair, class_names) for pair in zip(sample.labels.tolist(), sample.ignore, strict=True)]
    _draw_objects(tile, sample, canvas, texts, boxes=not (masked and sample.mask.size))
    if prediction is not None:
        colour = None if prediction.by_class else PREDICTION_COLOUR
        _draw_objects(tile, prediction.objects, canvas, prediction.texts, colour, boxes=not masked, below=True)
    _write_caption(tile, sample, class_names, note)
    return tile


def _margins(sample: Sample, prediction: Sample | None) -> np.ndarray:
    """Margins left, top, right, bottom as fractions of the picture's sides, so that the labels outside show."""
    reach = [np.full((1, 2), 0.5)]
    for labelled in (sample, prediction):
        if labelled is not None:
            points = np.concatenate([labelled.boxes.reshape(-1, 2), labelled.keypoints.reshape(-1, 2)])
            reach.append(points[np.isfinite(points).all(axis=-1)])
    corners = np.concatenate(reach)
    outside = np.concatenate([-corners.min(axis=0), corners.max(axis=0) - 1])
    size = 1 + outside.clip(0).reshape(2, 2).sum(axis=0)  # of the tile in pictures, and of the numbers with it
    return np.clip(outside + _NUMBER_MARGIN * np.tile(size, 2), _LEAST_MARGIN, _LARGEST_MARGIN)


def caption_height(height_px: int) -> int:
    """Height in pixels of the caption of a tile of a height."""
    return round(2.6 * _text_height(height_px)) + 4


def _text_height(height_px: int) -> int:
    return max(9, round(height_px / 22))


def _paste(sample: Sample, canvas: _Canvas, prediction: Predicted | None) -> np.ndarray:
    """The tile with the picture and its mask; a predicted mask is tinted, and then the true one outlined."""
    picture = match_channels(resize_image(np.asarray(sample.image), canvas.picture_hw), 3)
    if prediction is not None:
        colour = None if prediction.by_class else PREDICTION_COLOUR
        picture = tint_mask(picture, _fitted(prediction.objects.mask, canvas), colour)
    if sample.mask.size:
        picture = (tint_mask if prediction is None else outline_mask)(picture, _fitted(sample.mask, canvas))
    tile = np.full((*canvas.tile_hw, 3), _PAPER, np.uint8)
    (top, left), (height, width) = canvas.corner, canvas.picture_hw
    tile[top : top + height, left : left + width] = picture
    return tile


def _fitted(mask: np.ndarray, canvas: _Canvas) -> np.ndarray:
    """The mask at the size of the picture in its tile."""
    size = (canvas.picture_hw[1], canvas.picture_hw[0])
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST_EXACT))


def _label_text(label: int, ignore: bool, class_names: Sequence[str]) -> str:
    """What is written at a labelled object: its class, where there are several, and whether it is to be ignored."""
    name = "other" if label < 0 else class_names[label] if len(class_names) > max(1, label) else ""
    return f"{name} (ignored)".strip() if ignore else name


def _draw_objects(
    tile: np.ndarray,
    sample: Sample,
    canvas: _Canvas,
    texts: Sequence[str],
    colour: Colour | None = None,
    *,
    boxes: bool = True,
    below: bool = False,
) -> None:
    """Draws boxes, then keypoints; quadrilaterals stand for the box that is their hull.

    Args:
        tile: written to.
        sample: the objects.
        canvas: where the picture lies in the tile.
        texts: one an object, or none.
        colour: of all; else green for quadrilaterals, and that of the class for boxes.
        boxes: without them only their texts are written.
        below: write at the lower edge of the box, for the upper one is taken by a label.
    """
    quads = sample.keypoints.shape[1] == 4
    for index, (box, points) in enumerate(zip(sample.boxes, sample.keypoints, strict=True)):
        shade = colour or (class_colour(int(sample.labels[index])) if not quads else LABEL_COLOUR)
        if quads:
            draw_quad(tile, canvas.place(points), shade)
        else:
            if boxes:
                draw_box(tile, canvas.place(box.reshape(2, 2)).reshape(4), shade)
            _draw_points(tile, canvas.place(points), shade)
        if len(texts) and texts[index]:
            corners = canvas.place(box.reshape(2, 2))
            _write_at_box(tile, texts[index], corners, shade, below=below, crowded=len(texts) > _CROWD)


def _write_at_box(tile: np.ndarray, text: str, box: np.ndarray, colour: Colour, *, below: bool, crowded: bool) -> None:
    """Writes inside the upper or lower left corner of a box (2, 2) that has room for it, else outside, or, where it is
    crowded, not at all."""
    height_px = max(9, round(tile.shape[0] / 30))
    (left, top), (right, bottom) = to_pixels(box, (tile.shape[0], tile.shape[1]))
    tag_h = 1.4 * height_px + 4
    fits = text_width(text, height_px) <= right - left and 2 * tag_h <= bottom - top
    if not fits and crowded:
        return
    place = bottom - tag_h * fits if below else top - tag_h * (not fits)
    draw_tag(tile, text, np.array([left, place]), height_px, colour)


def _draw_points(tile: np.ndarray, points: np.ndarray, colour: Colour) -> None:
    for point_px in to_pixels(points, (tile.shape[0], tile.shape[1])):
        if np.all(np.isfinite(point_px)):
            draw_dot(tile, point_px, line_width(tile) + 1, colour)


def describe_labels(sample: Sample, class_names: Sequence[str] = ()) -> str:
    """What is labelled, in a few words: the count of objects, "no document", or "unlabelled"."""
    if not sample.has:
        return "unlabelled"
    count = len(sample.boxes)
    if count:
        return f"{count} object{'s' if count > 1 else ''}"
    if sample.has == {"mask"}:
        return "mask"
    return f"no {' or '.join(class_names[:3])}" if class_names else "no object"


def _write_caption(tile: np.ndarray, sample: Sample, class_names: Sequence[str], note: str) -> None:
    height_px = _text_height(tile.shape[0])
    top = tile.shape[0] - caption_height(tile.shape[0])
    described = note or describe_labels(sample, class_names)
    colour = _CAPTION_COLOUR if len(sample.boxes) or "mask" in sample.has else (255, 200, 90)
    draw_text(tile, described, (2, top), height_px, colour)
    lines = (f"group {sample.group}" if sample.group else "", sample.origin)
    room = tile.shape[1] - 4
    left = room - text_width(described, height_px) - height_px
    group = shorten_text(lines[0], height_px, left)
    if group and left > 3 * height_px:
        draw_text(tile, group, (room - text_width(group, height_px), top), height_px, _CAPTION_COLOUR)
    origin = shorten_text(lines[1], height_px, room)
    draw_text(tile, origin, (2, top + round(1.25 * height_px)), height_px, (150, 150, 150))
