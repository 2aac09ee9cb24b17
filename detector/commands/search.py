"""The verb that searches a space of settings: sweep."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from detector.commands.options import ConfigArgument, JsonOption, SetOption
from detector.quiet import import_keras_quietly
from detector.terminal import complain, say, write_result

app = typer.Typer()
INTERRUPTED = 130  # exit code after Ctrl-C, as shells have it


@app.command()
def sweep(
    config: ConfigArgument,
    space: Annotated[
        Path | None, typer.Option(help="YAML file with what to search; default: `search` of CONFIG.")
    ] = None,
    study: Annotated[Path | None, typer.Option(help="Study folder; by default studies/CONFIG.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Workers, one thread each; default: the processors.")] = None,
    time: Annotated[str | None, typer.Option(help="Stop after so long, e.g. 30m or 1h30m.")] = None,
    storage: Annotated[
        str | None, typer.Option(help="URL of a database that several machines share; default: a file in the folder.")
    ] = None,
    ray: Annotated[str | None, typer.Option(help="Workers of a Ray cluster: its ADDRESS, or auto.")] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="In the end, train each trial on the front with so many seeds in all.")
    ] = 1,
    overrides: SetOption = [],
    json_file: JsonOption = None,
) -> None:
    """Search a space of settings for the trials that no other beats; the same command goes on after a stop."""
    import_keras_quietly()
    from detector.search.progress import SweepDisplay, describe_repeated, front_table
    from detector.search.reading import read_sweep
    from detector.search.seeds import Repeated
    from detector.search.shrink import parse_time
    from detector.search.sweep import SweepOptions
    from detector.search.sweep import sweep as run_sweep

    settings, search = read_sweep(config, space, overrides)
    folder = study or Path("studies") / Path(config).stem
    unfinished = 0

    def tell(repeated: Repeated) -> None:
        nonlocal unfinished
        unfinished += len(repeated.seeds) < seeds
        say(describe_repeated(repeated))

    options = SweepOptions(jobs, parse_time(time) if time else None, storage, ray, seeds)
    try:
        with SweepDisplay(search) as display:
            rows = run_sweep(settings, folder, options, progress=display.progress, show=display, show_repeated=tell)
    except KeyboardInterrupt:
        complain("stopped", f"the same command goes on: {shlex.quote(str(folder))} keeps what has ended.", "yellow")
        raise typer.Exit(INTERRUPTED) from None
    Console().print(front_table(rows, search))
    states = Counter(row.state for row in rows)
    say(f"{', '.join(f'{count} {state}' for state, count in states.items())}. Study folder: {folder}")
    if len(rows) < search.budget() or states["running"] or unfinished:
        complain("stopped", "the time was up; the same command goes on from here.", "yellow")
    write_result(json_file, [row.to_json() for row in rows])
