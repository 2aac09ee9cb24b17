"""The verb that lists formats of data and their options: formats."""

from __future__ import annotations

from typing import Annotated

import typer

from detector.terminal import print_rows, say

app = typer.Typer()


@app.command()
def formats(
    name: Annotated[
        str | None, typer.Argument(help="Print the options of this one as YAML, with what each means.")
    ] = None,
) -> None:
    """List the formats of data that FORMAT:PATH may name, or print all options of one."""
    from data_generators.formats import FORMATS
    from detector.template import commented_options

    if name is not None:
        say(commented_options(name).rstrip())
        return
    rows = {
        known: {
            "PATH": entry.summary,
            "#SPLIT": "yes" if entry.has_splits else "no",
            "options": len(entry.options.model_fields),
        }
        for known, entry in FORMATS.items()
    }
    print_rows("format", rows)
