"""The one labelled picture that every reader, scene, transform and codec passes on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

LABEL_KINDS = frozenset({"boxes", "keypoints", "mask"})
MASK_IGNORE = 255


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture with its labels; frozen, validated, with no field that is None.

    Coordinates are normalised xy: x / W and y / H, the origin at the outer edge of the first pixel.

    Args:
        image: uint8 (H, W, C), C = 3 in RGB order, or 1.
        boxes: float32 (N, 4), x0 y0 x1 y1.
        labels: int64 (N,), index into the source's `class_names`; -1 is an object of no class that was asked for.
        ignore: bool (N,), crowd or difficult: no loss, no count in AP.
        keypoints: float32 (N, P, 2), NaN where unknown; outside [0, 1] where the object is cut off. (N, 0, 2) where
            the source labels no keypoints.
        mask: uint8 (H, W) class index, 255 = ignore; (0, 0) where there is none.
        unlabelled: indices of classes for which nobody looked: their absence here means nothing.
        has: which of "boxes", "keypoints", "mask" the source really labelled. An empty `keypoints` says "nothing
            there" with "keypoints" in `has`, and "nobody looked" without.
        group: clip, document or photo that the picture comes from; splits are by group.
        origin: file, or generator with seed and index, for messages a person can act on.

    Raises:
        ValueError: a field has the wrong shape, dtype or range; the message names the origin.
    """

    image: np.ndarray
    boxes: np.ndarray = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    labels: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    ignore: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    keypoints: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 2), np.float32))
    mask: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    has: frozenset[str] = frozenset()
    unlabelled: frozenset[int] = frozenset()
    group: str = ""
    origin: str = "unknown"

    def __post_init__(self) -> None:
        self._check_image()
        count = len(self.boxes)
        self._check("boxes", np.float32, (count, 4), "Give one row x0 y0 x1 y1 an object, normalised.")
        self._check("labels", np.int64, (count,), "Give one class index an object.")
        self._check("ignore", np.bool_, (count,), "Give one flag an object.")
        points = self.keypoints.shape[1] if np.ndim(self.keypoints) == 3 else "P"
        self._check("keypoints", np.float32, (count, points, 2), "Add a leading object axis, one row an object.")
        if self.mask.size:
            self._check("mask", np.uint8, self.image.shape[:2], "Resize the mask to its picture.")
        unknown = self.has - LABEL_KINDS
        if unknown:
            raise ValueError(
                f"{self.origin}: `has` must be a subset of {sorted(LABEL_KINDS)}. Received {sorted(unknown)}."
            )
        for name in ("image", "boxes", "labels", "ignore", "keypoints", "mask"):
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def _check_image(self) -> None:
        image = self.image
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (1, 3) or 0 in image.shape:
            raise ValueError(
                f"{self.origin}: `image` must be uint8 (H, W, 1 or 3). Received {image.dtype} {image.shape}. "
                "Convert it to RGB or to one grey channel of 8 bits."
            )

    def _check(self, name: str, dtype: type, shape: tuple[Any, ...], cure: str) -> None:
        value = getattr(self, name)
        if value.dtype != dtype or value.shape != shape:
            raise ValueError(
                f"{self.origin}: `{name}` must be {np.dtype(dtype)} {shape}. "
                f"Received {value.dtype} {value.shape}. {cure}"
            )

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width of the picture in pixels."""
        return self.image.shape[0], self.image.shape[1]

    def replace(self, **changes: Any) -> Sample:
        """A validated copy with some fields changed."""
        return replace(self, **changes)

    def relabel(self, labels: np.ndarray) -> Sample:
        """A copy in another vocabulary: labels, mask and `unlabelled`.

        Args:
            labels: int64 (K + 1,), for each class of this one its label in the other, -1 for none; the last entry is -1
                and stands for objects that are of no class already. The mask of a class without label is background.
        """
        codes = np.zeros(max(256, len(labels)), np.uint8)
        codes[1 : len(labels)] = labels[:-1] + 1
        codes[MASK_IGNORE] = MASK_IGNORE
        return self.replace(
            labels=labels[self.labels],
            mask=codes[self.mask],
            unlabelled=frozenset(int(labels[label]) for label in self.unlabelled if labels[label] >= 0),
        )


def sample_with_corners(image: np.ndarray, quads: np.ndarray, *, group: str, origin: str) -> Sample:
    """A sample labelled by the corners of its objects; boxes are the corners' bounding boxes, all of class 0.

    Args:
        image: uint8 (H, W, C).
        quads: float32 (N, 4, 2) normalised xy; N = 0 says that the picture is known to hold no object.
        group: see `Sample`.
        origin: see `Sample`.
    """
    quads = np.asarray(quads, np.float32).reshape(-1, 4, 2)
    boxes = np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=-1) if len(quads) else np.zeros((0, 4))
    return Sample(
        image=image,
        boxes=boxes.astype(np.float32),
        labels=np.zeros(len(quads), np.int64),
        ignore=np.zeros(len(quads), bool),
        keypoints=quads,
        has=frozenset({"boxes", "keypoints"}),
        group=group,
        origin=origin,
    )
