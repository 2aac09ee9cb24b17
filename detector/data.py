"""The sources that a config names, opened, cached and mixed: from the document to samples for `batches`."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from data_generators.cache import CachedSource, Progress, default_cache_directory
from data_generators.errors import OnError
from data_generators.formats import open_source
from data_generators.sample import Sample
from data_generators.settings import SettingsError
from data_generators.sources import CornerOrder, MixedSource, Source, SubsetSource, in_image_order
from data_generators.splits import split_source, warn_of_neighbours
from data_generators.synthetic.documents import DocumentScenes
from data_generators.transform.augment import Augmentation
from data_generators.transform.tiling import TiledSource
from data_generators.vocabulary import in_vocabulary
from detector.config import Config
from detector.settings.data import SourceSettings

logger = logging.getLogger(__name__)

CACHE_SIDES = 2.5  # longest side of a cached picture, in longest sides of the input: augmentation may enlarge

ProgressFor = Callable[[str], AbstractContextManager[Progress | None]]


def silent(_: str) -> AbstractContextManager[None]:
    """No progress display."""
    return nullcontext()


def training_sources(config: Config, progress: ProgressFor = silent) -> tuple[Source, Source]:
    """The training and the validation source of a config, decoded into the cache.

    Training sources are mixed by weight, and one pass through the mix shows every sample at least once. Of validation
    samples, named or held out as `data.split_by` says, each is taken once.

    Args:
        config: `data`, and `seed` for order and held-out share.
        progress: description -> a context that gives the callback (samples done, in all).

    Raises:
        DataError: a source cannot be opened, or holds nothing.
        ValueError: the heads want the object's own corner order and a source does not know it.
    """
    check_classes(config)
    train = [_open_cached(entry, config, progress) for entry in config.data.train]
    weights = [entry.weight for entry in config.data.train]
    validation: list[Source]
    if config.data.validation:
        validation = [_open_cached(entry, config, progress) for entry in config.data.validation]
        _warn_of_shared(train, validation, config)
    else:
        parts = [_hold_out(part, config) for part in train]
        for entry, part in zip(config.data.train, parts, strict=True):
            warn_of_neighbours(*part, entry.source)
        train, validation = [part for part, _ in parts], [part for _, part in parts]
    length = math.ceil(max(len(part) * sum(weights) / weight for part, weight in zip(train, weights, strict=True)))
    return _mix(train, weights, config, length), _mix(validation, [len(part) for part in validation], config)


def validation_sources(config: Config, held_out: Source | None) -> list[Source]:
    """The validation data at its original size, whole, for scores in the pictures' own pixels.

    Args:
        config: `data.validation`.
        held_out: what `training_sources` gave, taken where the config names no validation data and cuts no pictures;
            None where it does.
    """
    entries = [open_entry(entry, config) for entry in config.data.validation]
    if not entries and config.data.tiles:
        entries = [_hold_out(open_entry(entry, config), config)[1] for entry in config.data.train]
    named = [in_corner_order(source, config.corner_order()) for source in entries]
    return named if named or held_out is None else [held_out]


def _hold_out(source: Source, config: Config) -> tuple[Source, Source]:
    """What of a source is trained on, and what is validated on."""
    data = config.data
    fractions = {"train": 1 - data.validation_share, "validation": data.validation_share}
    parts = split_source(source, fractions, data.split_by, seed=config.seed, gap=data.split_gap)
    return parts["train"], parts["validation"]


def open_entry(entry: SourceSettings, config: Config, on_error: OnError | None = None) -> Source:
    """One source of a config as it is, whole, not yet decoded.

    Args:
        entry: text and options.
        config: `data.on_error`, and the heads' corner order.
        on_error: instead of that of the config.

    Raises:
        ValueError: the heads want the object's own corner order and the source does not know it.
    """
    if "on_error" in entry.options:
        raise SettingsError(f"{entry.source}: `on_error` is no option of a source. Set data.on_error.")
    source = open_source(entry.source, on_error=on_error or config.data.on_error, **entry.options)
    if isinstance(source, DocumentScenes) and min(np.subtract(source.settings.size_hw, config.input.size_hw)) < 0:
        logger.warning(
            "%s: scenes of %d x %d pixels are enlarged to an input of %d x %d. Set options: {size_hw: [...]}.",
            *(entry.source, *source.settings.size_hw, *config.input.size_hw),
        )
    if config.corner_order() == "object" and source.corner_order == "image":
        raise ValueError(
            f"{entry.source}: the heads want corners that begin at the object's own top left (order: object), but this "
            "source has them in image order. If its labels do begin there, say so with options: {corner_order: "
            "object}; else set the head's order to image, or leave the source out."
        )
    source = in_vocabulary(source, config.model.classes, entry.absent)
    if entry.limit is None or entry.limit >= len(source):
        return source
    return SubsetSource(source, np.linspace(0, len(source) - 1, entry.limit).astype(int).tolist())


def open_cut(entry: SourceSettings, config: Config, on_error: OnError | None = None) -> Source:
    """One source of a config as training takes it, see `open_entry`: every tile a sample, where pictures are cut."""
    source, tiles = open_entry(entry, config, on_error), config.data.tiles
    return TiledSource(source, tiles) if tiles and entry.tiled else source


def check_classes(config: Config) -> None:
    """Refuses a class that no training source has labelled.

    Raises:
        SettingsError: names the class, and those that there are.
    """
    if not config.model.classes:
        return
    opened = [open_source(entry.source, on_error="skip", **entry.options) for entry in config.data.train]
    listed = {name for entry in config.data.train for name in entry.absent} - set(config.model.classes)
    if listed:
        raise SettingsError(f"data.train: `absent` names {', '.join(sorted(listed))}, which model.classes does not.")
    known = sorted({name for source in opened for name in source.labelled_classes})
    missing = [name for name in config.model.classes if name not in known]
    if missing:
        raise SettingsError(
            f"model.classes names {', '.join(missing)}, which no training source has labelled. Classes that there are: "
            f"{', '.join(known) or 'none'}."
        )


def in_corner_order(source: Source, order: CornerOrder) -> Source:
    """The source with its corners in the order that the heads want; itself where it has it or has no corners."""
    if order == "none" or source.corner_order in (order, "none"):
        return source
    return MixedSource([(source, 1.0)], corner_order=order)


def training_view(config: Config, source: Source) -> Augmentation:
    """The augmentation of a config, for samples of a source as `open_cut` gives it."""
    wanted = config.corner_order()
    if wanted == "image" and source.corner_order == "object":
        return _ReorderedView(config.augment, config.input, wanted)
    return Augmentation(config.augment, config.input, source.corner_order if wanted == "none" else wanted)


class _ReorderedView(Augmentation):
    """Augmentation in image order, of samples whose corners are in object order."""

    def apply(self, sample: Sample, seed: tuple[int, int, int]) -> Sample:
        return super().apply(in_image_order(sample), seed)


def _open_cached(entry: SourceSettings, config: Config, progress: ProgressFor) -> Source:
    source, data = open_cut(entry, config), config.data
    with progress(entry.source) as report:
        return CachedSource(
            source,
            data.cache_side_px or round(CACHE_SIDES * max(config.input.size_hw)),
            default_cache_directory(),
            data.cache_gigabytes,
            workers=usable_processors(),
            progress=report,
        )


def usable_processors() -> int:
    """Processors that this process may use; eight draw as fast as a disk writes."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(8, usable)


def _mix(sources: Sequence[Source], weights: Sequence[float], config: Config, length: int | None = None) -> Source:
    order = config.corner_order()
    if len(sources) == 1:
        return in_corner_order(sources[0], order)
    parts = list(zip(sources, weights, strict=True))
    return MixedSource(parts, config.seed, length, order if order != "none" else None)


def _warn_of_shared(train: Sequence[Source], validation: Sequence[Source], config: Config) -> None:
    """Validation that holds training samples flatters; a file is known by its path, a scene by its seed and index. So
    does one that holds other frames of the same clip; groups are names within a path alone."""
    known = {origin for source in train for origin in _origins(source)}
    shared = [origin for source in validation for origin in _origins(source) if origin in known]
    if shared:
        logger.warning(
            "%d validation samples are training samples too, e.g. %s: the scores will flatter. Name splits "
            "(#train, #val), or leave data.validation out.",
            len(shared),
            shared[0],
        )
        return
    clips = set(_groups(config.data.train, train))
    leaking = [group for path, group in _groups(config.data.validation, validation) if (path, group) in clips]
    if leaking:
        logger.warning(
            "%d of %d validation samples leak: training holds others of their group (clip or document), e.g. %s. The "
            "scores tell how well it does on the rest of that group, not on others.",
            *(len(leaking), sum(map(len, validation)), leaking[0]),
        )


def _groups(entries: Sequence[SourceSettings], sources: Sequence[Source]) -> list[tuple[str, str]]:
    """FORMAT:PATH and group of every sample."""
    texts = [entry.source for entry in entries]
    paths = [text.rpartition("#")[0] if "#" in text else text for text in texts]
    return [(path, group) for path, source in zip(paths, sources, strict=True) for group in source.groups()]


def _origins(source: Source) -> list[str]:
    return source.origins() if isinstance(source, CachedSource) else []


def describe_data(train: Source, validation: Source) -> dict[str, Any]:
    """Sizes and fingerprints of the data of a training, JSON data that is the same for the same samples."""
    return {
        "train": {"samples": len(train), "fingerprint": train.fingerprint()},
        "validation": {"samples": len(validation), "fingerprint": validation.fingerprint()},
    }
