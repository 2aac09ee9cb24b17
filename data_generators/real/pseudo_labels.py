"""Reads what `detector pseudo-label` has written: pictures with the labels of a model that a person has accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from data_generators.errors import DataError, OnError
from data_generators.files import checked_folder, files_content
from data_generators.images import check_labelled_size, read_image
from data_generators.real.index_picture import read_index_picture
from data_generators.real.pseudo_file import QUEUE_NAME, Kind, PseudoLabel, State, mask_path, read_queue
from data_generators.real.quads import checked_quad
from data_generators.real.version import reader_version
from data_generators.sample import MASK_IGNORE, Sample
from data_generators.settings import Settings, Share
from data_generators.sources import Source

HAS: dict[Kind, frozenset[str]] = {
    "mask": frozenset({"boxes", "mask"}),
    "boxes": frozenset({"boxes"}),
    "corners": frozenset({"boxes", "keypoints"}),
}
CURE = "Ask for it again: `detector pseudo-label`."


class PseudoLabelSettings(Settings):
    """Which of the labels are taken."""

    states: tuple[State, ...] = ("accepted",)
    """`accepted`, `rejected` (to correct them in another tool) or `open`: what nobody has looked at."""
    most_disagreement: Share = 1.0
    """Labels are taken up to this disagreement of the looks."""


class PseudoLabelSource(Source):
    """The pictures whose labels were accepted. The group is the picture's path without extension.

    Args:
        directory: the folder with queue.json.
        settings: which labels are taken.
        on_error: what a consumer does with a picture that cannot be decoded.

    Raises:
        DataError: the folder holds no queue, or no label that is to be taken.
    """

    def __init__(
        self, directory: str | Path, settings: PseudoLabelSettings | None = None, on_error: OnError = "raise"
    ) -> None:
        self._root = checked_folder(directory, QUEUE_NAME)
        self._settings, self.on_error = settings or PseudoLabelSettings(), on_error
        queue = read_queue(self._root)
        self._kind, self._images = queue.kind, self._root / queue.images
        self.class_names, self.corner_order = queue.class_names, queue.corner_order
        self.labelled_classes = frozenset(self.class_names)
        self._labels = [label for label in queue.pictures if self._is_taken(label)]
        if not self._labels:
            problem = f"none of its {len(queue.pictures)} labels is {' or '.join(self._settings.states)}."
            raise DataError(self._root / QUEUE_NAME, problem, f"Look at them: detector label {self._root}")

    def _is_taken(self, label: PseudoLabel) -> bool:
        return label.state in self._settings.states and label.disagreement <= self._settings.most_disagreement

    def __len__(self) -> int:
        return len(self._labels)

    def sample(self, index: int) -> Sample:
        label = self._labels[index]
        image = read_image(self._images / label.image)
        where = f"{self._root / QUEUE_NAME} {label.image}"
        check_labelled_size(where, image.shape[:2], label.size_hw)
        return Sample(
            image=image,
            boxes=np.array(label.boxes, np.float32).reshape(-1, 4),
            labels=np.array(label.labels, np.int64),
            ignore=np.zeros(len(label.labels), bool),
            keypoints=self._keypoints(label, where),
            mask=self._mask(label, image.shape[:2]),
            has=HAS[self._kind],
            group=_group(label),
            origin=str(self._images / label.image),
        )

    def _keypoints(self, label: PseudoLabel, where: str) -> np.ndarray:
        """float32 (N, P, 2); four corners are checked and put in order."""
        points = [np.array(each, np.float32) for each in label.keypoints]
        if self.corner_order != "none":
            points = [checked_quad(each, self.corner_order, where) if len(each) == 4 else each for each in points]
        return np.stack(points) if points else np.zeros((len(label.boxes), 0, 2), np.float32)

    def _mask(self, label: PseudoLabel, size_hw: tuple[int, int]) -> np.ndarray:
        if self._kind != "mask":
            return np.zeros((0, 0), np.uint8)
        path = mask_path(self._root, label.image)
        mask = read_index_picture(path)
        if mask.shape != size_hw:
            problem = f"expected a mask of {size_hw[1]} x {size_hw[0]} pixels, as its picture has, got {mask.shape[1]} "
            raise DataError(path, f"{problem}x {mask.shape[0]}.", CURE)
        if np.any((mask > len(self.class_names)) & (mask != MASK_IGNORE)):
            raise DataError(path, f"expected values up to {len(self.class_names)}, got {mask.max()}.", CURE)
        return mask.astype(np.uint8)

    def groups(self) -> list[str]:
        return [_group(label) for label in self._labels]

    def content(self) -> Any:
        pictures = files_content(self._images, [self._images / label.image for label in self._labels])
        masks = [mask_path(self._root, label.image) for label in self._labels] if self._kind == "mask" else []
        said = [label.model_dump(mode="json", include={"boxes", "labels", "keypoints"}) for label in self._labels]
        names = [self._kind, self.corner_order, list(self.class_names)]
        return ["pseudo", reader_version(), names, said, pictures, files_content(self._root, masks)]


def _group(label: PseudoLabel) -> str:
    return Path(label.image).with_suffix("").as_posix()
