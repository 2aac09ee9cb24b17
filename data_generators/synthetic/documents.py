"""Scenes of one document, or none, on a desk: the source that `detector` learns document corners from."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import cv2
import matplotlib
import numpy as np
from pydantic import Field, field_validator

from data_generators.files import file_stamp
from data_generators.geometry import UNIT_QUAD, quad_signed_area, to_pixels
from data_generators.images import decoder_versions
from data_generators.sample import Sample, sample_with_corners
from data_generators.settings import Settings, Share
from data_generators.sources import Source, hash_code
from data_generators.synthetic import clutter
from data_generators.synthetic.backgrounds import Ground, draw_background
from data_generators.synthetic.compositing import cast_shadow, multiply, paste, shrink_levels, shrink_to, size_in_frame
from data_generators.synthetic.lighting import LightingSettings, draw_lamp, fold_map, light_scene
from data_generators.synthetic.pages import LAYOUTS, choose_layout, draw_page
from data_generators.synthetic.paper_shape import PaperSettings, draw_heights, lay_heights, see_page, shade_shape
from data_generators.synthetic.picture_folder import PictureFolder, read_picture
from data_generators.synthetic.placement import Placement, PlacementSettings, place_page

PACKAGE = Path(__file__).parents[1]
DRAWN_WITH = (PACKAGE / "synthetic", PACKAGE / "geometry.py", PACKAGE / "images.py", PACKAGE / "sample.py")
MOST_PAGES = 2048  # what the cache of drawn pages holds
_SCENE, _PAGE, _CHOICE = 1, 2, 3  # streams of random numbers

Side = Annotated[int, Field(ge=16, le=4096)]


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
    templates: Path | None = None
    """Folder of the user's own scans or pictures of flat documents, used as pages."""
    template_share: Share = 1.0
    """Share of the pages that are templates, where `templates` is given; the others are drawn."""
    backgrounds: Path | None = None
    """Folder of photos, without documents in them, to lie behind the page."""
    background_share: Share = 0.5
    """Share of the scenes with a photo behind, where `backgrounds` is given; the others are procedural."""
    low_contrast_share: Share = 0.15
    """Share of the documents on a ground of their own colour: white on white, dark on dark."""
    clutter: Annotated[float, Field(ge=0, le=3)] = 1.0
    """How many other things lie about: books, screens, keyboards, second sheets, the sheets of a pad; 0 for none."""
    occluder_share: Share = 0.12
    """Share of the documents with a finger or a pen over an edge."""
    placement: PlacementSettings = PlacementSettings()
    """How the page lies before the camera."""
    paper: PaperSettings = PaperSettings()
    """Bent, curled, folded and crumpled paper."""
    lighting: LightingSettings = LightingSettings()
    """Light, shadows, folds."""

    @field_validator("layouts")
    @classmethod
    def _check_layouts(cls, layouts: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in layouts if name not in LAYOUTS]
        if unknown:
            raise ValueError(f"there is no layout {', '.join(unknown)}; the layouts are {', '.join(LAYOUTS)}")
        return layouts


@lru_cache(maxsize=MOST_PAGES)
def _drawn_levels(seed: int, page: int, long_px: int, layouts: tuple[str, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng([seed, _PAGE, page])
    picture = draw_page(rng, choose_layout(rng, layouts))
    scale = long_px / max(picture.shape[:2])
    size_wh = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    return shrink_levels(shrink_to([picture], size_wh))


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

    Keypoint 0 is the top left of the page itself, as its text runs, then clockwise. A scene without a document has no
    object, and is known to have none. Each page is a group, so that a split by group never shares a page; so is each
    template and each scene without a document.

    Args:
        settings: what to draw.
        split: `train`, `val` or `test` draws with the templates of that split alone, see `PictureFolder`; the scenes
            are told apart by the seed, which is the caller's to choose. None draws with all templates.

    Raises:
        DataError: a folder of the settings is not there, or holds no pictures.
    """

    class_names = ("document",)
    labelled_classes = frozenset({"document"})
    corner_order = "object"

    def __init__(self, settings: DocumentSettings | None = None, split: str | None = None) -> None:
        self.settings = settings or DocumentSettings()
        folders = self.settings.templates, self.settings.backgrounds
        self._templates = PictureFolder(folders[0], "templates", split) if folders[0] else None
        self._backgrounds = PictureFolder(folders[1], "backgrounds") if folders[1] else None
        self._long_px = max(64, round(1.5 * max(self.settings.size_hw)))

    def __len__(self) -> int:
        return self.settings.count

    def sample(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"`index` must be from 0 to {len(self) - 1}. Received {index}.")
        rng = np.random.default_rng([self.settings.seed, _SCENE, index])
        page = int(self._pages(np.array([index]))[0])
        image, quads = self._draw_negative(rng) if page < 0 else self._draw_document(rng, page)
        origin = f"DocumentScenes(seed={self.settings.seed}) scene {index}"
        return sample_with_corners(image, quads, group=self._group(index, page), origin=origin)

    def groups(self) -> list[str]:
        return [self._group(index, int(page)) for index, page in enumerate(self._pages(np.arange(len(self))))]

    def content(self) -> Any:
        folders = [folder.content() if folder else None for folder in (self._templates, self._backgrounds)]
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
        return _drawn_levels(self.settings.seed, page, self._long_px, self.settings.layouts or tuple(LAYOUTS))

    def _target(self, page: int) -> np.ndarray:  # noqa: ARG002 - a subclass depends on the page
        """(4, 2) corners of what is labelled on a page, in page coordinates from its top left clockwise: the page."""
        return UNIT_QUAD

    def _draw_background(self, rng: np.random.Generator, placement: Placement, colour: np.ndarray | None) -> np.ndarray:
        settings, photo = self.settings, None
        if self._backgrounds is not None and colour is None and rng.random() < settings.background_share:
            path = self._backgrounds.paths[int(rng.integers(len(self._backgrounds)))]
            photo = _photo(path, file_stamp(path), 2 * max(settings.size_hw))
        ground = Ground(colour, photo, settings.lighting.shadows)
        return draw_background(rng, placement, settings.size_hw, ground)

    def _draw_negative(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A scene without a document: uint8 (H, W, 3) and corners (0, 4, 2)."""
        settings = self.settings
        placement = place_page(rng, rng.uniform(0.6, 1.6), settings.placement)
        image = self._draw_background(rng, placement, None)
        count = int(rng.poisson(1.3 * settings.clutter))
        image = clutter.lay_objects(rng, image, placement, count, settings.lighting.shadows)
        if rng.random() < 0.2 * settings.clutter:
            clutter.lay_occluder(rng, image, placement.quad)
        return light_scene(rng, image, settings.lighting), np.zeros((0, 4, 2), np.float32)

    def _draw_document(self, rng: np.random.Generator, page: int) -> tuple[np.ndarray, np.ndarray]:
        """A scene with a document: uint8 (H, W, 3) and its corners (1, 4, 2)."""
        settings, levels = self.settings, self._levels(page)
        paper = np.median(levels[-1].reshape(-1, 3), axis=0)
        placement = place_page(rng, levels[0].shape[1] / levels[0].shape[0], settings.placement)
        aspect, light = placement.aspect, draw_lamp(rng)
        heights = draw_heights(rng, aspect, settings.paper)
        view = see_page(placement, None if heights is None else lay_heights(heights, aspect))
        low_contrast = rng.random() < settings.low_contrast_share
        colour = paper * rng.uniform(0.88, 1.05) + rng.normal(0, 4, 3) if low_contrast else None
        image = self._draw_background(rng, placement, colour)
        image = self._lay_beneath(rng, image, placement, paper)
        image = self._cast_page_shadow(rng, image, view.quad, low_contrast)
        picture = shrink_to(levels, size_in_frame(to_pixels(view.quad, settings.size_hw)))
        gain = fold_map(rng, settings.lighting.folds)
        if heights is not None and view.offsets is not None:
            gain = gain * cv2.resize(shade_shape(heights, aspect, light), gain.shape[::-1])
        paste(image, multiply(picture, gain), view.quad, view.offsets)
        if rng.random() < settings.occluder_share:
            clutter.lay_occluder(rng, image, view.quad)
        return light_scene(rng, image, settings.lighting), view.locate(self._target(page))[None]

    def _lay_beneath(
        self, rng: np.random.Generator, image: np.ndarray, placement: Placement, paper: np.ndarray
    ) -> np.ndarray:
        """Other objects, a second sheet, the sheets of a pad: all that lies lower than the page."""
        amount, shadow = self.settings.clutter, self.settings.lighting.shadows
        image = clutter.lay_objects(rng, image, placement, int(rng.poisson(0.5 * amount)), shadow)
        if rng.random() < 0.12 * amount:
            image = clutter.lay_sheet_beneath(rng, image, placement, shadow)
        if rng.random() < 0.2 * amount:
            image = self._cast_page_shadow(rng, image, placement.quad, False)
            clutter.lay_stack(rng, image, placement, paper)
        return image

    def _cast_page_shadow(
        self, rng: np.random.Generator, image: np.ndarray, quad: np.ndarray, always: bool
    ) -> np.ndarray:
        """The page's shadow on what lies below it; a flat page in diffuse light has hardly any."""
        strength = self.settings.lighting.shadows * rng.uniform(0.1, 0.7)
        if strength == 0 or (rng.random() < 0.25 and not always):
            return image
        size = abs(quad_signed_area(quad)) ** 0.5
        offset = rng.normal(0, 0.015 * size, 2)
        softness = size * float(np.exp(rng.uniform(np.log(0.004), np.log(0.04))))
        return cast_shadow(image, quad, (offset[0], offset[1]), softness, strength)
