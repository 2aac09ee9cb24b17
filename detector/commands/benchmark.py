"""The verb that times a model in every runtime that is there."""

from __future__ import annotations

from typing import Annotated

import typer

from detector.commands.options import JsonOption, ModelArgument
from detector.terminal import complain, print_scores, show_progress, write_result

app = typer.Typer()


@app.command()
def benchmark(
    model: ModelArgument,
    threads: Annotated[
        str | None,
        typer.Option(help="Threads of LiteRT, each number measured, e.g. 1,4.", show_default="1 and all cores"),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each runtime is asked, in turn with the others.")] = 50,
    json_file: JsonOption = None,
) -> None:
    """Time a picture in LiteRT, onnxruntime and Keras: medians of wall time with spread."""
    from detector.benchmark import benchmark as measure

    with show_progress("timing") as report:
        result = measure(model, parse_threads(threads), rounds, report)
    measured = [row for row in result["rows"] if "median_ms" in row]
    columns = {"median ms": "median_ms", "10th percentile": "p10_ms", "90th": "p90_ms", "ratio": "ratio"}
    print_scores({title: {row["name"]: row[key] for row in measured} for title, key in columns.items()}, "runtime")
    for row in result["rows"]:
        if "not_measured" in row:
            complain("not measured", f"{row['name']}: {row['not_measured']}", "yellow")
    write_result(json_file, result)


def parse_threads(text: str | None) -> tuple[int, ...]:
    """`1,4` as numbers; nothing for None.

    Raises:
        ValueError: it is no such list.
    """
    try:
        return tuple(int(part) for part in text.split(",")) if text else ()
    except ValueError:
        raise ValueError(f"--threads must be numbers with commas between, e.g. 1,4. Received {text}.") from None
