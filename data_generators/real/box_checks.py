"""The one place that judges the boxes of label files: between the readers and the source that serves their pictures."""

from __future__ import annotations

import difflib
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from data_generators.errors import DataError, ErrorPolicy, OnError
from data_generators.real.labelled_pictures import Box, LabelledBox, LabelledPicture

logger = logging.getLogger(__name__)

LEAST, GREATEST = -1.0, 2.0  # beyond, it is another unit or another picture
LEAST_SIDE = 1e-6  # of the picture's side: 1/100 pixel of 10,000
ROUNDING = 1e-4  # of the picture's side: label files with 4 decimals overshoot the border by it

Item = TypeVar("Item")


@dataclass
class BoxChecks:
    """Judges boxes picture by picture, and counts what it mended.

    Args:
        vocabulary: the classes that may occur; None lets every name pass.
    """

    vocabulary: Sequence[str] | None = None
    boxes: int = 0
    clipped: list[str] = field(default_factory=list)

    def check(self, objects: Sequence[LabelledBox]) -> tuple[LabelledBox, ...]:
        """The objects of one picture as they can be learned from, clipped to the picture; a repetition is left out.

        Raises:
            DataError: a box is not finite, has no area or lies outside of the picture, or its class is unknown.
        """
        kept: dict[tuple[str, Box], LabelledBox] = {}
        for item in objects:
            self._check_name(item)
            item = replace(item, box=self._clip(item))
            first = kept.setdefault((item.name, item.box), item)
            if first is not item:
                logger.warning("%s: the same %s as in %s, left out", item.where, item.name, first.where)
        self.boxes += len(kept)
        return tuple(kept.values())

    def summarise(self, where: str | Path) -> None:
        """Logs one warning that counts the clipped boxes, if there are any."""
        if self.clipped:
            text = "%s: %d of %d boxes reach over the border of their picture and were clipped, the first in %s"
            logger.warning(text, where, len(self.clipped), self.boxes, self.clipped[0])

    def _check_name(self, item: LabelledBox) -> None:
        if self.vocabulary is None or item.name in self.vocabulary:
            return
        near = difflib.get_close_matches(item.name, self.vocabulary, n=1)
        cure = (f"Did you mean {near[0]}? " if near else "") + f"Classes: {', '.join(self.vocabulary)}."
        raise DataError(item.where, f"there is no class {item.name!r}.", cure)

    def _clip(self, item: LabelledBox) -> Box:
        _check_sides(item)
        x0, y0, x1, y1 = clipped = tuple(min(max(value, 0.0), 1.0) for value in item.box)
        over = max(abs(one - other) for one, other in zip(item.box, clipped, strict=True))
        if min(item.box) < LEAST or max(item.box) > GREATEST or x1 - x0 < LEAST_SIDE or y1 - y0 < LEAST_SIDE:
            problem = f"the box lies outside of the picture: {_text(item.box)} in fractions of width and height."
            cure = "Draw it again or delete it; check that the label belongs to this picture and the unit is right."
            raise DataError(item.where, problem, cure)
        if over > ROUNDING:
            self.clipped.append(item.where)
        return x0, y0, x1, y1


def _check_sides(item: LabelledBox) -> None:
    x0, y0, x1, y1 = item.box
    if not all(map(math.isfinite, item.box)):
        raise DataError(item.where, f"the box is not finite: {_text(item.box)}.", "Draw it again, or delete it.")
    for least, greatest, side in ((x0, x1, "width"), (y0, y1, "height")):
        if greatest - least < LEAST_SIDE:
            came = "0" if greatest - least > -LEAST_SIDE else "less than 0, its sides are swapped"
            problem = f"the {side} of the {item.name} is {came}: {_text(item.box)} in fractions of width and height."
            raise DataError(item.where, problem, "Draw the box again, or delete it.")


def _text(box: Box) -> str:
    return " ".join(f"{value:.6g}" for value in box)


def read_pictures(
    where: Path,
    items: Iterable[Item],
    read: Callable[[Item], LabelledPicture],
    vocabulary: Sequence[str] | None = None,
    on_error: OnError = "raise",
) -> list[LabelledPicture]:
    """Reads the labels of all pictures of a set and judges them; one bad box puts its whole picture aside, for its
    labels are incomplete.

    Args:
        where: folder or file of the set, for messages.
        items: what `read` takes, one for each picture.
        read: makes the labels of a picture, or raises DataError.
        vocabulary: the classes that may occur; None lets every name pass.
        on_error: whether a picture that cannot be used stops the work or is left out.

    Raises:
        DataError: file, line and cure of what cannot be used, or nothing can be.
    """
    policy, checks, pictures, total = ErrorPolicy(on_error), BoxChecks(vocabulary), [], 0
    for item in items:
        total += 1
        try:
            picture = read(item)
            _check_picture(picture)
            pictures.append(replace(picture, objects=checks.check(picture.objects)))
        except DataError as error:
            policy.handle(error)
    checks.summarise(where)
    policy.summarise(str(where), total)
    if not pictures:
        problem = f"expected labelled pictures, found {total}, of which none can be used."
        raise DataError(where, problem, "Check the path, or mend what is named above.")
    return pictures


def _check_picture(picture: LabelledPicture) -> None:
    if not picture.path.is_file():
        raise DataError(picture.where, f"there is no picture {picture.path}.", "Put it there, or delete its label.")
