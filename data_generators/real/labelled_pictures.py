"""What every reader of box labels hands on: pictures with named boxes, served as a source of samples.

A reader makes `LabelledPicture`s of its files, lets `box_checks` judge their boxes, and is a `LabelledPicturesSource`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from data_generators.errors import DataError, OnError
from data_generators.files import files_content
from data_generators.images import check_labelled_size, read_image
from data_generators.real.version import reader_version
from data_generators.sample import Sample
from data_generators.sources import Source

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class LabelledBox:
    """One object of a label file.

    Args:
        name: of its class.
        box: x0 y0 x1 y1, normalised; as the file says it until `box_checks` has judged it.
        where: file and line, or file and number of the object.
        ignore: crowd or difficult.
        segmentation: its pixels, as COCO has them: polygons or run lengths; None where the file does not say.
        reduced: what the file says beside the box that is not read: `polygon`, `mask`, `ellipse`, `rotation` or
            `keypoints`; empty where it is nothing.
    """

    name: str
    box: Box
    where: str
    ignore: bool = False
    segmentation: Any = None
    reduced: str = ""


@dataclass(frozen=True)
class LabelledPicture:
    """What the label files say about one picture.

    Args:
        path: the picture.
        label_path: the file with its labels; a file that is not there says that the picture has none.
        where: `label_path`, with the line where several pictures share it; for messages.
        objects: its boxes; none say that the picture holds no object.
        group: see `Sample`.
        size_hw: height and width in pixels of the picture that was labelled; (0, 0) where the file does not say.
        ignored: run lengths of the pixels that are to be ignored, beside those of its objects, or None.
    """

    path: Path
    label_path: Path
    where: str
    objects: tuple[LabelledBox, ...]
    group: str
    size_hw: tuple[float, float] = (0.0, 0.0)
    ignored: Any = None


class LabelledPicturesSource(Source):
    """Pictures with boxes; the base of the readers, which read label files at once and pictures when asked for.

    Args:
        root: the folder that the samples' content is told relative to.
        pictures: what the label files say, judged by `box_checks`.
        class_names: the vocabulary; every name in `pictures` is in it. All of it counts as labelled.
        settings: whatever else the samples depend on, as JSON data: the options of the reader.
        on_error: what a consumer does with a picture that cannot be decoded.
    """

    def __init__(
        self,
        root: Path,
        pictures: Sequence[LabelledPicture],
        class_names: Sequence[str],
        settings: Any = None,
        on_error: OnError = "raise",
    ) -> None:
        self._root, self._pictures, self._settings = root, list(pictures), settings
        self.class_names, self.labelled_classes = tuple(class_names), frozenset(class_names)
        self.on_error = on_error

    def __len__(self) -> int:
        return len(self._pictures)

    def sample(self, index: int) -> Sample:
        picture = self._pictures[index]
        image = self.image_of(picture)
        if all(picture.size_hw):
            check_labelled_size(picture.where, image.shape[:2], picture.size_hw)
        objects = picture.objects
        return Sample(
            image=image,
            boxes=np.array([item.box for item in objects], np.float32).reshape(-1, 4),
            labels=np.array([self.class_names.index(item.name) for item in objects], np.int64),
            ignore=np.array([item.ignore for item in objects], bool),
            keypoints=np.zeros((len(objects), 0, 2), np.float32),
            has=frozenset({"boxes"}),
            group=picture.group,
            origin=str(picture.path),
        )

    def image_of(self, picture: LabelledPicture) -> np.ndarray:
        """Its pixels, uint8 (H, W, 3); a reader of files that hold their pictures has its own way."""
        return read_image(picture.path)

    def count_reduced(self) -> dict[str, int]:
        objects = (item for picture in self._pictures for item in picture.objects)
        return dict(Counter(item.reduced for item in objects if item.reduced))

    def groups(self) -> list[str]:
        return [picture.group for picture in self._pictures]

    def content(self) -> Any:
        paths = dict.fromkeys(path for picture in self._pictures for path in (picture.label_path, picture.path))
        settings = [self._settings, self.class_names, sorted(self.labelled_classes)]
        return [type(self).__name__, reader_version(), settings, files_content(self._root, paths)]


def read_size_hw(path: Path) -> tuple[float, float]:
    """Height and width in pixels of a picture, upright, from the beginning of its file: for labels that do not say it.

    Raises:
        DataError: the file is not a picture.
    """
    try:
        with Image.open(path) as picture:
            width, height = picture.size
            turned = picture.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(path, f"the picture cannot be read ({error}).", "Copy or export it again.") from error
    return (float(width), float(height)) if turned else (float(height), float(width))
