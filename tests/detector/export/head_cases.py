"""Raw outputs of every head and method with what its codec says of them: what all ports of the decoding are tested on.

    for case in head_cases():
        case.plan      as `make_plan` gives it
        case.raw       output name -> int8, int16 or float32 (1, ...)
        case.answers   head -> plain data, what a port has to answer

Answers hold `presence` and `present`, and with it: corners `keypoints` (P, 2) and `scores` (P,); box and grid `boxes`
(M, 4), `scores`, `labels`, all that the codec reports, of which the first `found` reach the threshold; mask
`class_map` (h, w) on `raster_hw`, and `objects` as in `predictions.json`, `on_raster` on `raster_hw` and `measured` on
`measured_hw`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from detector.codecs.ramps import RAMP_TOP, RAMPS
from tests.detector.export.head_answers import SIZE_HW, HeadCase, make_case

MAKERS: list[Callable[[np.random.Generator], HeadCase]] = []


@cache
def head_cases() -> tuple[HeadCase, ...]:
    """All cases."""
    return tuple(make(np.random.default_rng(number)) for number, make in enumerate(MAKERS))


def _maker(make: Callable[[np.random.Generator], HeadCase]) -> Callable[[np.random.Generator], HeadCase]:
    MAKERS.append(make)
    return make


def _logit(value: float) -> np.ndarray:
    return np.array([[value]], np.float32)


def _as_ramps(places: np.ndarray) -> np.ndarray:
    """Places (..., D) between the limits, in [0, 1], as an exported file gives them: (..., D * RAMPS)."""
    steps = np.clip(RAMPS * np.asarray(places)[..., None] - np.arange(RAMPS), 0, 1) * RAMP_TOP
    return steps.reshape(*steps.shape[:-2], -1)


def _bumps(shape: tuple[int, int], peaks: Sequence[tuple[float, float, float]], rng: np.random.Generator) -> np.ndarray:
    """Logits (rows, columns): noise, and peaks (column, row, height) as a network draws them."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    logits = rng.normal(-6, 0.7, shape)
    for column, row, height in peaks:
        logits = np.maximum(logits, height - 0.5 * ((x - column) ** 2 + (y - row) ** 2))
    return logits


def _stacked(maps: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack(maps, axis=-1)[None]


@_maker
def _presence_yes(_: np.random.Generator) -> HeadCase:
    return make_case("presence, yes", {"presence": {}}, {"presence_logit": _logit(1.3)})


@_maker
def _presence_no(_: np.random.Generator) -> HeadCase:
    values = {"presence_logit": _logit(1.3)}
    return make_case("presence, below its threshold", {"presence": {}}, values, thresholds={"presence_logit": 0.9})


def _dense(points: int, rng: np.random.Generator, dtype: str) -> HeadCase:
    values = {
        "corners_presence": _logit(-0.4),
        "corners_ramps": _as_ramps(rng.uniform(-0.1, 1.1, (1, points * 2))) * (1.2 if dtype == "float32" else 1),
    }
    heads = {"corners": {"method": "dense", "loss": "wing", "points": points}}
    return make_case(f"corners dense, {points} points, {dtype}", heads, values, dtype=dtype)


MAKERS += [
    lambda rng: _dense(4, rng, "int8"),
    lambda rng: _dense(6, rng, "int16"),
    lambda rng: _dense(4, rng, "float32"),
]
MAP_HW = (24, 32)  # SIZE_HW at stride 4, with 4 cells beyond each side
QUAD_CELLS = [(6.3, 5.2, 6.0), (24.6, 4.1, 6.0), (26.0, 18.7, 6.0), (5.1, 19.4, 6.0)]


def _heatmap(name: str, maps: np.ndarray, dtype: str = "int8", **settings: Any) -> HeadCase:
    values = {"corners_presence": _logit(2.0), "corners_heatmap": maps}
    return make_case(f"corners heatmap, {name}", {"corners": {"method": "heatmap"} | settings}, values, dtype=dtype)


@_maker
def _heatmap_clear(rng: np.random.Generator) -> HeadCase:
    return _heatmap("clear", _stacked([_bumps(MAP_HW, [peak], rng) for peak in QUAD_CELLS]))


@_maker
def _heatmap_int16(rng: np.random.Generator) -> HeadCase:
    return _heatmap("int16", _stacked([_bumps(MAP_HW, [peak], rng) for peak in QUAD_CELLS]), "int16")


@_maker
def _heatmap_float(rng: np.random.Generator) -> HeadCase:
    return _heatmap("float32", _stacked([_bumps(MAP_HW, [peak], rng) for peak in QUAD_CELLS]), "float32")


@_maker
def _heatmap_edge(rng: np.random.Generator) -> HeadCase:
    peaks = [(-0.3, 0.2, 6.0), (31.4, 2.0, 6.0), (30.8, 23.3, 6.0), (2.0, 22.6, 6.0)]
    return _heatmap("at the map's edge", _stacked([_bumps(MAP_HW, [peak], rng) for peak in peaks]))


@_maker
def _heatmap_turned(rng: np.random.Generator) -> HeadCase:
    """A sheet turned by 45 degrees: every map has two peaks, and the highest of two maps name one corner."""
    top, right, bottom, left = ((16.2, 3.1), (26.7, 11.6), (15.8, 20.4), (5.3, 12.2))
    pairs = [(top, left, 5.0, 5.2), (right, top, 4.6, 5.0), (bottom, right, 5.2, 5.0), (left, bottom, 4.9, 4.8)]
    maps = [_bumps(MAP_HW, [(*first, a), (*second, b)], rng) for first, second, a, b in pairs]
    return _heatmap("in doubt", _stacked(maps))


@_maker
def _heatmap_nothing(rng: np.random.Generator) -> HeadCase:
    return _heatmap("nothing but noise", _stacked([_bumps(MAP_HW, [], rng) for _ in range(4)]))


@_maker
def _heatmap_flat(_: np.random.Generator) -> HeadCase:
    return _heatmap("flat", np.full((1, *MAP_HW, 4), -2.0))


@_maker
def _heatmap_two_points(rng: np.random.Generator) -> HeadCase:
    maps = [_bumps((36, 52), [peak], rng) for peak in ((10.4, 8.3, 5.0), (40.2, 30.9, 4.0))]
    settings = {"points": 2, "stride": 2, "margin": 0, "sigma_cells": 2.4, "window_radius": 6}
    return _heatmap("two points, wide", _stacked([each[:32, :48] for each in maps]), **settings)


def _profile(count: int, peaks: Sequence[tuple[float, float]], rng: np.random.Generator) -> np.ndarray:
    """Logits (count,): noise, and peaks (place, height)."""
    return _bumps((1, count), [(place, 0, height) for place, height in peaks], rng)[0]


def _simcc(name: str, along_x: Sequence[np.ndarray], along_y: Sequence[np.ndarray], **settings: Any) -> HeadCase:
    values = {
        "corners_presence": _logit(3.0),
        "corners_simcc_x": _stacked(along_x),
        "corners_simcc_y": _stacked(along_y),
    }
    return make_case(f"corners simcc, {name}", {"corners": {"method": "simcc"} | settings}, values)


@_maker
def _simcc_clear(rng: np.random.Generator) -> HeadCase:
    along_x = [_profile(64, [(2 * column, 6.0)], rng) for column, _, _ in QUAD_CELLS]
    return _simcc("clear", along_x, [_profile(48, [(2 * row, 6.0)], rng) for _, row, _ in QUAD_CELLS])


@_maker
def _simcc_doubt(rng: np.random.Generator) -> HeadCase:
    columns = ((32.2, 10.4), (53.1, 32.6), (31.8, 53.3), (10.9, 31.7))
    rows = ((6.3, 24.4), (23.2, 6.1), (40.8, 23.5), (24.1, 40.7))
    along_x = [_profile(64, [(first, 4.0), (second, 4.1)], rng) for first, second in columns]
    return _simcc("in doubt", along_x, [_profile(48, [(first, 4.0), (second, 4.1)], rng) for first, second in rows])


@_maker
def _simcc_one_point(rng: np.random.Generator) -> HeadCase:
    settings = {"points": 1, "margin": 0, "stride": 8, "bins_per_cell": 3, "sigma_cells": 0.7, "window_radius": 2}
    return _simcc("one point", [_profile(36, [(35.2, 5.0)], rng)], [_profile(24, [(0.1, 5.0)], rng)], **settings)


@_maker
def _box_dense(_: np.random.Generator) -> HeadCase:
    ramps = _as_ramps((np.array([[-0.1, 0.22, 0.63, 1.04]]) + 0.25) / 1.5)
    return make_case("box dense", {"box": {"method": "dense"}}, {"box_presence": _logit(0.7), "box_ramps": ramps})


def _box_map(peaks: Sequence[tuple[float, float, float]], rng: np.random.Generator, **settings: Any) -> HeadCase:
    values = {
        "box_presence": _logit(1.5),
        "box_heatmap": _stacked([_bumps((8, 12), peaks, rng)]),
        "box_ramps": _as_ramps(rng.uniform(0.2, 0.5, (1, 8, 12, 4))),
    }
    heads = {"box": {"stride": 8} | settings}
    return make_case(f"box map {settings}", heads, values, ("cat", "dog"), {"box_presence": 0.6})


MAKERS += [
    lambda rng: _box_map([(4.2, 5.1, 5.0)], rng),
    lambda rng: _box_map([(0.1, 7.2, 4.0), (8.0, 3.0, 3.9)], rng, sigma_cells=2.0, of=["dog"]),
]


def _grid(name: str, objects: int, rng: np.random.Generator, settings: dict[str, Any], **how: Any) -> HeadCase:
    """Random grids; around each object the nine cells of every grid are sure of about the same box."""
    classes = how.get("classes", ())
    anchors = max(1, len(settings.get("anchors", ())) // len(settings["scales"]))
    values, places = {}, rng.uniform(0.2, 0.8, (objects, 2))
    for scale in settings["scales"]:
        rows, columns = (side // 2 ** int(scale[1]) for side in SIZE_HW)
        objectness = rng.normal(-7, 0.8, (1, rows, columns, anchors))
        logits = rng.normal(0, 2, (1, rows, columns, anchors, len(classes)))
        y, x = np.mgrid[:rows, :columns]
        for number, (across, down) in enumerate(places):
            near = np.exp(-0.5 * ((x - across * columns) ** 2 + (y - down * rows) ** 2))
            objectness[0] += (9 * near * rng.uniform(0.7, 1.1, near.shape))[..., None]
            if classes:
                logits[0, ..., number % len(classes)] += (5 * near)[..., None]
        values[f"grid_objectness_{scale.lower()}"] = objectness
        if settings.get("method") != "centroids":
            sizes = rng.uniform(0.2, 0.3, (1, rows, columns, anchors * 4))
            values[f"grid_ramps_{scale.lower()}"] = _as_ramps(sizes)
        if classes:
            values[f"grid_classes_{scale.lower()}"] = logits.reshape(1, rows, columns, -1)
    return make_case(f"grid, {name}", {"grid": settings}, values, **how)


ANCHORS = [[0.2, 0.2], [0.3, 0.3], [0.6, 0.3], [0.6, 0.8]]
CLASSES = ("cat", "dog", "mouse")
MAKERS += [
    lambda rng: _grid("one class", 2, rng, {"scales": ["P3"]}, thresholds={"grid_objectness": 0.3}),
    lambda rng: _grid("classes", 3, rng, {"scales": ["P3"]}, classes=CLASSES),
    lambda rng: _grid("anchors", 2, rng, {"scales": ["P3", "P4"], "anchors": ANCHORS}, classes=CLASSES[:2]),
    lambda rng: _grid("many candidates", 4, rng, {"scales": ["P2", "P3"], "score_floor": 0.0}, classes=CLASSES),
    lambda rng: _grid("no voting", 2, rng, {"scales": ["P3"], "voting_iou": 1.0, "nms_iou": 0.3}, dtype="int16"),
    lambda rng: _grid("soft", 3, rng, {"scales": ["P3"], "nms": "soft", "max_boxes": 5}, classes=CLASSES[:2]),
    lambda rng: _grid("centroids", 3, rng, {"scales": ["P3", "P2"], "method": "centroids"}, classes=CLASSES[:2]),
    lambda rng: _grid("centroids, one class", 2, rng, {"scales": ["P3"], "method": "centroids"}),
    lambda rng: _grid("nothing", 0, rng, {"scales": ["P3"]}, classes=CLASSES),
]


def _mask(
    name: str,
    logits: np.ndarray,
    classes: Sequence[str] = (),
    threshold: float = 0.5,
    dtype: str = "int8",
    **settings: Any,
) -> HeadCase:
    heads = {"mask": settings}
    return make_case(f"mask, {name}", heads, {"mask_logits": logits[None]}, classes, {"mask_logits": threshold}, dtype)


def _blobs(size_hw: tuple[int, int], channels: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth logits (h, w, channels): waves, and a disc that leaves the frame."""
    y, x = (each[..., None] for each in np.mgrid[: size_hw[0], : size_hw[1]] / np.array(size_hw)[:, None, None])
    waves = 3 * np.sin(rng.uniform(4, 9, channels) * x + rng.uniform(0, 6, channels)) * np.cos(5 * y)
    return waves + 2 - 9 * np.hypot(x - 0.8, y - 0.9) + rng.normal(0, 0.4, (*size_hw, channels))


MAKERS += [
    lambda rng: _mask("one class", _blobs((32, 48), 1, rng)),
    lambda rng: _mask("three classes", _blobs((64, 96), 4, rng), CLASSES, 0.4, stride=1),
    lambda rng: _mask("one named class, int16", _blobs((16, 24), 1, rng), ("cat",), 0.7, "int16", stride=4),
    lambda rng: _mask("nothing", _blobs((16, 24), 1, rng) - 9, stride=4),
    lambda rng: _mask("a few cells", _blobs((16, 24), 1, rng), ("cat",), 0.97, stride=4),
]


@_maker
def _two_heads(rng: np.random.Generator) -> HeadCase:
    values = {"mask_logits": _blobs((32, 48), 1, rng)[None], "presence_logit": _logit(-2.0)}
    return make_case("mask and presence", {"mask": {}, "presence": {}}, values)


@_maker
def _heatmap_twice(rng: np.random.Generator) -> HeadCase:
    """Two maps are sure of one and the same corner, and one of them has a lower peak elsewhere."""
    peaks = [[QUAD_CELLS[0]], [QUAD_CELLS[1]], [QUAD_CELLS[2]], [(24.3, 4.4, 6.0), (*QUAD_CELLS[3][:2], 4.3)]]
    return _heatmap("one corner twice", _stacked([_bumps(MAP_HW, each, rng) for each in peaks]))


@_maker
def _heatmap_line(rng: np.random.Generator) -> HeadCase:
    """Four sure peaks on a line: what else there is, is noise."""
    peaks = [(6.0 + 6 * number, 12.0, 7.0) for number in range(4)]
    return _heatmap("on a line", _stacked([_bumps(MAP_HW, [peak], rng) for peak in peaks]))


@_maker
def _centroids_plateau(_: np.random.Generator) -> HeadCase:
    """Equal neighbours: of a plateau the last cell counts."""
    objectness = np.full((1, 8, 12, 1), -6.0)
    objectness[0, 2:4, 3:5], objectness[0, 7, 10:] = 2.0, 1.0
    settings = {"scales": ["P3"], "method": "centroids"}
    return make_case("grid, centroids of plateaus", {"grid": settings}, {"grid_objectness_p3": objectness})
