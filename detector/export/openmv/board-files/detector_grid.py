"""The head `grid`: many boxes, told by the cells of one or several grids; those that mean the same object made one."""

import math

from detector_tensors import from_ramps, inside, probabilities, probability
from ulab import numpy as np


def decode(head, outputs):
    """`presence`, `present`; `boxes` (x0, y0, x1, y1), `scores` and `labels`, best first, of which the first `found`
    reach the threshold."""
    find = find_centroids if head["method"] == "centroids" else find_boxes
    boxes, scores, labels = find(head, outputs)
    most = head["max_boxes"]
    found = sum(1 for score in scores[:most] if score >= head["threshold"])
    presence = scores[0] if scores else 0.0
    answer = {"boxes": boxes[:most], "scores": scores[:most], "labels": labels[:most]}
    answer.update({"presence": presence, "present": found > 0, "found": found})
    return answer


def scored_places(head, grid, outputs):
    """(place, label, score) of all places and classes of a grid that reach the floor, in order."""
    floor, classes = head["score_floor"], len(head["classes"])
    objectness = outputs[grid["objectness"]]
    objects = probabilities(objectness.values(0, len(objectness.raw)))
    for place, score in enumerate(objects):
        if score < floor:
            continue
        if not classes:
            yield place, 0, score
            continue
        logits = outputs[grid["classes"]]
        for label in range(classes):
            joint = score * probability(logits.value(place * classes + label))
            if joint >= floor:
                yield place, label, joint


def find_boxes(head, outputs):
    """Boxes, scores and labels after suppression."""
    ranked = []
    for number, grid in enumerate(head["grids"]):
        for place, label, score in scored_places(head, grid, outputs):
            ranked.append((-score, len(ranked), number, place, label))
    ranked.sort()  # equal scores stay in order
    ranked = ranked[: head["candidates"]]
    if not ranked:
        return [], [], []
    boxes = [box_at(head["grids"][number], place, outputs) for _, _, number, place, _ in ranked]
    sides = [np.array([box[side] for box in boxes]) for side in range(4)]
    scores, labels = [-row[0] for row in ranked], [row[4] for row in ranked]
    return (suppress_softly if head["nms"] == "soft" else suppress)(head, sides, scores, labels)


def box_at(grid, place, outputs):
    """The box that a place tells, cut off at the edges of the picture."""
    cell, anchor = divmod(place, grid["anchors"])
    row, column = divmod(cell, grid["columns"])
    centre = ((column + 0.5) / grid["columns"], (row + 0.5) / grid["rows"])
    ramps, reference, box = grid["ramps"], grid["references"][anchor], []
    output, low, high = outputs[ramps["output"]], ramps["low"][anchor], ramps["high"][anchor]
    for side in range(4):
        first = (place * 4 + side) * ramps["count"]
        distance = from_ramps(output, first, ramps, low[side], high[side]) * reference[side % 2]
        box.append(inside(centre[side % 2] + (distance if side > 1 else -distance)))
    return box


def overlaps(sides, index):
    """IoU of a box with all boxes, as an array."""
    x0, y0, x1, y1 = sides
    width = np.clip(np.minimum(x1, x1[index]) - np.maximum(x0, x0[index]), 0.0, 1.0)
    height = np.clip(np.minimum(y1, y1[index]) - np.maximum(y0, y0[index]), 0.0, 1.0)
    shared = width * height
    areas = np.clip(x1 - x0, 0.0, 1.0) * np.clip(y1 - y0, 0.0, 1.0)
    return shared / np.maximum(areas + areas[index] - shared, 1e-9)


def suppress(head, sides, scores, labels):
    """The best box stays, those of its class that overlap it go, and so on; what overlaps a box has a vote in it."""
    stays, chosen = [True] * len(scores), []
    for index in range(len(scores)):
        if not stays[index]:
            continue
        iou = overlaps(sides, index)
        for rival in range(index + 1, len(scores)):
            if labels[rival] == labels[index] and iou[rival] > head["nms_iou"]:
                stays[rival] = False
        chosen.append((index, voted(head, sides, scores, labels, index, iou)))
    return [box for _, box in chosen], [scores[index] for index, _ in chosen], [labels[index] for index, _ in chosen]


def voted(head, sides, scores, labels, index, iou):
    """The mean of a box and those of its class that overlap it, by score and overlap."""
    total, box = 0.0, [0.0] * 4
    for voter in range(len(scores)):
        if voter == index or (labels[voter] == labels[index] and iou[voter] > head["voting_iou"]):
            weight = scores[voter] * math.exp(-((1 - iou[voter]) ** 2) / head["voting_sigma"])
            total += weight
            for side in range(4):
                box[side] += weight * sides[side][voter]
    return [value / total for value in box]


def suppress_softly(head, sides, scores, labels):
    """A box loses score to each better one of its class that overlaps it, and goes when it falls below the floor."""
    left, current = list(range(len(scores))), list(scores)
    boxes, kept, names = [], [], []
    while left:
        best = left[0]
        for index in left:
            if current[index] > current[best]:
                best = index
        if current[best] < head["score_floor"]:
            break
        left.remove(best)
        boxes.append([side[best] for side in sides])
        kept.append(current[best])
        names.append(labels[best])
        iou = overlaps(sides, best)
        for index in left:
            if labels[index] == labels[best]:
                current[index] *= math.exp(-(iou[index] ** 2) / head["soft_sigma"])
    return boxes, kept, names


def find_centroids(head, outputs):
    """Boxes of a cell around the peaks of the score maps, best first."""
    found = []
    for number, grid in enumerate(head["grids"]):
        objectness = outputs[grid["objectness"]]
        objects = probabilities(objectness.values(0, len(objectness.raw)))
        classes = len(head["classes"])
        for label in range(max(1, classes)):
            scores = objects
            if classes:
                logits = outputs[grid["classes"]]
                scores = objects * probabilities(logits.values(label, len(logits.raw), classes))
            for place, score in enumerate(scores):
                point = centroid(scores, place, grid) if score >= head["score_floor"] else None
                if point:
                    found.append((-score, number, place, label, box_around(point, grid)))
    found.sort()
    return [row[4] for row in found], [-row[0] for row in found], [row[3] for row in found]


def box_around(point, grid):
    """The box of a cell around a point."""
    across, down = 0.5 / grid["columns"], 0.5 / grid["rows"]
    return [point[0] - across, point[1] - down, point[0] + across, point[1] + down]


def centroid(scores, place, grid):
    """The middle of the scores around a peak; None where the cell is no peak. Of equal cells the last counts."""
    rows, columns = grid["rows"], grid["columns"]
    row, column = divmod(place, columns)
    own, total, across, down = scores[place], 0.0, 0.0, 0.0
    for y in range(max(0, row - 1), min(rows, row + 2)):
        for x in range(max(0, column - 1), min(columns, column + 2)):
            other = y * columns + x
            near = scores[other]
            if near > own or (near == own and other > place):
                return None
            total += near
            across += near * (x - column)
            down += near * (y - row)
    total = max(total, 1e-12)
    return (column + 0.5 + across / total) / columns, (row + 0.5 + down / total) / rows
