"""What a scene of a document may look like: each ingredient with its share or strength, so that it can be left out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator

from data_generators.forms import WHOLE_PAGE
from data_generators.settings import Settings, Share
from data_generators.synthetic.clutter import OBJECTS
from data_generators.synthetic.lighting import LightingSettings
from data_generators.synthetic.occluders import OCCLUDERS
from data_generators.synthetic.pages import LAYOUTS
from data_generators.synthetic.paper_shape import PaperSettings
from data_generators.synthetic.placement import PlacementSettings
from data_generators.synthetic.surfaces import SURFACES

MOST_PAGES = 2048  # what the cache of drawn pages holds

Side = Annotated[int, Field(ge=16, le=4096)]


def _as_folders(value: object) -> object:
    """One folder, or none, as a list of folders."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str | Path) else value


def _check_kinds(kind: str, names: tuple[str, ...], known: Iterable[str]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in set(known)]
    if unknown:
        raise ValueError(f"there is no {kind} {', '.join(unknown)}; the {kind}s are {', '.join(known)}")
    return names


class DocumentSettings(Settings):
    """Synthetic scenes of documents."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Other seeds give other pages and other scenes."""
    count: Annotated[int, Field(ge=1)] = 20000
    """Number of scenes; more of them leave the first ones as they are."""
    size_hw: tuple[Side, Side] = (160, 160)
    """Height and width of a scene in pixels, a little more than the network sees, so that augmentation can crop."""
    negative_share: Share = 0.2
    """Share of scenes without a document."""
    pages: Annotated[int, Field(ge=1, le=MOST_PAGES)] = 400
    """Number of different pages; each is a group, and stays in memory (about 0.2 MB at 160 pixels)."""
    layouts: tuple[str, ...] = ()
    """Kinds of page to draw, e.g. [registration, certificate]; empty for all."""
    target: str = WHOLE_PAGE
    """What the corners are those of: `page`, or a field, e.g. registration_number with layouts [registration], for the
    box around its value and nothing else."""
    templates: Path | None = None
    """Folder of the user's own scans or pictures of flat documents, used as pages."""
    template_share: Share = 1.0
    """Share of the pages that are templates, where `templates` is given; the others are drawn."""
    backgrounds: Annotated[tuple[Path, ...], BeforeValidator(_as_folders)] = ()
    """Folder, or several, of photos without documents in them, to lie behind the page or to be desk and floor."""
    background_share: Share = 0.5
    """Share of the scenes with a photo behind, where `backgrounds` is given; the others are procedural."""
    photo_negative_share: Share = 0.6
    """Share of the scenes without a document that are a photo and nothing else, where `backgrounds` is given."""
    surfaces: tuple[str, ...] = ()
    """Kinds of desk, floor and wall to draw, e.g. [wood, cloth]; empty for all."""
    low_contrast_share: Share = 0.2
    """Share of the documents on a ground of their own colour: white on white, dark on dark."""
    held_share: Share = 0.08
    """Share of the documents that are held in the air by a hand, a room behind them."""
    person_share: Share = 0.3
    """Share of the scenes before a room, with a held document or with none, that show a person in the background."""
    clutter: Annotated[float, Field(ge=0, le=3)] = 1.0
    """How many other things lie about, about half a one to a document; 0 for none."""
    objects: tuple[str, ...] = ()
    """Kinds of things that lie about, e.g. [book, cup]; empty for all."""
    sheet_share: Share = 0.1
    """Share of the documents with a second sheet beneath."""
    stack_share: Share = 0.15
    """Share of the documents that are the upmost sheet of a pad, a notebook or a pile, its sides visible."""
    leaf_share: Share = 0.07
    """Share of the documents that adjoin a coloured leaf along one edge, as in a magazine."""
    occluder_share: Share = 0.15
    """Share of the documents with something over an edge: fingers, a hand, a pen, a cup, a clip."""
    occluders: tuple[str, ...] = ()
    """Kinds of things over an edge, e.g. [thumb, pen]; empty for all."""
    dim_share: Share = 0.12
    """Share of the documents on grey or tinted paper, darker than what lies about."""
    fade_share: Share = 0.25
    """Share of the documents whose print has faded, by up to two thirds of its contrast."""
    rim_share: Share = 0.4
    """Share of the documents whose edge shows the thickness of the paper, a thin bright or dark line."""
    placement: PlacementSettings = PlacementSettings()
    """How the page lies before the camera."""
    paper: PaperSettings = PaperSettings()
    """Bent, curled, folded and crumpled paper."""
    lighting: LightingSettings = LightingSettings()
    """Light, shadows, folds."""

    @field_validator("layouts")
    @classmethod
    def _check_layouts(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _check_kinds("layout", names, LAYOUTS)

    @field_validator("surfaces")
    @classmethod
    def _check_surfaces(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _check_kinds("surface", names, SURFACES)

    @field_validator("objects")
    @classmethod
    def _check_objects(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _check_kinds("object", names, OBJECTS)

    @field_validator("occluders")
    @classmethod
    def _check_occluders(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _check_kinds("occluder", names, (*OCCLUDERS, "cup"))
