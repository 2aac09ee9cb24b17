"""The verbs for a device: a folder that a person can copy to it, and milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_generators.cache import Progress

if TYPE_CHECKING:
    from detector.export.bundles import Bundle


def bundle(model: str | Path, output: str | Path, target: str | None = None, kind: str = "") -> Bundle:
    """Writes a folder with a model and all that runs it on a device; see `detector.export.bundles`.

    Args:
        model: a run folder, a model file, or the name of a shipped model.
        output: the folder, new, empty, or an earlier bundle that nobody has changed.
        target: name of a target; not needed where `kind` is given.
        kind: of `detector.export.bundles.BUNDLES`; the target's where it is empty.
    """
    from detector.export.bundles import write_bundle
    from detector.targets import read_target

    return write_bundle(model, Path(output), read_target(target) if target else None, kind)


def benchmark(
    model: str | Path, threads: Sequence[int] = (), rounds: int = 50, *, progress: Progress | None = None
) -> dict[str, Any]:
    """Times a picture in every runtime that is there; see `detector.benchmark.benchmark`."""
    from detector.benchmark import benchmark as measure

    return measure(model, threads, rounds, progress)
