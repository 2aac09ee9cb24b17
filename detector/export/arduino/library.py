"""A `.tflite` file as an Arduino library that a person can copy into the IDE: `detector bundle` of the kind arduino."""

from __future__ import annotations

import re
from importlib import metadata, resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from detector.export.arduino.model_source import (
    Arena,
    data_header,
    data_source,
    find_arena,
    operators_header,
    operators_of,
)
from detector.export.arduino.plan_header import plan_header, source_files
from detector.export.decode_plan import Plan, make_plan
from detector.litert.file import read_litert_card

if TYPE_CHECKING:
    from detector.targets.target import Target

GENERIC_STEMS = ("int8", "float")  # files of a run's folder `export`, which the run names
SKETCHES = ("nano33ble_ov7675", "serial_frames")
NETWORK_FILES = ("network.h", "network.cpp")


def write_arduino(model: Path, folder: Path, target: Target | None) -> list[Path]:
    """Writes the library.

    Args:
        model: a `.tflite` file with a card.
        folder: exists and is empty.
        target: the board; None where TFLM's interpreter tells the arena.

    Returns:
        The files that were written.

    Raises:
        RunError: the model wants what the library cannot do, or its arena cannot be found.
    """
    plan, name = make_plan(model), library_name(model)
    arena, operators = find_arena(model, target), operators_of(model)
    files = _sources(plan) | {
        "src/model_plan.h": plan_header(plan, arena.size_bytes, len(operators)),
        "src/model_data.h": data_header(),
        "src/model_data.cpp": data_source(model.read_bytes()),
        "src/operators.h": operators_header(operators),
    }
    values = _values(plan, name) | _described(model, plan, arena, operators)
    files |= {
        f"src/{name}.h": _filled("library.h", values),
        "library.properties": _filled("library.properties", values),
        "README.md": _filled("README.md", values),
    }
    files |= {f"examples/{sketch}/{sketch}.ino": _filled(f"{sketch}.ino", values) for sketch in SKETCHES}
    return [_write(folder / path, text) for path, text in files.items()]


def library_name(model: Path) -> str:
    """The library's name and that of its header: of the file, or of the run that it lies in."""
    stem = model.parent.parent.name if model.stem in GENERIC_STEMS and model.parent.name == "export" else model.stem
    return re.sub(r"\W+", "_", stem, flags=re.ASCII).strip("_") + "_detector"


def _sources(plan: Plan) -> dict[str, str]:
    """The C++ files that are the same in every library, those of the model's heads alone."""
    sources = resources.files("detector.export.arduino") / "cpp"
    names = [*source_files(plan), *NETWORK_FILES]
    return {f"src/{name}": (sources / name).read_text(encoding="utf-8") for name in names}


def _filled(template: str, values: dict[str, str]) -> str:
    path = resources.files("detector.export.arduino") / "templates" / template
    return Template(path.read_text(encoding="utf-8")).substitute(values)


def _values(plan: Plan, name: str) -> dict[str, str]:
    """What the code of the library's own header and of the sketches depends on."""
    heads, image = list(plan["heads"]), plan["input"]
    (height, width), grey = image["size_hw"], image["channels"] == 1
    return {
        "name": name,
        "header": f"{name}.h",
        "includes": "\n".join(f'#include "{head}_json.h"' for head in heads),
        "fields": "\n  ".join(f"{head.capitalize()}Answer {head};" for head in heads),
        "decoding": "\n  ".join(f"decode_{head}(outputs, &answer->{head});" for head in heads),
        "printing": "\n  ".join(f'out.print(", \\"{head}\\": ");\n  print_json(out, answer.{head});' for head in heads),
        "height": str(height),
        "width": str(width),
        "channels": str(image["channels"]),
        "order": "grey" if grey else "red, green, blue",
        "conversion": "COLOR_BGR2GRAY" if grey else "COLOR_BGR2RGB",
        "camera_format": "GRAYSCALE" if grey else "RGB565",
        "pixel_format": "kGrey" if grey else "kRgb565BigEndian",
        "pixel_bytes": "1" if grey else "2",
    }


def _described(model: Path, plan: Plan, arena: Arena, operators: list[str]) -> dict[str, str]:
    """What a person reads."""
    image, notes = plan["input"], read_litert_card(model).notes
    height, width = image["size_hw"]
    colours = "grey" if image["channels"] == 1 else "RGB"
    return {
        "title": f"Finds {', '.join(plan['classes']) or 'objects'} in camera frames",
        "version": metadata.version("detector"),
        "input": f"{height} x {width} pixels, {colours}, {image['dtype']}",
        "model_bytes": f"{model.stat().st_size:,}",
        "arena_bytes": f"{arena.size_bytes:,}",
        "arena_source": arena.source,
        "operators": ", ".join(operators),
        "heads": ", ".join(f"{name} ({head.get('method', head['kind'])})" for name, head in plan["heads"].items()),
        "sketches": " or ".join(SKETCHES),
        "notes": f"\n{notes}" if notes else "",
    }


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
