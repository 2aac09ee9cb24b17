"""From the paths that a person gives to folders that are read: a run, a study of a sweep, or a ladder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from detector.report.ladder_reading import RUNGS, read_ladder
from detector.report.points import Folder
from detector.report.run_reading import read_run
from detector.report.study_reading import read_study
from detector.runs import RunError
from detector.search.certificate import JSON_NAME


def read_folders(paths: Sequence[str | Path]) -> list[Folder]:
    """Reads each folder; those of one name are told apart by their paths.

    Raises:
        RunError: one is no run, study or ladder, or is damaged, or is given twice.
    """
    folders = [Path(path) for path in paths]
    _check_once(folders)
    names = [path.resolve().name for path in folders]
    return [
        _reader_of(path)(path, name if names.count(name) == 1 else str(path))
        for path, name in zip(folders, names, strict=True)
    ]


def _check_once(folders: Sequence[Path]) -> None:
    resolved = [path.resolve() for path in folders]
    twice = next((path for number, path in enumerate(folders) if path.resolve() in resolved[:number]), None)
    if twice:
        raise RunError(f"{twice} is given twice. Give each folder once.")


def _reader_of(path: Path) -> Callable[[Path, str], Folder]:
    if (path / "study.yaml").is_file():
        return read_study
    if (path / JSON_NAME).is_file() or (path / RUNGS).is_dir():
        return read_ladder
    if (path / "config.yaml").is_file():
        return read_run
    raise RunError(
        f"{path} holds no run (config.yaml), no study of a sweep (study.yaml) and no ladder (certificate.json). Give "
        "the folder that detector train, sweep or shrink has written."
    )
