"""A form: a scan of it and the boxes of its fields, read from `form.yaml`; scenes are drawn and photos read with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydantic import field_validator

from data_generators.errors import DataError
from data_generators.files import file_stamp, read_bytes, write_atomically
from data_generators.images import read_image, write_image
from data_generators.settings import Settings
from data_generators.yaml_text import parse_yaml

LEAST_FIELD_PX = 4
WHOLE_PAGE = "page"  # scenes have it for the page itself
RESERVED = (WHOLE_PAGE, "rectified")  # no names of fields; the latter is the whole page's file, straightened
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

BoxPx = tuple[float, float, float, float]


class FormSettings(Settings):
    """What stands in a `form.yaml`."""

    scan: Path
    """Picture of the form, upright and cut to the edges of the paper; relative to this file."""
    fields_px: dict[str, BoxPx]
    """Name of each field and its box x0, y0, x1, y1 in pixels of the scan, from its upper left corner."""

    @field_validator("fields_px")
    @classmethod
    def _check_fields(cls, fields: dict[str, BoxPx]) -> dict[str, BoxPx]:
        if not fields:
            raise ValueError("a form needs at least one field; write `name: [x0, y0, x1, y1]`")
        known: dict[str, str] = {}
        for name, box in fields.items():
            if not _NAME.fullmatch(name) or name.casefold() in RESERVED:
                names = " or ".join(f"`{each}`" for each in RESERVED)
                raise ValueError(f"{name!r} is no name of a field; take letters, digits, _ and -, but not {names}")
            if (other := known.setdefault(name.casefold(), name)) != name:
                raise ValueError(f"{other} and {name} would share a file on some disks; give one another name")
            if not (box[2] - box[0] >= LEAST_FIELD_PX and box[3] - box[1] >= LEAST_FIELD_PX):
                raise ValueError(
                    f"the box of {name} must be x0, y0, x1, y1 with x1 and y1 at least {LEAST_FIELD_PX} pixels beyond "
                    f"x0 and y0, received {list(box)}"
                )
        return fields


@dataclass(frozen=True, eq=False)
class Form:
    """A form that was read.

    Args:
        path: the `form.yaml`, for messages and caches.
        scan_path: the picture.
        scan: uint8 (H, W, 3) RGB, the whole page and nothing else.
        fields: name -> box float64 (4,), x0 y0 x1 y1, normalised by the scan's width and height.
    """

    path: Path
    scan_path: Path
    scan: np.ndarray = field(repr=False)
    fields: dict[str, np.ndarray]

    def field_quad(self, name: str) -> np.ndarray:
        """Corners (4, 2) of a field on the scan, normalised, clockwise from the top left.

        Raises:
            DataError: the form has no such field.
        """
        if name not in self.fields:
            cure = f"Its fields: {', '.join(self.fields)}."
            raise DataError(self.path, f"the form has no field {name!r}.", cure)
        return box_quad(self.fields[name])

    def content(self) -> dict[str, Any]:
        """What identifies the form, as JSON data."""
        files = [[path.resolve().as_posix(), *file_stamp(path)] for path in (self.path, self.scan_path)]
        return {"files": files, "fields": {name: box.tolist() for name, box in self.fields.items()}}


def box_quad(box: np.ndarray) -> np.ndarray:
    """The corners (4, 2) of a box x0 y0 x1 y1, clockwise from the top left."""
    x0, y0, x1, y1 = (float(value) for value in box)
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def read_form(path: str | Path) -> Form:
    """Reads a `form.yaml` and its scan.

    Raises:
        DataError: a file is missing, is no YAML or no picture, or a box lies outside the scan.
        SettingsError: a setting is missing, unknown or wrong.
    """
    path = Path(path).expanduser()
    settings = FormSettings.parse(_read_mapping(path), where=str(path))
    scan_path = path.parent / settings.scan.expanduser()
    scan = read_image(scan_path)
    scan.flags.writeable = False
    height, width = scan.shape[:2]
    for name, (x0, y0, x1, y1) in settings.fields_px.items():
        if min(x0, y0) < 0 or x1 > width or y1 > height:
            problem = f"the box of {name}, {[x0, y0, x1, y1]}, reaches beyond the scan of {width} x {height} pixels."
            raise DataError(path, problem, f"Give x0, y0, x1, y1 in pixels of {scan_path.name}.")
    scale = np.array([width, height] * 2, np.float64)
    return Form(path, scan_path, scan, {name: np.array(box) / scale for name, box in settings.fields_px.items()})


def _read_mapping(path: Path) -> dict[str, Any]:
    cure = "Write `scan: PICTURE` and, below `fields_px:`, a line `name: [x0, y0, x1, y1]` for each field."
    try:
        values = parse_yaml(read_bytes(path, f"Check the path of the form. {cure}"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(path, f"the form is not YAML ({error}).", cure) from error
    if not isinstance(values, dict):
        raise DataError(path, f"expected a mapping, got {type(values).__name__}.", cure)
    return values


def write_form(path: str | Path, scan: np.ndarray, fields: Mapping[str, np.ndarray]) -> None:
    """Writes a `form.yaml`, and the scan beside it as `NAME.png`.

    Args:
        path: the YAML file.
        scan: uint8 (H, W, 3).
        fields: name -> box (4,), x0 y0 x1 y1, normalised.

    Raises:
        SettingsError: a name or a box is wrong; nothing is written.
    """
    path = Path(path)
    scan_path = path.with_suffix(".png")
    scale = np.array([scan.shape[1], scan.shape[0]] * 2)
    boxes = {name: np.round(np.asarray(box) * scale, 2).tolist() for name, box in fields.items()}
    values = {"scan": scan_path.name, "fields_px": boxes}
    FormSettings.parse(values, where=str(path))
    write_image(scan_path, scan)
    text = yaml.safe_dump(values, sort_keys=False, default_flow_style=None, allow_unicode=True)
    write_atomically(path, text.encode())
