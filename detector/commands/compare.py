"""The verb `compare`: models side by side on the same pictures, and whether they really differ."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from detector.commands.options import (
    FORMATS,
    SOURCE,
    JsonOption,
    OnErrorChoice,
    OnErrorOption,
    OverlapOption,
    SourceSetOption,
    TilesOption,
    TtaOption,
)
from detector.quiet import import_keras_quietly
from detector.terminal import print_scores, say, show_progress, write_result

app = typer.Typer()
SIGNS = {"better": "better", "worse": "worse", "open": "not told apart"}


@app.command(epilog=FORMATS)
def compare(
    models: Annotated[
        list[str], typer.Argument(help="Two or more: run folders, files, shipped models. The first is the reference.")
    ],
    data: Annotated[list[str], typer.Option("--data", help=f"{SOURCE}; may be repeated.")],
    resamples: Annotated[int, typer.Option(min=100, help="Draws of the bootstrap.")] = 500,
    json_file: JsonOption = None,
    tiles: TilesOption = None,
    overlap: OverlapOption = None,
    tta: TtaOption = [],
    overrides: SourceSetOption = [],
    on_error: OnErrorOption = OnErrorChoice.STOP,
) -> None:
    """Compare models on the same pictures, and tell real differences from chance."""
    import_keras_quietly()
    from detector.comparison import compare as compare_models
    from detector.config import read_source_options
    from detector.looks import parse_looks

    looks, options = parse_looks(tiles, overlap, tta), read_source_options(overrides)
    with show_progress("comparing") as progress:
        compared = compare_models(
            models, data, on_error=on_error.value, looks=looks, resamples=resamples, progress=progress, **options
        )
    columns = {}
    for number, model in enumerate(compared.models):
        name = f"{number + 1}: {Path(model.model).name}"
        columns[name] = {
            **model.costs,
            **{score: f"{value:.4f} {_range(model.intervals[score])}" for score, value in model.scores.items()},
        }
        if number:
            columns[f"{number + 1} less 1"] = {
                score: f"{each.value:+.4f} {_range(each.interval)} {SIGNS[each.verdict]}"
                for score, each in model.differences.items()
            }
    print_scores(columns)
    say(
        f"{compared.samples} pictures of {compared.groups} groups; in brackets what holds 95 % of {compared.resamples} "
        "draws. One score in twenty differs by chance alone: choose the one to decide on before you look."
    )
    write_result(json_file, compared.to_json())


def _range(interval: tuple[float, float]) -> str:
    return f"({interval[0]:.4f} to {interval[1]:.4f})"
