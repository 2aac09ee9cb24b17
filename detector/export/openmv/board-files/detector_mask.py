"""The head `mask`: the class of every cell of a raster, and of each class area and box."""

from detector_tensors import probabilities
from ulab import numpy as np


def decode(head, outputs):
    """`presence`, `present`; `class_map`, a byte a cell, row by row: 0 for none, else label + 1; and `objects`: of each
    class `label`, `score`, `area` as a share of the picture, and the `box` around all of it."""
    (rows, columns), output = head["raster_hw"], outputs[head["logits"]]
    class_map, best = bytearray(rows * columns), [-1.0] * head["present_rank"]
    found = {}
    for row in range(rows):
        foreground, likeliest = read_row(head, output, row)
        keep_best(best, foreground)
        shown = np.where(foreground >= head["threshold"], 1.0, 0.0)
        if float(np.sum(shown)) > 0:
            labels = shown * likeliest
            class_map[row * columns : (row + 1) * columns] = np.array(labels, dtype=np.uint8).tobytes()
            count_row(found, labels, foreground, row)
    presence = max(0.0, min(1.0, best[0]))
    present = presence >= head["threshold"]
    objects = [describe(label, found[label], rows, columns) for label in sorted(found)] if present else []
    class_map = class_map if present else bytearray(rows * columns)
    return {"presence": presence, "present": present, "class_map": class_map, "objects": objects}


def read_row(head, output, row):
    """The probability of any object in each cell of a row, and label + 1 of the likeliest class."""
    columns, channels = head["raster_hw"][1], head["channels"]
    start, stop = row * columns * channels, (row + 1) * columns * channels
    if channels == 1:
        return probabilities(output.values(start, stop)), 1.0
    logits = [output.values(start + channel, stop, channels) for channel in range(channels)]
    highest = logits[0]
    for each in logits[1:]:
        highest = np.maximum(highest, each)
    powers = [np.exp(each - highest) for each in logits]
    total = powers[0] + powers[1]
    for each in powers[2:]:
        total = total + each
    best, likeliest = powers[1], np.ones(columns)
    for label, each in enumerate(powers[2:]):
        likeliest = np.where(each > best, label + 2.0, likeliest)
        best = np.maximum(best, each)
    return (total - powers[0]) / total, likeliest


def keep_best(best, values):
    """Keeps the highest values of all rows, lowest first."""
    if float(np.max(values)) <= best[0]:
        return
    for value in values:
        if value > best[0]:
            best[0] = value
            best.sort()


def count_row(found, labels, foreground, row):
    """Adds a row to what is known of each class: cells, sum of probabilities, first and last row, columns."""
    for label in range(int(np.max(labels))):
        of_class = np.where(labels == label + 1.0, 1.0, 0.0)
        cells = float(np.sum(of_class))
        if cells > 0:
            known = found.setdefault(label, [0.0, 0.0, row, row, of_class])
            known[0] += cells
            known[1] += float(np.sum(of_class * foreground))
            known[3] = row
            known[4] = np.maximum(known[4], of_class)


def describe(label, known, rows, columns):
    """What there is of a class."""
    cells, total, first, last, across = known
    left = int(np.argmax(across))
    right = columns - int(np.argmax(np.flip(across)))
    box = [left / columns, first / rows, right / columns, (last + 1) / rows]
    return {"label": label, "score": total / cells, "area": cells / (rows * columns), "box": box}
