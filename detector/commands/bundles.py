"""The verb that makes of a model a folder which is copied to a device."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from detector.commands.options import ModelArgument
from detector.terminal import print_table, say

app = typer.Typer()


@app.command()
def bundle(
    model: ModelArgument,
    target_name: Annotated[
        str | None, typer.Option("--target", help="The device; `detector targets` lists them. Needed without --kind.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="openmv, arduino, phone, onnx, web or web-linked; by default what the target takes."),
    ] = None,
    output: Annotated[
        Path, typer.Option(help="Folder to write: new, empty, or an earlier bundle that nobody has changed.")
    ] = Path("bundle"),
) -> None:
    """Write a folder with the model and all that runs it on a device, and how to get it there."""
    from detector import api

    if target_name is None and kind is None:
        raise ValueError(
            "expected --target NAME, e.g. --target openmv-h7, or --kind KIND. `detector targets` lists them."
        )
    written = api.bundle(model, output, target_name, kind or "")
    print_table("file", {name: (output / name).stat().st_size for name in written.files})
    for note in written.notes:
        say(note)
    say(f"Wrote {output}. Begin with {output / written.files[0]}")
