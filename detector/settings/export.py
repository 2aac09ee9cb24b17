"""The part of a config that says what leaves the house: precision, calibration, what int8 may lose."""

from __future__ import annotations

from collections.abc import Container
from typing import Literal, get_args

from pydantic import Field

from data_generators.settings import Settings

Precision = Literal["int8", "int16x8", "dynamic"]  # of an exported file that is not float32
PRECISIONS: tuple[Precision, ...] = get_args(Precision)


def find_precision(names: Container[str]) -> Precision | None:
    """The precision among the columns of an export's report, or the kinds of a model's files; None: there is none."""
    return next((each for each in PRECISIONS if each in names), None)


class ExportSettings(Settings):
    """What leaves the house."""

    precision: Precision = "int8"
    """`int8`: weights and activations of 8 bits, for any device. `int16x8`: activations of 16 bits, twice the arena,
    for networks that 8 bits spoil. `dynamic`: weights of 8 bits, computing in float32; for phones, not for boards."""
    calibration_samples: int = Field(200, ge=1)
    """Augmented training pictures that calibrate the ranges of activations, besides an all-0 and an all-1 frame."""
    max_loss: float = Field(0.01, ge=0)
    """Export fails where the quantised file loses more than this in a head's own score against float: 0.01 is 1 point
    of IoU, mAP or AUC, or 0.1 % of corner error."""
    reference_samples: int = Field(100, ge=0)
    """Samples, spread evenly over the set, on which the slow kernels of microcontrollers are measured, compared byte
    for byte, and judged: what they lose there may not be surely more than `max_loss`; 0: all."""
    notes: str = ""
    """Licence and attribution of the training data, written into the card of the model's files."""
