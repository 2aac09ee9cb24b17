"""Writes the phone bundle: a float-I/O LiteRT file with TFLite Metadata, its labels and decode plan, and a README."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from detector.export.decode_plan import Plan, make_plan
from detector.export.phone_metadata import DESCRIPTIONS, VALUE_LABELS, ModelFacts, PackedFile, write_metadata
from detector.litert.file import read_litert_card
from detector.litert.float_ends import write_float_io
from detector.locate import title_of
from detector.runs import to_json_text

if TYPE_CHECKING:
    from detector.targets.target import Target

OBJECT = "object"  # the label where all objects are of one class


def write_phone(model: Path, folder: Path, target: Target | None) -> list[Path]:  # noqa: ARG001
    """The model, `labels.txt` and `plan.json`, which are packed into the model too, and a README with code.

    Args:
        model: a `.tflite` file with card, int8 or float32.
        folder: empty.
        target: not needed; boards and phones have the writer's face in common.

    Returns:
        The files.
    """
    path = folder / "model.tflite"
    write_float_io(model, path)
    plan, card = make_plan(path), read_litert_card(model)
    texts = {
        "labels.txt": "".join(f"{name}\n" for name in plan["classes"] or [OBJECT]),
        "plan.json": to_json_text(plan),
        "README.md": _readme(plan, title_of(model)),
    }
    files = [
        PackedFile("labels.txt", "Names of the classes, by index.", VALUE_LABELS, texts["labels.txt"].encode()),
        PackedFile("plan.json", "All constants of the decoding.", DESCRIPTIONS, json.dumps(plan).encode()),
    ]
    facts = ModelFacts(
        name=title_of(model),
        description=f"Heads: {', '.join(plan['heads'])}. Decode the outputs as plan.json says.",
        licence=card.notes,
        size_hw=card.input.size_hw,
        channels=card.input.channels,
        outputs={name: _shape_of(tensor) for name, tensor in plan["outputs"].items()},
        files=files,
    )
    write_metadata(path, facts)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [path, *(folder / name for name in texts)]


def _shape_of(tensor: dict[str, Any]) -> str:
    return f"float32, shape {' x '.join(map(str, tensor['shape']))}"


def _readme(plan: Plan, title: str) -> str:
    height, width = plan["input"]["size_hw"]
    rows = "\n".join(f"| `{name}` | {_shape_of(tensor)} |" for name, tensor in plan["outputs"].items())
    template = resources.files("detector.export").joinpath("phone_readme.md").read_text(encoding="utf-8")
    values = {"title": title, "height": height, "width": width, "channels": plan["input"]["channels"], "outputs": rows}
    return Template(template).substitute(values | {"fit": plan["input"]["fit"]})
