"""The sources that a config names, opened, cached and mixed: from the document to samples for `batches`."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from data_generators.cache import CachedSource, Progress, default_cache_directory
from data_generators.formats import open_source
from data_generators.sources import MixedSource, Source
from data_generators.splits import split_by_group
from detector.config import Config, DataSettings, SourceSettings

logger = logging.getLogger(__name__)

ProgressFor = Callable[[str], AbstractContextManager[Progress | None]]


def silent(_: str) -> AbstractContextManager[None]:
    """No progress display."""
    return nullcontext()


def training_sources(config: Config, progress: ProgressFor = silent) -> tuple[Source, Source]:
    """The training and the validation source of a config, decoded into the cache.

    Args:
        config: `data`, and `seed` for the held-out share.
        progress: description -> a context that gives the callback (samples done, in all).
    """
    train = _mix(config.data.train, config, progress)
    if config.data.validation:
        return train, _mix(config.data.validation, config, progress)
    share = config.data.validation_share
    parts = split_by_group(train, {"train": 1 - share, "validation": share}, config.seed)
    return parts["train"], parts["validation"]


def _mix(entries: Sequence[SourceSettings], config: Config, progress: ProgressFor) -> Source:
    sources = [_open(entry, config.data, progress) for entry in entries]
    order = config.corner_order()
    if len(sources) == 1 and (order == "none" or sources[0].corner_order in (order, "none")):
        return sources[0]
    parts = [(source, entry.weight) for source, entry in zip(sources, entries, strict=True)]
    return MixedSource(parts, config.seed, corner_order=order if order != "none" else None)


def _open(entry: SourceSettings, data: DataSettings, progress: ProgressFor) -> Source:
    source = open_source(entry.source, on_error=data.on_error, **entry.options)
    with progress(entry.source) as report:
        return CachedSource(
            source,
            data.cache_side_px,
            default_cache_directory(),
            data.cache_gigabytes,
            workers=os.cpu_count() or 1,
            progress=report,
        )
