"""Contact sheets of samples with their labels on top: look at the data before you trust it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data_generators.drawn_sample import caption_height, draw_sample
from data_generators.errors import DataError, ErrorPolicy
from data_generators.files import write_atomically
from data_generators.images import encode_image
from data_generators.sample import Sample
from data_generators.sources import Source
from data_generators.transform.augment import Augmentation
from data_generators.transform.input_spec import match_channels, resize_image

_GAP_PX = 4


def contact_sheet(
    items: Sequence[Sample | np.ndarray], columns: int, cell_px: int, class_names: Sequence[str] = ()
) -> np.ndarray:
    """Samples, or pictures drawn elsewhere, in rows of square cells.

    Args:
        items: samples, drawn with their labels, or uint8 (H, W, 1 or 3).
        columns: cells in a row.
        cell_px: side of a cell in pixels.
        class_names: names of the classes.

    Returns:
        uint8 (rows * cell, columns * cell, 3), with thin gaps.

    Raises:
        ValueError: there is nothing to show.
    """
    if not len(items):
        raise ValueError("`items` must hold at least one sample or picture. Received none. Check the source's path.")
    pitch = cell_px + _GAP_PX
    rows = -(-len(items) // columns)
    sheet = np.full((rows * pitch + _GAP_PX, min(columns, len(items)) * pitch + _GAP_PX, 3), 12, np.uint8)
    for index, item in enumerate(items):
        cell = _cell(item, cell_px, class_names)
        top = _GAP_PX + index // columns * pitch + (cell_px - cell.shape[0]) // 2
        left = _GAP_PX + index % columns * pitch + (cell_px - cell.shape[1]) // 2
        sheet[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    return sheet


def _cell(item: Sample | np.ndarray, cell_px: int, class_names: Sequence[str]) -> np.ndarray:
    """The item at a size that fits into a square cell."""
    if isinstance(item, Sample):
        drawn = draw_sample(item, cell_px, class_names)
        if drawn.shape[1] <= cell_px:
            return drawn
        caption = caption_height(cell_px)
        height = caption + round((cell_px - caption) * cell_px / drawn.shape[1])
        drawn = draw_sample(item, max(height, 3 * caption), class_names)
    else:
        drawn = match_channels(np.asarray(item), 3)
    scale = cell_px / max(drawn.shape[:2])
    if scale >= 1 and isinstance(item, Sample):
        return drawn
    return resize_image(drawn, (max(1, round(drawn.shape[0] * scale)), max(1, round(drawn.shape[1] * scale))))


def preview_sheet(
    source: Source, augmentation: Augmentation | None, count: int, seed: int = 0, cell_px: int = 320
) -> np.ndarray:
    """A contact sheet of a source: with an augmentation, each sample as it is and beside it as training sees it.

    Args:
        source: where the samples come from; `count` of them are drawn at random, in the source's order.
        augmentation: what training does to them, or None.
        count: samples to show.
        seed: of the choice and of the augmentation.
        cell_px: side of a cell in pixels.

    Raises:
        ValueError: the source is empty.
        DataError: a sample cannot be read and the source's `on_error` is `raise`.
    """
    chosen = _choose(source, count, seed)
    items = [sample for _, sample in chosen]
    if augmentation is not None:
        after = augmentation.mix([augmentation.apply(sample, (seed, 0, index)) for index, sample in chosen], (seed, 0))
        told = [f"in training, seed {seed}, epoch 0, index {index}" for index, _ in chosen]
        seen = [sample.replace(origin=text) for sample, text in zip(after, told, strict=True)]
        items = [item for pair in zip(items, seen, strict=True) for item in pair]
    return contact_sheet(items, 4, cell_px, source.class_names)


def _choose(source: Source, count: int, seed: int) -> list[tuple[int, Sample]]:
    """Up to `count` readable samples with their indices, drawn at random, in the source's order."""
    policy = ErrorPolicy(source.on_error)
    chosen: list[tuple[int, Sample]] = []
    for index in np.random.default_rng(seed).permutation(len(source)):
        if len(chosen) == count:
            break
        try:
            chosen.append((int(index), source.sample(int(index))))
        except DataError as error:
            policy.handle(error)
    policy.summarise(type(source).__name__, len(source))
    return sorted(chosen, key=lambda pair: pair[0])


def write_png(path: str | Path, image: np.ndarray) -> None:
    """Writes a picture uint8 (H, W, 1 or 3), RGB, as PNG; the file appears complete or not at all.

    Args:
        path: the file; missing folders are made.
        image: the picture.
    """
    write_atomically(path, encode_image(match_channels(np.asarray(image), 3), ".png"))
