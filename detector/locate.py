"""Which file a person means: a run folder, a path, or the name of a model that comes with the installation."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import get_args

from detector.runs import Run, RunError
from detector.settings.export import Precision


def shipped_names() -> list[str]:
    """Names of the models that come with the installation."""
    folder = resources.files("detector.shipped")
    return sorted(path.name.removesuffix(".tflite") for path in folder.iterdir() if path.name.endswith(".tflite"))


def find_model(model: str | Path) -> Path:
    """The file to predict with.

    Args:
        model: a run folder, which stands for its quantised file where there is one, else for its best checkpoint; a
            `.keras` or `.tflite` file; or the name of a shipped model, which stands for its int8 file.

    Raises:
        RunError: nothing there; the message lists what would do.
    """
    path = Path(model)
    if _means_folder(path):
        files = [Run.open(path).exports / f"{precision}.tflite" for precision in get_args(Precision)]
        return next((file for file in files if file.is_file()), None) or Run.checkpoint_of(path)
    return _file_or_shipped(path, ".tflite")


def find_checkpoint(model: str | Path) -> Path:
    """The `.keras` file to take weights from: of a run folder (its best), a path, or a shipped model.

    Raises:
        RunError: nothing there; the message lists what would do.
    """
    path = Path(model)
    return Run.checkpoint_of(path) if _means_folder(path) else _file_or_shipped(path, ".keras")


def title_of(model: Path) -> str:
    """What a person calls a model file: the name of its run, or of the file itself."""
    folder = model.absolute().parent
    if folder.name in ("export", "checkpoints"):
        return folder.parent.name
    return model.stem


def _means_folder(path: Path) -> bool:
    """A folder that is no run, e.g. of pictures, does not hide the shipped model of its name."""
    return path.is_dir() and ((path / "config.yaml").is_file() or str(path) not in shipped_names())


def _file_or_shipped(path: Path, suffix: str) -> Path:
    if str(path) in shipped_names():
        return Path(str(resources.files("detector.shipped") / f"{path}{suffix}"))
    if path.is_file():
        return path
    raise RunError(
        f"{path}: no such run folder or file, and no shipped model of that name. "
        f"Shipped models: {', '.join(shipped_names()) or 'none'}."
    )
