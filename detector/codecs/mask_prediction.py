"""What the `mask` head says of a picture: a probability of each class at every place, in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from data_generators.geometry import apply_homography
from data_generators.sample import Sample
from data_generators.transform.input_spec import resize_image
from data_generators.transform.tiling import window_homography
from data_generators.transform.warp import warp_image
from detector.codecs.boxes import DEFAULT_THRESHOLD
from detector.codecs.view_weights import even_weights, falling_weights

OUTPUT = "mask_logits"  # that the threshold belongs to
PRESENT_SHARE = 0.001  # of the picture's area: an object covers at least this much
MEASURED_SIDE_PX = 512  # on which boxes and areas are measured; the raster alone is coarse
ROUNDING = 1e-6  # a raster does not grow by a pixel for this
WHOLE = np.array([0.0, 0, 1, 1])  # the window that is all of the picture


@dataclass(frozen=True)
class MaskPrediction:
    """The probability of each class of objects, on a raster that covers the picture.

    Args:
        probabilities: float32 (h, w, K) in [0, 1]; what is missing to 1 at a place is the background's.
        classes: names of the K classes, empty where all objects are of one class.
        window: (4,) x0 y0 x1 y1, what the raster covers: all of the picture, but for a single tile or look.
    """

    probabilities: np.ndarray
    classes: tuple[str, ...] = ()
    window: np.ndarray = field(default_factory=lambda: WHOLE)

    @cached_property
    def presence(self) -> float:
        """Probability that the picture holds an object: what the surest thousandth of its area reaches."""
        foreground = self.probabilities.sum(axis=-1).ravel()
        rank = max(1, round(PRESENT_SHARE * foreground.size))
        return float(np.partition(foreground, -rank)[-rank].clip(0, 1))

    def mapped(self, homography: np.ndarray) -> MaskPrediction:
        """The prediction in other coordinates, on a raster as fine as before; what lies outside [0, 1] is left out.

        Args:
            homography: (3, 3), from these normalised coordinates to the others.
        """
        corners = apply_homography(homography, _box_corners(self.window)).clip(0, 1)
        window = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
        return self._drawn(homography, window, self._size_of(homography, window))

    def _size_of(self, homography: np.ndarray, window: np.ndarray) -> tuple[int, int]:
        """Height and width of a raster over a window (4,) of other coordinates, as fine as this one."""
        (x0, y0), (x1, y1) = window.reshape(2, 2)
        middles = np.array([[[x0, (y0 + y1) / 2], [x1, (y0 + y1) / 2]], [[(x0 + x1) / 2, y0], [(x0 + x1) / 2, y1]]])
        back = window_homography(self.window) @ np.linalg.inv(homography)
        height, width = self.probabilities.shape[:2]
        across, down = np.diff(apply_homography(back, middles), axis=1)[:, 0] * [width, height]
        return _pixels(float(np.linalg.norm(down))), _pixels(float(np.linalg.norm(across)))

    def _drawn(self, homography: np.ndarray, window: np.ndarray, size_hw: tuple[int, int]) -> MaskPrediction:
        """The prediction in other coordinates on a raster over a window (4,) of them; edges are repeated."""
        matrix = window_homography(window) @ homography @ np.linalg.inv(window_homography(self.window))
        return replace(self, probabilities=warp_image(self.probabilities, matrix, size_hw, "replicate"), window=window)

    def on_raster(self, size_hw: tuple[int, int]) -> np.ndarray:
        """Probabilities float32 (H, W, K) on a raster over all of the picture; beyond the window edges are repeated."""
        return self._drawn(np.eye(3), WHOLE, size_hw).probabilities

    @classmethod
    def of_looks(cls, predictions: Sequence[MaskPrediction], windows: np.ndarray) -> MaskPrediction:
        """One prediction of several looks at a picture: at each place the mean of those that show it.

        Args:
            predictions: one a look, in normalised coordinates of the picture.
            windows: (V, 4) what each look shows of the picture, x0 y0 x1 y1 in [0, 1].
        """
        return _blend(predictions, windows, even_weights)

    @classmethod
    def of_tiles(cls, predictions: Sequence[MaskPrediction], windows: np.ndarray) -> MaskPrediction:
        """One prediction of the tiles of a picture, on a raster as fine as theirs, without seams.

        Tiles are blended by `falling_weights`. One that shows the whole picture counts as much as all others together:
        the mean over scales (Chen et al. 2016, "Attention to Scale").

        Args:
            predictions: one a tile, in normalised coordinates of the picture.
            windows: (V, 4) the tiles, x0 y0 x1 y1 in [0, 1].
        """
        is_whole = np.isclose(windows, WHOLE).all(axis=1)
        views = [predictions[int(index)] for index in np.flatnonzero(is_whole)]
        if not is_whole.all():
            parts = [predictions[int(index)] for index in np.flatnonzero(~is_whole)]
            views.append(_blend(parts, windows[~is_whole], falling_weights))
        return cls.of_looks(views, np.tile(WHOLE, (len(views), 1)))

    def at_size(self, size_hw: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """The raster at another size, one class at a time: pictures may be large, and classes many.

        Args:
            size_hw: height and width in pixels.

        Returns:
            The probability of any object, float32 (H, W) in [0, 1], and label + 1 of the likeliest class, uint8 (H, W).
        """
        foreground, best = np.zeros(size_hw, np.float32), np.full(size_hw, -1, np.float32)
        likeliest = np.ones(size_hw, np.uint8)
        for label in range(self.probabilities.shape[-1]):
            of_class = resize_image(self.probabilities[..., label : label + 1], size_hw)[..., 0]
            foreground += of_class
            likeliest = np.where(of_class > best, np.uint8(label + 1), likeliest)
            best = np.maximum(best, of_class)
        return foreground.clip(0, 1), likeliest

    def class_map(self, size_hw: tuple[int, int], threshold: float = DEFAULT_THRESHOLD) -> np.ndarray:
        """The mask: uint8 (H, W), label + 1 of the likeliest class where there is an object, else 0.

        Args:
            size_hw: height and width in pixels.
            threshold: probability of any object from which there is one.
        """
        foreground, likeliest = self.at_size(size_hw)
        return np.where(foreground >= threshold, likeliest, 0).astype(np.uint8)

    def is_present(self, thresholds: Mapping[str, float]) -> bool:
        """Whether objects of a thousandth of the picture's area reach the threshold of the model's card."""
        return self.presence >= thresholds.get(OUTPUT, DEFAULT_THRESHOLD)

    def found(self, size_hw: tuple[int, int], thresholds: Mapping[str, float]) -> np.ndarray:
        """The mask at the threshold of the model's card, see `class_map`; empty where no object is present."""
        if not self.is_present(thresholds):
            return np.zeros(size_hw, np.uint8)
        return self.class_map(size_hw, thresholds.get(OUTPUT, DEFAULT_THRESHOLD))

    def name_of(self, label: int) -> str:
        """The name of a class; `object` where there are no names."""
        return self.classes[label] if self.classes else "object"

    def describe(self, thresholds: Mapping[str, float]) -> str:
        """The prediction in a few words, for captions: `cat 12.3 %, dog 4.0 %`, shares of the picture's area."""
        mask = self.found(self._measured_hw, thresholds)
        labels = (np.unique(mask[mask > 0]) - 1).tolist()
        shares = [f"{self.name_of(label)} {100 * np.mean(mask == label + 1):.1f} %" for label in labels]
        return ", ".join(shares) or f"nothing found, best {self.presence:.2f}"

    @property
    def _measured_hw(self) -> tuple[int, int]:
        height, width = self.probabilities.shape[:2]
        factor = max(1, -(-MEASURED_SIDE_PX // max(height, width)))
        return factor * height, factor * width

    def to_sample(self, image: np.ndarray, thresholds: Mapping[str, float]) -> Sample:
        """The mask, and a box around all that is of one class, as labels of their picture."""
        mask = self.found((image.shape[0], image.shape[1]), thresholds)
        labels, boxes = _boxes_of(mask)
        return Sample(
            image=image,
            boxes=boxes,
            labels=labels,
            ignore=np.zeros(len(labels), bool),
            keypoints=np.zeros((len(labels), 0, 2), np.float32),
            mask=mask,
            has=frozenset({"boxes", "mask"}),
        )

    def to_json(self, thresholds: Mapping[str, float]) -> dict[str, Any]:
        """Plain data: for each class that was found, `area` (share of the picture's), `box` around all of it, and
        `score`, the mean probability there that there is an object."""
        foreground, _ = self.at_size(self._measured_hw)
        mask = self.found(self._measured_hw, thresholds)
        objects = [
            {
                "class": self.name_of(label),
                "score": round(float(foreground[mask == label + 1].mean()), 5),
                "area": round(float(np.mean(mask == label + 1)), 6),
                "box": [round(value, 6) for value in box],
            }
            for label, box in zip(*(each.tolist() for each in _boxes_of(mask)), strict=True)
        ]
        return {"present": bool(objects), "presence": round(self.presence, 5), "objects": objects}


def _box_corners(box: np.ndarray) -> np.ndarray:
    """(4, 2) of a box (4,)."""
    return box[[[0, 1], [2, 1], [2, 3], [0, 3]]]


def _pixels(length: float) -> int:
    return max(1, int(np.ceil(length - ROUNDING)))


def _boxes_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels int64 (N,) of the classes in a mask, and a box float32 (N, 4) around all pixels of each."""
    labels = np.unique(mask[mask > 0]).astype(np.int64) - 1
    boxes = np.zeros((len(labels), 4), np.float32)
    for index, label in enumerate(labels):
        of_class = mask == label + 1
        rows, columns = np.flatnonzero(of_class.any(axis=1)), np.flatnonzero(of_class.any(axis=0))
        boxes[index] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return labels, boxes / np.array([mask.shape[1], mask.shape[0]] * 2, np.float32)


def finest_raster(predictions: Sequence[MaskPrediction]) -> tuple[int, int]:
    """Height and width of a raster over all of the picture that is as fine as the finest of theirs."""
    heights, widths = zip(*(each._size_of(np.eye(3), WHOLE) for each in predictions), strict=True)
    return max(heights), max(widths)


def _blend(
    predictions: Sequence[MaskPrediction],
    windows: np.ndarray,
    weigh: Callable[[np.ndarray, tuple[int, int]], np.ndarray],
) -> MaskPrediction:
    """The weighted mean over all of the picture, 0 where no view shows it.

    Args:
        predictions: V, in normalised coordinates of the picture.
        windows: (V, 4) what each shows of it.
        weigh: window (4,) and size of a raster -> weights (H, W, 1).
    """
    size_hw = finest_raster(predictions)
    total = np.zeros((*size_hw, predictions[0].probabilities.shape[-1]), np.float32)
    weights = np.zeros((*size_hw, 1), np.float32)
    for prediction, window in zip(predictions, windows, strict=True):
        weight = weigh(window, size_hw)
        total += weight * prediction.on_raster(size_hw)
        weights += weight
    return replace(predictions[0], probabilities=total / np.maximum(weights, 1e-9), window=WHOLE)
