"""Which places of the `grid` head answer for which object.

Without anchors an object belongs to the finest grid on which its longer side spans at most `span_cells` cells, else to
the coarsest. With anchors it belongs to all, of whatever grid, whose shape has the IoU `anchor_iou` with its own, and
to the nearest in any case. There the cell that holds its centre answers for it, and so do the cells of its box whose
centres lie within `centre_radius` cells of the object's own, or within the share `centre_share` of the box. Where
several objects want a place the smallest gets it, but a centre cell goes before all others. An object without any
place, because another one's centre lies in the same cell, is lost.

With dynamic assignment (`losses.AlignedLoss`) training chooses among the places within an object's box and the cell of
its centre. Lost are the objects beyond `max_objects`, and of those that share too few places the ones left over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data_generators.sample import Sample
from detector.codecs.anchors import shape_iou
from detector.codecs.grid_places import Places
from detector.codecs.grid_settings import GridSettings

LEAST_CENTREDNESS = 0.01  # a positive place stays one


@dataclass(frozen=True)
class Objects:
    """The objects of a batch that the grid shall find, largest first, and one more that stands for "none".

    Args:
        boxes: float32 (M + 1, 4), cut off at the frame.
        labels: int64 (M + 1,); -1 for the last.
        samples: int (M,), the picture that each is in.
    """

    boxes: np.ndarray
    labels: np.ndarray
    samples: np.ndarray

    @classmethod
    def of(cls, samples: Sequence[Sample], with_classes: bool) -> Objects:
        """All labelled objects with an area within the frame, but those to be ignored or of no class asked for."""
        labelled = [
            (index, sample) for index, sample in enumerate(samples) if "boxes" in sample.has and len(sample.boxes)
        ]
        if not labelled:
            return cls(np.array([[0, 0, 1, 1]], np.float32), np.array([-1]), np.zeros(0, np.intp))
        boxes = np.clip(np.concatenate([sample.boxes for _, sample in labelled]), 0, 1)
        labels = np.concatenate([sample.labels for _, sample in labelled])
        ignore = np.concatenate([sample.ignore for _, sample in labelled])
        index = np.repeat([index for index, _ in labelled], [len(sample.boxes) for _, sample in labelled])
        areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
        wanted = ~ignore & (areas > 0) & ((labels >= 0) if with_classes else True)
        order = np.flatnonzero(wanted)[np.argsort(-areas[wanted], kind="stable")]
        none = np.array([[0, 0, 1, 1]], np.float32)
        return cls(np.concatenate([boxes[order], none]), np.append(labels[order], -1), index[order])


def assign(objects: Objects, places: Places, settings: GridSettings, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Who answers for what.

    Args:
        objects: of the batch.
        places: of the grids.
        settings: the head's settings.
        batch: number of pictures.

    Returns:
        owner: int (B, P), index of the object that a place answers for; -1 for none.
        quality: float32 (B, P), the objectness that a place aims at, in [0, 1].
    """
    boxes = objects.boxes[:-1]
    middle, half = 0.5 * (boxes[:, :2] + boxes[:, 2:]), 0.5 * (boxes[:, 2:] - boxes[:, :2])  # (M, 2)
    offset = np.abs(places.centres - middle[:, None])  # (M, P, 2)
    reach = np.maximum(settings.centre_radius * places.cells, settings.centre_share * half[:, None])
    near = np.all((offset < reach) & (offset < half[:, None]), axis=-1)  # (M, P)
    last = np.round(1 / places.cells) - 1
    cell = np.minimum(np.floor(middle[:, None] / places.cells), last)  # (M, P, 2), as the grid of each place has it
    central = np.all(cell == np.floor(places.centres / places.cells), axis=-1)
    if settings.anchors:
        suits = suits_anchor(half * 2, places, settings.anchor_iou)
    else:
        suits = scale_of(half * 2, places, settings.span_cells)[:, None] == places.scales
    owner = np.full((batch, len(places.scales)), -1, np.intp)
    for wanted in (near, central):
        found, place = np.nonzero(wanted & suits)  # objects in order, so that a smaller one takes its place later
        owner[objects.samples[found], place] = found
    quality = (owner >= 0).astype(np.float32)
    if settings.objectness_target == "centredness":
        quality *= centredness(owner, objects, places)
    return owner, quality


def suits_anchor(sizes: np.ndarray, places: Places, least_iou: float) -> np.ndarray:
    """Whether the anchor of each place has the shape of each object, (M, 2) width and height: bool (M, P)."""
    iou = shape_iou(sizes, places.references)
    return iou >= np.minimum(least_iou, iou.max(axis=1, initial=0, keepdims=True))


def scale_of(sizes: np.ndarray, places: Places, span_cells: float) -> np.ndarray:
    """Index of the grid that objects of some width and height (M, 2) belong to: int (M,)."""
    _, first = np.unique(places.scales, return_index=True)
    spans = (sizes[:, None] / places.cells[first]).max(axis=-1)  # (M, S)
    fits = spans <= span_cells
    fits[:, -1] = True
    return np.argmax(fits, axis=1)


def centredness(owner: np.ndarray, objects: Objects, places: Places) -> np.ndarray:
    """How near to the middle of its object a place lies: (B, P), 1 for the object's most central place.

    FCOS (Tian et al. 2019, eq. 3): the root of min(l, r) / max(l, r) * min(t, b) / max(t, b), here over the greatest
    value among the places of the object.
    """
    sides = places.distances(objects.boxes[owner])  # (B, P, 4)
    least, greatest = (pick(sides[..., :2], sides[..., 2:]) for pick in (np.minimum, np.maximum))
    value = np.sqrt(np.prod(np.maximum(least, 0) / np.maximum(greatest, 1e-9), axis=-1))
    best = np.zeros(len(objects.boxes))
    np.maximum.at(best, owner, value)
    return np.where(best[owner] > 0, value / np.maximum(best[owner], 1e-9), 1).clip(LEAST_CENTREDNESS)


def count_lost(owner: np.ndarray, objects: Objects) -> int:
    """Objects that no place answers for."""
    return len(objects.samples) - len(np.setdiff1d(owner, [-1]))


def candidates(boxes: np.ndarray, places: Places) -> np.ndarray:
    """Which places may answer for which objects where training chooses in every step: those in the box, and the cell of
    its centre, as in `losses.AlignedLoss`.

    Args:
        boxes: float32 (M, 4), x0 y0 x1 y1 normalised.
        places: of the grids.

    Returns:
        bool (M, P).
    """
    corner, opposite = boxes[:, None, :2], boxes[:, None, 2:]
    inside = np.all((places.centres > corner) & (places.centres < opposite), axis=-1)
    off = np.abs(places.centres - 0.5 * (corner + opposite))
    return inside | np.all(off <= 0.5 * places.cells + 1e-6, axis=-1)


def match_places(possible: np.ndarray) -> np.ndarray:
    """A place for each of as many objects as can have one at once, by augmenting paths (Berge 1957).

    Args:
        possible: bool (M, P), see `candidates`.

    Returns:
        int (P,), index of the object that has each place; -1 for none. An object without a place is lost: others need
        all that it could have.
    """
    owner = np.full(possible.shape[1], -1)
    for item in range(len(possible)):
        _find_place(item, possible, owner)
    return owner


def _find_place(item: int, possible: np.ndarray, owner: np.ndarray) -> None:
    """Gives an object a place, for which others move on to other places of theirs; changes `owner` where it can."""
    asked_by, asking = np.full(len(owner), -1), [item]
    for each in asking:  # it grows: whoever has a place that is asked for, asks for another one
        places = np.flatnonzero(possible[each] & (asked_by < 0))
        asked_by[places] = each
        free = places[owner[places] < 0]
        if len(free):
            place = free[0]
            while (mover := asked_by[place]) != item:
                left = np.flatnonzero(owner == mover)[0]
                owner[place], place = mover, left
            owner[place] = item
            return
        asking.extend(owner[places].tolist())
