"""The verb that writes the page of runs and searches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from detector.terminal import say

app = typer.Typer()


@app.command()
def report(
    folders: Annotated[list[Path], typer.Argument(help="Run folders, and folders of sweep and shrink; one or more.")],
    output: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
) -> None:
    """Write one HTML page about runs, sweeps and ladders: fronts, curves, importances, samples, failures."""
    from detector.report.writing import write_report

    path = write_report(folders, output)
    say(f"{path}: {path.stat().st_size / 1e6:.1f} MB, to be opened in any browser.")
