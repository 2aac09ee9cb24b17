"""How far several looks at a picture disagree: what a person should label first, for lists that are worst first.

For any head it is the same measure: what two looks differ by, over what both see, each object weighted by the square of
its probability, so that the many boxes or pixels of hardly any probability do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from data_generators.geometry import box_iou, quad_iou
from detector.codecs.base import Prediction
from detector.codecs.boxes import BoxesPrediction
from detector.codecs.corners import CornersPrediction
from detector.codecs.mask_prediction import PRESENT_SHARE, MaskPrediction, finest_raster
from detector.codecs.presence import PresencePrediction
from detector.codecs.view_weights import even_weights

FAR = 0.1  # of the picture's sides: keypoints that are so far apart on average have nothing in common
LEAST_SEEN = 0.01  # what both see, from which on they can disagree: two objects of probability 0.07

Pair = tuple[float, float]  # what two looks differ by, and what both see


def disagreement(looks: Sequence[Prediction]) -> float:
    """How far looks at a picture disagree: the mean over all pairs of them.

    Of two masks p and q it is the sum of (p - q)^2 over that of p^2 + q^2, where both show the picture: 1 less the Dice
    coefficient, for probabilities. Of two sets of objects with probabilities s, and a likeness of objects in [0, 1], it
    is 1 - 2 sum(likeness * s_i * s_j) / sum(s^2), where each object is like one other at most. Boxes of a class are
    alike by their IoU, quadrilaterals too, other keypoints by their distance; a yes or no has one object.

    Args:
        looks: predictions of one head, in normalised coordinates of the same picture.

    Returns:
        0, all say the same (or there is but one), to 1, they have nothing in common.

    Raises:
        TypeError: the head says nothing of objects.
    """
    if len(looks) < 2:
        return 0.0
    masks = [look for look in looks if isinstance(look, MaskPrediction)]
    pairs = _mask_pairs(masks) if masks else [_object_pair(*pair) for pair in combinations(looks, 2)]
    return float(np.mean([difference / seen if seen else 0.0 for difference, seen in pairs]))


def _mask_pairs(looks: Sequence[MaskPrediction]) -> list[Pair]:
    size_hw = finest_raster(looks)
    rasters = [look.on_raster(size_hw) for look in looks]
    shown = [even_weights(look.window, size_hw) for look in looks]
    pairs = []
    for one, other in combinations(range(len(looks)), 2):
        both = shown[one] * shown[other]
        difference = np.sum(both * np.square(rasters[one] - rasters[other]))
        seen = np.sum(both * (np.square(rasters[one]) + np.square(rasters[other])))
        pairs.append((float(difference), float(seen + PRESENT_SHARE * both.sum())))
    return pairs


def _object_pair(one: Prediction, other: Prediction) -> Pair:
    first, second = _probabilities(one), _probabilities(other)
    shared = _best_sum(_likeness(one, other) * first[:, None] * second)
    total = float(np.square(first).sum() + np.square(second).sum())
    return max(0.0, total - 2 * shared), total + LEAST_SEEN


def _probabilities(look: Prediction) -> np.ndarray:
    """Of the objects that a look sees, (M,)."""
    if isinstance(look, BoxesPrediction):
        return look.scores.astype(np.float64)
    if isinstance(look, CornersPrediction | PresencePrediction):
        return np.array([look.presence])
    raise TypeError(
        f"`looks` must be predictions of masks, boxes, corners or presence. Received {type(look).__name__}. "
        "Take another head of the model."
    )


def _likeness(one: Prediction, other: Prediction) -> np.ndarray:
    """Of the objects of two looks, every pair: (M, N) in [0, 1]."""
    if isinstance(one, BoxesPrediction) and isinstance(other, BoxesPrediction):
        return box_iou(one.boxes, other.boxes) * (one.labels[:, None] == other.labels)
    if isinstance(one, CornersPrediction) and isinstance(other, CornersPrediction):
        return np.array([[_likeness_of_points(one.keypoints, other.keypoints)]])
    return np.ones((1, 1))


def _likeness_of_points(one: np.ndarray, other: np.ndarray) -> float:
    if len(one) == 4:
        return quad_iou(one, other)
    return max(0.0, 1 - float(np.linalg.norm(one - other, axis=-1).mean()) / FAR)


def _best_sum(values: np.ndarray) -> float:
    """Sum of (M, N) values, of which each row and column gives one at most, the highest first."""
    values, total = values.copy(), 0.0
    while values.size and values.max() > 0:
        row, column = np.unravel_index(np.argmax(values), values.shape)
        total += float(values[row, column])
        values[row], values[:, column] = 0, 0
    return total
