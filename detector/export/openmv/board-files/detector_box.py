"""The head `box`: one box, from a map of centres or from numbers."""

import math

from detector_tensors import from_ramps, inside, presence_of
from ulab import numpy as np


def decode(head, outputs):
    """`presence`, `present`, and one entry each in `boxes` (x0, y0, x1, y1), `scores` and `labels`."""
    answer = presence_of(head, outputs)
    box = [inside(side) for side in (from_map if head["method"] == "map" else from_numbers)(head, outputs)]
    answer["boxes"], answer["scores"], answer["labels"] = [box], [answer["presence"]], [0]
    answer["found"] = 1 if answer["present"] else 0
    return answer


def from_numbers(head, outputs):
    """The box as the network says it."""
    ramps, output = head["ramps"], outputs[head["ramps"]["output"]]
    return [from_ramps(output, side * ramps["count"], ramps, ramps["low"], ramps["high"]) for side in range(4)]


def from_map(head, outputs):
    """The mean of what the cells near the peak of the map of centres say, each by its share."""
    cells, ramps, reach = head["cells"], head["ramps"], head["reach"]
    heatmap, sides = outputs[head["heatmap"]], outputs[ramps["output"]]
    rows, columns = cells["rows"], cells["columns"]
    peak = int(np.argmax(heatmap.raw))
    top, (row, column), total, box = heatmap.value(peak), divmod(peak, columns), 0.0, [0.0] * 4
    for y in range(max(0, row - reach), min(rows, row + reach + 1)):
        for x in range(max(0, column - reach), min(columns, column + reach + 1)):
            weight = math.exp(heatmap.value(y * columns + x) - top)
            total += weight
            seen = from_cell(cells, ramps, sides, x, y)
            for side in range(4):
                box[side] += weight * seen[side]
    return [value / total for value in box]


def from_cell(cells, ramps, sides, x, y):
    """The box as seen from the centre of a cell: distances to its four sides, outwards."""
    (height, width), count = cells["frame_hw"], ramps["count"]
    centre = ((x + 0.5) * cells["stride"] / width, (y + 0.5) * cells["stride"] / height)
    first, seen = (y * cells["columns"] + x) * 4 * count, []
    for side in range(4):
        distance = from_ramps(sides, first + side * count, ramps, ramps["low"][side], ramps["high"][side])
        seen.append(centre[side % 2] + (distance if side > 1 else -distance))
    return seen
