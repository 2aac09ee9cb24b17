"""The verbs for data: look at it, draw it, write it in another format, label it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data_generators.cache import Progress
from data_generators.errors import DataError, OnError
from data_generators.real.quads import QuadOrder
from data_generators.settings import SettingsError
from detector.api.resolving import AnyConfig, resolve
from detector.data import ProgressFor, open_cut, silent, training_view
from detector.looks import ONCE, Looks
from detector.settings.data import SourceSettings
from detector.template import commented_config

if TYPE_CHECKING:
    from data_generators.inspection.inspection import Inspection
    from detector.labelling.server import LabelServer
    from detector.pseudo_labels.queue import LabelQueue


def init(task: str = "documents") -> str:
    """The YAML text of a config for a task, every setting with its meaning above it.

    Raises:
        SettingsError: there is no such preset.
    """
    return commented_config(task)


def preview(
    config: AnyConfig = "documents",
    data: Sequence[str] = (),
    *,
    count: int = 16,
    on_error: OnError | None = None,
    **options: Any,
) -> Iterator[tuple[str, int, np.ndarray]]:
    """Samples as they are and as training sees them, labels on top.

    Args:
        config: its training data, where `data` is empty, and its augmentation.
        data: sources, `FORMAT:PATH[#SPLIT]`.
        count: samples to draw of each source.
        on_error: instead of that of the config.
        options: settings of the formats of `data`, the same for all.

    Yields:
        For each source its text, its number of samples, and a sheet uint8 (H, W, 3).

    Raises:
        SettingsError: options without `data`.
    """
    from data_generators.preview import preview_sheet

    settings = resolve(config)
    if options and not data:
        raise SettingsError(
            f"Options go with sources that `data` names. Received {', '.join(options)}, and no source. Those of a "
            "config stand in it: --set data.train.0.options.KEY=VALUE."
        )
    for entry in [SourceSettings(source=text, options=options) for text in data] or settings.data.train:
        source = open_cut(entry, settings, on_error)
        yield entry.source, len(source), preview_sheet(source, training_view(settings, source), count, settings.seed)


def inspect(
    data: Sequence[str], *, on_error: OnError = "raise", progress: ProgressFor = silent, **options: Any
) -> Inspection:
    """Counts, suspicious labels and near-duplicates of sources; see `data_generators.inspection.inspection`.

    `inspection.write("folder")` leaves them there as JSON data and pictures.

    Args:
        data: sources, `FORMAT:PATH[#SPLIT]`; several are compared with each other.
        on_error: at a label or picture that cannot be used.
        progress: description -> a context that gives the callback (done, in all).
        options: settings of the sources' formats, the same for all.
    """
    from data_generators.inspection.inspection import inspect as run_inspection

    return run_inspection(data, on_error, progress, **options)


def generate(
    source: str,
    directory: str | Path,
    split: str = "",
    *,
    quality: int | None = None,
    on_error: OnError = "raise",
    progress: Progress | None = None,
    **options: Any,
) -> tuple[int, int]:
    """Writes a synthetic set to disk as corner CSV; called again it goes on after a stop.

    Args:
        source: `documents:` or `documents:SETTINGS.yaml`, with `#train`, `#val` or `#test`.
        directory: the folder to write.
        split: the value of the column `split`.
        quality: JPEG quality, 1 to 100; None writes PNG.
        on_error: what to do with a template or background that cannot be read.
        progress: called with (samples done, in all).
        options: settings of the scenes, e.g. `count` and `seed`.

    Returns:
        The number of samples written now, and of all in the set.
    """
    from data_generators.formats import open_source
    from data_generators.real.corner_csv_writer import write_corner_csv_set

    scenes = open_source(source, on_error=on_error, **options)
    return write_corner_csv_set(scenes, directory, split, quality, progress), len(scenes)


def convert(
    source: str,
    format_name: str,
    directory: str | Path,
    splits: Sequence[str] = (),
    *,
    quality: int | None = None,
    on_error: OnError = "raise",
    progress: Progress | None = None,
    **options: Any,
) -> tuple[list[str], list[str]]:
    """Writes labelled pictures in another format.

    Args:
        source: `FORMAT:PATH[#SPLIT]`.
        format_name: see `data_generators.writers.WRITERS`.
        directory: the folder, new or empty.
        splits: names to write, each read as `source#NAME`; none writes the source as it is, without splits.
        quality: writes all pictures as JPEG of this quality, 1 to 100; None copies picture files, and else writes PNG.
        on_error: what to do with a label or picture that cannot be used.
        progress: called with (samples done, in all).
        options: settings of the source's format.

    Returns:
        What reads the folder again, `FORMAT:PATH[#SPLIT]` each, and what was not read or the format could not hold, a
        sentence each.

    Raises:
        DataError: a format, path or split is unknown, the folder is not empty, or a label cannot be read or written.
    """
    from data_generators.formats import open_source
    from data_generators.real.lost_labels import reduced_sentences
    from data_generators.writers import writer_of

    writer = writer_of(format_name)
    path, _, own = source.rpartition("#") if "#" in source else (source, "", "")
    if own and splits:
        raise DataError(source, "the source names a split already.", f"Leave #{own} out, or name no other splits.")
    texts = {name: f"{path}#{name}" for name in splits} or {"": source}
    parts = {name: open_source(text, on_error=on_error, **options) for name, text in texts.items()}
    lost = writer.write(parts, Path(directory).expanduser(), quality, progress)
    return writer.sources(directory, parts), reduced_sentences(source.partition(":")[0], parts.values()) + lost


def label(
    directory: str | Path,
    *,
    model: str | Path | None = "documents",
    order: QuadOrder | None = None,
    port: int = 0,
) -> LabelServer:
    """A page at `server.url` on which a person puts the corners of documents where they belong, or, where the folder
    is one of `pseudo_label`, accepts and rejects what is there.

    `with api.label("photos") as server: server.serve_forever()` serves it until it is interrupted.

    Args:
        directory: the folder; see `detector.labelling.label_store.LabelStore` for what is read and written there.
        model: suggests corners; None suggests nothing.
        order: of the corners; None takes what the folder's generator.json says, else `image`.
        port: of 127.0.0.1; 0 takes a free one.
    """
    from data_generators.real.pseudo_file import QUEUE_NAME
    from detector.labelling.label_store import LabelStore
    from detector.labelling.review import ReviewSession
    from detector.labelling.server import LabelServer
    from detector.labelling.session import LabellingSession
    from detector.labelling.suggestion import load_suggest

    if (Path(directory).expanduser() / QUEUE_NAME).is_file():
        return LabelServer(ReviewSession(Path(directory).expanduser()), port)
    store = LabelStore(directory, order)
    return LabelServer(LabellingSession(store, None if model is None else load_suggest(model)), port)


def pseudo_label(
    model: str | Path,
    images: str | Path,
    out: str | Path,
    *,
    head: str = "",
    looks: Looks = ONCE,
    anew: bool = False,
    on_error: OnError = "raise",
    progress: Progress | None = None,
) -> LabelQueue:
    """Labels pictures with a model, the worst first; see `detector.pseudo_labels.asking.label_pictures`.

    Args:
        model: asked about every picture.
        images: the folder of pictures.
        out: the folder of the labels; `pseudo:OUT` is the source of those that a person accepts.
        head: the head that labels; empty takes the only one that can.
        looks: without second looks, all that the head can take.
        anew: asks again about every picture whose label is not accepted.
        on_error: what to do with a picture that cannot be read.
        progress: called with (pictures done, in all).
    """
    from detector.pseudo_labels.asking import LabelModel, label_pictures
    from detector.runtime import load_runtime

    asked = LabelModel(load_runtime(model), head, looks)
    return label_pictures(asked, images, out, anew=anew, on_error=on_error, progress=progress)
