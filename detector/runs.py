"""The run folder: where a training keeps its config, checkpoints, metrics and pictures; everything written atomically.

config.yaml         the resolved config
versions.json       packages and platform
data.json           fingerprints and sizes of the training and validation data
metrics.jsonl       a line an epoch; the first is epoch 1
state.json          what a resume needs besides the weights, and which file holds those
checkpoints/        best.keras; last-NNNN.keras with the optimizer's state
pictures/           validation samples with predictions
tensorboard/        the same metrics for TensorBoard
export/             float.tflite, int8.tflite, model.json
report.json         the final scores
lock                held by the process that trains here
"""

from __future__ import annotations

import json
import logging
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from detector.config import Config, read_config

if sys.platform != "win32":
    import fcntl

logger = logging.getLogger(__name__)

PACKAGES = ("detector", "keras", "tensorflow", "numpy", "albumentations", "opencv-python-headless", "pillow")


class RunError(ValueError):
    """A run folder or model file that cannot serve; the message says what to do."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, with its suffix, that replaces it when the block ends without an error.

    Raises:
        RunError: the disk is full, or the folder cannot be written; what stood at `path` before stays.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except FileNotFoundError:  # something that the block wanted to read
        raise
    except OSError as error:
        raise RunError(
            f"{path} cannot be written ({error.strerror or error}). Make room, or give a folder that can be written. "
            "A training goes on with --resume after its last complete epoch."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Writes indented JSON atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2) + "\n")


class Run:
    """Paths and records of one run folder."""

    def __init__(self, directory: str | Path) -> None:
        self.directory = Path(directory)
        self.checkpoints = self.directory / "checkpoints"
        self.pictures = self.directory / "pictures"
        self.exports = self.directory / "export"
        self.best = self.checkpoints / "best.keras"
        self.state_file = self.directory / "state.json"
        self.metrics_file = self.directory / "metrics.jsonl"

    @classmethod
    def create(cls, directory: str | Path, config: Config) -> Run:
        """Begins a run in a folder that holds none.

        Raises:
            RunError: there is a run already.
        """
        run = cls(directory)
        if (run.directory / "config.yaml").exists():
            raise RunError(f"{directory} already holds a run. Continue it with --resume, or choose another --run.")
        write_json(run.directory / "versions.json", _versions())
        with atomic_path(run.directory / "config.yaml") as temporary:
            temporary.write_text(yaml.safe_dump(config.to_dict(), sort_keys=False))
        return run

    @classmethod
    def open(cls, directory: str | Path) -> Run:
        """Opens a run folder.

        Raises:
            RunError: the folder holds no run.
        """
        run = cls(directory)
        if not (run.directory / "config.yaml").is_file():
            raise RunError(f"{directory} is not a run folder: it has no config.yaml. Train one: detector train CONFIG.")
        return run

    @property
    def config(self) -> Config:
        """The resolved config of the run."""
        return read_config(self.directory / "config.yaml")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keeps other processes from training into the folder; the end of the process, a kill too, frees it.

        Raises:
            RunError: another process trains here.
        """
        with (self.directory / "lock").open("a") as file:
            if sys.platform != "win32":
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise RunError(
                        f"Another process trains into {self.directory}. Wait for it, or end it first."
                    ) from None
            yield

    def check_config(self, config: Config) -> None:
        """Refuses a config that is not the run's own, for a resumed training keeps its settings.

        Raises:
            RunError: names every setting that differs.
        """
        differences = _differences(self.config.to_dict(), config.to_dict())
        if differences:
            raise RunError(
                f"A resumed training keeps the settings of {self.directory / 'config.yaml'}, but asked for was: "
                f"{'; '.join(differences)}. Resume without them, or begin another run; its model.init_from="
                f"{self.directory} takes over the weights."
            )

    def note_data(self, data: Mapping[str, Any]) -> None:
        """Records what the run is trained on; warns where a resumed run meets other data or other packages.

        Args:
            data: JSON data that is the same for the same samples.
        """
        before = self._read_json("data.json")
        if before not in (None, data):
            logger.warning(
                "%s: the data is not what the run began with (%s; now %s); the training goes on, but not as it would "
                "have without the stop.",
                self.directory,
                before,
                data,
            )
        changed = _differences(self._read_json("versions.json") or {}, _versions())
        if changed:
            logger.warning("%s was begun with other versions: %s", self.directory, "; ".join(changed))
        write_json(self.directory / "data.json", data)

    def _read_json(self, name: str) -> Any:
        path = self.directory / name
        return json.loads(path.read_text()) if path.exists() else None

    def sweep(self) -> None:
        """Removes what a killed process has left half written; only for who holds the lock."""
        for folder in (self.directory, self.checkpoints):
            for left in folder.glob(".*.*"):
                if left.is_file():
                    left.unlink(missing_ok=True)

    def read_state(self) -> dict[str, Any] | None:
        """What the last complete epoch left, or None before the first."""
        return self._read_json("state.json")

    def write_state(self, state: dict[str, Any]) -> None:
        """Records a state; its `checkpoint` is the file in `checkpoints/` that it belongs to."""
        write_json(self.state_file, state)

    def append_metrics(self, row: dict[str, Any]) -> None:
        """Adds a line to metrics.jsonl."""
        with self.metrics_file.open("a") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def read_metrics(self) -> list[dict[str, Any]]:
        """The rows of metrics.jsonl; a last line that a kill has cut off is left out."""
        if not self.metrics_file.exists():
            return []
        lines = self.metrics_file.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def keep_metrics_until(self, epoch: int) -> None:
        """Drops the rows of later epochs, which a resumed run will write again."""
        rows = [row for row in self.read_metrics() if row["epoch"] <= epoch]
        with atomic_path(self.metrics_file) as temporary:
            temporary.write_text("".join(json.dumps(row) + "\n" for row in rows))

    @staticmethod
    def checkpoint_of(source: str | Path) -> Path:
        """The `.keras` file that a run folder or a path stands for.

        Raises:
            RunError: there is none.
        """
        path = Run(source).best if Path(source).is_dir() else Path(source)
        if not path.is_file():
            raise RunError(
                f"{source}: no checkpoint at {path}. Give a run folder that finished an epoch, or a .keras file."
            )
        return path


def _versions() -> dict[str, str]:
    versions = {name: _version(name) for name in PACKAGES}
    return versions | {"python": platform.python_version(), "platform": platform.platform()}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # e.g. tensorflow, where another backend trains
        return "not installed"


def _differences(before: Any, after: Any, path: str = "") -> list[str]:
    """`path.to.setting AFTER (BEFORE in the run)` of every leaf in which two nested dicts differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = dict.fromkeys([*before, *after])
        pairs = [(f"{path}.{key}".lstrip("."), before.get(key), after.get(key)) for key in keys]
        return [line for name, one, other in pairs for line in _differences(one, other, name)]
    return [] if before == after else [f"{path} {after} ({before} in the run)"]
