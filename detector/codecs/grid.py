"""The codec of the `grid` head: many objects, each told by the cells of one or several grids in which it lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from data_generators.sample import Sample
from data_generators.sources import CornerOrder
from data_generators.transform.input_spec import InputSpec
from detector.codecs.base import Arrays, Codec, probability_of, says_whether
from detector.codecs.boxes import BoxesPrediction
from detector.codecs.grid_assignment import Objects, assign, candidates, count_lost, match_places
from detector.codecs.grid_places import Places, make_places
from detector.codecs.grid_settings import GridSettings
from detector.codecs.nms import find_centroids, soft_suppress, suppress, vote
from detector.codecs.ramps import RAMPS, decode_ramps

CANDIDATES = 200  # boxes that go into the suppression
SHARED = "share their cells with others. Add a finer grid to its `scales`, or `anchors`."
SURPLUS = "are the smallest of pictures with more than `max_objects`. Raise it."


class GridCodec(Codec):
    """Boxes and classes of all objects.

    Every place (a cell of a grid, with one of its anchors) has an objectness, four distances and K class logits. The
    network as it is trained gives them for all places in one row, `grid_objectness` (B, P), `grid_boxes` (B, P, 4) and
    `grid_classes` (B, P, K); an exported file gives a tensor each for every grid, `grid_objectness_p4` (B, GH, GW, A),
    `grid_ramps_p4` (B, GH, GW, A * 4 * R) and `grid_classes_p4` (B, GH, GW, A * K). Without names of classes there is
    no tensor of classes.
    """

    name = "grid"
    settings_class = GridSettings
    settings: GridSettings

    def __init__(self, settings: GridSettings, spec: InputSpec, classes: tuple[str, ...] = ()) -> None:
        super().__init__(settings, spec, classes)
        unknown = settings.class_weights.keys() - set(classes)
        if unknown:
            raise ValueError(
                f"model.heads.grid.class_weights names {', '.join(sorted(unknown))}, which is no class of "
                f"model.classes: {', '.join(classes) or 'none'}."
            )

    @property
    def corner_order(self) -> CornerOrder:
        return "none"

    @cached_property
    def shapes(self) -> list[tuple[int, int]]:
        """Rows and columns of every grid."""
        height, width = self.spec.size_hw
        return [(height // 2 ** int(scale[1]), width // 2 ** int(scale[1])) for scale in self.settings.scales]

    @cached_property
    def places(self) -> Places:
        """Where every place lies."""
        return make_places(self.shapes, [self.settings.anchors_of(index) for index in range(len(self.shapes))])

    @cached_property
    def _weight_of(self) -> np.ndarray:
        """Weight of every class; the last entry is that of no class: (K + 1,)."""
        return np.array([*(self.settings.class_weights.get(name, 1.0) for name in self.classes), 1.0], np.float32)

    def encode(self, samples: Sequence[Sample]) -> tuple[Arrays, Arrays]:
        return self._encode_objects(samples) if self.settings.assignment == "dynamic" else self._encode_cells(samples)

    def _encode_cells(self, samples: Sequence[Sample]) -> tuple[Arrays, Arrays]:
        places, objects = self.places, Objects.of(samples, bool(self.classes))
        owner, quality = assign(objects, places, self.settings, len(samples))
        positive = owner >= 0  # (B, P)
        labels = objects.labels[owner] if self.classes else np.full(owner.shape, -1)
        weight = np.where(positive, self._weight_of[labels], 0).astype(np.float32)
        negative = self._negatives(samples) & ~positive
        targets, weights = {"grid_objectness": quality}, {"grid_objectness": self._objectness_weights(weight, negative)}
        if self.settings.method == "boxes":
            distances = np.where(positive[..., None], places.distances(objects.boxes[owner]), 0.5)
            targets["grid_boxes"], weights["grid_boxes"] = distances.astype(np.float32), weight
        if self.classes:
            count = len(self.classes)
            targets["grid_classes"] = np.eye(count + 1, count, dtype=np.float32)[np.where(positive, labels, count)]
            looked = np.array([[k not in s.unlabelled for k in range(count)] for s in samples], np.float32)
            weights["grid_classes"] = weight[..., None] * np.maximum(looked[:, None], targets["grid_classes"])
        return targets, weights

    def _encode_objects(self, samples: Sequence[Sample]) -> tuple[Arrays, Arrays]:
        """Targets as `losses.AlignedLoss` wants them: the objects in rows, and beside them the weights of places."""
        objects, count, kept = Objects.of(samples, bool(self.classes)), len(self.classes), self.max_objects
        target = np.zeros((len(samples), len(self.places.scales), 5 + count), np.float32)
        target[..., 0] = self._negatives(samples)
        order = np.argsort(objects.samples, kind="stable")
        index = objects.samples[order]
        row = np.arange(len(order)) - np.searchsorted(index, index)  # within its picture
        order, index, row = order[row < kept], index[row < kept], row[row < kept]
        target[index, row, 1:5] = objects.boxes[order]
        if count:
            for sample, picture in zip(samples, target, strict=True):
                picture[:kept, [5 + place for place in sample.unlabelled]] = -1
            target[index, row, 5 + objects.labels[order]] = 1
        known = target[..., 0].any(axis=1) | (np.bincount(index, minlength=len(samples)) > 0)
        return {"grid_places": target}, {"grid_places": known.astype(np.float32)}

    @cached_property
    def max_objects(self) -> int:
        """Objects of a picture that training takes."""
        return min(self.settings.max_objects, len(self.places.scales))

    def _negatives(self, samples: Sequence[Sample]) -> np.ndarray:
        """Places that are known to hold nothing where no object is theirs: bool (B, P).

        None where nobody looked, or not for all classes; and none inside objects to be ignored.
        """
        known = np.array([says_whether(sample, "boxes") and not sample.unlabelled for sample in samples])
        negative = np.repeat(known[:, None], len(self.places.scales), axis=1)
        for index, sample in enumerate(samples):
            if sample.ignore.any():
                negative[index] &= ~self.places.inside(sample.boxes[sample.ignore]).any(axis=0)
        return negative

    def _objectness_weights(self, weight: np.ndarray, negative: np.ndarray) -> np.ndarray:
        """Weights of positives (B, P) and which places are negatives -> float32 (B, P)."""
        if self.settings.objectness_loss == "focal":
            return weight + negative
        shares = [part / np.maximum(part.sum(axis=1, keepdims=True), 1) for part in (weight, negative)]
        return (0.5 * (shares[0] + shares[1])).astype(np.float32)

    def count_lost(self, samples: Sequence[Sample]) -> dict[str, int]:
        objects = Objects.of(samples, bool(self.classes))
        if self.settings.assignment == "static":
            return {SHARED: count_lost(assign(objects, self.places, self.settings, len(samples))[0], objects)}
        shared = surplus = 0
        for index in np.unique(objects.samples):
            boxes = objects.boxes[:-1][objects.samples == index]  # largest first, as training takes them
            surplus += max(0, len(boxes) - self.max_objects)
            taken = boxes[: self.max_objects]
            shared += len(taken) - int(np.sum(match_places(candidates(taken, self.places)) >= 0))
        return {SHARED: shared, SURPLUS: surplus}

    def decode(self, outputs: Mapping[str, np.ndarray]) -> list[BoxesPrediction]:
        objectness, distances, classes = self._flat(outputs)
        scores = probability_of(objectness)[..., None]
        if classes is not None:
            scores = scores * probability_of(classes)  # (B, P, K)
        if distances is None:
            return [self._choose_centroids(picture) for picture in scores]
        boxes = np.clip(self.places.boxes(distances), 0, 1)  # (B, P, 4)
        return [self._choose_boxes(*picture) for picture in zip(boxes, scores, strict=True)]

    def _flat(self, outputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Objectness (B, P), distances (B, P, 4) and class logits (B, P, K) of a trained or an exported network."""
        if "grid_places" in outputs:
            row = outputs["grid_places"]
            return row[..., 0], row[..., 1:5], row[..., 5:] if self.classes else None
        if "grid_objectness" in outputs:
            return outputs["grid_objectness"], outputs.get("grid_boxes"), outputs.get("grid_classes")
        names = [scale.lower() for scale in self.settings.scales]
        batch = len(outputs[f"grid_objectness_{names[0]}"])

        def joined(tensor: str, *shape: int) -> np.ndarray:
            return np.concatenate([outputs[f"grid_{tensor}_{n}"].reshape(batch, -1, *shape) for n in names], axis=1)

        boxes = self.settings.method == "boxes"
        distances = decode_ramps(joined("ramps", 4, RAMPS), self.places.limits) if boxes else None
        return joined("objectness"), distances, joined("classes", len(self.classes)) if self.classes else None

    def _choose_boxes(self, boxes: np.ndarray, scores: np.ndarray) -> BoxesPrediction:
        """The boxes of one picture: places (P, 4) with a score for every class (P, K)."""
        settings = self.settings
        place, labels = np.nonzero(scores >= settings.score_floor)
        best = np.argsort(-scores[place, labels], kind="stable")[:CANDIDATES]
        place, labels = place[best], labels[best]
        boxes, kept = boxes[place], scores[place, labels]
        if settings.nms == "soft":
            chosen, kept = soft_suppress(boxes, kept, labels, settings.score_floor)
        else:
            chosen = suppress(boxes, kept, labels, settings.nms_iou)
            return self._prediction(
                vote(boxes, kept, labels, chosen, settings.voting_iou), kept[chosen], labels[chosen]
            )
        return self._prediction(boxes[chosen], kept, labels[chosen])

    def _choose_centroids(self, scores: np.ndarray) -> BoxesPrediction:
        """Boxes of a cell around the centroids of one picture: places with a score for every class (P, K)."""
        ends = np.cumsum([rows * columns for rows, columns in self.shapes])[:-1]
        parts = []
        for shape, part in zip(self.shapes, np.split(scores, ends), strict=True):
            points, *rest = find_centroids(part.reshape(*shape, -1), self.settings.score_floor)
            half = 0.5 / np.array(shape[::-1])
            parts.append((np.concatenate([points - half, points + half], axis=-1), *rest))
        boxes, kept, labels = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(-kept, kind="stable")
        return self._prediction(boxes[order], kept[order], labels[order])

    def _prediction(self, boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray) -> BoxesPrediction:
        most = self.settings.max_boxes
        return BoxesPrediction(
            boxes[:most].astype(np.float32),
            scores[:most].astype(np.float32),
            labels[:most].astype(np.int64),
            self.classes,
            "grid_objectness",
        )
