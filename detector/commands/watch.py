"""The verb for clips that a model watches: when it sees an object, how close it is, and how good that is."""

from __future__ import annotations

from typing import Annotated

import typer

from detector.commands.options import FORMATS, SOURCE, JsonOption, ModelArgument, SetOption
from detector.quiet import import_keras_quietly
from detector.terminal import print_scores, say, write_result

app = typer.Typer()


@app.command(epilog=FORMATS)
def watch(
    model: ModelArgument,
    clip: Annotated[str, typer.Argument(help="A video, or a folder of the pictures of a clip.")],
    data: Annotated[str | None, typer.Option(help=f"Labels of the frames, for scores: {SOURCE}.")] = None,
    head: Annotated[
        str, typer.Option(help="The head that is asked, where the model has several; default: the first.")
    ] = "",
    class_name: Annotated[str | None, typer.Option("--class", help="Watch for this class; default: all.")] = None,
    fps: Annotated[float, typer.Option(min=0.01, help="Frames a second of pictures; a video knows its own.")] = 25.0,
    every: Annotated[int, typer.Option(min=1, help="Take every n-th frame.")] = 1,
    overrides: SetOption = [],
    json_file: JsonOption = None,
) -> None:
    """Watch a clip: when an object is seen and lost, how close it is; --set changes thresholds and distances."""
    import_keras_quietly()
    from detector.config import apply_override
    from detector.watching.clip import watch_clip
    from detector.watching.smoothing import WatchSettings

    given: dict[str, object] = {}
    for override in overrides:
        apply_override(given, override)
    settings = WatchSettings.parse(given, "--set")
    how = {"head": head, "class_name": class_name, "frames_per_second": fps, "every": every}
    watched = watch_clip(model, clip, data=data, settings=settings, **how)  # type: ignore[arg-type]
    for event in watched.events:
        where = f", {event.distance}" if event.distance else ""
        metres = "" if event.metres is None else f", {event.metres:.1f} m"
        say(f"frame {event.frame}, {event.seconds:.2f} s: {event.kind}{where}{metres}")
    if not watched.events:
        say("nothing was seen")
    if watched.scores is not None:
        print_scores({"value": watched.scores})
    write_result(json_file, watched.to_json())
