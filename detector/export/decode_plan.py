"""What a port needs to decode the outputs of a `.tflite` file, as plain JSON data: the file that bundles are made from.

MicroPython, C++ and JavaScript decode from the plan alone; the codecs are the truth that they are tested against.
Every default is resolved. A value of an output is `(raw - zero_point) * scale`; the input takes
`round(pixel / 255 / scale) + zero_point`, which for int8 is `pixel - 128`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detector.card import ModelCard
from detector.codecs import heatmap, nms, peaks, quads, simcc
from detector.codecs.box import BoxCodec, distance_limits
from detector.codecs.boxes import DEFAULT_THRESHOLD
from detector.codecs.corners import CornersCodec
from detector.codecs.grid import CANDIDATES, GridCodec
from detector.codecs.grid_places import distance_limits as place_limits
from detector.codecs.grid_places import references_of
from detector.codecs.heatmap import HeatmapGrid
from detector.codecs.mask import MaskCodec
from detector.codecs.mask_prediction import MEASURED_SIDE_PX, PRESENT_SHARE
from detector.codecs.peaks import Window
from detector.codecs.presence import PresenceCodec
from detector.codecs.ramps import RAMP_TOP, RAMPS, RANGE
from detector.litert.file import cut_off, read_litert_card
from detector.quiet import quiet_stderr
from detector.runs import RunError

Plan = dict[str, Any]


@dataclass(frozen=True)
class Tensor:
    """An input or output of a file.

    Args:
        shape: with the batch of 1.
        dtype: `int8`, `int16` or `float32`.
        scale: of a step of the raw values; 1 for float32.
        zero_point: the raw value that means 0; 0 for float32.
    """

    shape: tuple[int, ...]
    dtype: str
    scale: float = 1.0
    zero_point: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "shape": list(self.shape),
            "dtype": self.dtype,
            "scale": self.scale,
            "zero_point": self.zero_point,
        }


def make_plan(model: Path) -> Plan:
    """The plan of a file.

    Args:
        model: a `.tflite` file with a card.

    Returns:
        input: `shape`, `dtype`, `scale`, `zero_point`, `size_hw`, `channels` and `fit`.
        outputs: name -> `shape`, `dtype`, `scale`, `zero_point`; in the order in which the file lists them.
        classes: names of the classes, none where all objects are of one class.
        heads: head name -> `kind`, `threshold`, the names of its outputs, and every constant of its decoding.

    Raises:
        RunError: the file is no model, carries no card, or no head of it finds objects.
    """
    card = read_litert_card(model)
    image, outputs = read_tensors(model)
    try:
        return plan_of(card, image, outputs)
    except KeyError as error:
        raise RunError(
            f"{model}: its card needs the output {error}. The file has {', '.join(outputs)}. Export the model again."
        ) from None


def plan_of(card: ModelCard, image: Tensor, outputs: Mapping[str, Tensor]) -> Plan:
    """The plan of a card and the tensors of its file, see `make_plan`."""
    heads = {
        name: PLANS[name](codec, card.thresholds, outputs) for name, codec in card.codecs().items() if name in PLANS
    }
    if not heads:
        raise RunError(f"None of the heads {', '.join(card.heads)} finds objects. A device needs {', '.join(PLANS)}.")
    spec = card.input
    return {
        "input": image.to_json() | {"size_hw": list(spec.size_hw), "channels": spec.channels, "fit": spec.fit},
        "outputs": {name: tensor.to_json() for name, tensor in outputs.items()},
        "classes": list(card.class_names),
        "heads": heads,
    }


def read_tensors(model: Path) -> tuple[Tensor, dict[str, Tensor]]:
    """The input, and the outputs by name in the file's order.

    Raises:
        RunError: the file is cut off.
    """
    from ai_edge_litert.interpreter import Interpreter

    try:
        with quiet_stderr():
            interpreter = Interpreter(str(model), num_threads=1)
            [signature] = interpreter.get_signature_list()
            named = interpreter.get_signature_runner(signature).get_output_details()
            order = [detail["index"] for detail in interpreter.get_output_details()]
            [image] = interpreter.get_input_details()
    except (ValueError, RuntimeError):
        raise cut_off(model) from None
    names = sorted(named, key=lambda name: order.index(named[name]["index"]))
    return _tensor(image), {name: _tensor(named[name]) for name in names}


def _tensor(detail: Mapping[str, Any]) -> Tensor:
    shape, dtype = tuple(int(side) for side in detail["shape"]), np.dtype(detail["dtype"]).name
    scale, zero_point = detail["quantization"]
    return Tensor(shape, dtype) if dtype == "float32" else Tensor(shape, dtype, float(scale), int(zero_point))


def _presence_plan(codec: PresenceCodec, thresholds: Mapping[str, float], outputs: Mapping[str, Tensor]) -> Plan:
    return {"kind": codec.name, **_presence_of("presence_logit", thresholds, outputs)}


def _presence_of(output: str, thresholds: Mapping[str, float], outputs: Mapping[str, Tensor]) -> Plan:
    """`presence`: the output of one logit; `threshold`: the probability from which on there is an object."""
    return {"presence": _named(output, outputs), "threshold": thresholds.get(output, DEFAULT_THRESHOLD)}


def _named(output: str, outputs: Mapping[str, Tensor]) -> str:
    if output not in outputs:
        raise KeyError(output)
    return output


def _ramps(output: str, outputs: Mapping[str, Tensor], low: Any, high: Any) -> Plan:
    """Values are low + (high - low) * sum over `count` ramps of clip(ramp, 0, top) / (count * top)."""
    return {
        "output": _named(output, outputs),
        "count": RAMPS,
        "top": RAMP_TOP,
        "low": _plain(low),
        "high": _plain(high),
    }


def _plain(values: Any) -> Any:
    return np.asarray(values, np.float64).tolist()


def _cells(grid: HeatmapGrid) -> Plan:
    """x = (column + 0.5 - pad) * stride / width of the frame, and likewise y."""
    rows, columns = grid.shape
    return {"rows": rows, "columns": columns, "stride": grid.stride, "pad": grid.pad, "frame_hw": list(grid.frame_hw)}


def _window(window: Window) -> Plan:
    """`radius` and `core` are half widths in cells, for simcc in bins; `steps` are those of Newton."""
    return {"radius": window.radius, "core": window.core, "sigma": window.sigma, "steps": peaks.STEPS}


def _corners_plan(codec: CornersCodec, thresholds: Mapping[str, float], outputs: Mapping[str, Tensor]) -> Plan:
    settings = codec.settings
    plan = {"kind": codec.name, "method": settings.method, "points": settings.points}
    plan |= _presence_of("corners_presence", thresholds, outputs)
    if settings.method == "dense":
        return plan | {"ramps": _ramps("corners_ramps", outputs, *RANGE)}
    plan["cells"] = _cells(codec.grid)
    if settings.method == "heatmap":
        plan |= {"heatmap": _named("corners_heatmap", outputs), "window": _window(codec.window)}
        return plan | {"quad": _quad(settings.points, heatmap.CANDIDATES)}
    bins = settings.bins_per_cell
    fine = Window(codec.window.radius * bins, codec.window.sigma * bins)
    plan |= {name: _named(f"corners_{name}", outputs) for name in ("simcc_x", "simcc_y")}
    return plan | {
        "bins_per_cell": bins,
        "window": _window(fine),
        "quad": _quad(settings.points, simcc.CANDIDATES),
    }


def _quad(points: int, candidates: int) -> Plan | None:
    """How four corners are chosen together (`codecs.quads`); lengths in cells. None where there are not four."""
    if points != 4:
        return None
    return {
        "candidates": candidates,
        "near_cells": quads.NEAR_CELLS,
        "clear_share": quads.CLEAR_SHARE,
        "least_share": quads.LEAST_SHARE,
        "skew_sigma": quads.SKEW_SIGMA,
    }


def _box_plan(codec: BoxCodec, thresholds: Mapping[str, float], outputs: Mapping[str, Tensor]) -> Plan:
    settings = codec.settings
    names = settings.of or codec.classes
    plan = {"kind": codec.name, "method": settings.method, "classes": list(names) if len(names) == 1 else []}
    plan |= _presence_of("box_presence", thresholds, outputs)
    if settings.method == "dense":
        return plan | {"ramps": _ramps("box_ramps", outputs, *RANGE)}
    low, high = distance_limits(codec.grid.shape, settings)
    return plan | {
        "heatmap": _named("box_heatmap", outputs),
        "cells": _cells(codec.grid),
        "reach": settings.reach,
        "ramps": _ramps("box_ramps", outputs, low, np.full(4, high)),
    }


def _grid_plan(codec: GridCodec, thresholds: Mapping[str, float], outputs: Mapping[str, Tensor]) -> Plan:
    settings = codec.settings
    return {
        "kind": codec.name,
        "method": settings.method,
        "classes": list(codec.classes),
        "threshold": thresholds.get("grid_objectness", DEFAULT_THRESHOLD),
        "score_floor": settings.score_floor,
        "max_boxes": settings.max_boxes,
        "candidates": CANDIDATES,
        "nms": settings.nms,
        "nms_iou": settings.nms_iou,
        "voting_iou": settings.voting_iou,
        "voting_sigma": nms.VOTING_SIGMA,
        "soft_sigma": nms.SOFT_SIGMA,
        "grids": [_one_grid(codec, index, outputs) for index in range(len(settings.scales))],
    }


def _one_grid(codec: GridCodec, index: int, outputs: Mapping[str, Tensor]) -> Plan:
    """One grid: `references` (A, 2), in which distances are measured, and limits of the distances (A, 4)."""
    settings, shape = codec.settings, codec.shapes[index]
    scale, anchors = settings.scales[index].lower(), settings.anchors_of(index)
    plan: Plan = {
        "rows": shape[0],
        "columns": shape[1],
        "anchors": settings.anchor_count,
        "objectness": _named(f"grid_objectness_{scale}", outputs),
        "classes": _named(f"grid_classes_{scale}", outputs) if codec.classes else None,
    }
    if settings.method == "boxes":
        plan["references"] = _plain(references_of(shape, anchors))
        plan["ramps"] = _ramps(f"grid_ramps_{scale}", outputs, *place_limits(shape, anchors))
    return plan


def _mask_plan(codec: MaskCodec, thresholds: Mapping[str, float], outputs: Mapping[str, Tensor]) -> Plan:
    """`channels` 1: logits of "object"; more: a softmax, channel 0 the background.

    Areas and boxes are measured on `raster_hw`, the output's own cells, or more finely on `measured_hw`, to which each
    class's probabilities are enlarged bilinearly (pixel centres aligned, edges repeated).
    """
    _, height, width, channels = outputs["mask_logits"].shape
    factor = max(1, -(-MEASURED_SIDE_PX // max(height, width)))
    return {
        "kind": codec.name,
        "logits": "mask_logits",
        "channels": channels,
        "classes": list(codec.classes),
        "threshold": thresholds.get("mask_logits", DEFAULT_THRESHOLD),
        "present_rank": max(1, round(PRESENT_SHARE * height * width)),
        "raster_hw": [height, width],
        "measured_hw": [factor * height, factor * width],
    }


PLANS: dict[str, Callable[[Any, Mapping[str, float], Mapping[str, Tensor]], Plan]] = {
    "box": _box_plan,
    "corners": _corners_plan,
    "grid": _grid_plan,
    "mask": _mask_plan,
    "presence": _presence_plan,
}
