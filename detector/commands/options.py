"""Arguments and options that several verbs of the command line share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

FORMATS = (
    "FORMAT is backgrounds, clip, coco, corners, cutouts, cvat, davis, documents, forms, images, labelme, "
    "labelme-boxes, labelme-masks, marked, masks, negatives, pseudo, trimaps, voc or yolo; PATH is a folder, "
    "for forms: a form.yaml, for backgrounds: another FORMAT:PATH, for documents: it may be empty."
)


class OnErrorChoice(StrEnum):
    """`data_generators.errors.OnError` as the command line takes it."""

    STOP = "raise"
    SKIP = "skip"


class OrderChoice(StrEnum):
    """`data_generators.real.quads.QuadOrder` as the command line takes it."""

    IMAGE = "image"
    OBJECT = "object"


class PrecisionChoice(StrEnum):
    """`detector.config.Precision` as the command line takes it."""

    INT8 = "int8"
    INT16X8 = "int16x8"
    DYNAMIC = "dynamic"


class SecondLookChoice(StrEnum):
    """`detector.looks.SecondLook` as the command line takes it."""

    MIRROR = "mirror"
    SMALLER = "smaller"
    LARGER = "larger"


SOURCE = r"FORMAT:PATH\[#SPLIT], e.g. corners:photos#val; without #SPLIT all samples"  # \[ keeps rich from eating it
ConfigArgument = Annotated[str, typer.Argument(help="A YAML file, or the name of a preset.")]
SetOption = Annotated[list[str], typer.Option("--set", help="key=value, e.g. training.epochs=5; may be repeated.")]
SourceSetOption = Annotated[
    list[str],
    typer.Option("--set", help="key=value: an option of the sources, e.g. class_name=cat; may be repeated."),
]
ModelArgument = Annotated[str, typer.Argument(help="Run folder, .keras or .tflite file, or a shipped model's name.")]
OnErrorOption = Annotated[
    OnErrorChoice,
    typer.Option(help="At a label or picture that cannot be used: stop with an error, or skip and count."),
]
TilesOption = Annotated[
    str | None,
    typer.Option(
        help="ROWSxCOLUMNS, e.g. 2x3: ask about every tile of a picture and the whole; 1x1: about the whole alone. "
        "Default: what the model's card says."
    ),
]
OverlapOption = Annotated[
    float | None,
    typer.Option(min=0, max=0.8, help="Of --tiles: share of a tile that the next one shows too, by default 0.2."),
]
TtaOption = Annotated[
    list[SecondLookChoice],
    typer.Option(help="Test-time augmentation: look again at the picture mirrored, smaller, larger; may be repeated."),
]
JsonOption = Annotated[
    Path | None, typer.Option("--json", help="Also write the result to this file; /dev/stdout prints it.")
]
