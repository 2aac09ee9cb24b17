"""The run folder: where a training keeps its config, checkpoints, metrics and pictures; everything written atomically.

config.yaml         the resolved config
versions.json       packages and platform
metrics.jsonl       a line an epoch
state.json          what a resume needs besides the weights, and which file holds those
checkpoints/        best.keras; last-NNNN.keras with the optimizer's state
pictures/           validation samples with predictions
tensorboard/        the same metrics for TensorBoard
export/             float.tflite, int8.tflite, model.json
report.json         the final scores
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from detector.config import Config, read_config

PACKAGES = ("detector", "keras", "tensorflow", "numpy", "albumentations", "opencv-python-headless", "pillow")


class RunError(ValueError):
    """A run folder or model file that cannot serve; the message says what to do."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, with its suffix, that replaces it when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
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
        run.directory.mkdir(parents=True, exist_ok=True)
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

    def read_state(self) -> dict[str, Any] | None:
        """What the last complete epoch left, or None before the first."""
        return json.loads(self.state_file.read_text()) if self.state_file.exists() else None

    def write_state(self, state: dict[str, Any]) -> None:
        """Records a state; its `checkpoint` is the file in `checkpoints/` that it belongs to."""
        write_json(self.state_file, state)

    def append_metrics(self, row: dict[str, Any]) -> None:
        """Adds a line to metrics.jsonl."""
        with self.metrics_file.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def read_metrics(self) -> list[dict[str, Any]]:
        """The rows of metrics.jsonl."""
        if not self.metrics_file.exists():
            return []
        return [json.loads(line) for line in self.metrics_file.read_text().splitlines()]

    def keep_metrics_before(self, epoch: int) -> None:
        """Drops the rows of `epoch` and later, which a resumed run will write again."""
        rows = [row for row in self.read_metrics() if row["epoch"] < epoch]
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
    versions = {name: metadata.version(name) for name in PACKAGES}
    return versions | {"python": platform.python_version(), "platform": platform.platform()}
