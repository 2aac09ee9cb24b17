"""Scores of masks that another program gave as probabilities, by the same code as those of our own networks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from data_generators.sample import MASK_IGNORE, Sample
from data_generators.sources import Source
from data_generators.transform.input_spec import resize_image
from detector.codecs.mask_prediction import MaskPrediction
from detector.scoring.mask import score_mask, score_mask_sample

FIGURES = ("iou_foreground", "dice_foreground", "boundary_iou_mean")
RASTER_HW = (128, 128)  # of the mean mask

Scores = dict[str, float | None]


def score_rows(rows: Sequence[dict[str, Any]]) -> Scores:
    """`FIGURES` of rows as `score_mask_sample` gives them, object against background, at probability 0.5."""
    scores = score_mask(rows, ())
    return {figure: scores[figure] for figure in FIGURES}


def score_probabilities(source: Source, answers: Iterable[np.ndarray]) -> Scores:
    """Judges a peer.

    Args:
        source: the labelled pictures.
        answers: for each, in their order, the probability of an object: (h, w) in [0, 1] over the whole picture.

    Returns:
        `FIGURES`.

    Raises:
        ValueError: there are more answers than pictures, or fewer.
    """
    samples = (source.sample(index) for index in range(len(source)))
    rows = [_row(sample, answer) for sample, answer in zip(samples, answers, strict=True)]
    return score_rows(rows)


def _row(sample: Sample, answer: np.ndarray) -> dict[str, Any]:
    return score_mask_sample(sample, MaskPrediction(np.asarray(answer, np.float32)[..., None]), "none")


def score_floor(train: Source, source: Source) -> Scores:
    """What somebody reaches who never looks: in every picture the mean mask of the training pictures.

    Args:
        train: the labelled pictures to take the mean of, stretched to one raster.
        source: those to be judged on.
    """
    found, known = np.zeros(RASTER_HW), np.zeros(RASTER_HW)
    for mask in (train.sample(index).mask for index in range(len(train))):
        labelled = mask != MASK_IGNORE
        known += resize_image(labelled.astype(np.float32)[..., None], RASTER_HW)[..., 0]
        found += resize_image((labelled & (mask > 0)).astype(np.float32)[..., None], RASTER_HW)[..., 0]
    mean = found / np.maximum(known, 1e-6)
    return score_probabilities(source, [mean] * len(source))
