"""The verb that finds out what a user's camera does to pictures, so that training sees such pictures."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from detector.commands.options import FORMATS, SOURCE, JsonOption
from detector.terminal import print_table, say, write_result

app = typer.Typer()

_CLEAN_PICTURES = 40


@app.command("match-camera", epilog=FORMATS)
def match_camera(
    frames: Annotated[Path, typer.Argument(help="A folder of pictures or a video, about twenty frames of the camera.")],
    out: Annotated[Path, typer.Option(help="YAML file to write; a config takes it as augment.camera.")] = Path(
        "camera.yaml"
    ),
    clean: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help=f"Clean pictures of similar things, {SOURCE}. Default: drawn documents."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="PNG to write: frames beside clean pictures as if from the camera.")
    ] = None,
    count: Annotated[int, typer.Option(min=3, help="Frames to take, spread evenly.")] = 20,
    side: Annotated[
        int | None,
        typer.Option(
            min=48,
            help="Shrink frames to this longer side first. Give the network's where it is far below the camera's: "
            "what shrinking leaves of noise and JPEG is then measured.",
        ),
    ] = None,
    json_file: JsonOption = None,
) -> None:
    """Estimate a camera's blur, noise, JPEG, colour, tone and resolution, so that training sees pictures as from it."""
    from data_generators.camera_matching.camera_file import draw_side_by_side, write_camera
    from data_generators.camera_matching.frames import read_camera_frames
    from data_generators.camera_matching.matching import match_camera as match
    from data_generators.camera_matching.reference import read_clean
    from data_generators.preview import write_png

    taken = read_camera_frames(frames, count, side)
    reference = read_clean(clean, _CLEAN_PICTURES, taken)
    camera = match(taken, reference)
    values = dataclasses.asdict(camera)
    print_table("camera", values)
    write_result(json_file, values)
    write_camera(out, camera, f"{len(taken.images)} frames of {frames.name} beside {clean or 'drawn documents'}.")
    say(f"Wrote {out}. Use it: detector train CONFIG --set augment.camera={out}")
    if picture:
        write_png(picture, draw_side_by_side(taken, reference, camera))
        say(f"Drew {picture}")
