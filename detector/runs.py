"""The run folder: where a training keeps its config, checkpoints, metrics and pictures; everything written atomically.

config.yaml         the resolved config
versions.json       packages and platform
data.json           fingerprints and sizes of the training and validation data
metrics.jsonl       a line an epoch; the first is epoch 1
state.json          what a resume needs besides the weights, and which file holds those
checkpoints/        best.keras; last-NNNN.keras with the optimizer's state
pictures/           validation samples with predictions
tensorboard/        the same metrics for TensorBoard
export/             float.tflite, int8.tflite (int8-rejected.tflite where the gate refused it), model.json, report.json,
                    layers.json; int16x8.tflite or dynamic.tflite where the config says so
report.json         the final scores
lock                held by the process that trains or exports here
"""

from __future__ import annotations

import json
import logging
import math
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any, TextIO

import yaml

from detector.config import Config, read_config

if sys.platform != "win32":
    import fcntl

logger = logging.getLogger(__name__)

PACKAGES = ("detector", "keras", "tensorflow", "numpy", "albumentations", "opencv-python-headless", "pillow")


class RunError(ValueError):
    """A run folder or model file that cannot serve; the message says what to do."""


class WriteError(RunError):
    """A file that cannot be written: the disk is full, or the folder is not to be written."""

    def __init__(self, path: Path, error: OSError) -> None:
        reason = error.strerror or error
        super().__init__(f"{path} cannot be written ({reason}). Make room, or give a folder that can be written.")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, with its suffix, that replaces it when the block ends without an error.

    Raises:
        WriteError: the disk is full, or the folder cannot be written; what stood at `path` before stays.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("r+b") as file:  # Windows flushes only what is open for writing
            os.fsync(file.fileno())
        temporary.replace(path)
    except FileNotFoundError:  # something that the block wanted to read
        raise
    except OSError as error:
        raise WriteError(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Writes indented JSON: atomically, but directly into what is no regular file, e.g. a pipe."""
    text = to_json_text(value)
    if path.exists() and (path.is_symlink() or not path.is_file()):
        path.write_text(text, encoding="utf-8")
        return
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def to_json_text(value: Any) -> str:
    """Indented JSON; a number that is not finite, which JSON does not know, becomes null."""
    return json.dumps(finite(value), indent=2, allow_nan=False) + "\n"


def finite(value: Any) -> Any:
    """JSON data with None in the place of every NaN and infinity."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


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
        """Begins a run in a folder; see `begin`."""
        run = cls(directory)
        with run.lock():
            run.begin(config)
        return run

    def begin(self, config: Config) -> None:
        """Writes versions and config; a run without a complete epoch is begun anew. Only for who holds the lock.

        Raises:
            RunError: there is a run that finished an epoch, or a config.yaml that is of no run.
        """
        config_file, versions_file = self.directory / "config.yaml", self.directory / "versions.json"
        if config_file.exists() and (self.state_file.exists() or not versions_file.exists()):
            raise RunError(f"{self.directory} already holds a run. Continue it with --resume, or choose another --run.")
        if config_file.exists():
            self._forget_first_epoch()
        write_json(versions_file, _versions())
        with atomic_path(config_file) as temporary:
            temporary.write_text(yaml.safe_dump(config.to_dict(), sort_keys=False), encoding="utf-8")

    def _forget_first_epoch(self) -> None:
        models = [*self.checkpoints.glob("*.keras"), *self.exports.glob("*.tflite")]
        for path in (self.directory / "data.json", self.metrics_file, *models):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.directory / "tensorboard", ignore_errors=True)

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
        """Keeps other processes from training or exporting here; the end of the process, a kill too, frees it.

        Raises:
            RunError: another process trains or exports here.
            WriteError: the folder cannot be written.
        """
        with self._open_lock() as file:
            if sys.platform != "win32":
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise RunError(
                        f"Another process trains into or exports {self.directory}. Wait for it, or end it first."
                    ) from None
            yield

    def _open_lock(self) -> TextIO:
        path = self.directory / "lock"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            return path.open("a", encoding="utf-8")
        except OSError as error:
            raise WriteError(path, error) from error

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
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def sweep(self) -> None:
        """Removes what a killed process has left half written; only for who holds the lock."""
        for folder in (self.directory, self.checkpoints, self.pictures, self.exports):
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
        with self.metrics_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(finite(row), allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def read_metrics(self) -> list[dict[str, Any]]:
        """The rows of metrics.jsonl; a last line that a kill has cut off is left out."""
        if not self.metrics_file.exists():
            return []
        lines = self.metrics_file.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def keep_metrics_until(self, epoch: int) -> None:
        """Drops the rows of later epochs, which a resumed run will write again."""
        rows = [row for row in self.read_metrics() if row["epoch"] <= epoch]
        with atomic_path(self.metrics_file) as temporary:
            temporary.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    def drop_exports(self) -> None:
        """Removes what was exported of a checkpoint that is about to be replaced by a better one."""
        old = [path for path in self.exports.glob("*") if path.suffix in (".tflite", ".json")]
        for path in old:
            path.unlink(missing_ok=True)
        if old:
            logger.warning("%s: removed, for there is a better checkpoint now. Export the run again.", self.exports)

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
