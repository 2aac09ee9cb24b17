"""The verb for painted clips: false regions are taken out of their masks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from detector.terminal import complain, print_table, say, show_progress

app = typer.Typer()


@app.command()
def clean_masks(
    masks: Annotated[
        str,
        typer.Argument(
            help="Folder of PNG masks, of masks/ and images/, of clips that hold these, or in the layout of DAVIS.",
            metavar="DIR",
        ),
    ],
    corrected: Annotated[
        list[str],
        typer.Option(help="Frames that are right: names or numbers, with commas between them; may be repeated."),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "--output", help="Folder to write: the cleaned masks, a report, a sheet.")
    ] = None,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Clean them where they are; DIR-before-cleaning keeps them as they were.")
    ] = False,
    images: Annotated[Path | None, typer.Option(help="Folder of the pictures, where they lie elsewhere.")] = None,
    occlusion: Annotated[
        int | None, typer.Option(min=0, help="Look for a hidden object in so many frames; 15 by default.")
    ] = None,
    leave: Annotated[
        list[int],
        typer.Option(
            help="A value that is not touched, e.g. 255 for ignore; may be repeated. Palette masks need not say so."
        ),
    ] = [],
) -> None:
    """Take false regions out of the masks of a clip, both ways from the frames that a person has corrected."""
    from data_generators.cleaning.clips import clean_folder
    from data_generators.cleaning.settings import CleaningSettings

    if (out is None) != in_place:
        raise ValueError("expected --out FOLDER or --in-place, one of the two. The masks are not touched with --out.")
    given: dict[str, Any] = {"leave": tuple(leave)} | ({} if occlusion is None else {"occlusion": occlusion})
    frames = [name.strip() for names in corrected for name in names.split(",") if name.strip()]
    with show_progress("cleaning") as progress:
        settings = CleaningSettings.parse(given, "--occlusion and --leave")
        folder, reports = clean_folder(masks, frames, out, images=images, settings=settings, progress=progress)
    for report in reports:
        print_table(report["clip"], {name: row for name, row in report["summary"].items() if isinstance(row, int)})
        for value, names in report["summary"]["lost"].items():
            text = (
                f"value {value} is lost in {len(names)} frames, the first is {names[0]}: nothing of it is kept there."
            )
            complain(f"{report['clip']}", f"{text} Correct one of them, or raise --occlusion.", "yellow")
    kept = "The masks as they were" if in_place else "Cleaned masks"
    say(f"{kept}: {folder}; what was dropped: {folder / 'cleaning'}")
