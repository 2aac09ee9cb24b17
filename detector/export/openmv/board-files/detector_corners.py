"""The head `corners`: keypoints of one object from heatmaps, from profiles, or from numbers."""

import math

from detector_quads import choose_quad, in_doubt
from detector_tensors import from_ramps, presence_of
from ulab import numpy as np


def decode(head, outputs):
    """`presence`, `present`, `keypoints` (x, y) from 0 to 1 across the picture, and how sure each is, `scores`."""
    answer = presence_of(head, outputs)
    if head["method"] == "dense":
        ramps, count = head["ramps"], head["ramps"]["count"]
        output, low, high = outputs[ramps["output"]], ramps["low"], ramps["high"]
        flat = [from_ramps(output, index * count, ramps, low, high) for index in range(2 * head["points"])]
        answer["keypoints"] = [(flat[2 * point], flat[2 * point + 1]) for point in range(head["points"])]
        answer["scores"] = [1.0] * head["points"]
        return answer
    peaks = heatmap_peaks if head["method"] == "heatmap" else profile_peaks
    best = [peaks(head, outputs, point, 1)[0] for point in range(head["points"])]
    quad = head["quad"]
    if quad and in_doubt(best, quad):
        best = choose_quad([peaks(head, outputs, point, quad["candidates"]) for point in range(4)], quad)
    answer["keypoints"] = [to_picture(head["cells"], x, y) for x, y, _ in best]
    answer["scores"] = [share for _, _, share in best]
    return answer


def to_picture(cells, x, y):
    """A place in cells as a place in the picture, 0 to 1."""
    height, width = cells["frame_hw"]
    shift, stride = 0.5 - cells["pad"], cells["stride"]
    return (x + shift) * stride / width, (y + shift) * stride / height


def heatmap_peaks(head, outputs, point, count):
    """The best peaks of a point's map: (x, y) in cells and the share of the map around it."""
    points, cells, output = head["points"], head["cells"], outputs[head["heatmap"]]
    logits = output.values(point, len(output.raw), points)
    return find_peaks(logits, cells["rows"], cells["columns"], head["window"], count)


def profile_peaks(head, outputs, point, count):
    """The best crossings of the peaks of a point's two profiles."""
    bins, found = head["bins_per_cell"], []
    for name in ("simcc_x", "simcc_y"):
        output = outputs[head[name]]
        logits = output.values(point, len(output.raw), head["points"])
        peaks = find_peaks(logits, 1, len(logits), head["window"], count)
        found.append([((place + 0.5) / bins - 0.5, share) for place, _, share in peaks])
    return [(x, y, share_x * share_y) for x, share_x in found[0] for y, share_y in found[1]]


def find_peaks(logits, rows, columns, window, count):
    """The highest cell, the next highest outside its window, and so on, each read to a fraction of a cell."""
    cells = np.exp(logits - np.max(logits))
    total = float(np.sum(cells))
    across = window["radius"]
    down = across if rows > 1 else 0
    peaks = []
    for _ in range(count):
        row, column = divmod(int(np.argmax(cells)), columns)
        x = column + centre(sums(cells, row, column, rows, columns, window, 0), column, columns, window)
        y = row
        if rows > 1:
            y += centre(sums(cells, row, column, rows, columns, window, 1), row, rows, window)
        left, right, share = max(0, column - across), min(columns, column + across + 1), 0.0
        for near in range(max(0, row - down), min(rows, row + down + 1)):
            share += float(np.sum(cells[near * columns + left : near * columns + right]))
            cells[near * columns + left : near * columns + right] = 0.0
        peaks.append((x, y, share / total))
    return peaks


def sums(cells, row, column, rows, columns, window, axis):
    """Sums of the cells in the core around a peak: by column for axis 0, by row for axis 1; 0 beyond the map."""
    core = window["core"]
    total = [0.0] * (2 * core + 1)
    for y in range(max(0, row - core), min(rows, row + core + 1)):
        for x in range(max(0, column - core), min(columns, column + core + 1)):
            total[(y - row if axis else x - column) + core] += cells[y * columns + x]
    return total


def centre(values, peak, size, window):
    """How far off the middle of its cell a peak lies: the Gaussian that has the same mean over the same cells."""
    core, sigma = window["core"], window["sigma"]
    low, high = max(-core, -0.5 - peak), min(core, size - 0.5 - peak)
    offsets = range(-core, core + 1)
    mean = sum(value * offset for value, offset in zip(values, offsets)) / max(sum(values), 1e-30)
    place = mean
    for _ in range(window["steps"]):
        weight = first = second = 0.0
        for offset in offsets:
            if 0 <= peak + offset < size:
                part = math.exp(-0.5 * ((offset - place) / sigma) ** 2)
                weight += part
                first += part * offset
                second += part * offset * offset
        expected = first / weight
        variance = max(second / weight - expected * expected, 1e-6)
        place = max(low, min(high, place + (mean - expected) * sigma * sigma / variance))
    return place
