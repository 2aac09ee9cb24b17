"""The command line: one verb a command. Heavy modules are imported inside the verbs; `--help` answers at once."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from detector.quiet import import_keras_quietly

app = typer.Typer(
    help="Small networks for corners, boxes and masks: from labelled pictures or drawn scenes to the device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
console = Console()

ConfigArgument = Annotated[str, typer.Argument(help="A YAML file, or the name of a preset.")]
SetOption = Annotated[list[str], typer.Option("--set", help="key=value, e.g. training.epochs=5; may be repeated.")]
DataOption = Annotated[list[str], typer.Option("--data", help="FORMAT:PATH[#SPLIT]; may be repeated.")]
ModelArgument = Annotated[str, typer.Argument(help="Run folder, .keras or .tflite file, or a shipped model's name.")]
OnErrorOption = Annotated[str, typer.Option(help="A picture that cannot be read: raise, or skip.")]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Also write the result to this file.")]


def main() -> None:
    """Runs the command line; errors that a person can act on are shown without a traceback."""
    logging.basicConfig(
        level=logging.INFO, format="%(message)s", handlers=[RichHandler(console=Console(stderr=True), show_path=False)]
    )
    for noisy in ("absl", "tensorflow", "matplotlib", "PIL"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    try:
        app()
    except KeyboardInterrupt:
        Console(stderr=True).print("[yellow]Stopped.[/] A training goes on with --resume.")
        sys.exit(130)
    except (ValueError, RuntimeError, OSError) as error:
        if os.environ.get("DETECTOR_TRACEBACK"):
            raise
        Console(stderr=True, soft_wrap=True).print(f"[red]error:[/] {error}", highlight=False)
        sys.exit(1)


@contextmanager
def _progress(description: str) -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(description, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _write(path: Path | None, value: Any) -> None:
    from detector.runs import write_json

    if path:
        write_json(path, value)


@app.command()
def init(
    task: Annotated[str, typer.Argument(help="The preset to begin from.")] = "documents",
    output: Annotated[Path | None, typer.Option(help="File to write; by default TASK.yaml.")] = None,
    force: Annotated[bool, typer.Option(help="Overwrite the file.")] = False,
) -> None:
    """Write a commented config for a task."""
    from detector.config import preset_names
    from detector.template import commented_config

    if task not in preset_names():
        raise ValueError(f"there is no task {task!r}; the tasks are {', '.join(preset_names())}.")
    path = output or Path(f"{task}.yaml")
    if path.exists() and not force:
        raise ValueError(f"{path} is there already. Choose another --output, or overwrite it with --force.")
    path.write_text(commented_config(task))
    console.print(f"Wrote {path}. Look at its data: detector preview --config {path}; train: detector train {path}")


@app.command()
def preview(
    data: Annotated[list[str], typer.Option("--data", help="FORMAT:PATH[#SPLIT].")] = [],
    config: Annotated[
        str, typer.Option(help="Draw the training data of this config, augmented as it says.")
    ] = "documents",
    output: Annotated[Path, typer.Option(help="PNG to write.")] = Path("preview.png"),
    count: Annotated[int, typer.Option(min=1, help="Samples to draw.")] = 16,
    overrides: SetOption = [],
) -> None:
    """Draw samples of a source before and after augmentation, labels on top."""
    from data_generators.formats import open_source
    from data_generators.preview import preview_sheet, write_png
    from data_generators.transform.augment import Augmentation
    from detector.config import read_config

    settings = read_config(config, overrides)
    entries = [open_source(text) for text in data] or [
        open_source(entry.source, on_error=settings.data.on_error, **entry.options) for entry in settings.data.train
    ]
    for number, source in enumerate(entries):
        augmentation = Augmentation(settings.augment, settings.input, source.corner_order)
        path = output if len(entries) == 1 else output.with_stem(f"{output.stem}-{number + 1}")
        write_png(path, preview_sheet(source, augmentation, count, settings.seed))
        console.print(f"Drew {min(count, len(source))} of {len(source)} samples to {path}")


@app.command()
def generate(
    source: Annotated[str, typer.Argument(help="What to draw, e.g. documents: or documents:scenes.yaml#train.")],
    output: Annotated[Path, typer.Argument(help="Folder to write: corners.csv and images/.")],
    count: Annotated[int | None, typer.Option(min=1, help="Number of samples.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the scenes.")] = None,
    quality: Annotated[int | None, typer.Option(min=1, max=100, help="JPEG quality; without it PNG.")] = None,
) -> None:
    """Write a synthetic set to disk as corner CSV; run it again to go on after a stop."""
    from data_generators.formats import open_source
    from data_generators.real.corner_csv_writer import write_corner_csv_set

    options: dict[str, Any] = {key: value for key, value in (("count", count), ("seed", seed)) if value is not None}
    scenes = open_source(source, **options)
    with _progress("drawing") as report:
        written = write_corner_csv_set(scenes, output, quality=quality, progress=report)
    console.print(f"Wrote {written} samples, {len(scenes)} in all, to {output}. Read them as corners:{output}")


@app.command()
def cost(config: ConfigArgument, overrides: SetOption = [], json_file: JsonOption = None) -> None:
    """Print what a network costs before it is trained."""
    import_keras_quietly()
    from detector.build import build_model, for_export
    from detector.config import read_config
    from detector.models.cost import measure_cost

    settings = read_config(config, overrides)
    network = build_model(settings)
    measured = measure_cost(network, for_export(network, settings.model.heads))
    table = Table("cost", "value")
    table.add_row("trainable parameters", f"{measured.parameters:,}")
    table.add_row("multiply-accumulates (MACs) a picture", f"{measured.macs:,}")
    table.add_row("peak activations, int8, bytes", f"{measured.peak_activation_bytes_int8:,}")
    table.add_row("file, float32 .tflite, bytes (predicted)", f"{measured.file_bytes_float:,}")
    table.add_row("file, int8 .tflite, bytes (predicted)", f"{measured.file_bytes_int8:,}")
    console.print(table)
    for warning in measured.warnings:
        console.print(f"[yellow]warning:[/] {warning}")
    _write(json_file, measured.to_json())


@app.command()
def train(
    config: Annotated[
        str, typer.Argument(help="A YAML file or a preset; with --resume that of the run is used.")
    ] = "documents",
    run: Annotated[Path | None, typer.Option(help="Run folder; by default runs/CONFIG-SEED.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last complete epoch of the run.")] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of weights, order and augmentation.")] = None,
    overrides: SetOption = [],
) -> None:
    """Train a network; everything goes to the run folder."""
    import_keras_quietly()
    from detector.config import read_config
    from detector.training import train as run_training

    settings = read_config(config, [*overrides, *([f"seed={seed}"] if seed is not None else [])])
    folder = run or Path("runs") / f"{Path(config).stem}-{settings.seed}"
    finished = run_training(settings, folder, resume=resume, progress=_progress)
    _print_scores({"validation": json.loads((finished.directory / "report.json").read_text())})
    console.print(f"Run folder: {folder}; pictures: {finished.pictures}. Export it: detector export {folder}")


@app.command()
def evaluate(
    model: ModelArgument,
    data: DataOption,
    json_file: JsonOption = None,
    worst: Annotated[Path | None, typer.Option(help="Draw the worst pictures to this PNG.")] = None,
    on_error: OnErrorOption = "raise",
) -> None:
    """Measure a model on labelled data."""
    import_keras_quietly()
    from detector.evaluation import evaluate as measure

    evaluation = measure(model, data, on_error=_on_error(on_error))
    _print_scores({"score": evaluation.scores})
    _write(json_file, evaluation.scores)
    if worst:
        from detector.pictures import draw_worst

        draw_worst(evaluation, worst)
        console.print(f"Worst pictures: {worst}")


def _on_error(text: str) -> Any:
    if text not in ("raise", "skip"):
        raise ValueError(f"--on-error must be raise or skip. Received {text}.")
    return text


@app.command()
def predict(
    model: ModelArgument,
    inputs: Annotated[list[str], typer.Argument(help="Pictures, folders, globs, videos.")],
    output: Annotated[Path, typer.Option(help="Folder for predictions.json and the overlays.")] = Path("predictions"),
    rectify: Annotated[bool, typer.Option("--rectify", help="Also write each document straightened.")] = False,
    every: Annotated[int, typer.Option(min=1, help="Take every n-th frame of a video.")] = 1,
    overlays: Annotated[bool, typer.Option(help="Draw the predictions onto the pictures.")] = True,
) -> None:
    """Ask a model about pictures; writes JSON and overlays."""
    from detector.pictures import write_answers

    written = write_answers(model, inputs, output, every=every, overlays=overlays, rectify=rectify)
    console.print(
        f"{written} pictures answered: {output / 'predictions.json'}" + (f"; overlays in {output}" if overlays else "")
    )


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    data: Annotated[
        list[str], typer.Option("--data", help="Measure on these sources; by default the validation set.")
    ] = [],
    json_file: JsonOption = None,
) -> None:
    """Write LiteRT float and int8 files, and print their scores side by side."""
    import_keras_quietly()
    from detector.export.run import export as run_export

    report = run_export(run, data, progress=_progress)
    _print_scores(report)
    _write(json_file, report)
    console.print(f"Files: {run / 'export'}. Use them: detector predict {run} photo.jpg")


def _print_scores(columns: dict[str, dict[str, Any]]) -> None:
    table = Table("", *columns)
    for name in next(iter(columns.values())):
        if name in ("data", "model"):
            continue
        table.add_row(name, *(_format(scores.get(name)) for scores in columns.values()))
    console.print(table)


def _format(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
