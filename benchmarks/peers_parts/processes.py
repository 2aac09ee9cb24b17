"""Starts a worker of `peers.py` or `mask_peers.py` in a process of its own, and tells what CPU time it took."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).parent
WORKERS = {name: HERE / f"{name}_worker.py" for name in ("house", "fomo", "ultralytics", "smp")}
LAST_LINES = 12  # of the log, in the message of an error

Result = dict[str, Any]


class WorkerError(RuntimeError):
    """A worker ended with an error; the message holds the end of its log."""


def ask(
    worker: str, folder: Path, request: Result, python: str | None = None, stdin: IO[bytes] | None = None
) -> tuple[Result, float]:
    """What a worker answers.

    Args:
        worker: of `WORKERS`.
        folder: where request, result and log go.
        request: `verb` and its arguments.
        python: the interpreter; this one by default.
        stdin: what it reads from.

    Returns:
        The result, and the CPU seconds of the process and its children.

    Raises:
        WorkerError: it failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{worker}-{request['verb']}"
    files = [folder / f"{name}.{kind}.json" for kind in ("request", "result")]
    files[0].write_text(json.dumps(request))
    command = [python or sys.executable, str(WORKERS[worker]), *map(str, files)]
    seconds = run(command, folder / f"{name}.log", stdin)
    return json.loads(files[1].read_text()), seconds


def run(command: Sequence[str], log: Path, stdin: IO[bytes] | None = None) -> float:
    """Runs a command to its end.

    Args:
        command: its words.
        log: the file for what it says.
        stdin: what it reads from.

    Returns:
        CPU seconds, user and system, of the process and its children.

    Raises:
        WorkerError: it failed.
    """
    environment = os.environ | {"YOLO_CONFIG_DIR": str(log.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}
    before = _children_seconds()
    with log.open("w") as output:
        done = subprocess.run(
            command, stdin=stdin, stdout=output, stderr=subprocess.STDOUT, env=environment, check=False
        )
    if done.returncode:
        lines = log.read_text(errors="replace").replace("\r", "\n").splitlines()
        raise WorkerError(f"{' '.join(command)} failed, see {log}:\n" + "\n".join(lines[-LAST_LINES:]))
    return _children_seconds() - before


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def is_installed(python: str, module: str) -> bool:
    """Whether an environment has a module.

    Args:
        python: its interpreter.
        module: its name.
    """
    test = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return subprocess.run([python, "-c", test], capture_output=True, check=False).returncode == 0
