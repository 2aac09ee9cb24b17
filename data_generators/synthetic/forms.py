"""Scenes of one form of the user's own, its fields filled with other values on each page: `forms:form.yaml`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import model_validator

from data_generators.files import file_stamp
from data_generators.forms import Form, read_form
from data_generators.synthetic.compositing import shrink_levels, shrink_to
from data_generators.synthetic.documents import MOST_PAGES, DocumentScenes, DocumentSettings
from data_generators.synthetic.filling import fill_fields

_VALUES = 4  # stream of random numbers
LEAST_LONG_PX = 900  # pages are filled at this size or larger, so that small print keeps its shapes

Stamp = tuple[int, int]


class FormSceneSettings(DocumentSettings):
    """Synthetic scenes of a form; a `target` is one of its fields."""

    @model_validator(mode="after")
    def _check_pages(self) -> Self:
        given = [name for name in ("layouts", "templates") if getattr(self, name)]
        if given:
            raise ValueError(f"the pages are those of the form; leave {' and '.join(given)} out")
        return self


@lru_cache(maxsize=8)
def _form(path: Path, stamps: tuple[Stamp, Stamp]) -> Form:  # noqa: ARG001 - a key
    return read_form(path)


@lru_cache(maxsize=MOST_PAGES)
def _filled(
    seed: int, page: int, long_px: int, path: Path, stamps: tuple[Stamp, Stamp]
) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
    """The levels of a filled page, and the normalised box (4,) around each value."""
    form = _form(path, stamps)
    height, width = form.scan.shape[:2]
    scale = min(1.0, max(long_px, LEAST_LONG_PX) / max(height, width))
    scan = shrink_to([form.scan], (round(scale * width), round(scale * height)))
    filled, values = fill_fields(np.random.default_rng([seed, _VALUES, page]), scan, form.fields)
    scale = min(1.0, long_px / max(height, width))
    return shrink_levels(shrink_to([filled], (round(scale * width), round(scale * height)))), values


class FormScenes(DocumentScenes):
    """Scenes of a form with exact corners, of the page or of a field's value; see `DocumentScenes`.

    Each page is the scan with the fields' contents replaced by random values, and a group.

    Args:
        path: the `form.yaml`.
        settings: what to draw.

    Raises:
        DataError: the form cannot be read, or has no field of the name `target`.
        SettingsError: the form is not valid.
    """

    settings: FormSceneSettings

    def __init__(self, path: str | Path, settings: FormSceneSettings | None = None) -> None:
        self.form = read_form(path)
        super().__init__(settings or FormSceneSettings())

    def content(self) -> Any:
        return ["FormScenes", self.form.content(), super().content()]

    def _check_target(self) -> None:
        self.form.field_quad(self.settings.target)

    def _drawn_page(self, page: int) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
        """The levels of a page, and the box of each field's value on it."""
        stamps = file_stamp(self.form.path), file_stamp(self.form.scan_path)
        return _filled(self.settings.seed, page, self._long_px, self.form.path, stamps)

    def _group(self, index: int, page: int) -> str:
        return f"{self.form.path.stem}-{super()._group(index, page)}"
