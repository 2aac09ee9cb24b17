"""A model as a folder that a person can copy to a device and read: the table of the kinds, and the writing of one."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from detector.export.arduino.library import write_arduino
from detector.export.file_fit import check_file
from detector.export.onnx import write_onnx
from detector.export.openmv.bundle import write_openmv
from detector.export.phone import write_phone
from detector.export.web.bundle import write_web, write_web_linked
from detector.locate import find_checkpoint, find_model
from detector.runs import RunError, write_json
from detector.targets import Target

RECORD = "bundle.json"
Writer = Callable[[Path, Path, Target | None], list[Path]]
"""Writes the files of a bundle of `model`, into the empty `folder`, and returns them."""

BUNDLES: dict[str, Writer] = {
    "arduino": write_arduino,
    "openmv": write_openmv,
    "web": write_web,
    "web-linked": write_web_linked,
    "phone": write_phone,
    "onnx": write_onnx,
}
OF_CHECKPOINTS = ("onnx",)  # these kinds are made of a `.keras` file, the others of a `.tflite` file


@dataclass(frozen=True)
class Bundle:
    """A bundle that was written.

    Args:
        kind: of `BUNDLES`.
        model: the file that it was made of.
        folder: where it lies.
        files: all files in it, relative to the folder; what a person begins with is the first.
        notes: sentences for a person.
    """

    kind: str
    model: Path
    folder: Path
    files: tuple[str, ...]
    notes: tuple[str, ...] = ()


def write_bundle(model: str | Path, folder: Path, target: Target | None = None, kind: str = "") -> Bundle:
    """Writes a bundle in place of an earlier one, all of it or nothing.

    Args:
        model: a run folder, a model file, or the name of a shipped model.
        folder: new, empty, or an earlier bundle that nobody has changed.
        target: the device; None where the kind says enough.
        kind: of `BUNDLES`; the target's where it is empty.

    Raises:
        RunError: there is no such kind, the model is of the wrong format or does not fit the target, or the folder
            holds something else.
    """
    kind = kind or (target.bundle if target else "")
    if kind not in BUNDLES:
        raise RunError(f"There is no bundle of the kind {kind or 'that no target names'}. Kinds: {', '.join(BUNDLES)}.")
    path = _file_for(model, kind)
    _check_folder(folder)
    notes = (check_file(path, target),) if target and path.suffix == ".tflite" else ()
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        written = [each.relative_to(fresh).as_posix() for each in BUNDLES[kind](path, fresh, target)]
        record = {"kind": kind, "target": target.name if target else None, "model": path.name}
        write_json(fresh / RECORD, record | {"files": {name: _digest(fresh / name) for name in written}})
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Bundle(kind, path, folder, (*sorted(written, key=_readme_first), RECORD), notes)


def _readme_first(name: str) -> tuple[bool, str]:
    return not Path(name).name.startswith("README"), name


def _file_for(model: str | Path, kind: str) -> Path:
    if kind in OF_CHECKPOINTS:
        return find_checkpoint(model)
    path = find_model(model)
    if path.suffix != ".tflite":
        raise RunError(
            f"A bundle of the kind {kind} is made of a .tflite file. Received {path}. Run `detector export RUN` first."
        )
    return path


def _check_folder(folder: Path) -> None:
    """Refuses a folder with anything in it but an earlier bundle as it was written."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / RECORD).is_file():
        raise RunError(f"{folder} is there already and is no bundle. Choose another --output, or move it away.")
    files = json.loads((folder / RECORD).read_text(encoding="utf-8"))["files"]
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = path.relative_to(folder).as_posix()
        if name != RECORD and files.get(name) != _digest(path):
            raise RunError(
                f"{path} was changed or added since the bundle was written. Choose another --output, or move it away."
            )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
