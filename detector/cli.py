"""The command line: one verb a command. Heavy modules are imported inside the verbs; `--help` answers at once."""

from __future__ import annotations

import atexit
import os
import sys
from typing import Annotated, NoReturn

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import typer

from detector.commands import (
    benchmark,
    bundles,
    camera,
    compare,
    compression,
    data,
    formats,
    masks,
    networks,
    pseudo_labels,
    report,
    search,
    shrink,
    targets,
    watch,
)
from detector.terminal import begin_log, complain, say

app = typer.Typer(
    help="Small networks for corners, boxes and masks: from labelled pictures or drawn scenes to the device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(data.app)
app.add_typer(formats.app)
app.add_typer(networks.app)
app.add_typer(targets.app)
app.add_typer(compare.app)
app.add_typer(masks.app)
app.add_typer(pseudo_labels.app)
app.add_typer(camera.app)
app.add_typer(watch.app)
app.add_typer(bundles.app)
app.add_typer(benchmark.app)
app.add_typer(search.app)
app.add_typer(shrink.app)
app.add_typer(compression.app)
app.add_typer(report.app)


def run() -> NoReturn:
    """The command of the shell: `main`, then the end of the process without the end of the interpreter.

    A training that was stopped leaves a thread of TensorFlow waiting for Python. Should it get its turn while the
    interpreter ends, it is torn down in C++ code that does not allow it, and the process aborts: "FATAL: exception not
    rethrown", exit code -6 (https://github.com/python/cpython/issues/87135).
    """
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # nobody reads any more, or the disk is full
        code = code or 1
    os._exit(code)


def main() -> None:
    """Runs the command line; errors that a person can act on are shown without a traceback."""
    begin_log()
    try:
        app()
    except (ValueError, RuntimeError, OSError) as error:
        if os.environ.get("DETECTOR_TRACEBACK"):
            raise
        complain("error", str(error), "red")
        sys.exit(1)


def _show_version(wanted: bool) -> None:
    if wanted:
        from detector import __version__

        say(f"detector {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
