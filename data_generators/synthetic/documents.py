"""Scenes of one document, or none, on a desk: the source that `detector` learns document corners from."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from data_generators.errors import DataError
from data_generators.files import file_stamp
from data_generators.forms import WHOLE_PAGE, box_quad
from data_generators.geometry import UNIT_QUAD, quad_shows
from data_generators.images import decoder_versions
from data_generators.sample import Sample, sample_with_corners
from data_generators.sources import Source, hash_code
from data_generators.synthetic.compositing import shrink_levels, shrink_to
from data_generators.synthetic.document_settings import MOST_PAGES, DocumentSettings
from data_generators.synthetic.pages import LAYOUTS, choose_layout, draw_page_with_fields
from data_generators.synthetic.picture_folder import PictureFolder, read_picture
from data_generators.synthetic.registration_fields import FIELDS
from data_generators.synthetic.scenes import draw_document, draw_negative

__all__ = ["MOST_PAGES", "DocumentScenes", "DocumentSettings", "drawing_version", "hash_numbers"]

PACKAGE = Path(__file__).parents[1]
DRAWN_WITH = (
    PACKAGE / "synthetic",
    PACKAGE / "geometry.py",
    PACKAGE / "forms.py",
    PACKAGE / "images.py",
    PACKAGE / "sample.py",
)
FIELD_NAMES = tuple(field.name for field in FIELDS)
_SCENE, _PAGE, _CHOICE = 1, 2, 3  # streams of random numbers


@lru_cache(maxsize=MOST_PAGES)
def _drawn_page(
    seed: int, page: int, long_px: int, layouts: tuple[str, ...]
) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
    """The levels of a page, and the tight boxes (4,) of its named values."""
    rng = np.random.default_rng([seed, _PAGE, page])
    picture, boxes = draw_page_with_fields(rng, choose_layout(rng, layouts))
    scale = long_px / max(picture.shape[:2])
    size_wh = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    return shrink_levels(shrink_to([picture], size_wh)), boxes


@lru_cache(maxsize=MOST_PAGES)
def _template_levels(path: Path, stamp: tuple[int, int], long_px: int) -> list[np.ndarray]:  # noqa: ARG001 - a key
    return shrink_levels(read_picture(path, long_px))


@lru_cache(maxsize=256)
def _photo(path: Path, stamp: tuple[int, int], long_px: int) -> np.ndarray:  # noqa: ARG001 - a key
    return read_picture(path, long_px)


def drawing_version() -> list[str]:
    """What the pixels depend on beside the settings: the code of this package, and the libraries that draw."""
    fonts = f"matplotlib {matplotlib.__version__}"  # they come with it
    return [hash_code(*DRAWN_WITH), *decoder_versions(), f"numpy {np.__version__}", fonts]


def hash_numbers(seed: int, stream: int, numbers: np.ndarray) -> np.ndarray:
    """Evenly spread values in [0, 1) that depend on (seed, stream, number) alone, without a generator for each.

    The mixing function of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).

    Args:
        seed: not negative.
        stream: another stream gives unrelated values.
        numbers: int (N,).

    Returns:
        float64 (N,).
    """
    start = np.random.default_rng([seed, _CHOICE, stream]).integers(0, 2**63, dtype=np.uint64)
    z = (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + start
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))).astype(np.float64) / 2.0**64 * (1 - 2.0**-52)


class DocumentScenes(Source):
    """Synthetic scenes of documents with exact corners; scene `index` is a function of (seed, index) alone.

    Keypoint 0 is the top left of the page itself, as its text runs, then clockwise. A scene without a document, or one
    whose target lies wholly outside the frame, has no object, and is known to have none. Each page is a group, so that
    a split by group never shares a page; so is each template and each scene without a document.

    Args:
        settings: what to draw.
        split: `train`, `val` or `test` draws with the templates of that split alone, see `PictureFolder`; the scenes
            are told apart by the seed, which is the caller's to choose. None draws with all templates.

    Raises:
        DataError: a folder of the settings is not there, or holds no pictures; the target is not on every page.
    """

    class_names = ("document",)
    labelled_classes = frozenset({"document"})
    corner_order = "object"

    def __init__(self, settings: DocumentSettings | None = None, split: str | None = None) -> None:
        self.settings = settings or DocumentSettings()
        templates = self.settings.templates
        self._templates = PictureFolder(templates, "templates", split) if templates else None
        self._backgrounds = [PictureFolder(folder, "backgrounds") for folder in self.settings.backgrounds]
        if self.settings.target != WHOLE_PAGE:
            self._check_target()
            self.class_names, self.labelled_classes = (self.settings.target,), frozenset({self.settings.target})
        self._long_px = max(64, round(1.5 * max(self.settings.size_hw)))

    def __len__(self) -> int:
        return self.settings.count

    def sample(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"`index` must be from 0 to {len(self) - 1}. Received {index}.")
        rng = np.random.default_rng([self.settings.seed, _SCENE, index])
        page = int(self._pages(np.array([index]))[0])
        photo = self._choose_photo(rng)
        if page < 0:
            image, quads = draw_negative(rng, self.settings, photo), np.zeros((0, 4, 2), np.float32)
        else:
            image, view = draw_document(rng, self._levels(page), self.settings, photo)
            quads = view.locate(self._target(page))[None]
            if self.settings.target != WHOLE_PAGE:  # of the page something always shows
                quads = quads[[quad_shows(quad) for quad in quads]]
        origin = f"DocumentScenes(seed={self.settings.seed}) scene {index}"
        return sample_with_corners(image, quads, group=self._group(index, page), origin=origin)

    def groups(self) -> list[str]:
        return [self._group(index, int(page)) for index, page in enumerate(self._pages(np.arange(len(self))))]

    def content(self) -> Any:
        folders = [folder.content() if folder else None for folder in (self._templates, *self._backgrounds)]
        return ["DocumentScenes", drawing_version(), self.settings.model_dump(mode="json"), *folders]

    def _pages(self, indices: np.ndarray) -> np.ndarray:
        """Page of each scene (N,), -1 for scenes without a document."""
        negative = hash_numbers(self.settings.seed, 0, indices) < self.settings.negative_share
        pages = (hash_numbers(self.settings.seed, 1, indices) * self.settings.pages).astype(np.int64)
        return np.where(negative, -1, pages)

    def _template_of(self, page: int) -> int | None:
        """Which template a page is, or None for a drawn page."""
        if self._templates is None:
            return None
        roll = hash_numbers(self.settings.seed, 2, np.array([page]))[0]
        return page % len(self._templates) if roll < self.settings.template_share else None

    def _group(self, index: int, page: int) -> str:
        seed = self.settings.seed
        if page < 0:
            return f"document-{seed}-negative-{index}"
        template = self._template_of(page)
        if self._templates is not None and template is not None:
            return f"template-{self._templates.name(template)}"
        return f"document-{seed}-page-{page}"

    def _levels(self, page: int) -> list[np.ndarray]:
        template = self._template_of(page)
        if self._templates is not None and template is not None:
            path = self._templates.paths[template]
            return _template_levels(path, file_stamp(path), self._long_px)
        return self._drawn_page(page)[0]

    def _drawn_page(self, page: int) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
        return _drawn_page(self.settings.seed, page, self._long_px, self.settings.layouts or tuple(LAYOUTS))

    def _check_target(self) -> None:
        """Refuses a target that some of the pages do not have."""
        settings = self.settings
        if settings.layouts != ("registration",) or settings.templates or settings.target not in FIELD_NAMES:
            problem = f"the target {settings.target!r} is not on every page."
            cure = f"Take `page`, or with layouts: [registration] and no templates one of {', '.join(FIELD_NAMES)}."
            raise DataError("documents", problem, cure)

    def _target(self, page: int) -> np.ndarray:
        """(4, 2) corners of what is labelled on a page, in page coordinates from its top left clockwise."""
        if self.settings.target == WHOLE_PAGE:
            return UNIT_QUAD
        return box_quad(self._drawn_page(page)[1][self.settings.target])

    def _choose_photo(self, rng: np.random.Generator) -> np.ndarray | None:
        """One of the user's photos, or None for a drawn ground."""
        if not self._backgrounds or rng.random() >= self.settings.background_share:
            return None
        ends = np.cumsum([len(folder) for folder in self._backgrounds])
        pick = int(rng.integers(ends[-1]))
        folder = int(np.searchsorted(ends, pick, side="right"))
        path = self._backgrounds[folder].paths[pick - int(ends[folder])]  # counted from the folder's end
        return _photo(path, file_stamp(path), 2 * max(self.settings.size_hw))
