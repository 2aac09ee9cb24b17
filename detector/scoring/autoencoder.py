"""Scores of restored pictures, by the `autoencoder` head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from data_generators.sample import Sample
from data_generators.sources import CornerOrder
from detector.codecs.autoencoder import AutoencoderPrediction, small_picture

Row = dict[str, Any]
LEAST_ERROR = 1e-10  # 100 dB, where nothing differs


def score_autoencoder_sample(sample: Sample, prediction: AutoencoderPrediction, order: CornerOrder) -> Row:  # noqa: ARG001
    """Scores of one picture.

    Returns:
        `psnr` in dB: the peak signal-to-noise ratio of the restored picture against the picture at its size; and
        `rank`, which orders the worst first.
    """
    height, width, channels = prediction.image.shape
    error = np.mean(np.square(prediction.image - small_picture(sample.image, (height, width), channels)))
    psnr = float(-10 * np.log10(max(error, LEAST_ERROR)))
    return {"origin": sample.origin, "psnr": psnr, "rank": psnr}


def score_autoencoder(rows: Sequence[Row]) -> dict[str, float | None]:
    """`reconstruction_psnr`: the mean over the pictures in dB; None without one."""
    return {"reconstruction_psnr": float(np.mean([row["psnr"] for row in rows])) if rows else None}
