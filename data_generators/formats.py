"""THE TABLE of source formats: opens `FORMAT:PATH[#SPLIT]` as configs and the command line write it."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import Field

from data_generators.errors import DataError, OnError
from data_generators.files import expand_variables, read_bytes
from data_generators.real.backgrounds import BackgroundSettings, BackgroundSource
from data_generators.real.clips import ClipSettings, open_clips
from data_generators.real.coco import CocoSource
from data_generators.real.corner_csv import CornerCsvSource
from data_generators.real.cvat import CvatSource
from data_generators.real.davis import DavisSettings, open_davis
from data_generators.real.labelme import LabelMeSource
from data_generators.real.labelme_boxes import LabelMeBoxesSource, LabelMeMasksSource
from data_generators.real.marked_corners import MARK_COLOURS, MarkedCornersSource
from data_generators.real.masks import MaskFolderSettings, open_masks
from data_generators.real.negatives import NegativesSource
from data_generators.real.pseudo_labels import PseudoLabelSettings, PseudoLabelSource
from data_generators.real.trimaps import OPTIONS_NAME, TrimapSettings, TrimapSource
from data_generators.real.unlabelled import UnlabelledSource
from data_generators.real.voc import VocSettings, VocSource
from data_generators.real.yolo import YoloSource
from data_generators.settings import Settings
from data_generators.sources import Source
from data_generators.splits import SplitSettings, open_split, split_by_group
from data_generators.synthetic.cutout_objects import MaskedObjects, ObjectPictures, RgbaObjects
from data_generators.synthetic.cutout_settings import CutoutSettings
from data_generators.synthetic.cutouts import CutoutScenes
from data_generators.synthetic.documents import DocumentScenes, DocumentSettings
from data_generators.synthetic.forms import FormScenes, FormSceneSettings
from data_generators.yaml_text import parse_yaml

TRIMAP_SPLITS = {"train": 0.8, "val": 0.2}
SCENE_SPLITS = {"train": 0, "val": 1 << 40, "test": 2 << 40}  # added to the seed: no scene or page in two of them
NO_SPLIT = 3 << 40  # added to the seed where no split is named

Colour = tuple[int, int, int]
Scenes = TypeVar("Scenes", DocumentSettings, FormSceneSettings, CutoutSettings)


class NoOptions(Settings):
    """A format that has no options."""


class CornersOptions(Settings):
    """How a corner CSV folder is read."""

    corner_order: Literal["object", "image"] | None = None
    """Order of the columns; none: what the folder's generator.json says, else `image`."""
    class_name: str | None = None
    """Class of all objects; none: what the folder's generator.json says, else `document`."""


class LabelMeOptions(Settings):
    """How LabelMe files are read as corners."""

    corner_order: Literal["object", "image"] = "image"
    """Order in which the corners were clicked: `object` where it always began at the object's own top left."""


class NegativesOptions(SplitSettings):
    """How pictures without an object are read; `#train` and `#val` are made."""

    class_name: str | tuple[str, ...] = "document"
    """The class that is known to be absent, or several."""


class MarkedOptions(Settings):
    """How pictures with painted corners are read."""

    colours: tuple[Colour, Colour, Colour, Colour] = MARK_COLOURS
    """RGB of the upper left, upper right, lower right and lower left mark."""
    tolerance: int = Field(60, ge=0, le=255)
    """Greatest difference of a channel at which a pixel still has the colour of a mark."""
    class_name: str = "document"
    """Class of the object."""


@dataclass(frozen=True)
class Format:
    """A row of the table.

    Args:
        summary: what lies at PATH, in a few words.
        options: settings that a config may give.
        open: (path, split or None, validated options, on_error) -> source.
        has_splits: whether `#SPLIT` may be given.
        path_holds: `data`, or `options`: an optional YAML file that those of the config override.
    """

    summary: str
    options: type[Settings]
    open: Callable[[str, str | None, Any, OnError], Source]
    has_splits: bool = False
    path_holds: Literal["data", "options"] = "data"


def _open_corners(path: str, split: str | None, options: CornersOptions, on_error: OnError) -> Source:
    return CornerCsvSource(path, split, options.corner_order, options.class_name, on_error)


def _open_backgrounds(path: str, split: str | None, options: BackgroundSettings, on_error: OnError) -> Source:
    return BackgroundSource(open_source(f"{path}#{split or ''}", on_error, **options.source_options), options)


def _open_coco(path: str, split: str | None, _: NoOptions, on_error: OnError) -> Source:
    return CocoSource(path, split, on_error)


def _open_cvat(path: str, split: str | None, _: NoOptions, on_error: OnError) -> Source:
    return CvatSource(path, split, on_error)


def _open_whole(reader: Callable[[str, OnError], Source]) -> Callable[[str, str | None, Any, OnError], Source]:
    """Opens a format that has neither splits nor options."""
    return lambda path, _, __, on_error: reader(path, on_error)


def _open_labelme(path: str, _: str | None, options: LabelMeOptions, on_error: OnError) -> Source:
    return LabelMeSource(path, options.corner_order, on_error)


def _open_marked(path: str, _: str | None, options: MarkedOptions, on_error: OnError) -> Source:
    return MarkedCornersSource(path, options.colours, options.tolerance, options.class_name, on_error)


def _open_negatives(path: str, split: str | None, options: NegativesOptions, on_error: OnError) -> Source:
    source = NegativesSource(path, options.class_name, on_error)
    return source if split is None else open_split(source, split, options, f"negatives:{path}")


def _open_pseudo(path: str, _: str | None, options: PseudoLabelSettings, on_error: OnError) -> Source:
    return PseudoLabelSource(path, options, on_error)


def _open_trimaps(path: str, split: str | None, options: TrimapSettings, on_error: OnError) -> Source:
    """The pictures of a split, which the hash of their name gives; the folder itself has none, but perhaps a file that
    tells the classes."""
    if split is not None and split not in TRIMAP_SPLITS:
        cure = f"Splits there are: {', '.join(TRIMAP_SPLITS)}; they are made by a hash of the file's name."
        raise DataError(f"trimaps:{path}", f"there is no split {split!r}.", cure)
    told = Path(path).expanduser() / OPTIONS_NAME
    if told.is_file() and not options.model_fields_set & {"classes", "class_name"}:
        given = options.model_dump(exclude_unset=True)
        options = TrimapSettings.parse({**_read_options(str(told)), **given}, where=str(told))
    source = TrimapSource(path, options, on_error)
    return source if split is None else split_by_group(source, TRIMAP_SPLITS, options.split_seed)[split]


def _open_voc(path: str, split: str | None, options: VocSettings, on_error: OnError) -> Source:
    return VocSource(path, split, options, on_error)


def _open_yolo(path: str, split: str | None, _: NoOptions, on_error: OnError) -> Source:
    return YoloSource(path, split, on_error)


def _open_cutouts(path: str, split: str | None, options: CutoutSettings, on_error: OnError) -> Source:
    """Scenes of a split, with objects and backgrounds that no other split shows, or without one scenes with all."""
    settings, objects = _seeded(f"cutouts:{path}", split, options), list[ObjectPictures]()
    for entry in settings.objects:
        if entry.folder is not None:
            objects.append(RgbaObjects(entry.folder, entry.class_name))
        else:
            objects.append(MaskedObjects(open_source(str(entry.source), on_error, **entry.options)))
    source = CutoutScenes(settings, objects, split)
    source.on_error = on_error
    return source


def _open_documents(path: str, split: str | None, options: DocumentSettings, on_error: OnError) -> Source:
    """Scenes of a split, or without one scenes and pages that no split holds; see `PictureFolder` for its templates."""
    source = DocumentScenes(_seeded(f"documents:{path}", split, options), split)
    source.on_error = on_error
    return source


def _open_forms(path: str, split: str | None, options: FormSceneSettings, on_error: OnError) -> Source:
    """Scenes of a form, of a split or without one; no two of them share a page or a scene."""
    source = FormScenes(path, _seeded(f"forms:{path}", split, options))
    source.on_error = on_error
    return source


def _seeded(where: str, split: str | None, options: Scenes) -> Scenes:
    """The settings with the seed of a split."""
    if split is not None and split not in SCENE_SPLITS:
        cure = f"Splits there are: {', '.join(SCENE_SPLITS)}; without one, the scenes are others than theirs."
        raise DataError(where, f"there is no split {split!r}.", cure)
    return options.model_copy(update={"seed": options.seed + (SCENE_SPLITS[split] if split else NO_SPLIT)})


FORMATS: dict[str, Format] = {
    "backgrounds": Format(
        "source in front of which `backgrounds:` stands: crops beside its objects, and textures",
        BackgroundSettings,
        _open_backgrounds,
        has_splits=True,
    ),
    "clip": Format("video with a folder of masks, or folder of such", ClipSettings, open_clips, has_splits=True),
    "coco": Format(
        "COCO file, or folder with annotations/instances_SPLIT.json or SPLIT/_annotations.coco.json",
        NoOptions,
        _open_coco,
        has_splits=True,
    ),
    "corners": Format("folder with corners.csv and images/", CornersOptions, _open_corners, has_splits=True),
    "cutouts": Format(
        "YAML file of CutoutSettings: objects cut out by their masks, on other backgrounds",
        CutoutSettings,
        _open_cutouts,
        has_splits=True,
        path_holds="options",
    ),
    "cvat": Format("annotations.xml of CVAT, or folder that holds it", NoOptions, _open_cvat, has_splits=True),
    "davis": Format("folder with JPEGImages/ and Annotations/", DavisSettings, open_davis, has_splits=True),
    "documents": Format(
        "YAML file of DocumentSettings, or nothing: drawn scenes",
        DocumentSettings,
        _open_documents,
        has_splits=True,
        path_holds="options",
    ),
    "forms": Format("form.yaml: a scan and its fields, drawn scenes", FormSceneSettings, _open_forms, has_splits=True),
    "images": Format("folder of pictures that nobody has labelled", NoOptions, _open_whole(UnlabelledSource)),
    "labelme": Format("folder of LabelMe files, polygons of four points", LabelMeOptions, _open_labelme),
    "labelme-boxes": Format(
        "folder of LabelMe files, a box around each shape", NoOptions, _open_whole(LabelMeBoxesSource)
    ),
    "labelme-masks": Format(
        "folder of LabelMe files, the pixels of each shape", NoOptions, _open_whole(LabelMeMasksSource)
    ),
    "marked": Format("folder of pictures with painted corners", MarkedOptions, _open_marked),
    "masks": Format("folder with pictures and masks in two folders", MaskFolderSettings, open_masks, has_splits=True),
    "negatives": Format("folder of pictures that hold no object", NegativesOptions, _open_negatives, has_splits=True),
    "pseudo": Format("folder that `detector pseudo-label` has written", PseudoLabelSettings, _open_pseudo),
    "trimaps": Format("folder with images/ and trimaps/", TrimapSettings, _open_trimaps, has_splits=True),
    "voc": Format("folder with Annotations and JPEGImages", VocSettings, _open_voc, has_splits=True),
    "yolo": Format("data.yaml, or folder that holds it", NoOptions, _open_yolo, has_splits=True),
}


def open_source(text: str, on_error: OnError = "raise", **options: Any) -> Source:
    """Opens a source of samples.

    Args:
        text: `FORMAT:PATH[#SPLIT]`, e.g. `corners:photos#train`; the last `#` begins the split, so a path with `#` in
            it ends in another one. Without a split, all samples are taken. For `documents`, each split has scenes
            and drawn pages of its own and, of the folder `templates`, pictures of its own (80/10/10 by a hash of the
            name; fewer than 3 serve all splits, with a warning); without a split, the scenes are none of theirs and
            all templates are taken. `$NAME` in the path is an environment variable (`files.expand_variables`).
        on_error: `raise` stops at the first label or picture that cannot be used, `skip` leaves it out with a warning.
        options: settings of the format, see `FORMATS[...].options`.

    Raises:
        DataError: there is no such format, path or split, or the data cannot be read.
        SettingsError: there is no such option, or its value is wrong.
    """
    name, colon, rest = text.partition(":")
    path, split = rest.rsplit("#", 1) if "#" in rest else (rest, "")
    path = expand_variables(path)
    if not colon:
        raise DataError(text, "expected FORMAT:PATH[#SPLIT], but there is no colon.", f"Formats: {', '.join(FORMATS)}.")
    entry = find_format(name, text)
    if split and not entry.has_splits:
        cure = f"Leave #{split} out; where it belongs to the path, end the path with another #."
        raise DataError(text, f"the format {name} has no splits.", cure)
    if entry.path_holds == "data" and not path:
        raise DataError(text, "the path is missing.", f"Write {name}:PATH, where PATH is a {entry.summary}.")
    values = {**_read_options(path), **options} if entry.path_holds == "options" and path else options
    return entry.open(path, split or None, entry.options.parse(values, where=f"options of {text}"), on_error)


def _read_options(path: str) -> dict[str, Any]:
    try:
        values = parse_yaml(read_bytes(Path(path).expanduser(), "Check the path, or leave it empty for defaults."))
    except yaml.YAMLError as error:
        raise DataError(path, f"the file is not YAML ({error}).", "Write one `name: value` a line.") from error
    if not isinstance(values, dict):
        problem = f"expected a mapping of settings, got {type(values).__name__}."
        raise DataError(path, problem, "Write one `name: value` a line.")
    return values


def find_format(name: str, where: str) -> Format:
    """The row of a format; a DataError names `where` it was asked for, and offers the nearest."""
    if name in FORMATS:
        return FORMATS[name]
    near = difflib.get_close_matches(name, FORMATS, n=1, cutoff=0.4)
    cure = (f"Did you mean {near[0]}? " if near else "") + f"Formats: {', '.join(FORMATS)}."
    raise DataError(where, f"there is no format {name!r}.", cure)
