"""Writes the folder that is copied to an OpenMV camera: the network, scripts that run it, and how to."""

from __future__ import annotations

import pprint
import shutil
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from detector.export.decode_plan import Plan, make_plan
from detector.export.openmv.readme import Facts, write_readme
from detector.export.openmv.vela import Estimate, compile_for_ethos
from detector.runs import RunError
from detector.runtime import LiteRTRuntime
from detector.targets import Target

MODEL, LABELS, PLAN_FILE = "model.tflite", "model.txt", "detector_plan.py"
SHARED = ("main.py", "check.py", "detector_postprocess.py", "detector_tensors.py")
OF_KIND = {"corners": ("detector_corners.py", "detector_quads.py")}  # the others have one of their name
PLAN_TEXT = '''"""What the outputs of model.tflite mean. `threshold`: the probability from which there is an object."""

PLAN = {plan}

# Means of the raw outputs for the picture of check.py, as LiteRT's reference kernels compute them.
CHECK = {check}
'''


def write_openmv(model: Path, folder: Path, target: Target | None) -> list[Path]:
    """Writes a bundle for OpenMV.

    Args:
        model: an int8 `.tflite` file with a card.
        folder: an empty folder.
        target: the board; None for any that runs TFLM.

    Returns:
        The files.

    Raises:
        RunError: the input is not int8, or pictures are letterboxed; the compiler of the accelerator is missing.
    """
    plan = make_plan(model)
    _check_input(model, plan)
    estimate = _write_model(model, folder / MODEL, target)
    plan["order"] = list(estimate.outputs if estimate else plan["outputs"])
    (folder / LABELS).write_text("".join(f"{name}\n" for name in plan["classes"] or ["object"]), encoding="utf-8")
    text = PLAN_TEXT.format(plan=_as_python(plan), check=_as_python(check_values(model)))
    (folder / PLAN_FILE).write_text(text, encoding="utf-8")
    source = resources.files("detector.export.openmv") / "board-files"
    names = [*SHARED, *_decoders(plan)]
    for name in names:
        (folder / name).write_bytes((source / name).read_bytes())
    readme = write_readme(folder, Facts(model, plan, target, estimate))
    return [folder / name for name in (MODEL, LABELS, PLAN_FILE, *names)] + [readme]


def _check_input(model: Path, plan: Plan) -> None:
    if plan["input"]["dtype"] != "int8":
        raise RunError(
            f"{model}: OpenMV feeds int8. Received {plan['input']['dtype']}. Take the int8 file of the export."
        )
    if plan["input"]["fit"] != "stretch":
        raise RunError(
            f"{model}: a board stretches the picture to the input. Received `input.fit: {plan['input']['fit']}`. "
            "Train with `input.fit: stretch`."
        )


def _write_model(model: Path, path: Path, target: Target | None) -> Estimate | None:
    """Copies the file, or compiles it where the board has an accelerator."""
    if target and target.accelerator:
        return compile_for_ethos(model, path, target.accelerator)
    shutil.copyfile(model, path)
    return None


def _decoders(plan: Plan) -> Iterable[str]:
    kinds = sorted({head["kind"] for head in plan["heads"].values()})
    return [name for kind in kinds for name in OF_KIND.get(kind, (f"detector_{kind}.py",))]


def check_values(model: Path) -> dict[str, float]:
    """Mean of every raw output where the input holds the bytes from 0 to 255 again and again, as check.py fills it."""
    runtime = LiteRTRuntime(model, reference=True)
    (height, width), channels = runtime.card.input.size_hw, runtime.card.input.channels
    pixels = (np.arange(height * width * channels) + 128) % 256  # int8 = pixel - 128
    outputs = runtime.run_raw(pixels.astype(np.uint8).reshape(height, width, channels))
    return {name: round(float(values.mean()), 3) for name, values in outputs.items()}


def _as_python(value: Any) -> str:
    """A literal that a person can read and change."""
    return pprint.pformat(value, width=110, compact=True, sort_dicts=False)
