"""Scenes of objects cut out of photos by their masks and pasted onto other pictures: boxes and masks for detectors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from data_generators.files import file_stamp
from data_generators.sample import Sample
from data_generators.sources import Source
from data_generators.synthetic.cutout_backgrounds import draw_cutout_background
from data_generators.synthetic.cutout_library import ObjectLibrary
from data_generators.synthetic.cutout_objects import ObjectPictures
from data_generators.synthetic.cutout_placement import Pasting, draw_size, place_cutout
from data_generators.synthetic.cutout_scenes import CutoutScene, draw_scene
from data_generators.synthetic.cutout_settings import CutoutSettings
from data_generators.synthetic.documents import drawing_version, hash_numbers
from data_generators.synthetic.picture_folder import PictureFolder, read_picture

_SCENE, _NEGATIVE = 11, 12  # streams of random numbers


@lru_cache(maxsize=256)
def _read_photo(path: Path, stamp: tuple[int, int], long_px: int) -> np.ndarray:  # noqa: ARG001 - a key
    return read_picture(path, long_px)


class CutoutScenes(Source):
    """Synthetic scenes of cut-out objects; scene `index` is a function of (seed, index) and of the pictures alone.

    Boxes are the extents of what is seen of an object, as a person would draw them, and not of what is hidden or lies
    beyond the border; those of which less than `least_visible` is seen are to be ignored. The mask is the class index
    + 1, and 255 along soft edges. Scenes without an object are known to have none.

    All scenes are one group: they share objects, so that only the splits of this source keep objects apart.

    Args:
        settings: what to draw.
        objects: where the objects come from, as `settings.objects` names them.
        split: `train`, `val` or `test` draws with the objects and backgrounds of that split alone; the scenes are told
            apart by the seed, which is the caller's to choose. None draws with all.

    Raises:
        DataError: a folder is not there or holds no pictures, or there are too few for the splits.
    """

    def __init__(self, settings: CutoutSettings, objects: Sequence[ObjectPictures], split: str | None = None) -> None:
        self.settings, self._split = settings, split
        self._library = ObjectLibrary(objects, split)
        self._backgrounds = [PictureFolder(folder, "backgrounds", split) for folder in settings.backgrounds]
        self._photos = [path for folder in self._backgrounds for path in folder.paths]
        self.class_names = self._library.class_names
        self.labelled_classes = frozenset(self.class_names)

    def __len__(self) -> int:
        return self.settings.count

    def sample(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"`index` must be from 0 to {len(self) - 1}. Received {index}.")
        scene = self._draw(index)
        boxes, visible = scene.boxes()
        seen = boxes[:, 2] > 0
        labels = np.array([self.class_names.index(name) for name in scene.class_names], np.int64)
        return Sample(
            image=scene.image,
            boxes=boxes[seen],
            labels=labels[seen],
            ignore=visible[seen] < self.settings.least_visible,
            keypoints=np.zeros((int(seen.sum()), 0, 2), np.float32),
            mask=scene.mask(self.class_names),
            has=frozenset({"boxes", "mask"}),
            group=self._group(),
            origin=f"CutoutScenes(seed={self.settings.seed}) scene {index}",
        )

    def groups(self) -> list[str]:
        return [self._group()] * len(self)

    def content(self) -> Any:
        folders = [folder.content() for folder in self._backgrounds]
        settings = self.settings.model_dump(mode="json")
        return ["CutoutScenes", drawing_version(), settings, self._split, self._library.content(), folders]

    def _group(self) -> str:
        return f"cutouts-{self.settings.seed}"

    def _draw(self, index: int) -> CutoutScene:
        settings = self.settings
        rng = np.random.default_rng([settings.seed, _SCENE, index])
        negative = hash_numbers(settings.seed, _NEGATIVE, np.array([index]))[0] < settings.negative_share
        draw_photo = self._choose_photo if self._photos else None
        background = draw_cutout_background(rng, settings, self._library, draw_photo, inhabited=not negative)
        pastings: list[Pasting] = []
        if not negative:
            taken_px = [] if background.inhabitant is None else [background.inhabitant.box_px]
            low, high = settings.objects_per_picture
            size = draw_size(rng, settings)
            for _ in range(low + int((high - low + 1) * rng.random() ** 2)):
                cutout = self._library.draw_cutout(rng)
                others_px = taken_px + [pasting.box_px for pasting in pastings]
                pasting = place_cutout(rng, cutout, size, others_px, settings)
                pastings += [pasting] if pasting is not None else []
        return draw_scene(rng, background, pastings, settings)

    def _choose_photo(self, rng: np.random.Generator) -> np.ndarray:
        path = self._photos[int(rng.integers(len(self._photos)))]
        return _read_photo(path, file_stamp(path), 2 * max(self.settings.size_hw))
