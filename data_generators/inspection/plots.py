"""Plots of what sources hold, side by side in one picture: classes, objects, sizes, aspects, places."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from data_generators.drawing import class_colour
from data_generators.inspection.records import Record, Records

MOST_CLASSES = 20
MOST_OBJECTS = 12
HEAT_CELLS = 24


def plot_records(found: Records) -> bytes:
    """Six plots of all sources as the bytes of a PNG; shares of each source, so that small ones compare with large."""
    figure = Figure(figsize=(15, 9), layout="constrained")
    axes = figure.subplots(2, 3)
    records = [found.of(number) for number in range(len(found.names))]
    counted = [np.array([min(len(each.boxes), MOST_OBJECTS) for each in part if each.has]) for part in records]
    _plot_classes(axes[0, 0], found, records)
    _plot_shares(axes[0, 1], counted, np.arange(-0.5, MOST_OBJECTS + 1), f"objects a picture (last: {MOST_OBJECTS}+)")
    sides = [_join([each.box_sides for each in part]) for part in records]
    _plot_shares(axes[0, 2], sides, np.linspace(0, 1, 41), "box side: square root of its part of the picture")
    aspects = [_join([_log_aspects(each) for each in part]) for part in records]
    _plot_shares(axes[1, 0], aspects, np.linspace(-3, 3, 49), "box aspect: log2 of width / height in pixels")
    _plot_centres(axes[1, 1], found)
    _plot_picture_sizes(axes[1, 2], records)
    handles = [Patch(color=_colour(number)) for number in range(len(found.names))]
    figure.legend(handles, found.names, loc="outside upper center", ncols=2)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()


def _join(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0), *parts])


def _log_aspects(record: Record) -> np.ndarray:
    sizes = record.box_sizes_px[(record.box_sizes_px > 0).all(axis=1)]
    return np.log2(sizes[:, 0] / sizes[:, 1]).clip(-3, 3)


def _colour(source: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*class_colour(source))


def _plot_classes(axes: Axes, found: Records, records: Sequence[Sequence[Record]]) -> None:
    """Bars, a group a class; the most frequent classes where there are many."""
    labels = [_join([each.labels for each in part]) for part in records]
    counts = np.array([[np.count_nonzero(each == k) for k in range(len(found.class_names))] for each in labels])
    shown = np.argsort(-counts.sum(axis=0), kind="stable")[:MOST_CLASSES]
    width = 0.8 / len(records)
    for number, row in enumerate(counts):
        places = np.arange(len(shown)) + (number - (len(records) - 1) / 2) * width
        bars = axes.bar(places, row[shown], width, color=_colour(number))
        if len(shown) * len(records) <= MOST_CLASSES:
            axes.bar_label(bars, fontsize=8)
    axes.set_xticks(range(len(shown)), [found.class_names[k] for k in shown], rotation=30 if len(shown) > 4 else 0)
    axes.set_title("objects by class")


def _plot_shares(axes: Axes, values: Sequence[np.ndarray], edges: np.ndarray, title: str) -> None:
    """Histograms in percent of each source."""
    for number, part in enumerate(values):
        weights = np.full(len(part), 100 / max(1, len(part)))
        bins, colour = edges.tolist(), _colour(number)
        axes.hist(part, bins, weights=weights, color=colour, histtype="step", linewidth=2, fill=not number, alpha=0.7)
    axes.set_title(title)
    axes.set_ylabel("percent")


def _plot_centres(axes: Axes, found: Records) -> None:
    boxes = np.concatenate([np.zeros((0, 4)), *(record.boxes for record in found.records)])
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    counts = np.histogram2d(centres[:, 1], centres[:, 0], HEAT_CELLS, [[0, 1], [0, 1]])[0]
    shown = axes.imshow(counts, extent=(0, 1, 1, 0), cmap="magma", norm=PowerNorm(0.4), aspect="equal")
    axes.figure.colorbar(shown, ax=axes, shrink=0.8)
    axes.set_title("centres of boxes in the picture, all sources")


def _plot_picture_sizes(axes: Axes, records: Sequence[Sequence[Record]]) -> None:
    for number, part in enumerate(records):
        sizes, counts = np.unique(np.array([each.size_hw for each in part]).reshape(-1, 2), axis=0, return_counts=True)
        area = 12 + 400 * counts / max(1, counts.sum())
        axes.scatter(sizes[:, 1], sizes[:, 0], area, color=_colour(number), alpha=0.5, linewidths=0)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_title("sizes of pictures")
    axes.set_xlabel("width, px")
    axes.set_ylabel("height, px")
