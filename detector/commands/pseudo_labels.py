"""The verb for labels by a model: asks about unlabelled pictures, and lets a person accept or reject, worst first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from detector.commands.options import ModelArgument, OnErrorChoice, OnErrorOption, OverlapOption, TilesOption, TtaOption
from detector.commands.page import serve_page
from detector.terminal import say, show_progress

app = typer.Typer()


@app.command()
def pseudo_label(
    model: ModelArgument,
    images: Annotated[Path, typer.Option(help="Folder of pictures that nobody has labelled, with its sub-folders.")],
    out: Annotated[Path, typer.Option(help="Folder of the labels; run it again to go on after a stop.")] = Path(
        "pseudo-labels"
    ),
    head: Annotated[str, typer.Option(help="The head that labels, where the model has several: mask, corners.")] = "",
    anew: Annotated[
        bool, typer.Option("--anew", help="Ask again, e.g. another model; accepted labels stay as they are.")
    ] = False,
    tiles: TilesOption = None,
    overlap: OverlapOption = None,
    tta: TtaOption = [],
    page: Annotated[bool, typer.Option(help="Then serve the page on which labels are accepted and rejected.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    on_error: OnErrorOption = OnErrorChoice.STOP,
) -> None:
    """Label pictures with a model, by all looks at each unless --tta names some, and accept or reject, worst first."""
    from detector import api
    from detector.looks import parse_looks

    looks = parse_looks(tiles, overlap, tta)
    with show_progress("looking") as report:
        queue = api.pseudo_label(
            model, images, out, head=head, looks=looks, anew=anew, on_error=on_error.value, progress=report
        )
    say(f"Labelled {len(queue)} pictures with {queue.header.head}, worst first: {out}")
    if page:
        serve_page(api.label(out, port=port), f"Accept or reject {out}", browser=browser)
    else:
        say(f"Accept or reject them: detector label {out}")
