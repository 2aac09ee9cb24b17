"""The verbs for data: write a config, draw, write and label samples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from detector.commands.options import (
    FORMATS,
    SOURCE,
    JsonOption,
    OnErrorChoice,
    OnErrorOption,
    OrderChoice,
    SetOption,
    SourceSetOption,
)
from detector.commands.page import serve_page
from detector.terminal import print_scores, print_table, say, show_progress, write_result

app = typer.Typer()


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
    source_options: Annotated[
        list[str], typer.Option("--option", help="key=value: an option of the sources of --data; may be repeated.")
    ] = [],
    on_error: Annotated[
        OnErrorChoice | None,
        typer.Option(help="At a label or picture that cannot be used; default: what the config says."),
    ] = None,
) -> None:
    """Draw samples as they are and as training sees them, labels on top."""
    from data_generators.preview import write_png
    from detector import api
    from detector.config import read_config, read_source_options

    settings, options = read_config(config, overrides), read_source_options(source_options, "--option")
    alone = len(data or settings.data.train) == 1
    sheets = api.preview(settings, data, count=count, on_error=on_error.value if on_error else None, **options)
    for number, (name, samples, sheet) in enumerate(sheets, 1):
        path = output if alone else output.with_stem(f"{output.stem}-{number}")
        write_png(path, sheet)
        say(f"Drew {min(count, samples)} of {samples} samples of {name} to {path}")


@app.command(epilog=FORMATS)
def inspect(
    data: Annotated[list[str], typer.Argument(metavar="SOURCE...", help=f"{SOURCE}; several are compared.")],
    output: Annotated[
        Path, typer.Option(help="Folder for inspection.json, inspection.png, suspicious.png and duplicates.png.")
    ] = Path("inspection"),
    json_file: JsonOption = None,
    overrides: SourceSetOption = [],
    on_error: OnErrorOption = OnErrorChoice.STOP,
) -> None:
    """Count what sources hold, and find suspicious labels, near-duplicates and pictures that splits share."""
    from data_generators.inspection.tables import describe_duplicates, tabulate_counts
    from detector import api
    from detector.config import read_source_options

    options = read_source_options(overrides)
    inspection = api.inspect(data, on_error=on_error.value, progress=show_progress, **options)
    print_scores(tabulate_counts(inspection.counts), "source")
    if inspection.suspicions:
        print_table("suspicious", inspection.summarise_suspicions())
    for line in describe_duplicates(inspection.summarise_shared()):
        say(line)
    files = inspection.write(output)
    write_result(json_file, inspection.to_json())
    say(f"Wrote {', '.join(map(str, files))}")


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
    overrides: SourceSetOption = [],
    on_error: OnErrorOption = OnErrorChoice.STOP,
) -> None:
    """Write a synthetic set to disk as corner CSV; run it again to go on after a stop."""
    from detector import api
    from detector.config import read_source_options

    options: dict[str, Any] = read_source_options(overrides)
    options |= {key: value for key, value in (("count", count), ("seed", seed)) if value is not None}
    how: dict[str, Any] = {"quality": quality, "on_error": on_error.value}
    with show_progress("drawing") as report:
        written, samples = api.generate(source, output, split, progress=report, **how, **options)
    name = f"corners:{output}#{split}" if split else f"corners:{output}"
    say(f"Wrote {written} samples, {samples} in all, to {output}. Read them as {name}")


@app.command(epilog=FORMATS)
def convert(
    source: Annotated[str, typer.Argument(help=SOURCE)],
    format_name: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT", help="What to write: coco, corners, cvat, labelme, masks, trimaps, voc or yolo."
        ),
    ],
    output: Annotated[Path, typer.Argument(help="Folder to write, new or empty.")],
    split: Annotated[
        list[str], typer.Option("--split", help="Write this split, read as SOURCE#SPLIT; may be repeated.")
    ] = [],
    quality: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Write JPEG of this quality; without it picture files are copied."),
    ] = None,
    overrides: SourceSetOption = [],
    on_error: OnErrorOption = OnErrorChoice.STOP,
) -> None:
    """Write labelled pictures in another format, and say what it cannot hold."""
    from detector import api
    from detector.config import read_source_options

    options: dict[str, Any] = read_source_options(overrides) | {"quality": quality, "on_error": on_error.value}
    with show_progress("writing") as report:
        sources, lost = api.convert(source, format_name, output, split, progress=report, **options)
    say(f"Wrote {output}. Read it as {' '.join(sources)}")
    for sentence in lost:
        say(f"Lost: {sentence}", "yellow")


@app.command()
def label(
    directory: Annotated[
        Path, typer.Argument(help="Folder with pictures, with corners.csv and images/, or of `pseudo-label`.")
    ],
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
    """Serve a local page: put corners where they belong, or accept and reject the labels of `pseudo-label`."""
    from detector import api

    how: dict[str, Any] = {"order": order.value if order else None, "port": port}
    server = api.label(directory, model=None if no_model else model, **how)
    serve_page(server, f"Label {directory}", browser=browser)
