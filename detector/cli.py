"""The command line: one verb a command. Heavy modules are imported inside the verbs; `--help` answers at once."""

from __future__ import annotations

import json
import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import typer

from detector.options import (
    FORMATS,
    SOURCE,
    ConfigArgument,
    JsonOption,
    ModelArgument,
    OnErrorChoice,
    OnErrorOption,
    OrderChoice,
    SetOption,
)
from detector.quiet import import_keras_quietly
from detector.terminal import begin_log, complain, print_scores, print_table, say, show_progress, write_result

app = typer.Typer(
    help="Small networks for corners, boxes and masks: from labelled pictures or drawn scenes to the device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
INTERRUPTED = 130  # exit code after Ctrl-C, as shells have it


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


@app.command()
def init(
    task: Annotated[str, typer.Argument(help="The preset to begin from.")] = "documents",
    output: Annotated[Path | None, typer.Option(help="File to write; by default TASK.yaml.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write a config for a task, every setting with its meaning beside it."""
    from detector import api
    from detector.runs import atomic_path

    text = api.init(task)
    path = output or Path(f"{task}.yaml")
    if path.exists() and not force:
        raise ValueError(f"{path} is there already. Choose another --output, or overwrite it with --force.")
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    say(f"Wrote {path}. Look at its data: detector preview --config {path}; train: detector train {path}")


@app.command(epilog=FORMATS)
def preview(
    data: Annotated[
        list[str], typer.Option("--data", help=f"{SOURCE}; may be repeated. Default: the training data of --config.")
    ] = [],
    config: Annotated[
        str, typer.Option(help="A YAML file or a preset: its training data, its augmentation.")
    ] = "documents",
    output: Annotated[Path, typer.Option(help="PNG to write; with several sources NAME-1.png and so on.")] = Path(
        "preview.png"
    ),
    count: Annotated[int, typer.Option(min=1, help="Samples to draw of each source.")] = 16,
    overrides: SetOption = [],
    on_error: Annotated[
        OnErrorChoice | None,
        typer.Option(help="At a label or picture that cannot be used; default: what the config says."),
    ] = None,
) -> None:
    """Draw samples as they are and as training sees them, labels on top."""
    from data_generators.preview import write_png
    from detector import api
    from detector.config import read_config

    settings = read_config(config, overrides)
    alone = len(data or settings.data.train) == 1
    sheets = api.preview(settings, data, count=count, on_error=on_error.value if on_error else None)
    for number, (name, samples, sheet) in enumerate(sheets, 1):
        path = output if alone else output.with_stem(f"{output.stem}-{number}")
        write_png(path, sheet)
        say(f"Drew {min(count, samples)} of {samples} samples of {name} to {path}")


@app.command()
def generate(
    source: Annotated[
        str,
        typer.Argument(
            help=r"What to draw: documents:, documents:SETTINGS.yaml or forms:FORM.yaml, with \[#train|#val|#test]."
        ),
    ],
    output: Annotated[Path, typer.Argument(help="Folder to write: corners.csv and images/.")],
    count: Annotated[int | None, typer.Option(min=1, help="Number of samples.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the scenes.")] = None,
    split: Annotated[str, typer.Option(help="Write the samples as this split; a folder can hold several.")] = "",
    quality: Annotated[int | None, typer.Option(min=1, max=100, help="JPEG quality; without it PNG.")] = None,
    on_error: OnErrorOption = OnErrorChoice.STOP,
) -> None:
    """Write a synthetic set to disk as corner CSV; run it again to go on after a stop."""
    from detector import api

    options: dict[str, Any] = {key: value for key, value in (("count", count), ("seed", seed)) if value is not None}
    how: dict[str, Any] = {"quality": quality, "on_error": on_error.value}
    with show_progress("drawing") as report:
        written, samples = api.generate(source, output, split, progress=report, **how, **options)
    name = f"corners:{output}#{split}" if split else f"corners:{output}"
    say(f"Wrote {written} samples, {samples} in all, to {output}. Read them as {name}")


@app.command()
def cost(config: ConfigArgument, overrides: SetOption = [], json_file: JsonOption = None) -> None:
    """Print what a network costs before it is trained."""
    import_keras_quietly()
    from detector import api
    from detector.config import read_config

    measured = api.cost(read_config(config, overrides))
    rows = {
        "trainable parameters": measured.parameters,
        "multiply-accumulates (MACs) a picture": measured.macs,
        "peak activations, int8, bytes": measured.peak_activation_bytes_int8,
        "file, float32 .tflite, bytes (predicted)": measured.file_bytes_float,
        "file, int8 .tflite, bytes (predicted)": measured.file_bytes_int8,
    }
    print_table("cost", rows)
    for warning in measured.warnings:
        complain("warning", warning, "yellow")
    write_result(json_file, measured.to_json())


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
    on_error: OnErrorOption = OnErrorChoice.STOP,
) -> None:
    """Measure a model on labelled data."""
    import_keras_quietly()
    from detector.evaluation import evaluate as measure

    with show_progress("scoring") as report:
        evaluation = measure(model, data, on_error=on_error.value, progress=report)
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
    every: Annotated[int, typer.Option(min=1, help="Take every n-th frame of a video.")] = 1,
    overlays: Annotated[bool, typer.Option(help="Draw the predictions onto the pictures.")] = True,
    on_error: OnErrorOption = OnErrorChoice.STOP,
) -> None:
    """Ask a model about pictures; writes JSON and overlays."""
    from detector.pictures import write_answers

    how: dict[str, Any] = {"every": every, "overlays": overlays, "rectify": rectify, "on_error": on_error.value}
    written = write_answers(model, inputs, output, template=template, **how)
    say(f"{written} pictures answered: {output / 'predictions.json'}" + (f"; overlays in {output}" if overlays else ""))


@app.command(epilog=FORMATS)
def export(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    data: Annotated[
        list[str], typer.Option("--data", help=f"Measure on {SOURCE}; may be repeated. Default: the validation set.")
    ] = [],
    json_file: JsonOption = None,
    on_error: OnErrorOption = OnErrorChoice.STOP,
) -> None:
    """Write LiteRT float and int8 files, and print their scores side by side."""
    import_keras_quietly()
    from detector.export.run import export as run_export

    report = run_export(run, data, on_error=on_error.value, progress=show_progress)
    print_scores(report)
    write_result(json_file, report)
    say(f"Files: {run / 'export'}. Use them: detector predict {run} photo.jpg")


@app.command()
def label(
    directory: Annotated[Path, typer.Argument(help="Folder with pictures, or with corners.csv and images/.")],
    model: Annotated[
        str, typer.Option(help="Suggests corners: run folder, .keras or .tflite file, or a shipped model's name.")
    ] = "documents",
    no_model: Annotated[bool, typer.Option("--no-model", help="Suggest nothing.")] = False,
    order: Annotated[
        OrderChoice | None,
        typer.Option(help="image: corners are numbered as they lie; object: from the page's own top left."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Serve a local page on which a person puts corners where they belong."""
    import webbrowser

    from detector import api

    how: dict[str, Any] = {"order": order.value if order else None, "port": port}
    with api.label(directory, model=None if no_model else model, **how) as server:
        say(f"Label {directory} at {server.url} (Ctrl-C ends; every change is saved at once)")
        if browser:
            webbrowser.open(server.url)
        with suppress(KeyboardInterrupt):
            server.serve_forever()
        states = [picture["state"] for picture in server.session.overview()["pictures"]]
    done = f"{states.count('done')} of {len(states)} pictures done."
    say(f"{done} Read them as corners:{directory} or labelme:{directory}")
