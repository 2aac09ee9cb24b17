"""The whole inspection: sources to counts, suspicious labels and near-duplicates, as JSON data and as pictures."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_generators.errors import DataError, OnError
from data_generators.files import write_atomically
from data_generators.formats import FORMATS, open_source
from data_generators.inspection.counts import count_records
from data_generators.inspection.duplicates import find_duplicates
from data_generators.inspection.plots import plot_records
from data_generators.inspection.records import Progress, Record, Records, read_records
from data_generators.inspection.shared_pictures import SharedPicture, share_pictures, summarise_shared
from data_generators.inspection.sheets import duplicates_sheet, suspicious_sheet
from data_generators.inspection.suspicions import Suspicion, find_suspicions
from data_generators.preview import write_png
from data_generators.sources import Source
from data_generators.synthetic.cutouts import CutoutScenes
from data_generators.synthetic.documents import DocumentScenes

logger = logging.getLogger(__name__)

JSON_NAME, PLOTS_NAME = "inspection.json", "inspection.png"
SUSPICIOUS_NAME, DUPLICATES_NAME = "suspicious.png", "duplicates.png"

ProgressFor = Callable[[str], AbstractContextManager[Progress | None]]


def silent(_: str) -> AbstractContextManager[None]:
    """No progress display."""
    return nullcontext()


@dataclass(frozen=True)
class Inspection:
    """What an inspection found.

    Args:
        sources: name -> source.
        found: the labels of every picture.
        counts: source -> counts, see `counts.count_source`.
        suspicions: labels that look wrong, the surest first.
        shared: near-duplicates, those across sources first.
    """

    sources: Mapping[str, Source]
    found: Records
    counts: dict[str, dict[str, Any]]
    suspicions: list[Suspicion]
    shared: list[SharedPicture]

    def summarise_suspicions(self) -> dict[str, int]:
        """Kind and certainty -> how many."""
        return dict(Counter(f"{each.kind}, {each.certainty}" for each in self.suspicions))

    def summarise_shared(self) -> dict[str, Any]:
        """See `shared_pictures.summarise_shared`."""
        return summarise_shared(self.found, self.shared)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON data; files are named by the samples' origins."""
        return {
            "class_names": list(self.found.class_names),
            "sources": self.counts,
            "unreadable": dict(zip(self.found.names, self.found.unreadable, strict=True)),
            "suspicions_by_kind": self.summarise_suspicions(),
            "suspicions": [self._describe_suspicion(each) for each in self.suspicions],
            "duplicates": {**self.summarise_shared(), "pairs": [self._describe_pair(each) for each in self.shared]},
        }

    def _describe_suspicion(self, suspicion: Suspicion) -> dict[str, Any]:
        return {
            "kind": suspicion.kind,
            "certainty": suspicion.certainty,
            "source": self.found.names[suspicion.source],
            "index": suspicion.index if suspicion.index >= 0 else None,
            "origin": suspicion.origin,
            "objects": list(suspicion.objects),
            "problem": suspicion.problem,
        }

    def _describe_pair(self, shared: SharedPicture) -> dict[str, Any]:
        pair = shared.pair
        return {
            "pictures": [self._describe_record(self.found.records[number]) for number in (pair.first, pair.second)],
            "correlation": round(pair.correlation, 4),
            "identical": pair.identical,
            "mirrored": pair.mirrored,
            "labels_agree": shared.labels_agree,
        }

    def _describe_record(self, record: Record) -> dict[str, Any]:
        return {"source": self.found.names[record.source], "index": record.index, "origin": record.origin}

    def write(self, directory: str | Path) -> list[Path]:
        """Writes inspection.json and inspection.png, and suspicious.png and duplicates.png where there is something to
        see; sheets of an earlier inspection do not stay.

        Args:
            directory: the folder; it is made where there is none.

        Returns:
            The files written.
        """
        folder, sources = Path(directory), list(self.sources.values())
        text = json.dumps(self.to_json(), indent=2)
        write_atomically(folder / JSON_NAME, text.encode())
        write_atomically(folder / PLOTS_NAME, plot_records(self.found))
        written = [folder / JSON_NAME, folder / PLOTS_NAME]
        sheets = {
            SUSPICIOUS_NAME: suspicious_sheet(sources, self.suspicions),
            DUPLICATES_NAME: duplicates_sheet(sources, self.found, self.shared),
        }
        for name, sheet in sheets.items():
            (folder / name).unlink(missing_ok=True)
            if sheet is not None:
                write_png(folder / name, sheet)
                written.append(folder / name)
        return written


def inspect_sources(sources: Mapping[str, Source], progress: ProgressFor = silent) -> Inspection:
    """Inspects sources and compares them with each other; every picture is decoded once.

    Args:
        sources: name -> source, e.g. a training and a validation split.
        progress: description -> a context that gives the callback (done, in all).

    Raises:
        DataError: a picture cannot be read and its source says `raise`.
        ValueError: there is no sample.
    """
    with progress("reading") as report:
        found = read_records(sources, report)
    with progress("comparing pictures") as report:
        pairs = find_duplicates(found.records, report)
    shared = share_pictures(found, pairs)
    return Inspection(sources, found, count_records(found), find_suspicions(found, shared), shared)


def inspect(
    texts: Sequence[str], on_error: OnError = "raise", progress: ProgressFor = silent, **options: Any
) -> Inspection:
    """Opens sources and inspects them; see `inspect_sources`.

    Args:
        texts: sources as `FORMAT:PATH[#SPLIT]`; splits to compare are named one by one.
        on_error: at a label or picture that cannot be used: stop, or count it.
        progress: see `inspect_sources`.
        options: settings of the sources' formats, the same for all.

    Raises:
        DataError: a source cannot be opened, or is named twice.
        SettingsError: a format has no such option, or its value is wrong.
    """
    sources: dict[str, Source] = {}
    for text in texts:
        if text in sources:
            raise DataError(text, "the source is named twice.", "Name each once; splits are FORMAT:PATH#SPLIT.")
        sources[text] = open_source(text, on_error, **options)
        _tell_of_splits(text, sources[text])
    return inspect_sources(sources, progress)


def _tell_of_splits(text: str, source: Source) -> None:
    name = text.partition(":")[0]
    if FORMATS[name].has_splits and "#" not in text and not isinstance(source, CutoutScenes | DocumentScenes):
        logger.info("%s: without #SPLIT, all its splits are taken together; name them one by one to compare them", text)
