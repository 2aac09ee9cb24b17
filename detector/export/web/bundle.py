"""Writes the web bundle: the model behind float32 ends, its decode plan, the page, and the runtime or a link to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from detector.export.decode_plan import make_plan
from detector.export.web.litert_js import WASM_FOLDER, Addresses, copy_litert_js, linked_addresses
from detector.litert.file import read_litert_card
from detector.litert.float_ends import write_float_io
from detector.locate import title_of
from detector.runs import write_json

if TYPE_CHECKING:
    from detector.targets.target import Target

MODEL_NAME, PLAN_NAME = "model.tflite", "plan.json"
TEMPLATES = ("index.html", "README.md")


def write_web(model: Path, folder: Path, target: Target | None) -> list[Path]:  # noqa: ARG001
    """The page with LiteRT for the web beside it, which npm fetches: 19 MB that need no other server.

    Args:
        model: a `.tflite` file with card, int8 or float32.
        folder: empty.
        target: not needed; boards and browsers have the writer's face in common.

    Returns:
        The files.

    Raises:
        RunError: npm is not there, or does not fetch the packages.
    """
    addresses = copy_litert_js(folder)
    return _write_page(model, folder, addresses) + sorted(
        each for each in (folder / "litert").rglob("*") if each.is_file()
    )


def write_web_linked(model: Path, folder: Path, target: Target | None) -> list[Path]:  # noqa: ARG001
    """The page with links to LiteRT for the web on jsDelivr: small, needs no npm, and the network when it is opened."""
    return _write_page(model, folder, linked_addresses())


def _write_page(model: Path, folder: Path, addresses: Addresses) -> list[Path]:
    path = folder / MODEL_NAME
    write_float_io(model, path)
    plan = make_plan(path) | {"about": _about(model, path, addresses)}
    write_json(folder / PLAN_NAME, plan)
    written = [path, folder / PLAN_NAME]
    values = _values(plan, addresses)
    for name, source in _page_files():
        copy = folder / name
        copy.parent.mkdir(exist_ok=True)
        if name in TEMPLATES:
            copy.write_text(Template(source.read_text(encoding="utf-8")).substitute(values), encoding="utf-8")
        else:
            with resources.as_file(source) as file:
                shutil.copyfile(file, copy)
        written.append(copy)
    return written


def _page_files() -> Iterator[tuple[str, Traversable]]:
    """Path in the bundle and content of every file of the page."""
    page = resources.files("detector.export.web").joinpath("page")
    for entry in page.iterdir():
        if entry.is_dir():
            yield from ((f"{entry.name}/{each.name}", each) for each in entry.iterdir())
        else:
            yield entry.name, entry


def _about(model: Path, path: Path, addresses: Addresses) -> dict[str, Any]:
    """What the page says of the model, and where it finds the runtime."""
    card = read_litert_card(model)
    return {
        "title": title_of(model),
        "bytes": path.stat().st_size,
        "parameters": card.parameters,
        "precision": card.precision,
        "notes": card.notes,
        "wasm": addresses.wasm,
    }


def _values(plan: Mapping[str, Any], addresses: Addresses) -> dict[str, Any]:
    """What stands in the templates."""
    about, (height, width) = plan["about"], plan["input"]["size_hw"]
    vendored = (
        f"| `litert/` | LiteRT for the web, as npm has it: Apache-2.0; the `.wasm` files lie in `{WASM_FOLDER}` |"
    )
    return {
        "title": about["title"],
        "core": addresses.core,
        "wasm_utils": addresses.wasm_utils,
        "bytes": f"{about['bytes']:,}",
        "precision": about["precision"],
        "height": height,
        "width": width,
        "runtime": vendored
        if not addresses.linked
        else f"\nLiteRT for the web (Apache-2.0) comes from {addresses.wasm}.",
    }
