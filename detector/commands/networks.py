"""The verbs for networks: cost, train, evaluate, predict, export."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from detector.commands.options import (
    FORMATS,
    SOURCE,
    JsonOption,
    ModelArgument,
    OnErrorChoice,
    OnErrorOption,
    OverlapOption,
    PrecisionChoice,
    SetOption,
    SourceSetOption,
    TilesOption,
    TtaOption,
)
from detector.quiet import import_keras_quietly
from detector.terminal import complain, print_scores, print_table, say, show_progress, write_result

app = typer.Typer()
INTERRUPTED = 130  # exit code after Ctrl-C, as shells have it


@app.command()
def cost(
    what: Annotated[
        str,
        typer.Argument(
            help="A YAML file, the name of a preset, a run folder, a .keras or an int8 .tflite file.",
            metavar="CONFIG|MODEL",
        ),
    ],
    overrides: SetOption = [],
    json_file: JsonOption = None,
) -> None:
    """Print what a network costs before it is trained, and where it fits."""
    import_keras_quietly()
    from detector.commands.targets import allocated_by_tflm, print_fits
    from detector.costing import price

    priced = price(what, overrides)
    measured, fits = priced.cost, priced.fits()
    allocated = allocated_by_tflm(priced.file)
    rows = {
        "trainable parameters": measured.parameters,
        "multiply-accumulates (MACs) a picture": measured.macs,
        "peak activations, int8, bytes": measured.peak_activation_bytes_int8,
        "arena of TFLM, int8, bytes (predicted)": measured.arena_bytes_int8,
        "operators": ", ".join(measured.operators),
        "file, float32 .tflite, bytes (predicted)": measured.file_bytes_float,
        f"file, int8 .tflite, bytes{'' if priced.file else ' (predicted)'}": measured.file_bytes_int8,
        "arena of TFLM, int8, bytes (allocated)": allocated,
    }
    print_table("cost", rows)
    print_fits(fits)
    for warning in measured.warnings:
        complain("warning", warning, "yellow")
    targets = {name: each.to_json() for name, each in fits.items()}
    write_result(json_file, measured.to_json() | {"arena_bytes_allocated": allocated, "targets": targets})


@app.command()
def train(
    config: Annotated[
        str | None, typer.Argument(help="A YAML file or a preset; not needed with --resume.", show_default="documents")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Run folder; by default runs/CONFIG-SEED.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on after the last complete epoch of the run, with its own config.")
    ] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of weights, order and augmentation.")] = None,
    overrides: SetOption = [],
) -> None:
    """Train a network; everything goes to the run folder."""
    import_keras_quietly()
    from detector.config import read_config
    from detector.runs import Run
    from detector.training import train as run_training

    changes = [*overrides, *([f"seed={seed}"] if seed is not None else [])]
    own = Run.open(run).directory / "config.yaml" if resume and run and config is None else None
    settings = read_config(own or config or "documents", changes)
    folder = run or Path("runs") / f"{Path(config or 'documents').stem}-{settings.seed}"
    try:
        finished = run_training(settings, folder, resume=resume, progress=show_progress)
    except KeyboardInterrupt:
        done = (Run(folder).read_state() or {}).get("epoch", 0)
        complain(
            "stopped",
            f"complete epochs: {done}. Go on: detector train --resume --run {shlex.quote(str(folder))}",
            "yellow",
        )
        raise typer.Exit(INTERRUPTED) from None
    print_scores({"validation": json.loads((finished.directory / "report.json").read_text(encoding="utf-8"))})
    say(f"Run folder: {folder}; pictures: {finished.pictures}. Export it: detector export {folder}")


@app.command(epilog=FORMATS)
def evaluate(
    model: ModelArgument,
    data: Annotated[list[str], typer.Option("--data", help=f"{SOURCE}; may be repeated.")],
    json_file: JsonOption = None,
    worst: Annotated[Path | None, typer.Option(help="Draw the worst pictures to this PNG.")] = None,
    tiles: TilesOption = None,
    overlap: OverlapOption = None,
    tta: TtaOption = [],
    overrides: SourceSetOption = [],
    on_error: OnErrorOption = OnErrorChoice.STOP,
) -> None:
    """Measure a model on labelled data."""
    import_keras_quietly()
    from detector.config import read_source_options
    from detector.evaluation import evaluate as measure
    from detector.looks import parse_looks

    looks, options = parse_looks(tiles, overlap, tta), read_source_options(overrides)
    with show_progress("scoring") as report:
        evaluation = measure(model, data, on_error=on_error.value, looks=looks, progress=report, **options)
    print_scores({"value": evaluation.scores})
    write_result(json_file, evaluation.scores)
    if worst:
        from detector.pictures import draw_worst

        draw_worst(evaluation, worst)
        say(f"Worst pictures: {worst}")


@app.command()
def predict(
    model: ModelArgument,
    inputs: Annotated[list[str], typer.Argument(help="Pictures, folders, globs, videos.")],
    output: Annotated[Path, typer.Option(help="Folder for predictions.json and the overlays.")] = Path("predictions"),
    rectify: Annotated[bool, typer.Option("--rectify", help="Also write each document straightened.")] = False,
    template: Annotated[
        Path | None, typer.Option(help="A form.yaml: also find each of its fields, and write them straightened.")
    ] = None,
    masks: Annotated[
        Path | None, typer.Option(help="Also write each mask as an index PNG to this folder, new or empty.")
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Take every n-th frame of a video.")] = 1,
    overlays: Annotated[bool, typer.Option(help="Draw the predictions onto the pictures.")] = True,
    tiles: TilesOption = None,
    overlap: OverlapOption = None,
    tta: TtaOption = [],
    on_error: OnErrorOption = OnErrorChoice.STOP,
) -> None:
    """Ask a model about pictures; writes JSON and overlays."""
    from detector.answers import write_answers
    from detector.looks import parse_looks

    looks = parse_looks(tiles, overlap, tta)
    how: dict[str, Any] = {"every": every, "overlays": overlays, "rectify": rectify, "on_error": on_error.value}
    written = write_answers(model, inputs, output, template=template, looks=looks, masks=masks, **how)
    say(f"{written} pictures answered: {output / 'predictions.json'}" + (f"; overlays in {output}" if overlays else ""))


@app.command(epilog=FORMATS)
def export(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    data: Annotated[
        list[str], typer.Option("--data", help=f"Measure on {SOURCE}; may be repeated. Default: the validation set.")
    ] = [],
    precision: Annotated[
        PrecisionChoice | None,
        typer.Option(help="Instead of that of the run's config.", show_default="int8"),
    ] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Also print the layers in which most accuracy is lost.")] = (
        False
    ),
    json_file: JsonOption = None,
    on_error: OnErrorOption = OnErrorChoice.STOP,
) -> None:
    """Write LiteRT float and int8 files, and print their scores side by side."""
    import_keras_quietly()
    from detector.export.gate import Parity
    from detector.export.layer_errors import read_layers, worst_layers
    from detector.export.run import LAYERS_NAME
    from detector.export.run import export as run_export
    from detector.settings.export import Precision

    chosen: Precision | None = precision.value if precision else None
    report = run_export(run, data, show_progress, precision=chosen, on_error=on_error.value)
    print_scores({column: scores for column, scores in report.items() if column != "parity"})
    write_result(json_file, report)
    say(str(Parity(**report["parity"])))
    if layers:
        print_scores(worst_layers(read_layers(run / "export" / LAYERS_NAME)), "layer")
    say(f"Files: {run / 'export'}. Use them: detector predict {run} photo.jpg")
