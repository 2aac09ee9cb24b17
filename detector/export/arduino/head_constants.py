"""What the C++ of each head needs of the decode plan: its files, and its constants as a namespace of `model_plan.h`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from detector.export.arduino.literals import camel, initialiser, number, output, real, reals, whole
from detector.export.decode_plan import Plan


def head_files(name: str, head: Plan) -> list[str]:
    """The names of the C++ files that decode a head, headers too."""
    return [f"{name}.h", f"{name}.cpp", f"{name}_json.h", *_METHODS[name](head)]


def _corner_files(head: Plan) -> list[str]:
    if head["method"] == "dense":
        return ["corners_dense.cpp"]
    chooser = "quads.cpp" if head["quad"] else "points_alone.cpp"
    return ["corners_peaks.h", "corners_peaks.cpp", f"corners_{head['method']}.cpp", "peaks.h", "peaks.cpp", chooser]


def _grid_files(head: Plan) -> list[str]:
    if head["method"] == "centroids":
        return ["grid_centroids.cpp"]
    return ["grid_boxes.cpp", f"nms_{head['nms']}.cpp"]


_METHODS: dict[str, Callable[[Plan], list[str]]] = {
    "presence": lambda _: [],
    "corners": _corner_files,
    "box": lambda head: [f"box_{head['method']}.cpp"],
    "grid": _grid_files,
    "mask": lambda _: [],
}


def head_lines(name: str, head: Plan, plan: Plan) -> list[str]:
    """The namespace of a head: lines of C++."""
    lines = [real("kThreshold", head["threshold"]), *_CONSTANTS[name](head, plan)]
    if "presence" in head:
        lines.insert(0, output("kLogit" if name == "presence" else "kPresence", head["presence"], plan))
    return ["", f"namespace {name} {{", *lines, f"}}  // namespace {name}"]


def _corners(head: Plan, plan: Plan) -> list[str]:
    lines = [whole("kPoints", head["points"])]
    if head["method"] == "dense":
        ramps = head["ramps"]
        bounds = [real("kLow", ramps["low"]), real("kHigh", ramps["high"])]
        return [*lines, output("kCoordinates", ramps["output"], plan), *bounds]
    cells, window, quad = head["cells"], head["window"], head["quad"] or {"candidates": 1}
    lines += [
        real("kStridePx", cells["stride"]),
        real("kPadCells", cells["pad"]),
        whole("kRadius", window["radius"], "of the window around a peak, in cells or bins, as the next two"),
        whole("kCore", window["core"]),
        real("kSigmaCells", window["sigma"]),
        whole("kNewtonSteps", window["steps"]),
        whole("kPeaks", quad["candidates"], "of a map or profile that are tried where corners are in doubt"),
    ]
    lines += [real(f"k{camel(key)}", value) for key, value in quad.items() if key != "candidates"]
    return [*lines, *(_profiles if head["method"] == "simcc" else _map)(head, plan)]


def _map(head: Plan, plan: Plan) -> list[str]:
    return [
        "constexpr int kCandidates = kPeaks;",
        whole("kRows", head["cells"]["rows"]),
        whole("kColumns", head["cells"]["columns"]),
        output("kHeatmap", head["heatmap"], plan),
    ]


def _profiles(head: Plan, plan: Plan) -> list[str]:
    bins, cells = head["bins_per_cell"], head["cells"]
    return [
        "constexpr int kCandidates = kPeaks * kPeaks;",
        real("kBinsPerCell", bins),
        whole("kBinsX", cells["columns"] * bins),
        whole("kBinsY", cells["rows"] * bins),
        output("kSimccX", head["simcc_x"], plan),
        output("kSimccY", head["simcc_y"], plan),
    ]


def _box(head: Plan, plan: Plan) -> list[str]:
    ramps = head["ramps"]
    if head["method"] == "dense":
        bounds = [real("kLow", ramps["low"]), real("kHigh", ramps["high"])]
        return [output("kCoordinates", ramps["output"], plan), *bounds]
    cells = head["cells"]
    return [
        output("kHeatmap", head["heatmap"], plan),
        output("kDistances", ramps["output"], plan),
        whole("kRows", cells["rows"]),
        whole("kColumns", cells["columns"]),
        real("kStridePx", cells["stride"]),
        whole("kReach", head["reach"], "cells on each side of the peak that are heard"),
        f"constexpr float kLow[] = {reals(ramps['low'])};",
        f"constexpr float kHigh[] = {reals(ramps['high'])};",
    ]


def _grid(head: Plan, plan: Plan) -> list[str]:
    labels, anchors = max(1, len(head["classes"])), head["grids"][0]["anchors"]
    places = sum(grid["rows"] * grid["columns"] * grid["anchors"] for grid in head["grids"]) * labels
    boxes = head["method"] == "boxes"
    candidates = min(head["candidates"] if boxes else head["max_boxes"], places)
    has_classes = "true" if head["classes"] else "false"
    lines = [
        whole("kLabels", labels),
        f"constexpr bool kHasClasses = {has_classes};",
        real("kScoreFloor", head["score_floor"], "boxes that score less are dropped"),
        whole("kMaxBoxes", min(head["max_boxes"], candidates)),
        whole("kAnchors", anchors, "of a cell"),
    ]
    if boxes:
        lines += [whole("kCandidates", candidates, "boxes that go into the suppression"), *_suppression(head), _ANCHOR]
    fields = ["int rows;", "int columns;", "OutputPlan objectness;", "OutputPlan classes;"]
    fields += ["OutputPlan ramps;", "Anchor anchors[kAnchors];"] if boxes else []
    rows = [_one_grid(grid, plan) for grid in head["grids"]]
    return [
        *lines,
        f"struct Grid {{\n  {_lines(fields)}\n}};",
        f"constexpr Grid kGrids[] = {{\n    {_lines(rows, 4)}\n}};",
    ]


_ANCHOR = """\
struct Anchor {  // width and height in which a place measures distances, and the least and greatest of these
  float width;
  float height;
  float low[4];
  float high[4];
};"""


def _lines(parts: Sequence[str], indent: int = 2) -> str:
    return ("\n" + " " * indent).join(parts)


def _suppression(head: Plan) -> list[str]:
    names = ("soft_sigma",) if head["nms"] == "soft" else ("nms_iou", "voting_iou", "voting_sigma")
    return [real(f"k{camel(name)}", head[name]) for name in names]


def _one_grid(grid: Plan, plan: Plan) -> str:
    """The initialiser of a grid; without classes their output stands for nothing, and is not read."""
    outputs = [grid["objectness"], grid["classes"] or grid["objectness"]]
    parts = [str(grid["rows"]), str(grid["columns"])]
    if "ramps" in grid:
        ramps = grid["ramps"]
        outputs.append(ramps["output"])
        anchors = [
            f"{{{number(width)}, {number(height)}, {reals(low)}, {reals(high)}}}"
            for (width, height), low, high in zip(grid["references"], ramps["low"], ramps["high"], strict=True)
        ]
    parts += [initialiser(name, plan) for name in outputs]
    return "{" + ", ".join([*parts, *(["{" + ", ".join(anchors) + "}"] if "ramps" in grid else [])]) + "},"


def _mask(head: Plan, plan: Plan) -> list[str]:
    rows, columns = head["raster_hw"]
    factor = head["measured_hw"][0] // rows
    return [
        whole("kRows", rows),
        whole("kColumns", columns),
        whole("kChannels", head["channels"], "1: a logit of the object; more: a softmax, the background first"),
        whole("kLabels", max(1, head["channels"] - 1)),
        whole("kFactor", factor, "times finer, areas and boxes are measured; 1 is faster, and coarse to a cell"),
        whole("kPresentRank", head["present_rank"], "cells that must be sure of an object"),
        output("kLogits", head["logits"], plan),
    ]


_CONSTANTS: Mapping[str, Callable[[Plan, Plan], list[str]]] = {
    "presence": lambda *_: [],
    "corners": _corners,
    "box": _box,
    "grid": _grid,
    "mask": _mask,
}
