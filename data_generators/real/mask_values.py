"""What the pixels of a painted mask mean: from an index, grey or colour picture to `Sample.mask` and boxes.

Between the files that painting and annotation tools write and the readers of masks (`masks:`, `davis:`, `clip:`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import cv2
import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from data_generators.errors import DataError
from data_generators.real.index_picture import read_colours, read_indices
from data_generators.sample import MASK_IGNORE
from data_generators.settings import Settings

BACKGROUND, IGNORE = "background", "ignore"  # names that are no classes
MOST_CLASSES = MASK_IGNORE - 1
SOFT = 128  # several greys, one of them as bright: edges that were smoothed, or 255 for ignore

Colour = tuple[
    Annotated[int, Field(ge=0, le=255)], Annotated[int, Field(ge=0, le=255)], Annotated[int, Field(ge=0, le=255)]
]


def _numbered(values: Any) -> Any:
    """A list of names as value -> name."""
    return dict(enumerate(values)) if isinstance(values, (list, tuple)) else values


class MaskValueSettings(Settings):
    """What the pixels of masks mean."""

    classes: Annotated[dict[int, str], BeforeValidator(_numbered)] = Field(default_factory=dict)
    """Class by pixel value, e.g. {1: cat, 2: dog}, or the list of all from 0 on; `background` and `ignore` are no
    classes. A value 0 that is not named is background; 255 is to be ignored in palette pictures, else it wants a name.
    Empty: 0 is background, all other values are objects of `class_name`, and 255 in palette pictures is to be ignored
    where any palette picture of the source holds other values too."""
    colours: dict[str, Colour] = Field(default_factory=dict)
    """For masks painted in colours: RGB by class, e.g. {cat: [255, 0, 0]}; black that is not named is background."""
    class_name: str = "object"
    """Class of all objects where neither `classes` nor `colours` are given."""
    threshold: int | None = Field(None, ge=1, le=65535)
    """For grey masks with soft edges: from this value on a pixel belongs to the object."""
    boxes: Literal["values", "regions", "none"] = "values"
    """Boxes of the objects: around all pixels of a `value`, around each of its connected `regions`, or `none`, where a
    mask does not tell objects apart."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.classes) + bool(self.colours) + (self.threshold is not None) > 1:
            raise ValueError("classes, colours and threshold are three ways to read a mask; give one of them")
        if not 1 <= len(self.class_names) <= MOST_CLASSES:
            raise ValueError(f"expected 1 to {MOST_CLASSES} classes beside background and ignore")
        return self

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes, each once, in the order of the settings."""
        named = [*self.classes.values(), *self.colours] or [self.class_name]
        return tuple(name for name in dict.fromkeys(named) if name not in (BACKGROUND, IGNORE))


@dataclass(frozen=True, eq=False)
class PaintedMask:
    """A mask as it was painted.

    Args:
        values: int32 (H, W), the pixels, or the numbers of their colours.
        names: of each value that occurs: its class, `background` or `ignore`.
    """

    values: np.ndarray
    names: dict[int, str]

    def class_mask(self, class_names: tuple[str, ...]) -> np.ndarray:
        """`Sample.mask`, uint8 (H, W)."""
        codes = {name: label + 1 for label, name in enumerate(class_names)} | {BACKGROUND: 0, IGNORE: MASK_IGNORE}
        table = np.zeros(max(self.names) + 1, np.uint8)
        for value, name in self.names.items():
            table[value] = codes[name]
        return table[self.values]

    def objects(
        self, class_names: tuple[str, ...], boxes: Literal["values", "regions"]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Boxes float32 (N, 4), normalised x0 y0 x1 y1, and labels int64 (N,)."""
        found = [
            (class_names.index(name), box_px)
            for value, name in self.names.items()
            if name not in (BACKGROUND, IGNORE)
            for box_px in boxes_px((self.values == value).astype(np.uint8), boxes)
        ]
        height, width = self.values.shape
        scaled = np.array([box_px for _, box_px in found], np.float64).reshape(-1, 4) / [width, height, width, height]
        return scaled.astype(np.float32), np.array([label for label, _ in found], np.int64)


def boxes_px(region: np.ndarray, boxes: Literal["values", "regions"]) -> Iterator[tuple[int, int, int, int]]:
    """x0 y0 x1 y1 in pixels around all of a region uint8 (H, W), 0 or 1, or around each connected part of it."""
    if boxes == "values":
        x, y, width, height = cv2.boundingRect(region)
        yield from [(x, y, x + width, y + height)] if width else []
        return
    for x, y, width, height, _ in cv2.connectedComponentsWithStats(region, connectivity=8)[2][1:].tolist():
        yield x, y, x + width, y + height


def read_mask(path: Path, settings: MaskValueSettings, is_ignored: Callable[[], bool] = lambda: False) -> PaintedMask:
    """Reads a mask.

    Args:
        path: the file.
        settings: what its pixels mean.
        is_ignored: whether 255 alone in a palette picture is to be ignored, see `ignores_255`; asked where it occurs.

    Raises:
        DataError: the file cannot be read, or has values or colours of which nobody said what they mean.
    """
    if settings.colours:
        return _read_coloured(path, settings)
    cure = "Name its colours, e.g. colours: {cat: [255, 0, 0]}, or export it as a grey or palette PNG of class numbers."
    values, palette = read_indices(path, cure)
    if settings.threshold is not None:
        return PaintedMask((values >= settings.threshold).astype(np.int32), {0: BACKGROUND, 1: settings.class_name})
    found = _values_in(values)
    if settings.classes:
        names = _named(path, found, settings, palette)
    else:
        names = _all_one(path, found, settings, palette)
        if palette and found[-1] == MASK_IGNORE and (len(set(found) - {0}) > 1 or is_ignored()):
            names[MASK_IGNORE] = IGNORE
    return PaintedMask(values, {value: names[value] for value in found})


def ignores_255(paths: Iterable[Path]) -> bool:
    """Whether 255 says ignore in the palette masks of a source: one of them holds other values than 0 and 255.

    Files are read up to the first of which that is true. Those that cannot be read say nothing.
    """
    for path in paths:
        try:
            values, palette = read_indices(path)
        except DataError:
            continue
        if palette and set(_values_in(values)) - {0, MASK_IGNORE}:
            return True
    return False


def _named(path: Path, found: list[int], settings: MaskValueSettings, palette: bool) -> dict[int, str]:
    names = {0: BACKGROUND} | ({MASK_IGNORE: IGNORE} if palette else {}) | settings.classes
    unknown = [value for value in found if value not in names]
    if unknown:
        problem = f"expected the values {_join(sorted(names))}, got also {_join(unknown)}."
        cure = (
            f"Say in `classes` what they are, e.g. {{{unknown[0]}: cat}}, {{{unknown[0]}: background}} or "
            f"{{{unknown[0]}: ignore}}; save masks as PNG, never as JPEG."
        )
        raise DataError(path, problem, cure)
    return names


def _all_one(path: Path, found: list[int], settings: MaskValueSettings, palette: bool) -> dict[int, str]:
    """Everything but 0 is the object, where that cannot be wrong."""
    others = [value for value in found if value]
    if len(others) > 1 and max(others) >= SOFT and not palette:
        problem = f"expected 0 and one other value, or small class numbers, got {_join(found)}."
        cure = (
            "Where the edges of the masks are soft (smoothed, or saved as JPEG), set threshold: 128; else say what the "
            "values are, e.g. classes: {1: cat, 255: ignore}."
        )
        raise DataError(path, problem, cure)
    return dict.fromkeys(others, settings.class_name) | {0: BACKGROUND}


def _read_coloured(path: Path, settings: MaskValueSettings) -> PaintedMask:
    names = list(settings.colours)
    colours = [_packed(np.array(colour)) for colour in settings.colours.values()]
    if 0 not in colours:
        names, colours = [*names, BACKGROUND], [*colours, np.zeros((), np.int32)]
    pixels = _packed(read_colours(path))
    values = np.full(pixels.shape, -1, np.int32)
    for number, colour in enumerate(colours):
        values[pixels == colour] = number
    unknown = pixels[values < 0]
    if unknown.size:
        _refuse_colours(path, unknown, settings)
    return PaintedMask(values, {value: names[value] for value in _values_in(values)})


def _refuse_colours(path: Path, unknown: np.ndarray, settings: MaskValueSettings) -> None:
    packed, counts = np.unique(unknown, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:4]
    shown = [
        f"[{colour >> 16}, {colour >> 8 & 255}, {colour & 255}] ({count})"
        for colour, count in zip(packed[order].tolist(), counts[order].tolist(), strict=True)
    ]
    more = ", ..." if len(packed) > len(shown) else ""
    problem = (
        f"{unknown.size} pixels have a colour that is none of {', '.join(settings.colours)}: {', '.join(shown)}{more}."
    )
    cure = "Add them to `colours`, as a class, `background` or `ignore`; paint without smoothing, and save as PNG."
    raise DataError(path, problem, cure)


def _packed(colours: np.ndarray) -> np.ndarray:
    """RGB (..., 3) as one int32 each."""
    red, green, blue = np.moveaxis(colours.astype(np.int32), -1, 0)
    return red << 16 | green << 8 | blue


def _values_in(values: np.ndarray) -> list[int]:
    """The values that occur, in order."""
    if values.min() >= 0 and values.max() <= 65535:
        return np.flatnonzero(np.bincount(values.ravel())).tolist()
    return np.unique(values).tolist()


def _join(values: list[int]) -> str:
    return ", ".join(map(str, values[:8])) + (", ..." if len(values) > 8 else "")
