"""A head case: a plan, raw outputs as a file would hold them, and what the codecs say of them as plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from detector.card import ModelCard
from detector.codecs import mask_prediction
from detector.codecs.mask_prediction import MaskPrediction
from detector.export.decode_plan import Plan, Tensor, plan_of

SIZE_HW = (64, 96)
Values = dict[str, np.ndarray]
STEPS = {"int8": (-128, 127), "int16": (-32768, 32767)}


@dataclass(frozen=True)
class HeadCase:
    """A plan, raw outputs, and the answer."""

    name: str
    plan: Plan
    raw: Values
    answers: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Plain data; raw outputs as flat lists."""
        raw = {name: values.ravel().tolist() for name, values in self.raw.items()}
        return {"name": self.name, "plan": self.plan, "raw": raw, "answers": self.answers}


def make_case(
    name: str,
    heads: dict[str, Any],
    values: Values,
    classes: Sequence[str] = (),
    thresholds: dict[str, float] | None = None,
    dtype: str = "int8",
) -> HeadCase:
    """The case of outputs `values` (1, ...), which are quantised as a file would hold them."""
    card = ModelCard.model_validate(
        {
            "input": {"size_hw": SIZE_HW},
            "heads": heads,
            "class_names": tuple(classes),
            "thresholds": thresholds or {},
            "parameters": 1,
        }
    )
    tensors, raw = {}, {}
    for output, array in values.items():
        tensors[output], raw[output] = _quantise(np.asarray(array, np.float32), dtype)
    plan = plan_of(card, Tensor((1, *SIZE_HW, 3), "int8", 1 / 255, -128), tensors)
    outputs = {output: _dequantise(raw[output], tensors[output]) for output in raw}
    answers = {}
    for head, codec in card.codecs().items():
        [prediction] = codec.decode(outputs)
        answers[head] = ANSWERS[head](prediction, card.thresholds)
    return HeadCase(name, plan, raw, answers)


def _quantise(values: np.ndarray, dtype: str) -> tuple[Tensor, np.ndarray]:
    if dtype == "float32":
        return Tensor(values.shape, dtype), values
    least, most = STEPS[dtype]
    low, high = min(0.0, float(values.min())), max(1e-3, float(values.max()))
    if dtype == "int16":  # symmetric, as 16x8 is
        scale, zero = max(-low, high) / most, 0
    else:
        scale = (high - low) / (most - least)
        zero = round(least - low / scale)
    raw = np.clip(np.round(values / np.float32(scale)) + zero, least, most).astype(dtype)
    return Tensor(values.shape, dtype, float(np.float32(scale)), zero), raw


def _dequantise(raw: np.ndarray, tensor: Tensor) -> np.ndarray:
    return ((raw.astype(np.float32) - tensor.zero_point) * tensor.scale).astype(np.float32)


def _presence_answer(prediction: Any, thresholds: dict[str, float]) -> dict[str, Any]:
    return {"presence": prediction.presence, "present": bool(prediction.is_present(thresholds))}


def _corners_answer(prediction: Any, thresholds: dict[str, float]) -> dict[str, Any]:
    points = {"keypoints": prediction.keypoints.tolist(), "scores": prediction.scores.tolist()}
    return _presence_answer(prediction, thresholds) | points


def _boxes_answer(prediction: Any, thresholds: dict[str, float]) -> dict[str, Any]:
    rows = {name: getattr(prediction, name).tolist() for name in ("boxes", "scores", "labels")}
    found = {"found": len(prediction.found(thresholds).scores)}
    return _presence_answer(prediction, thresholds) | rows | found


def _mask_answer(prediction: MaskPrediction, thresholds: dict[str, float]) -> dict[str, Any]:
    size_hw = (prediction.probabilities.shape[0], prediction.probabilities.shape[1])
    measured = prediction.to_json(thresholds)["objects"]
    side, mask_prediction.MEASURED_SIDE_PX = mask_prediction.MEASURED_SIDE_PX, 1
    try:
        on_raster = prediction.to_json(thresholds)["objects"]
    finally:
        mask_prediction.MEASURED_SIDE_PX = side
    found = prediction.found(size_hw, thresholds).tolist()
    answer = _presence_answer(prediction, thresholds)
    return answer | {"class_map": found, "on_raster": on_raster, "measured": measured}


ANSWERS: dict[str, Callable[[Any, Any], dict[str, Any]]] = {
    "presence": _presence_answer,
    "corners": _corners_answer,
    "box": _boxes_answer,
    "grid": _boxes_answer,
    "mask": _mask_answer,
}
